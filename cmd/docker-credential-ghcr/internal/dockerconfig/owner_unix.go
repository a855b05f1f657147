//go:build unix

package dockerconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// openFlags keep an open from waiting for a pipe.
const openFlags = syscall.O_NONBLOCK

// isTrusted reports whether a file or directory belongs to this user or root, as
// root also to the user who called sudo, and cannot be written by everyone.
func isTrusted(info fs.FileInfo) bool {
	owner, user := info.Sys().(*syscall.Stat_t).Uid, os.Geteuid()
	trusted := owner == 0 || int(owner) == user ||
		user == 0 && strconv.Itoa(int(owner)) == os.Getenv("SUDO_UID")
	return trusted && info.Mode().Perm()&0o002 == 0
}

// keepOwner gives a new file the owner and group of the one that it will replace.
// A group that this user is not in may be lost if it has no rights anyway.
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

// giveToOwnerOf gives what root made in another user's directory to that user.
// Otherwise root would lock the user out of it.
func giveToOwnerOf(dir string, f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 0 {
		return f.Chown(int(owner.Uid), int(owner.Gid))
	}
	return nil
}

// openNew makes a file or opens the one that is there, and never follows a link.
func openNew(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
}

// openDir opens a directory that was just made.
func openDir(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
