package e2e

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// withoutLocks lets a program run on a system that has no locks, as some network
// file systems have none.
func withoutLocks(t *testing.T, command *exec.Cmd) {
	t.Helper()
	lockless := program(t, "lockless", "it is this program itself")
	command.Path, command.Args = lockless, append([]string{lockless, command.Path}, command.Args[1:]...)
}

// lockless becomes the program in the file that its arguments name, for which the kernel
// answers flock with ENOLCK, see seccomp(2).
func lockless() {
	argument(1)
	runtime.LockOSThread() // a filter is a thread's
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FLOCK, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(syscall.ENOLCK)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if err == nil {
		err = unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
	}
	if err == nil {
		err = syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
	}
	fatalf("%v", err)
}
