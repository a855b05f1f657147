package credentials

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
)

// insist does again what Windows refuses because another process has the file
// open, which is not for long.
func insist(do func() error) error {
	err := do()
	for range 20 {
		if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) && !errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			break
		}
		time.Sleep(20 * time.Millisecond)
		err = do()
	}
	return err
}
