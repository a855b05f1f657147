package process

import "os/exec"

// killWithChildren does not change what is killed, only the program: its children end
// when their pipes are closed.
func killWithChildren(*exec.Cmd) {}
