package dockerconfig

import (
	"os"

	"github.com/gofrs/flock"
)

const noFollow = 0

// release removes the lock's file, unless another process has it open, and the
// directories that are empty.
func release(lock *flock.Flock, dirs []string) {
	lock.Close()
	os.Remove(lock.Path())
	removeEmpty(dirs)
}
