package dockerconfig

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// posixACL is the form in which the kernel takes an ACL: version 2, then tag,
// rights and user or group of each entry.
func posixACL(entries ...[3]uint32) []byte {
	acl := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range entries {
		acl = binary.LittleEndian.AppendUint16(acl, uint16(e[0]))
		acl = binary.LittleEndian.AppendUint16(acl, uint16(e[1]))
		acl = binary.LittleEndian.AppendUint32(acl, e[2])
	}
	return acl
}

const (
	aclUserOwner, aclUser, aclGroupOwner, aclMask, aclOther = 1, 2, 4, 16, 32

	nobodysID = 0xffffffff
)

func setACL(t *testing.T, path, name string, acl []byte) {
	t.Helper()
	if err := unix.Setxattr(path, name, acl, 0); errors.Is(err, unix.ENOTSUP) {
		t.Skip("needs a file system with ACLs where temporary files are; set TMPDIR to one")
	} else if err != nil {
		t.Fatal(err)
	}
}

func TestEditKeepsTheACL(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	writeFile(t, path, "{}", 0o600)
	acl := posixACL([3]uint32{aclUserOwner, 6, nobodysID}, [3]uint32{aclUser, 4, 1001}, [3]uint32{aclGroupOwner, 0, nobodysID},
		[3]uint32{aclMask, 4, nobodysID}, [3]uint32{aclOther, 0, nobodysID})
	setACL(t, path, accessACL, acl)
	for range 2 {
		if err := edit(t, path, toggle); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, 1000)
	n, err := unix.Getxattr(path, accessACL, got)
	if err != nil || !bytes.Equal(got[:n], acl) {
		t.Errorf("the ACL became %x, %v", got[:max(n, 0)], err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}

// A directory gives its default ACL to every new file. The file that is replaced
// had none.
func TestEditAddsNoACL(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	writeFile(t, path, "{}", 0o640)
	setACL(t, filepath.Dir(path), "system.posix_acl_default", posixACL([3]uint32{aclUserOwner, 7, nobodysID}, [3]uint32{aclUser, 7, 1001},
		[3]uint32{aclGroupOwner, 7, nobodysID}, [3]uint32{aclMask, 7, nobodysID}, [3]uint32{aclOther, 0, nobodysID}))
	if err := edit(t, path, toggle); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Getxattr(path, accessACL, make([]byte, 1000)); !errors.Is(err, unix.ENODATA) {
		t.Errorf("an ACL of %d bytes, %v", n, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
}
