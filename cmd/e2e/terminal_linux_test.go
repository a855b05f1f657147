package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a program on a terminal, and the person in front of it.
type terminal struct {
	t       *testing.T
	command *exec.Cmd
	master  *os.File
	columns int
	ended   chan struct{} // closed when the program can say no more

	mu       sync.Mutex
	said     bytes.Buffer
	answered int           // so many bytes of it were searched for questions to the terminal
	awaited  int           // so many characters of it, without escapes, were waited for
	news     chan struct{} // holds one when there is more
}

const (
	rows = 40
	// patience is how long a program may keep a test waiting: a limit, not a measurement.
	patience = time.Minute
)

// onTerminal starts a command as a terminal window starts one.
func onTerminal(t *testing.T, columns int, command *exec.Cmd) *terminal {
	t.Helper()
	master, slave := openTerminal(t, columns)
	defer slave.Close()
	command.Stdin, command.Stdout, command.Stderr = slave, slave, slave
	command.Env = append([]string{"TERM=xterm-256color"}, command.Env...)
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	check(t, command.Start())
	x := &terminal{
		t: t, command: command, master: master, columns: columns,
		ended: make(chan struct{}), news: make(chan struct{}, 1),
	}
	go x.read()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		_ = master.Close()
		<-x.ended
		if t.Failed() {
			t.Logf("on the terminal:\n%s", x.screen())
		}
	})
	return x
}

func openTerminal(t *testing.T, columns int) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	check(t, err)
	fd := int(master.Fd())
	check(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	check(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: uint16(columns)}))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	check(t, err)
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	check(t, err)
	return master, slave
}

func (x *terminal) read() {
	defer close(x.ended)
	piece := make([]byte, 4096)
	for {
		n, err := x.master.Read(piece)
		x.mu.Lock()
		x.said.Write(piece[:n])
		reply := x.reply()
		x.mu.Unlock()
		_, _ = x.master.WriteString(reply)
		select {
		case x.news <- struct{}{}:
		default:
		}
		if err != nil { // EIO, when no program has the terminal any more
			return
		}
	}
}

// reply is what the terminal answers when it is asked where the cursor is. gh
// asks that also to learn the size, after a move to the far corner, and behind
// other questions, to see that the terminal does not know those.
func (x *terminal) reply() string {
	const toFarCorner, whereIsTheCursor = "\x1b[999;999f", "\x1b[6n"
	var reply strings.Builder
	for {
		before, _, asked := strings.Cut(x.said.String()[x.answered:], whereIsTheCursor)
		if !asked {
			return reply.String()
		}
		row, column := rows/2, 1
		if strings.HasSuffix(before, toFarCorner) {
			row, column = rows, x.columns
		}
		fmt.Fprintf(&reply, "\x1b[%d;%dR", row, column)
		x.answered += len(before) + len(whereIsTheCursor)
	}
}

// awaits waits for a text behind what was waited for before.
func (x *terminal) awaits(text string) {
	x.t.Helper()
	late := time.After(patience)
	for !x.has(text) {
		select {
		case <-x.news:
		case <-x.ended:
			if !x.has(text) {
				x.t.Fatalf("the program ended without saying %q", text)
			}
			return
		case <-late:
			x.t.Fatalf("the program did not say %q", text)
		}
	}
}

func (x *terminal) has(text string) bool {
	plain := plain(x.screen())
	at := strings.Index(plain[min(x.awaited, len(plain)):], text)
	if at < 0 {
		return false
	}
	x.awaited += at + len(text)
	return true
}

// types is the person at the keys.
func (x *terminal) types(keys string) {
	x.t.Helper()
	_, err := x.master.WriteString(keys)
	check(x.t, err)
}

// ends waits for the end of the program, and returns its exit code and what was
// said in all.
func (x *terminal) ends() (code int, screen string) {
	x.t.Helper()
	late := time.AfterFunc(patience, func() { _ = x.command.Process.Kill() })
	err := x.command.Wait()
	if !late.Stop() {
		x.t.Fatal("the program did not end")
	}
	if err != nil {
		if _, exited := errors.AsType[*exec.ExitError](err); !exited {
			x.t.Fatal(err)
		}
	}
	<-x.ended
	return x.command.ProcessState.ExitCode(), x.screen()
}

// screen is all that was said, escapes included.
func (x *terminal) screen() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.said.String()
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]|\x1b\\][^\x07\x1b]*(\x07|\x1b\\\\)|\x1b[78=>]|\r")

// plain is a text without escapes and carriage returns. An escape that is not
// yet whole stays.
func plain(text string) string { return escapes.ReplaceAllString(text, "") }
