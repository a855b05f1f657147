//go:build unix

package process

import (
	"os/exec"
	"syscall"
)

// killWithChildren makes the end of the context kill the program and what it started.
func killWithChildren(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
}
