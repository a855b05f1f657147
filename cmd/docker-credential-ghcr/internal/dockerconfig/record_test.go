package dockerconfig

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
)

func TestUndoRecordIsReadAsItWasWritten(t *testing.T) {
	records := t.TempDir()
	none := ""
	record := &Record{
		File:    "/home/octocat/.docker/config.json",
		Changes: Changes{Helpers: map[string]string{"ghcr.io": `"other"`}, CredHelpers: &none},
		Removed: []RemovedLogin{{"ghcr.io", "GitHub had rejected it"}},
	}
	if err := record.write(records); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecord(record.File, records)
	if err != nil || !reflect.DeepEqual(got, record) {
		t.Errorf("read %+v, %v; wrote %+v", got, err, record)
	}

	// Another file has another record.
	other, err := ReadRecord("/home/octocat/other/config.json", records)
	if err != nil || len(other.Changes.Helpers) > 0 || len(other.Removed) > 0 {
		t.Errorf("the other file's is %+v, %v", other, err)
	}

	// With nothing to undo there is no file.
	record.Changes, record.Removed = Changes{}, nil
	if err := record.write(records); err != nil {
		t.Fatal(err)
	}
	file := recordFile(record.File, records)
	if _, err := os.Stat(file); err == nil {
		t.Error("the record is still there")
	}
	if err := record.write(records); err != nil {
		t.Errorf("to remove it twice: %v", err)
	}
}

// What was damaged, or is about another file, cannot restore the bytes. Our entry
// can be removed without it.
func TestDamagedUndoRecordIsNone(t *testing.T) {
	records := t.TempDir()
	const config = "/home/octocat/.docker/config.json"
	file := recordFile(config, records)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{
		"", "{", "[]", `{"path": "/etc/docker/config.json", "config": {"helpers": {"ghcr.io": ""}}}`,
		`{"path": "` + config + `", "config": {"helpers": "none"}}`,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		record, err := ReadRecord(config, records)
		if err != nil || record.File != config || len(record.Changes.Helpers) > 0 {
			t.Errorf("%s: %+v, %v", content, record, err)
		}
	}
}

func TestWhatBecameOfLoginsIsSaidOnce(t *testing.T) {
	t.Parallel()
	var r Record
	rejected, kept := RemovedLogin{"https://ghcr.io/v2/", "GitHub had rejected it"}, RemovedLogin{"containers.acme.ghe.com", "kept"}
	for range 2 {
		r.AddRemoved(rejected)
		r.AddRemoved(kept)
	}
	if len(r.Removed) != 2 {
		t.Errorf("noted %v", r.Removed)
	}
	if got := r.TakeRemoved([]string{"ghcr.io"}); !reflect.DeepEqual(got, []RemovedLogin{rejected}) {
		t.Errorf("of ghcr.io: %v", got)
	}
	if got := r.TakeRemoved([]string{"ghcr.io"}); len(got) > 0 {
		t.Errorf("said twice: %v", got)
	}
	if !reflect.DeepEqual(r.Removed, []RemovedLogin{kept}) {
		t.Errorf("left are %v", r.Removed)
	}
}

// FuzzUndo: whatever the record says, undo removes our entries and changes
// no other login or helper, and docker can read what is left.
func FuzzUndo(f *testing.F) {
	for _, config := range []string{
		"", "{}", `{"credHelpers":{"ghcr.io":"ghcr"}}`, `{"credsStore":"pass","credHelpers":{"ghcr.io":"ghcr","quay.io":"quay"},"auths":{"ghcr.io":{}}}`,
		"{\n\t\"auths\": {\n\t\t\"ghcr.io\": {\n\t\t\t\"auth\": \"YTpi\"\n\t\t}\n\t},\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t}\n}",
		`{"credHelpers":{"a":"ghcr","a":"b","b":"ghcr"},"CredHelpers":null}`, `{"credsStore":"secretservice","credHelpers":{"ghcr.io":"ghcr"}}`,
	} {
		for _, record := range []string{
			"", "{}", `{"helpers":{"ghcr.io":""}}`, `{"helpers":{"ghcr.io":"\"other\"","quay.io":"null"},"credHelpersBefore":"{ }"}`,
			`{"helpers":{"ghcr.io":"\"ghcr\""},"credHelpersBefore":"null","credsStore":"secretservice","credsStoreBefore":"\"\""}`,
			`{"helpers":{"ghcr.io":"/*x*/\"a\""},"credHelpersBefore":"{/*x*/}","objectBefore":"//","fileBefore":"blank"}`,
			`{"helpers":{"ghcr.io":"{}"},"credsStore":"pass","credsStoreBefore":"x","objectBefore":"\n","fileBefore":"absent"}`,
		} {
			f.Add([]byte(config), record)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, written string) {
		c := &Config{path: "config.json", before: text}
		if c.parse() != nil {
			return
		}
		record := &Record{}
		if json.Unmarshal([]byte(written), &record.Changes) != nil {
			record = &Record{}
		}
		before := configOf(t, text)
		registries := slices.AppendSeq(c.Registries(), maps.Keys(record.Changes.Helpers))
		c.Undo(registries, &record.Changes)
		if len(registries) > 0 && !reflect.DeepEqual(record.Changes, Changes{}) {
			t.Errorf("left to undo: %+v", record.Changes)
		}
		after := configOf(t, c.bytes())
		for _, registry := range append(registries, after.Registries()...) {
			if helper, ok := after.Helper(registry); ok && helper == HelperName {
				t.Errorf("docker still uses us for %q: %s", registry, c.bytes())
			}
		}
		for _, object := range before.objects("credHelpers") {
			for _, m := range object.Members {
				was, _ := before.Helper(memberName(m))
				if now, _ := after.Helper(memberName(m)); now != was && was != HelperName {
					t.Errorf("for %q docker asked %q, and now %q", memberName(m), was, now)
				}
			}
		}
		logins := func(c *Config) (all []string) {
			for _, v := range c.values("auths") {
				all = append(all, packed(*v))
			}
			return all
		}
		if !slices.Equal(logins(before), logins(after)) {
			t.Errorf("logins became %s", c.bytes())
		}
	})
}
