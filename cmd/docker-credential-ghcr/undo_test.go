package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// settingsIn keeps our settings, and with them the records, in a directory of its own.
func settingsIn(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, variable := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(variable, dir)
	}
	return dir
}

func TestUndoRecordIsReadAsItWasWritten(t *testing.T) {
	settingsIn(t)
	none := ""
	record := &undoRecord{
		Path:   "/home/octocat/.docker/config.json",
		Config: dockerConfigRecord{Helpers: map[string]string{"ghcr.io": `"other"`}, CredHelpers: &none},
		Gone:   []goneLogin{{"ghcr.io", "GitHub had rejected it"}},
	}
	if err := record.write(record.Path); err != nil {
		t.Fatal(err)
	}
	got, err := readUndoRecord(record.Path)
	if err != nil || !reflect.DeepEqual(got, record) {
		t.Errorf("read %+v, %v; wrote %+v", got, err, record)
	}

	// Another file has another record.
	other, err := readUndoRecord("/home/octocat/other/config.json")
	if err != nil || len(other.Config.Helpers) > 0 || len(other.Gone) > 0 {
		t.Errorf("the other file's is %+v, %v", other, err)
	}

	// With nothing to undo there is no file.
	record.Config, record.Gone = dockerConfigRecord{}, nil
	if err := record.write(record.Path); err != nil {
		t.Fatal(err)
	}
	file, err := undoRecordFile(record.Path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("the record is still there")
	}
	if err := record.write(record.Path); err != nil {
		t.Errorf("to remove it twice: %v", err)
	}
}

// What was damaged, or is about another file, cannot restore the bytes. Our entry
// can be removed without it.
func TestDamagedUndoRecordIsNone(t *testing.T) {
	settingsIn(t)
	const config = "/home/octocat/.docker/config.json"
	file, err := undoRecordFile(config)
	if err != nil {
		t.Fatal(err)
	}
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
		record, err := readUndoRecord(config)
		if err != nil || record.Path != config || len(record.Config.Helpers) > 0 {
			t.Errorf("%s: %+v, %v", content, record, err)
		}
	}
}

// What setup keeps for a registry is dropped only if no other config.json needs it.
func TestOthersWhoNeedWhatSetupKeeps(t *testing.T) {
	dir := settingsIn(t)
	mine, other := filepath.Join(dir, "mine", "config.json"), filepath.Join(dir, "other", "config.json")
	for _, path := range []string{mine, other} {
		record := &undoRecord{Path: path, Config: dockerConfigRecord{Helpers: map[string]string{"ghcr.io": ""}}}
		if err := record.write(path); err != nil {
			t.Fatal(err)
		}
	}
	// Whatever else mine says, what setup did to it is what is undone.
	writeFile(t, mine, `{"credsStore": "ghcr", "credHelpers": {"ghcr.io": "ghcr"}}`, 0o600)
	for _, test := range []struct{ content, want string }{
		{`{"credHelpers": {"ghcr.io": "ghcr"}}`, "ghcr.io"},
		{`{"credHelpers": {"ghcr.io": "other"}}`, ""},
		{`{"credHelpers": {"ghcr.io": "other"}, "credsStore": "ghcr"}`, "containers.acme.ghe.com"},
		{`{"credsStore": "ghcr"}`, "containers.acme.ghe.com ghcr.io"},
		{`{"credsStore": "pass"}`, ""},
		{``, ""},
		{`{"credHelpers": {`, "ghcr.io"}, // somebody is about to mend it
	} {
		writeFile(t, other, test.content, 0o600)
		kept := namedElsewhere(mine, []string{"ghcr.io", "containers.acme.ghe.com"})
		if got := strings.Join(slices.Sorted(maps.Keys(kept)), " "); got != test.want {
			t.Errorf("%s names us for %q, want %q", test.content, got, test.want)
		}
		for _, why := range kept {
			if !strings.Contains(why, filepath.Join("other", "config.json")) {
				t.Errorf("%s: %s", test.content, why)
			}
		}
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	if kept := namedElsewhere(mine, []string{"ghcr.io"}); len(kept) > 0 {
		t.Errorf("without the other file: %v", kept)
	}
}

func TestWhatBecameOfLoginsIsSaidOnce(t *testing.T) {
	t.Parallel()
	var r undoRecord
	rejected, kept := goneLogin{"https://ghcr.io/v2/", "GitHub had rejected it"}, goneLogin{"containers.acme.ghe.com", "kept"}
	for range 2 {
		r.note(rejected)
		r.note(kept)
	}
	if len(r.Gone) != 2 {
		t.Errorf("noted %v", r.Gone)
	}
	if got := r.takeGone([]string{"ghcr.io"}); !reflect.DeepEqual(got, []goneLogin{rejected}) {
		t.Errorf("of ghcr.io: %v", got)
	}
	if got := r.takeGone([]string{"ghcr.io"}); len(got) > 0 {
		t.Errorf("said twice: %v", got)
	}
	if !reflect.DeepEqual(r.Gone, []goneLogin{kept}) {
		t.Errorf("left are %v", r.Gone)
	}
}

// FuzzUndo: whatever the record says, undo takes back our entries and touches
// nobody's login or helper, and docker can read what is left.
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
		c := &dockerConfig{path: "config.json", before: text}
		if c.parse() != nil {
			return
		}
		record := &undoRecord{}
		if json.Unmarshal([]byte(written), &record.Config) != nil {
			record = &undoRecord{}
		}
		before := configOf(t, text)
		registries, err := registriesToUndo("", c, record)
		if err != nil {
			t.Fatal(err)
		}
		for _, registry := range registries {
			c.undo(registry, &record.Config)
		}
		if len(registries) > 0 && !reflect.DeepEqual(record.Config, dockerConfigRecord{}) {
			t.Errorf("left to undo: %+v", record.Config)
		}
		after := configOf(t, c.bytes())
		for _, registry := range append(registries, after.ourRegistries()...) {
			if helper, ok := after.helperFor(registry); ok && helper == ourHelper {
				t.Errorf("docker asks us for %q still: %s", registry, c.bytes())
			}
		}
		for _, object := range before.objects("credHelpers") {
			for _, m := range object.Members {
				was, _ := before.helperFor(memberName(m))
				if now, _ := after.helperFor(memberName(m)); now != was && was != ourHelper {
					t.Errorf("for %q docker asked %q, and now %q", memberName(m), was, now)
				}
			}
		}
		logins := func(c *dockerConfig) (all []string) {
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
