//go:build unix

package dockerconfig

// isBusy is never true: an open file can be replaced and removed.
func isBusy(error) bool { return false }
