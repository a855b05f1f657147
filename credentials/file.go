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

// readFile reads a small regular file, which decides where a token goes or what is
// believed about it. It never blocks on a pipe or a device, and it believes no file
// that another user could have written. A file that is not there is fs.ErrNotExist; a
// link to nothing is not that, since somebody meant a file to be there. Errors name
// the file.
func readFile(path string) ([]byte, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	var file *os.File
	err := retry(func() (err error) { file, err = os.OpenFile(path, os.O_RDONLY|openFlags, 0); return err })
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is a link that leads nowhere", path)
	}
	if err != nil {
		return nil, openError(path, err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory", path)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	if err := checkTrust(path, info); err != nil {
		return nil, err
	}
	if err := checkDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return content, err
}

// openError says what is wrong with a file that cannot be opened. Sockets and devices
// without a driver cannot.
func openError(path string, err error) error {
	if info, statErr := os.Stat(path); statErr == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	return err
}

// checkDir checks that nobody else can have put a file into a directory.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return checkTrust(dir, info)
}

// untrustedError is the error of a file that another user could have written.
type untrustedError struct {
	problem string
	fix     Fix
}

func (e *untrustedError) Error() string { return e.problem }

// fileFault is the fault of a place whose file cannot be read.
func fileFault(c Candidate, err error) Candidate {
	c.Fault, c.Reason = Broken, err.Error()
	if untrusted := (*untrustedError)(nil); errors.As(err, &untrusted) {
		c.Fault, c.Fix = OtherOwner, untrusted.fix
	}
	return c
}

// makeDir makes a directory of ours. As root in another user's home, it belongs to
// that user.
func makeDir(dir string) error {
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
		if err := giveToOwnerOfDir(made[i]); err != nil {
			return err
		}
	}
	return nil
}

// writeFile replaces a file of ours in one step.
func writeFile(path string, content []byte) error {
	if err := retry(func() error { return atomicwriter.WriteFile(path, content, 0o600) }); err != nil {
		return err
	}
	return giveToOwnerOfDir(path)
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
// home makes, is none: what is in the working directory is a stranger's.
func ownDir(parent string, err error) (string, error) {
	if err == nil && !filepath.IsAbs(parent) {
		err = fmt.Errorf("%s is not an absolute path", parent)
	}
	return filepath.Join(parent, "docker-credential-ghcr"), err
}

// newLock is a lock on a file that it makes. Whatever is in its place, to open it does
// not block.
func newLock(path string) *flock.Flock {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		path += ".not-a-file"
	}
	return flock.New(path, flock.SetFlag(os.O_CREATE|lockFlags), flock.SetPermissions(0o600))
}

// switchedOn reports whether a variable that is a switch is on.
func switchedOn(name string) bool {
	switch os.Getenv(name) {
	case "", "0", "false":
		return false
	}
	return true
}
