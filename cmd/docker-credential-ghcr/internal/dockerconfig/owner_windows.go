package dockerconfig

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// openFlags has nothing to add: opening a file does not wait.
const openFlags = 0

// isTrusted leaves it to the ACL of the user's profile.
func isTrusted(fs.FileInfo) bool { return true }

// keepOwner has nothing to do: see keepACL.
func keepOwner(*os.File, fs.FileInfo) error { return nil }

// giveToOwnerOf has nothing to do: a new file gets its rights from its directory.
func giveToOwnerOf(string, *os.File) error { return nil }

func openNew(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

func openDir(path string) (*os.File, error) { return os.Open(path) }

func isDiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
