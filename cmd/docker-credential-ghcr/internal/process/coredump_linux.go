package process

import "syscall"

// DisableCoreDumps keeps the token out of core dumps. Unlike a limit on their size it
// holds for dumps that go to a program, too, and programs that we start do not inherit
// it.
func DisableCoreDumps() {
	const setDumpable = 4 // PR_SET_DUMPABLE of prctl(2)
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setDumpable, 0, 0)
}
