//go:build unix

package process

import (
	"errors"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// We ignore SIGPIPE. A program that we start does not.
func TestChildrenHaveTheUsualSIGPIPE(t *testing.T) {
	signal.Ignore(syscall.SIGPIPE)
	for range 2 {
		out, err := OutputOf(Background(t.Context(), "sh", "-c", "kill -PIPE $$; echo ignored"))
		var exit *exec.ExitError
		if strings.Contains(string(out), "ignored") || !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGPIPE {
			t.Errorf("%s, %v", out, err)
		}
	}
	if !signal.Ignored(syscall.SIGPIPE) {
		t.Error("we no longer ignore it")
	}
}

func TestChildrenDoNotSeeOurToken(t *testing.T) {
	t.Setenv("GHCR_TOKEN", "ghp_ours")
	t.Setenv("GH_TOKEN", "ghp_ghs")
	command := Background(t.Context(), "env")
	out, err := OutputOf(command)
	if err != nil || strings.Contains(string(out), "ghp_ours") || !strings.Contains(string(out), "GH_TOKEN=ghp_ghs") {
		t.Errorf("%v, %s", err, out)
	}
	if without := strings.Join(childEnvironment("GH_TOKEN"), "\n"); strings.Contains(without, "GH_TOKEN=") {
		t.Error("GH_TOKEN is not taken away")
	}
}
