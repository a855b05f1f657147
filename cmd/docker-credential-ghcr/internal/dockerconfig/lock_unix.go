//go:build unix

package dockerconfig

import (
	"os"
	"syscall"

	"github.com/gofrs/flock"
)

const noFollow = syscall.O_NOFOLLOW

// release removes the lock's file and the directories that are empty, while no
// other process can hold the lock.
func release(lock *flock.Flock, dirs []string) {
	os.Remove(lock.Path())
	removeEmpty(dirs)
	lock.Close()
}
