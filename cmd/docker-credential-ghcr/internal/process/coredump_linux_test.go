package process

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// A process that must not be dumped does not let its own user trace it either. The
// change is permanent, so it is made in a process of its own.
func TestTheProcessCannotBeDumped(t *testing.T) {
	const getDumpable = 3 // PR_GET_DUMPABLE
	if os.Getenv("CHILD_OF_TEST") == "dumpable" {
		DisableCoreDumps()
		if dumpable, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, getDumpable, 0, 0); dumpable != 0 {
			t.Errorf("dumpable is %d", dumpable)
		}
		return
	}
	command := exec.Command(os.Args[0], "-test.run=^TestTheProcessCannotBeDumped$")
	command.Env = append(os.Environ(), "CHILD_OF_TEST=dumpable")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
