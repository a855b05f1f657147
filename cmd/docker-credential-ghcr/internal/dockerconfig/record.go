package dockerconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Record is what setup did to one config.json: keys and white space, never a secret.
type Record struct {
	// File is the config.json; the name of the record's file is a hash of it.
	File    string  `json:"path"`
	Changes Changes `json:"config"`
	// Removed are the plain-text logins that were removed.
	Removed []RemovedLogin `json:"gone,omitempty"`
}

// RemovedLogin is a login that setup removed from config.json.
type RemovedLogin struct {
	Key string `json:"key"`
	// Why says what was done with the login.
	Why string `json:"became"`
}

// AddRemoved notes a login that is removed.
func (r *Record) AddRemoved(l RemovedLogin) {
	if !slices.Contains(r.Removed, l) {
		r.Removed = append(r.Removed, l)
	}
}

// TakeRemoved takes the logins of registries out of the record.
func (r *Record) TakeRemoved(registries []string) (removed []RemovedLogin) {
	r.Removed = slices.DeleteFunc(r.Removed, func(l RemovedLogin) bool {
		if !slices.Contains(registries, RegistryOf(l.Key)) {
			return false
		}
		removed = append(removed, l)
		return true
	})
	return removed
}

func (r *Record) clone() *Record {
	c := *r
	c.Changes.Helpers = maps.Clone(r.Changes.Helpers)
	c.Removed = slices.Clone(r.Removed)
	return &c
}

func (r *Record) isEmpty() bool { return len(r.Changes.Helpers) == 0 && len(r.Removed) == 0 }

func (r *Record) json() []byte {
	content, _ := json.MarshalIndent(r, "", "  ") // strings alone
	return append(content, '\n')
}

// growsFrom reports whether r has something that the record before did not have.
func (r *Record) growsFrom(before *Record) bool {
	for registry, was := range r.Changes.Helpers {
		if old, ok := before.Changes.Helpers[registry]; !ok || old != was {
			return true
		}
	}
	return len(r.Removed) > len(before.Removed)
}

// recordName names the files of ours that are about a config.json.
func recordName(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8])
}

func recordFile(path, records string) string {
	return filepath.Join(records, recordName(path)+".json")
}

// ReadRecord reads the record for a config.json from the directory of records. A
// damaged one counts as none, and so does one that another user can have written:
// our entry can be removed without it.
func ReadRecord(path, records string) (*Record, error) {
	none := &Record{File: path}
	if records == "" {
		return none, nil
	}
	file := recordFile(path, records)
	info, content, err := readRegular(file)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("%s: %w", file, withoutPath(err))
	}
	if dir, err := os.Stat(records); err != nil || !isTrusted(dir) || !isTrusted(info) {
		return none, fmt.Errorf("%s belongs to another user, or everyone may write it", file)
	}
	var read Record
	if json.Unmarshal(content, &read) != nil || read.File != path {
		return none, nil
	}
	return &read, nil
}

// write keeps the record, or removes it if there is nothing left to undo.
func (r *Record) write(records string) error {
	if records == "" {
		if r.isEmpty() {
			return nil
		}
		return errors.New("there is no home directory")
	}
	file := recordFile(r.File, records)
	if r.isEmpty() {
		if err := retry(func() error { return os.Remove(file) }); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return replacement{file: file, content: r.json(), check: func() error { return nil }}.write()
}

// OtherRecords are the records of other config.json files.
func OtherRecords(path, records string) []*Record {
	entries, _ := os.ReadDir(records)
	var others []*Record
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".json") {
			continue
		}
		content, err := ReadFile(filepath.Join(records, entry.Name()))
		var record Record
		if err == nil && json.Unmarshal(content, &record) == nil && record.File != path {
			others = append(others, &record)
		}
	}
	return others
}
