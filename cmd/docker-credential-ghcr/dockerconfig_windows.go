package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"golang.org/x/sys/windows"
)

// dockerConfigLock locks a file of its own: Windows locks no directories.
func dockerConfigLock(dir string) *flock.Flock {
	return flock.New(filepath.Join(dir, ".docker-credential-ghcr.lock"))
}

// unlockDockerConfig removes the lock file, unless another process has it open,
// and the directories that were made and stayed empty.
func unlockDockerConfig(lock *flock.Flock, made []string) {
	lock.Close()
	os.Remove(lock.Path())
	for _, dir := range made {
		os.Remove(dir)
	}
}

// keepOwner has nothing to do: a new file inherits from its directory.
func keepOwner(*os.File, fs.FileInfo) error { return nil }

func isDiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
