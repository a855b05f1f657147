//go:build unix

package dockerconfig

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// quickly fails the test if the edit takes as long as it waits for a lock.
func quickly(t *testing.T, path, records string) Outcome {
	t.Helper()
	begun := time.Now()
	o, err := Edit(path, records, toggleWithRecord)
	if err != nil || !o.Changed || time.Since(begun) > lockWait/2 {
		t.Errorf("%+v, %v, after %v", o, err, time.Since(begun))
	}
	return o
}

// docker's directory may be open to others, who can lock it.
func TestALockOnDockersDirectoryDoesNotStallTheEdit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "docker", "config.json")
	writeFile(t, path, "{}", 0o600)
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	quickly(t, path, filepath.Dir(path)+".records")
}

func TestWhatIsNoFileOfOursDoesNotStallTheEdit(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(path string) error{
		"a pipe":                   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a directory":              func(path string) error { return os.Mkdir(path, 0o700) },
		"a link to a pipe":         func(path string) error { return linkToPipe(path) },
		"a file that all may lock": func(path string) error { return lockedByAll(path) },
	} {
		for _, kind := range []string{".lock", ".json"} {
			if name == "a file that all may lock" && kind == ".json" {
				continue
			}
			t.Run(name+" as "+kind, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "docker", "config.json")
				records := filepath.Dir(path) + ".records"
				writeFile(t, path, "{}", 0o600)
				file, err := followLinks(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Mkdir(records, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := plant(filepath.Join(records, recordName(file)+kind)); err != nil {
					t.Fatal(err)
				}
				quickly(t, path, records)
				if !strings.Contains(readFile(t, path), `"ghcr"`) {
					t.Error("not set up")
				}
			})
		}
	}
}

func linkToPipe(path string) error {
	if err := syscall.Mkfifo(path+".pipe", 0o600); err != nil {
		return err
	}
	return os.Symlink(path+".pipe", path)
}

// lockedByAll makes a file that everyone may open, and locks it until the end of
// the test process.
func lockedByAll(path string) error {
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		return err
	}
	return syscall.Flock(fd, syscall.LOCK_EX)
}

// What another user can have written decides nothing.
func TestARecordOfAnotherUserIsNotBelieved(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(file string) error{
		"everyone may write it":            func(file string) error { return os.Chmod(file, 0o666) },
		"everyone may write its directory": func(file string) error { return os.Chmod(filepath.Dir(file), 0o777) },
		"it belongs to another user":       func(file string) error { return os.Chown(file, 1234, 1234) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(name, "belongs") && os.Geteuid() != 0 {
				t.Skip("needs to give a file away: run as root")
			}
			path := filepath.Join(t.TempDir(), "docker", "config.json")
			records := filepath.Dir(path) + ".records"
			writeFile(t, path, `{"credHelpers":{"ghcr.io":"other"}}`, 0o600)
			if _, err := Edit(path, records, func(c *Config, r *Record) error { c.SetHelper("ghcr.io", &r.Changes); return nil }); err != nil {
				t.Fatal(err)
			}
			if r, err := ReadRecord(path, records); err != nil || r.Changes.ReplacedHelper("ghcr.io") != "other" {
				t.Fatalf("%+v, %v", r, err)
			}
			if err := spoil(recordFile(path, records)); err != nil {
				t.Fatal(err)
			}
			if r, err := ReadRecord(path, records); err == nil || !r.isEmpty() {
				t.Errorf("believed: %+v", r)
			}
			o, err := Edit(path, records, undoAll)
			if err != nil || !o.Changed {
				t.Errorf("%+v, %v", o, err)
			}
			if got := readFile(t, path); got != `{"credHelpers":{}}` {
				t.Errorf("undone without the record: %s", got)
			}
		})
	}
}

// What root makes in another user's home belongs to that user.
func TestRootLeavesNothingOfItsOwnInAUsersHome(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs to give files away: run as root")
	}
	home := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, 1234, 2345); err != nil {
		t.Fatal(err)
	}
	path, records := filepath.Join(home, ".docker", "config.json"), filepath.Join(home, ".config", "docker-credential-ghcr", "setup")
	if o, err := Edit(path, records, toggleWithRecord); err != nil || o.RecordErr != nil {
		t.Fatal(o, err)
	}
	count := 0
	err := filepath.WalkDir(home, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		count++
		info, err := os.Lstat(name)
		if err != nil {
			return err
		}
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 1234 || owner.Gid != 2345 {
			t.Errorf("%s belongs to %d:%d", name, owner.Uid, owner.Gid)
		}
		return nil
	})
	if err != nil || count != 7 { // three directories of records, two others, and two files
		t.Errorf("%d names, %v", count, err)
	}
}
