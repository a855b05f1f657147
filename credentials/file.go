package credentials

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

// readFile reads a small regular file. It never blocks on a pipe or a device.
// A file that is not there is fs.ErrNotExist; a link that leads nowhere is not
// that, since somebody meant a file to be there. Errors name the file.
func readFile(path string) ([]byte, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s is a link that leads nowhere", path)
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	var file *os.File
	if err := retry(func() (err error) { file, err = os.Open(path); return err }); err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return content, err
}

// writeFile replaces a file of ours in one step.
func writeFile(path string, content []byte) error {
	return retry(func() error { return atomicwriter.WriteFile(path, content, 0o600) })
}

func removeFile(path string) error {
	return retry(func() error { return os.Remove(path) })
}

func renameFile(from, to string) error {
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

// isAbsent reports that a file, or a directory that it would be in, is not there.
// A home such as /dev/null has no directories.
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// configDir is where settings and the record of logins are: never a secret.
func configDir() (string, error) { return ownDir(os.UserConfigDir()) }

// ownDir is our directory in one of the user's. A relative one, which a relative
// home makes, is none: what stands in the working directory is a stranger's.
func ownDir(parent string, err error) (string, error) {
	if err == nil && !filepath.IsAbs(parent) {
		err = fmt.Errorf("%s is not an absolute path", parent)
	}
	return filepath.Join(parent, "docker-credential-ghcr"), err
}

// newLock is a lock on a file that it makes. What stands there and is no file is
// never opened: a pipe would not let go again.
func newLock(path string) *flock.Flock {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		path += ".not-a-file"
	}
	return flock.New(path)
}

// switchedOn reports whether a variable that is a switch is on.
func switchedOn(name string) bool {
	switch os.Getenv(name) {
	case "", "0", "false":
		return false
	}
	return true
}
