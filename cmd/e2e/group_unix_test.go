//go:build unix

package e2e

import (
	"os/exec"
	"syscall"
)

// inGroup lets a command have a process group of its own.
func inGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// findGroup is an error if no process of the command's group is left.
func findGroup(command *exec.Cmd) error { return syscall.Kill(-command.Process.Pid, 0) }
