package dockerconfig

import "time"

// retry repeats what Windows refuses for a moment, because another process has the
// file open or is about to remove it.
func retry(do func() error) error {
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
