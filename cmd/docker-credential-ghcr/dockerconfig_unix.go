//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/gofrs/flock"
)

// dockerConfigLock locks the directory itself, so that no lock file is left in it.
func dockerConfigLock(dir string) *flock.Flock {
	return flock.New(dir, flock.SetFlag(os.O_RDONLY))
}

// unlockDockerConfig removes the directories that were made and stayed empty,
// while nobody else can be at work in them.
func unlockDockerConfig(lock *flock.Flock, made []string) {
	for _, dir := range made {
		os.Remove(dir)
	}
	lock.Close()
}

// keepOwner gives a new file the owner and group of the one it will replace.
// A group that the person is not in may be lost where it has no rights anyway.
func keepOwner(f *os.File, old fs.FileInfo) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	was, now := old.Sys().(*syscall.Stat_t), info.Sys().(*syscall.Stat_t)
	if was.Uid != now.Uid {
		if err := f.Chown(int(was.Uid), int(was.Gid)); err != nil {
			return fmt.Errorf("belongs to user %d: %w", was.Uid, withoutPath(err))
		}
		return nil
	}
	if was.Gid != now.Gid {
		if err := f.Chown(-1, int(was.Gid)); err != nil && old.Mode()&0o070 != 0 {
			return fmt.Errorf("belongs to group %d: %w", was.Gid, withoutPath(err))
		}
	}
	return nil
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
