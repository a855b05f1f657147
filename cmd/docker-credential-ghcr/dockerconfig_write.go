package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/busy"
)

// How does a change of docker's config.json reach the disk whole?
//
// A temporary file beside it is written, synced and renamed over it, so a crash
// leaves the old file or the new one. Libraries for that rename as soon as they
// have synced; between the two we give the file its owner and look once more
// whether docker, which takes no lock, wrote meanwhile.

const (
	dockerConfigAttempts = 20
	dockerConfigLockWait = 30 * time.Second

	// Temporary files are removed at once by whoever holds the lock. Where the
	// file system has no locks, one this old belongs to nobody who is alive.
	dockerConfigTempAge = time.Hour
)

var errDockerConfigChanged = errors.New("changed by another program meanwhile")

// editDockerConfig reads the file, lets edit change it, and writes it, all
// again as long as another program wrote it meanwhile. So edit may run more than
// once and must be quick: other processes of ours wait. If it fails, or changes
// nothing, nothing is written.
func editDockerConfig(path string, edit func(*dockerConfig) error) error {
	file, err := followDockerConfig(path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(file)
	unlock, locked, err := lockDockerConfigDir(dir)
	if err != nil {
		return &dockerConfigError{path: path, err: withoutPath(err), remedy: remedyFor(err, dir)}
	}
	defer unlock()
	removeStaleTemps(file, locked)

	for range dockerConfigAttempts {
		c, err := readDockerConfig(path)
		if err != nil {
			return err
		}
		if err := edit(c); err != nil {
			return err
		}
		if err := c.write(); !errors.Is(err, errDockerConfigChanged) {
			return err
		}
	}
	return &dockerConfigError{path: path, err: errDockerConfigChanged, remedy: "wait for it and try again"}
}

// lockDockerConfigDir keeps other processes of ours from editing in the
// directory, which it makes if need be, and removes again if it stays empty.
func lockDockerConfigDir(dir string) (unlock func(), locked bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), dockerConfigLockWait)
	defer cancel()
	for range dockerConfigAttempts {
		var made []string
		if made, err = makeDir(dir); errors.Is(err, fs.ErrNotExist) {
			continue // the process that made the outer one has removed it again
		} else if err != nil {
			return nil, false, err
		}
		lock := dockerConfigLock(dir)
		if err = busy.Insist(func() error { _, err := lock.TryLockContext(ctx, 5*time.Millisecond); return err }); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if errors.Is(err, context.DeadlineExceeded) {
			return nil, false, errors.New("another docker-credential-ghcr is changing it and does not finish")
		} else if err != nil {
			// A file system without locks: the look before the rename has to do.
			return func() {}, false, nil
		}
		if isLockOf(lock.Path(), lock) {
			return func() { unlockDockerConfig(lock, made) }, true, nil
		}
		unlockDockerConfig(lock, nil)
	}
	return nil, false, cmp.Or(err, fs.ErrNotExist)
}

// isLockOf reports that what is locked still is what the path names: who held
// the lock before may have removed it.
func isLockOf(path string, lock *flock.Flock) bool {
	locked, err := lock.Stat()
	named, pathErr := os.Stat(path)
	return err == nil && pathErr == nil && os.SameFile(locked, named)
}

// makeDir makes a directory as docker does, and returns those that were
// missing, the innermost first.
func makeDir(dir string) (made []string, err error) {
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(d); !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		made = append(made, d)
	}
	return made, os.MkdirAll(dir, 0o700)
}

func dockerConfigTemp(file string) string {
	return "." + filepath.Base(file) + ".docker-credential-ghcr-"
}

// removeStaleTemps removes what a crash of ours left.
func removeStaleTemps(file string, locked bool) {
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), dockerConfigTemp(file)) || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if err == nil && (locked || time.Since(info.ModTime()) > dockerConfigTempAge) {
			os.Remove(filepath.Join(filepath.Dir(file), entry.Name()))
		}
	}
}

func (c *dockerConfig) bytes() []byte {
	if c.bare {
		return append(bytes.Clone(c.root.BeforeExtra), c.root.AfterExtra...)
	}
	return c.root.Pack()
}

func (c *dockerConfig) changed() bool {
	return c.absent != (c.info == nil) || !bytes.Equal(c.before, c.bytes())
}

// write replaces the file with the text as edited, in one step, if it still is
// what was read. Whoever holds the lock may call it.
func (c *dockerConfig) write() error {
	if !c.changed() {
		return nil
	}
	if err := c.replace(); err != nil {
		return c.failed(err)
	}
	// The change is done; a file system that cannot sync a directory is no reason to say otherwise.
	if dir, err := os.Open(filepath.Dir(c.file)); err == nil {
		dir.Sync()
		dir.Close()
	}
	return nil
}

func (c *dockerConfig) replace() (err error) {
	mode := fs.FileMode(0o600)
	if c.info != nil {
		mode = c.info.Mode().Perm()
		if err := c.writable(); err != nil {
			return err
		}
	}
	if c.absent {
		if err := c.unchanged(); err != nil {
			return err
		}
		return busy.Insist(func() error { return os.Remove(c.file) })
	}
	temp, err := os.CreateTemp(filepath.Dir(c.file), dockerConfigTemp(c.file)+"*")
	if err != nil {
		return err
	}
	defer func() {
		temp.Close()
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	if _, err := temp.Write(c.bytes()); err != nil {
		return err
	}
	if c.info != nil {
		if err := keepOwner(temp, c.info); err != nil {
			return err
		}
	}
	if err := temp.Chmod(mode); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	// docker takes no lock. The shorter the time between this look and the
	// rename, the less of docker's can be lost.
	if err := c.unchanged(); err != nil {
		return err
	}
	return busy.Insist(func() error { return os.Rename(temp.Name(), c.file) })
}

// writable respects a file that its owner made read-only, though a rename
// would not ask.
func (c *dockerConfig) writable() error {
	if c.info.Mode().Perm()&0o200 == 0 {
		return errDockerConfigReadOnly
	}
	f, err := os.OpenFile(c.file, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return errDockerConfigChanged
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (c *dockerConfig) unchanged() error {
	file, err := followDockerConfig(c.path)
	if err != nil || file != c.file {
		return errDockerConfigChanged
	}
	now, err := os.ReadFile(c.file)
	if (c.info == nil) != errors.Is(err, fs.ErrNotExist) || (c.info != nil && err != nil) || !bytes.Equal(now, c.before) {
		return errDockerConfigChanged
	}
	return nil
}
