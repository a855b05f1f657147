// Package trusted reads and writes small files that decide where a token goes, or what
// is believed about it. It believes no file that another user could have written, and
// leaves none behind that locks another user out.
package trusted

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/moby/sys/atomicwriter"
)

// maxFile bounds every file that is read, in bytes.
const maxFile = 1 << 20

// Read reads a small regular file. It never blocks on a pipe or a device, and it believes no file
// that another user could have written. A file that is not there is fs.ErrNotExist; a
// link to nothing is not that, since somebody meant a file to be there. Errors name
// the file.
func Read(path string) ([]byte, error) {
	content, _, err := ReadInfo(path)
	return content, err
}

// ReadInfo is Read, and says what file it was.
func ReadInfo(path string) ([]byte, fs.FileInfo, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, nil, err
	}
	var file *os.File
	err := retry(func() (err error) { file, err = os.OpenFile(path, os.O_RDONLY|openFlags, 0); return err })
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s is a link that leads nowhere", path)
	}
	if err != nil {
		return nil, nil, openError(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case info.IsDir():
		return nil, nil, fmt.Errorf("%s is a directory", path)
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("%s is not a regular file", path)
	}
	if err := Check(path, info); err != nil {
		return nil, nil, err
	}
	if err := CheckDir(filepath.Dir(path)); err != nil {
		return nil, nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return content, info, err
}

// openError says what is wrong with a file that cannot be opened. Sockets and devices
// without a driver cannot.
func openError(path string, err error) error {
	if info, statErr := os.Stat(path); statErr == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	return err
}

// CheckDir checks that no other user can have put a file into a directory.
func CheckDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return Check(dir, info)
}

// Error is the error of a file that another user could have written.
type Error struct {
	Problem string
	// Advice says how to fix it.
	Advice string
}

func (e *Error) Error() string { return e.Problem }

// MakeDir makes a directory of ours. As root in another user's home, it belongs to
// that user.
func MakeDir(dir string) error {
	var made []string
	for parent := dir; ; parent = filepath.Dir(parent) {
		if _, err := os.Stat(parent); err == nil || parent == filepath.Dir(parent) {
			break
		}
		made = append(made, parent)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i := len(made) - 1; i >= 0; i-- {
		if err := GiveToOwnerOfDir(made[i]); err != nil {
			return err
		}
	}
	return nil
}

// Write replaces a file of ours in one step.
func Write(path string, content []byte) error {
	if err := retry(func() error { return atomicwriter.WriteFile(path, content, 0o600) }); err != nil {
		return err
	}
	return GiveToOwnerOfDir(path)
}

func Remove(path string) error {
	return retry(func() error { return os.Remove(path) })
}

func Rename(from, to string) error {
	return retry(func() error { return os.Rename(from, to) })
}

// retry does again what Windows refuses because another process has the file open, or
// is about to remove it, which does not last.
func retry(do func() error) error {
	err := do()
	for range 20 {
		if !isBusy(err) {
			break
		}
		time.Sleep(20 * time.Millisecond)
		err = do()
	}
	return err
}

// IsAbsent reports that a file, or a directory that it would be in, is not there.
// A home such as /dev/null has no directories.
func IsAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// ConfigDir is where settings and the record of logins are: never a secret.
func ConfigDir() (string, error) { return OwnDir(os.UserConfigDir()) }

// OwnDir is our directory in one of the user's. A relative one, which a relative
// home makes, is none: what is in the working directory is a stranger's.
func OwnDir(parent string, err error) (string, error) {
	if err == nil && !filepath.IsAbs(parent) {
		err = fmt.Errorf("%s is not an absolute path", parent)
	}
	return filepath.Join(parent, "docker-credential-ghcr"), err
}

// NewLock is a lock on a file that it makes. Whatever is in its place, to open it does
// not block.
func NewLock(path string) *flock.Flock {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		path += ".not-a-file"
	}
	return flock.New(path, flock.SetFlag(os.O_CREATE|lockFlags), flock.SetPermissions(0o600))
}
