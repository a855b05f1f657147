//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// dockerSocket is where docker's client looks for the engine.
const dockerSocket = "/var/run/docker.sock"

// dockerNeedsSudo reports whether this person runs docker by sudo: they did so now, or
// may not open the engine's socket.
func dockerNeedsSudo() bool {
	if os.Geteuid() == 0 {
		return os.Getenv("SUDO_USER") != ""
	}
	if os.Getenv("DOCKER_HOST") != "" {
		return false
	}
	_, err := os.Stat(dockerSocket)
	return err == nil && unix.Access(dockerSocket, unix.W_OK) != nil
}
