package dockerconfig

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// lockWait is how long another process of ours may take for its edit.
const lockWait = 30 * time.Second

// lock keeps other processes of ours from editing the file and its record. It locks
// a file of our own beside the records, which only this user can open: another user
// could lock docker's directory. Without a place for that file, the check right
// before the rename has to be enough.
func lock(file, records string) (unlock func(), locked bool, err error) {
	unlock = func() {}
	if records == "" {
		return unlock, false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	path := filepath.Join(records, recordName(file)+".lock")
	for ctx.Err() == nil {
		made, err := makeDir(records)
		if errors.Is(err, fs.ErrNotExist) && !isBelowFile(records) {
			continue // the process that made the outer one has removed it again
		} else if err != nil {
			return unlock, false, nil
		}
		lock, err := openLock(path)
		if err == nil {
			err = retry(func() error { _, err := lock.TryLockContext(ctx, 5*time.Millisecond); return err })
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case errors.Is(err, context.DeadlineExceeded):
			lock.Close()
			return unlock, false, errors.New("another docker-credential-ghcr is changing it and does not finish")
		case err != nil:
			removeEmpty(made)
			return unlock, false, nil
		}
		if isSame(lock) {
			return func() { release(lock, append(made, records)) }, true, nil
		}
		lock.Close() // its last owner removed it
	}
	return unlock, false, errors.New("other processes of docker-credential-ghcr are changing it and do not finish")
}

// isBelowFile reports whether the nearest existing parent is no directory. Windows says
// of such a path that it does not exist.
func isBelowFile(path string) bool {
	for parent := filepath.Dir(path); ; parent = filepath.Dir(parent) {
		if info, err := os.Stat(parent); err == nil || parent == filepath.Dir(parent) {
			return err == nil && !info.IsDir()
		}
	}
}

// openLock makes the lock's file if it is not there. What is there and is no file
// of this user's is not a lock.
func openLock(path string) (*flock.Flock, error) {
	f, err := openNew(path)
	if err == nil {
		err = giveToOwnerOf(filepath.Dir(path), f)
		f.Close()
	}
	if err != nil && !errors.Is(err, fs.ErrExist) && !isBusy(err) {
		return nil, err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || !isTrusted(info) && (os.Geteuid() != 0 || info.Mode().Perm()&0o002 != 0) {
		return nil, errors.New("not a file of this user")
	}
	return flock.New(path, flock.SetFlag(os.O_RDWR|openFlags|noFollow)), nil
}

// isSame reports whether the locked file is still the one that the path names: the
// process that had the lock before may have removed it.
func isSame(lock *flock.Flock) bool {
	locked, err := lock.Stat()
	named, pathErr := os.Lstat(lock.Path())
	return err == nil && pathErr == nil && os.SameFile(locked, named)
}
