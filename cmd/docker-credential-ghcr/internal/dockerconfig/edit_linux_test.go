package dockerconfig

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func init() {
	childParts["full disk"] = func(t *testing.T, path string, _ []string) {
		mountTmpfs(t, filepath.Dir(path), 0, "size=32k")
		writeFile(t, path, "{}"+strings.Repeat(" ", 20000), 0o600)
		checkRefused(t, path, syscall.ENOSPC.Error(), "free some space")
	}
	childParts["no space for a directory"] = func(t *testing.T, path string, _ []string) {
		mountTmpfs(t, filepath.Dir(path), 0, "nr_inodes=3")
		path = filepath.Join(filepath.Dir(path), ".docker", "config.json")
		if err := os.WriteFile(filepath.Join(filepath.Dir(filepath.Dir(path)), "other"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := edit(t, path, toggle); err == nil || !strings.Contains(err.Error(), syscall.ENOSPC.Error()) {
			t.Errorf("got %v", err)
		}
		if left := namesIn(t, filepath.Dir(filepath.Dir(path))); len(left) != 1 {
			t.Errorf("left behind: %v", left)
		}
	}
	childParts["read-only file system"] = func(t *testing.T, path string, _ []string) {
		mountTmpfs(t, filepath.Dir(path), 0, "")
		writeFile(t, path, "{}", 0o600)
		mountTmpfs(t, filepath.Dir(path), syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
		checkRefused(t, path, syscall.EROFS.Error(), "change the file where it is made")
	}
	childParts["mounted by itself"] = func(t *testing.T, path string, _ []string) {
		mountTmpfs(t, filepath.Dir(path), 0, "")
		writeFile(t, path, "{}", 0o600)
		if err := syscall.Mount(path, path, "", syscall.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
		checkRefused(t, path, syscall.EBUSY.Error(), "mount its directory")
	}
}

func mountTmpfs(t *testing.T, dir string, flags uintptr, data string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, data); err != nil {
		t.Fatal(err)
	}
}

// What a file system refuses is tried on small ones of our own, in a mount
// namespace of its own.
func TestEditLeavesNoTraceWhenTheFileSystemRefuses(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"full disk", "no space for a directory", "read-only file system", "mounted by itself"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			command := child(t, part, filepath.Join(t.TempDir(), "config.json"))
			command.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
			if os.Geteuid() != 0 {
				command.SysProcAttr = &syscall.SysProcAttr{
					Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
					UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
					GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
				}
			}
			var output bytes.Buffer
			command.Stdout, command.Stderr = &output, &output
			if err := command.Start(); err != nil {
				if os.Geteuid() == 0 && os.Getenv("CI") == "true" {
					t.Fatal(err)
				}
				t.Skip("needs a mount namespace: run as root, or allow user namespaces: ", err)
			}
			if err := command.Wait(); err != nil {
				t.Errorf("%v\n%s", err, output.String())
			}
		})
	}
}
