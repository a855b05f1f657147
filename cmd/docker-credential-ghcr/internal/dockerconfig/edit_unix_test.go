//go:build unix

package dockerconfig

import (
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func init() {
	childParts["without rights"] = withoutRights
	childParts["file size limit"] = func(t *testing.T, path string, _ []string) {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096}); err != nil {
			t.Fatal(err)
		}
		checkRefused(t, path, syscall.EFBIG.Error(), "free some space")
	}
}

func runChild(t *testing.T, part, path string, args ...string) {
	t.Helper()
	if output, err := child(t, part, path, args...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", part, err, output)
	}
}

func TestEditKeepsModeAndOwner(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o644, 0o666, 0o200 | 0o444, 0o755} {
		path := filepath.Join(t.TempDir(), "config.json")
		writeFile(t, path, "{}", mode)
		if os.Geteuid() == 0 {
			if err := os.Chown(path, 1234, 2345); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := edit(t, path, toggle); err != nil {
				t.Fatal(err)
			}
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != mode {
			t.Errorf("mode %v became %v, %v", mode, info.Mode(), err)
		}
		if owner := info.Sys().(*syscall.Stat_t); os.Geteuid() == 0 && (owner.Uid != 1234 || owner.Gid != 2345) {
			t.Errorf("the owner became %d:%d", owner.Uid, owner.Gid)
		}
	}

	path := filepath.Join(t.TempDir(), ".docker", "config.json")
	if err := edit(t, path, toggle); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): fs.ModeDir | 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s is new with %v, %v", name, info.Mode(), err)
		}
	}
}

func TestEditDoesNotWaitForAPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	err := edit(t, path, toggle)
	if err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Error(err)
	}
}

func TestEditLeavesNoTraceAtAFileSizeLimit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	writeFile(t, path, "{}"+strings.Repeat(" ", 8000), 0o600)
	runChild(t, "file size limit", path)
}

const nobody = 65534

// Root may do everything, so what others may not is tried by a process that
// gives root up.
func TestEditWithoutRightsIsRefusedWithoutATrace(t *testing.T) {
	t.Parallel()
	// Not t.TempDir, whose parent only its owner may enter.
	dir, err := os.MkdirTemp("", "dockerconfig")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	user := os.Geteuid()
	if user == 0 {
		user = nobody
	}
	runChild(t, "without rights", dir, strconv.Itoa(user))
}

func withoutRights(t *testing.T, dir string, args []string) {
	user, err := strconv.Atoi(args[0])
	if err != nil {
		t.Fatal(err)
	}
	config := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name, "config.json")
		writeFile(t, path, text, mode)
		return path
	}
	root := os.Geteuid() == 0
	foreign := config("foreign", "{}", 0o666) // stays root's
	if err := os.Chmod(filepath.Dir(foreign), 0o777); err != nil {
		t.Fatal(err)
	}
	readOnlyDir, closedFile := config("read-only", "{}", 0o600), config("closed", "{}", 0o200)
	noLock := config("unlistable", "{}", 0o600)
	if root {
		for _, path := range []string{readOnlyDir, closedFile, noLock} {
			for _, name := range []string{path, filepath.Dir(path)} {
				if err := os.Chown(name, user, user); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
		for _, drop := range []error{syscall.Setgroups(nil), syscall.Setgid(user), syscall.Setuid(user)} {
			if drop != nil {
				t.Fatal(drop)
			}
		}
	}

	if err := os.Chmod(filepath.Dir(readOnlyDir), 0o500); err != nil {
		t.Fatal(err)
	}
	checkRefused(t, readOnlyDir, "permission denied", "run this as the owner")
	checkRefused(t, closedFile, "permission denied", "run this as the owner")
	if root {
		checkRefused(t, foreign, "belongs to user 0", "run this as the owner")
		path := filepath.Join(dir, "new", "config.json")
		if err := edit(t, path, toggle); err == nil || !strings.HasPrefix(err.Error(), path+": permission denied") {
			t.Errorf("a directory that cannot be made: %v", err)
		}
	}

	// A directory that may not be opened cannot be locked; the edit works all the same.
	if err := os.Chmod(filepath.Dir(noLock), 0o300); err != nil {
		t.Fatal(err)
	}
	if err := edit(t, noLock, toggle); err != nil {
		t.Errorf("without a lock: %v", err)
	}
	if text := readFile(t, noLock); !strings.Contains(text, `"ghcr"`) {
		t.Errorf("without a lock: %s", text)
	}
	if err := os.Chmod(filepath.Dir(noLock), 0o700); err != nil {
		t.Fatal(err)
	}
	if left := fmt.Sprint(namesIn(t, filepath.Dir(noLock))); left != "[config.json]" {
		t.Errorf("without a lock: %s", left)
	}
	if err := os.Chmod(filepath.Dir(readOnlyDir), 0o700); err != nil { // so that it can be removed
		t.Fatal(err)
	}
}
