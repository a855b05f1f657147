package dockerconfig

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// replacement is a new content for a file, written in one step: a temporary file
// beside it is written, synced and renamed over it. Libraries for that rename as
// soon as they have synced; between the two this one sets the owner and the ACL,
// and looks whether docker, which takes no lock, changed the file.
type replacement struct {
	file    string
	old     fs.FileInfo // nil if there is no file yet
	content []byte
	// check is called right before the rename.
	check func() error
}

func (r replacement) write() (err error) {
	dir := filepath.Dir(r.file)
	made, err := makeDir(dir)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			removeEmpty(made)
		}
	}()
	temp, err := os.CreateTemp(dir, tempPrefix(r.file)+"*")
	if err != nil {
		return err
	}
	defer func() {
		temp.Close()
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	if _, err := temp.Write(r.content); err != nil {
		return err
	}
	if r.old == nil {
		err = errors.Join(temp.Chmod(0o600), giveToOwnerOf(dir, temp))
	} else if err = keepOwner(temp, r.old); err == nil {
		err = keepACL(temp, r.file, r.old.Mode().Perm())
	}
	if err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	if err := retry(func() error { return os.Rename(temp.Name(), r.file) }); err != nil {
		return err
	}
	syncDir(dir)
	return nil
}

// syncDir makes a rename last. The change is done: a file system that cannot sync a
// directory is no reason to say that it failed.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// makeDir makes a directory as docker does, and returns those that it made, the
// innermost first.
func makeDir(dir string) (made []string, err error) {
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		missing = append(missing, d)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		err := os.Mkdir(missing[i], 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue // another process was faster
		}
		if err == nil {
			made = append([]string{missing[i]}, made...)
			err = giveDir(missing[i])
		}
		if err != nil {
			removeEmpty(made)
			return nil, err
		}
	}
	if info, err := os.Stat(dir); err != nil {
		return made, err
	} else if !info.IsDir() {
		return made, &fs.PathError{Op: "mkdir", Path: dir, Err: errors.New("not a directory")}
	}
	return made, nil
}

func giveDir(dir string) error {
	d, err := openDir(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return giveToOwnerOf(filepath.Dir(dir), d)
}

func removeEmpty(dirs []string) {
	for _, dir := range dirs {
		os.Remove(dir)
	}
}

func tempPrefix(file string) string {
	return "." + filepath.Base(file) + ".docker-credential-ghcr-"
}

// staleAge is the age of a temporary file that belongs to no running process, where
// no lock says so.
const staleAge = time.Hour

// removeStaleTemps removes the temporary files of a process that was killed.
// Whoever holds the lock knows that there is no other.
func removeStaleTemps(file string, locked bool) {
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), tempPrefix(file)) || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if err == nil && (locked || time.Since(info.ModTime()) > staleAge) {
			os.Remove(filepath.Join(filepath.Dir(file), entry.Name()))
		}
	}
}
