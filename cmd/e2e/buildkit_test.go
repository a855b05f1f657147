package e2e

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// startBuildkit starts a real buildkitd and tells the programs of the home where
// it is.
func startBuildkit(t *testing.T, home *stage.Home) (address string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "buildkit") // short, for the socket's path
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	config := filepath.Join(dir, "buildkitd.toml")
	check(t, os.WriteFile(config, []byte("[worker.oci]\n  snapshotter = \"native\"\n[worker.containerd]\n  enabled = false\n"), 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	check(t, err)
	t.Cleanup(func() { _ = log.Close() })

	socket := filepath.Join(dir, "socket")
	address = "unix://" + socket
	daemon := home.Command("buildkitd", "--config", config, "--root", filepath.Join(dir, "root"), "--addr", address)
	daemon.Stdout, daemon.Stderr = log, log
	check(t, daemon.Start())
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	t.Cleanup(func() {
		_ = daemon.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = daemon.Process.Kill()
			<-ended
		}
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("buildkitd:\n%s", said)
		}
	})
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("unix", socket); err == nil {
			_ = conn.Close()
			break
		}
		if len(ended) > 0 || time.Since(begun) > time.Minute {
			t.Fatal("buildkitd did not come up")
		}
	}
	home.Setenv("BUILDKIT_HOST", address)
	return address
}
