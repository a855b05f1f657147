// Package busy has patience with files that other processes have open.
package busy

import "time"

// Insist does again what the system refuses because another process has the file
// open, or is about to remove it, which is not for long. Only Windows does so.
func Insist(do func() error) error {
	err := do()
	for range 20 {
		if !isBusy(err) {
			break
		}
		time.Sleep(20 * time.Millisecond)
		err = do()
	}
	return err
}
