// Package namespace runs a program where the names of GitHub are this machine,
// and where no process outside can see it.
package namespace

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

// variable marks the process inside; it has the path of its /etc/hosts.
const variable = "E2E_NAMESPACE_HOSTS"

// Enter starts this program again, with the same arguments, in a network of its
// own in which hosts is the content of /etc/hosts, and returns its exit code. What
// needs the outside is done before. Called inside, Enter makes the place ready and
// returns inside.
//
// Root gets no user namespace, since a Docker engine wants the real root. What is
// still running inside when the program ends, ends with it.
func Enter(hosts string, before func() error) (inside bool, code int, err error) {
	catchIgnored()
	if os.Getenv(variable) != "" {
		return true, 0, furnish(os.Getenv(variable))
	}
	if err := before(); err != nil {
		return false, 0, err
	}
	code, err = start(hosts)
	return false, code, err
}

// catchIgnored makes what this process starts end by the signals that nohup and
// shells have their background jobs ignore: caught signals are not inherited, ignored
// ones are.
func catchIgnored() {
	for _, s := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} { // Go catches all others itself
		if signal.Ignored(s) {
			signal.Notify(make(chan os.Signal, 1), s)
		}
	}
}

func start(hosts string) (code int, err error) {
	file, err := os.CreateTemp("", "hosts")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(hosts)
	if err := errors.Join(err, file.Chmod(0o644), file.Close()); err != nil {
		return 0, err
	}
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	command := exec.Command(program, withoutTestLog(os.Args[1:])...)
	command.Env = append(os.Environ(), variable+"="+file.Name())
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Geteuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	// The death signal comes when the thread that started the child ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err = command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if status := exit.Sys().(syscall.WaitStatus); status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %w; %s", ErrUnavailable, err, remedy)
	}
	return 0, nil
}

// ErrUnavailable says that namespaces cannot be had; the text says what would help.
var ErrUnavailable = errors.New("no network namespace to be had")

const remedy = "be root, or let everybody have them: " +
	"sysctl kernel.unprivileged_userns_clone=1 (Debian), " +
	"sysctl kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), " +
	"docker run --privileged (in a container)"

// withoutTestLog keeps `go test` from reusing an old result: it knows the tests'
// inputs from that log only, and the programs that are built and driven here are
// not in it.
func withoutTestLog(args []string) []string {
	var kept []string
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-test.testlogfile=") {
			kept = append(kept, arg)
		}
	}
	return kept
}

func furnish(hosts string) error {
	for _, mount := range []struct {
		what, where, kind string
		flags             uintptr
	}{
		{"", "/", "", syscall.MS_PRIVATE | syscall.MS_REC},
		{"proc", "/proc", "proc", syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC},
		{hosts, "/etc/hosts", "", syscall.MS_BIND},
		// The session bus of whoever runs this, and with it the real keyring.
		{"tmpfs", "/run/user", "tmpfs", 0},
		// A Docker engine leaves a key there.
		{"tmpfs", "/etc/docker", "tmpfs", 0},
	} {
		err := syscall.Mount(mount.what, mount.where, mount.kind, mount.flags, "")
		if err != nil && !errors.Is(err, syscall.ENOENT) {
			return fmt.Errorf("mount %s in a namespace: %w", mount.where, err)
		}
	}
	return loopbackUp()
}

// loopbackUp does what `ip link set lo up` does, see netdevice(7).
func loopbackUp() error {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer syscall.Close(socket)
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return fmt.Errorf("loopback up: %w", errno)
	}
	return nil
}
