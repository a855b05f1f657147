package dockerconfig

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

const accessACL = "system.posix_acl_access"

// keepACL gives the new file the mode and the ACL of the old one. If the ACL cannot
// be kept, the group has no rights: the mode of a file with an ACL shows the rights
// of the users that it names as those of the group.
func keepACL(f *os.File, old string, mode fs.FileMode) error {
	acl := make([]byte, 64<<10)
	n, err := unix.Getxattr(old, accessACL, acl)
	switch {
	case errors.Is(err, unix.ENODATA):
		// The directory's default ACL may have given the new file one.
		if err := unix.Fremovexattr(int(f.Fd()), accessACL); err != nil && !errors.Is(err, unix.ENODATA) {
			mode &^= 0o070
		}
	case errors.Is(err, unix.ENOTSUP):
	case err != nil:
		mode &^= 0o070
	default:
		if unix.Fsetxattr(int(f.Fd()), accessACL, acl[:n], 0) == nil {
			return nil // it has the mode in it
		}
		mode &^= 0o070
	}
	return f.Chmod(mode)
}
