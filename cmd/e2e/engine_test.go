package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// startEngine starts a real Docker engine inside the namespace, which therefore
// sees the stage, and lets the docker of the home use it.
func startEngine(t *testing.T, home *stage.Home) {
	t.Helper()
	if os.Getuid() != 0 || !reallyRoot() {
		missing(t, "not root here: a Docker engine needs it")
	}
	program(t, "docker", "apt-get install docker.io")
	program(t, "dockerd", "apt-get install docker.io")
	program(t, "containerd", "apt-get install docker.io")
	dir, err := os.MkdirTemp("", "engine") // short, for the sockets' paths
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.WriteFile(filepath.Join(dir, "daemon.json"), []byte("{}"), 0o600))
	log, err := os.Create(filepath.Join(dir, "log"))
	check(t, err)
	t.Cleanup(func() { _ = log.Close() })

	socket := filepath.Join(dir, "docker.sock")
	engine := home.Command("dockerd", "--data-root", dir+"/root", "--exec-root", dir+"/exec", "-p", dir+"/pid", "-H", "unix://"+socket,
		"--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-forward=false", "--ip-masq=false",
		"--storage-driver=vfs", "--config-file", dir+"/daemon.json")
	engine.Stdout, engine.Stderr = log, log
	check(t, engine.Start())
	ended := make(chan error, 1)
	go func() { ended <- engine.Wait() }()
	t.Cleanup(func() {
		_ = engine.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = engine.Process.Kill()
			<-ended
		}
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("dockerd:\n%s", said)
		}
	})

	client := http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) },
	}}
	defer client.CloseIdleConnections()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if answer, err := client.Get("http://engine/_ping"); err == nil {
			_ = answer.Body.Close()
			break
		}
		if len(ended) > 0 || time.Since(begun) > time.Minute {
			t.Fatal("dockerd did not come up")
		}
	}
	home.Setenv("DOCKER_HOST", "unix://"+socket)
}

// reallyRoot reports whether this is the root of the machine, and not that of a
// user namespace.
func reallyRoot() bool {
	mapping, err := os.ReadFile("/proc/self/uid_map")
	var inside, outside, length uint64
	if err == nil {
		_, err = fmt.Sscan(string(mapping), &inside, &outside, &length)
	}
	return err == nil && outside == 0
}
