package main

import (
	"os"
	"path/filepath"
	"reflect"
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
