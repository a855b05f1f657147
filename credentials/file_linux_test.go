package credentials

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// root may read everything, so it looks with another user's eyes.
func TestAFileThatMayNotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "hosts.yml")
	if err := os.WriteFile(path, []byte("github.com:\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{filepath.Dir(dir): 0o755, dir: 0o755, path: 0} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its eyes
		if os.Getuid() == 0 {
			_ = syscall.Setfsuid(65534)
		}
		_, err := readYAML(path)
		failed <- err
	}()
	if err, want := <-failed, "open "+path+": permission denied"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
