//go:build unix

package trusted

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// openFlags keep a pipe or a device from blocking, and lockFlags a lock as well: a
// lock is opened for reading, since some file systems let no other user lock it then.
const (
	openFlags = syscall.O_NONBLOCK | syscall.O_NOCTTY
	lockFlags = os.O_RDONLY | openFlags
)

// isBusy is never so: a file that is open can be replaced and removed.
func isBusy(error) bool { return false }

// Check checks that only this user or root can have written a file or directory.
func Check(path string, info fs.FileInfo) error {
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if !mayOwn(owner, os.Geteuid(), os.Getenv("SUDO_UID")) {
		return &Error{
			fmt.Sprintf("%s belongs to another user (id %d), so it is not used", path, owner),
			fmt.Sprintf("read %s, and if it is yours run: sudo chown %d %s", path, os.Geteuid(), quoted(path)),
		}
	}
	// In a sticky directory no user can replace another user's file.
	if mode := info.Mode(); mode.Perm()&0o002 != 0 && !(mode.IsDir() && mode&fs.ModeSticky != 0) {
		return &Error{
			fmt.Sprintf("every user can write to %s, so it is not used", path),
			fmt.Sprintf("read %s, and if it is yours run: chmod o-w %s", path, quoted(path)),
		}
	}
	return nil
}

// mayOwn reports whether a user believes files of an owner: its own and root's; as
// root also those of the user who called sudo.
func mayOwn(owner, user int, sudoUser string) bool {
	return owner == 0 || owner == user || user == 0 && strconv.Itoa(owner) == sudoUser
}

// GiveToOwnerOfDir gives what root made in another user's directory to that user, who
// would be locked out otherwise.
func GiveToOwnerOfDir(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	dir := info.Sys().(*syscall.Stat_t)
	if dir.Uid == 0 {
		return nil
	}
	return os.Lchown(path, int(dir.Uid), int(dir.Gid))
}

// IsForeignToRoot reports whether root would make files in another user's directory.
func IsForeignToRoot(dir string) bool {
	if os.Geteuid() != 0 {
		return false
	}
	for {
		if info, err := os.Stat(dir); err == nil {
			return info.Sys().(*syscall.Stat_t).Uid != 0
		}
		if dir == filepath.Dir(dir) {
			return false
		}
		dir = filepath.Dir(dir)
	}
}

// quoted is a word of a command line, in quotes if it needs them.
func quoted(word string) string {
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+,:@%=", r))
	}) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
