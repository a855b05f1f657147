//go:build !windows

package credentials

// insist need not: a file that is open can be replaced and removed.
func insist(do func() error) error { return do() }
