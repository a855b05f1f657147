//go:build !linux && !windows

package dockerconfig

import (
	"io/fs"
	"os"
)

// keepACL keeps the mode. ACLs of these systems need their C library, which this
// program is not linked with.
func keepACL(f *os.File, _ string, mode fs.FileMode) error { return f.Chmod(mode) }
