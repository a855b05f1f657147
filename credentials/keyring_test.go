package credentials

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

func TestThePretendKeyringKeepsTheContract(t *testing.T) {
	t.Parallel()
	credentialstest.TestKeyring(t, &credentialstest.Keyring{NotFound: ErrNotInKeyring}, ErrNotInKeyring)
}

// exitError is the error of a program that ended with a status.
func exitError(t *testing.T, status int) error {
	t.Helper()
	err := child(t, fmt.Sprintf("exit with %d", status)).Run()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != status {
		t.Fatalf("got %v", err)
	}
	return err
}

func TestEveryWayInWhichTheLibraryFailsHasItsFault(t *testing.T) {
	t.Parallel()
	bus := &net.UnixAddr{Name: "/run/user/1000/bus", Net: "unix"}
	dial := func(err error) error {
		return &net.OpError{Op: "dial", Net: "unix", Addr: bus, Err: os.NewSyscallError("connect", err)}
	}
	read := func(err error) error { return &net.OpError{Op: "read", Net: "unix", Addr: bus, Err: err} }
	for _, test := range []struct {
		name   string
		err    error
		fault  Fault
		reason string
	}{
		{
			"no bus and no dbus-launch", &exec.Error{Name: "dbus-launch", Err: exec.ErrNotFound},
			NoKeyring, `no keyring can be reached from here: exec: "dbus-launch": ` + exec.ErrNotFound.Error(),
		},
		{
			"a bus whose socket is gone", dial(syscall.ENOENT),
			NoKeyring, "no keyring can be reached from here: dial unix /run/user/1000/bus: connect: " + syscall.ENOENT.Error(),
		},
		{
			"a bus without a server", dial(syscall.ECONNREFUSED),
			NoKeyring, "no keyring can be reached from here: dial unix /run/user/1000/bus: connect: connection refused",
		},
		{
			"a bus of another user's, whose socket may not be opened, as under sudo -E", dial(syscall.EACCES),
			NoKeyring, "no keyring can be reached from here: dial unix /run/user/1000/bus: connect: permission denied",
		},
		{
			"a bus of another user's, who says no", errors.New("dbus: authentication failed"),
			NoKeyring, "no keyring can be reached from here: dbus: authentication failed",
		},
		{
			"a bus of another user's, who hangs up", read(os.NewSyscallError("recvmsg", syscall.ECONNRESET)),
			NoKeyring, "no keyring can be reached from here: read unix /run/user/1000/bus: recvmsg: connection reset by peer",
		},
		{
			"a bus of another user's, who hangs up without a word", fmt.Errorf("auth: %w", read(io.EOF)),
			NoKeyring, "no keyring can be reached from here: auth: read unix /run/user/1000/bus: EOF",
		},
		{
			"a bus of another user's, who has hung up", &net.OpError{Op: "write", Net: "unix", Addr: bus, Err: os.NewSyscallError("write", syscall.EPIPE)},
			NoKeyring, "no keyring can be reached from here: write unix /run/user/1000/bus: write: broken pipe",
		},
		{
			"an address that is disabled", errors.New("dbus: invalid bus address (invalid or unsupported transport)"),
			NoKeyring, "no keyring can be reached from here: dbus: invalid bus address (invalid or unsupported transport)",
		},
		{
			"a bus without a provider", errors.New("The name org.freedesktop.secrets was not provided by any .service files"),
			NoKeyring, "no keyring can be reached from here: The name org.freedesktop.secrets was not provided by any .service files",
		},
		{
			"a system that the library does not know", keyring.ErrUnsupportedPlatform,
			NoKeyring, "no keyring can be reached from here: unsupported platform: " + runtime.GOOS,
		},
		{
			"a locked collection", errors.New("failed to unlock correct collection '/org/freedesktop/secrets/collection/login'"),
			Locked, "the keyring is locked",
		},
		{
			"a collection that was never set up", errors.New("failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'"),
			Locked, "the keyring is locked",
		},
		{"a Keychain that may not ask", exitError(t, 36), Locked, "the keyring is locked"},
		{"a Keychain that was given a wrong password", exitError(t, 51), Locked, "the keyring is locked"},
		{"a Keychain whose question was cancelled", exitError(t, 128), Locked, "the keyring is locked"},
		{"a Keychain that fails otherwise", exitError(t, 1), Broken, "the keyring failed: exit status 1"},
		{"our own knowledge that there is no bus", fmt.Errorf("%w: there is no D-Bus session", errNoKeyring), NoKeyring, "no keyring can be reached from here: there is no D-Bus session"},
		{"an item that is too large", keyring.ErrSetDataTooBig, Broken, "the keyring failed: data passed to Set was too big"},
		{"something new", errors.New("a\x1b[2J new\nthing"), Broken, "the keyring failed: a[2J new thing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := Candidate{}.withKeyringError(keyringError(test.err))
			fault, reason := c.Fault, c.Reason
			if test.name == "a system that the library does not know" {
				reason = strings.ToLower(reason)
			}
			if fault != test.fault || reason != test.reason {
				t.Errorf("got %s, %q, want %s, %q", fault, reason, test.fault, test.reason)
			}
		})
	}
}

func TestAnItemThatIsNotThereIsNoFault(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"as the library says it":         keyring.ErrNotFound,
		"wrapped":                        fmt.Errorf("get: %w", keyring.ErrNotFound),
		"as the Keychain's program says": exitError(t, 44),
	} {
		if got := keyringError(err); !errors.Is(got, errAbsent) {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if got := keyringError(nil); got != nil {
		t.Errorf("success is %v", got)
	}
}

// places are logins of which each needs the keyring.
var places = map[string]func(m *machine){
	"docker login": func(m *machine) { m.dockerLogin(github.DotCom, "octocat", "gho_example") },
	"gh":           func(m *machine) { m.ghKeyringLogin(github.DotCom, "octocat", "gho_example") },
}

func TestAKeyringThatFailsIsAFaultOfThePlaceThatNeedsIt(t *testing.T) {
	for place, login := range places {
		for _, test := range []struct {
			name   string
			err    error
			fault  Fault
			reason string
		}{
			{"locked", errors.New("failed to unlock correct collection 'x'"), Locked, "the keyring is locked"},
			{"not there", errors.New("dbus: invalid bus address"), NoKeyring, "no keyring can be reached from here: dbus: invalid bus address"},
			{"broken", errors.New("oh"), Broken, "the keyring failed: oh"},
			{"emptied", ErrNotInKeyring, Missing, ""},
		} {
			t.Run(place+", "+test.name, func(t *testing.T) {
				m := newMachine(t)
				login(m)
				m.keyring.Fail(test.err)
				v := m.only("ghcr.io")
				if v.Source != Source(place) || v.Login != "octocat" || v.Fault != test.fault || test.reason != "" && v.Reason != test.reason {
					t.Errorf("got %+v", v)
				}
				m.wantAsked(0, 0)
			})
		}
	}
}

func TestWithoutAnyKeyringNothingIsMissedThatNobodySpokeOf(t *testing.T) {
	for name, hosts := range map[string]string{
		"no login of gh's":                     "{}\n",
		"an entry that holds preferences only": "github.com:\n    git_protocol: ssh\n",
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.hosts(hosts)
			m.keyring.Fail(errors.New("dbus: invalid bus address"))
			m.notFound("ghcr.io")
		})
	}
}

func TestAKeyringThatPanicsIsAFault(t *testing.T) {
	for _, what := range []any{"invalid cache address or nil pointer dereference", errors.New("gho_" + canary)} {
		m := newMachine(t)
		m.ghKeyringLogin(github.DotCom, "octocat", "gho_example")
		m.keyring.Panic(what)
		m.says("ghcr.io",
			"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
			"  gh, octocat: the keyring failed: the keyring's connection broke",
			"docker-credential-ghcr: hint: fix what is named above, then try again",
		)
		if err := m.store("ghcr.io", "octocat", "gho_"+canary); err == nil || shows(err.Error()) {
			t.Errorf("store gave %v", err)
		}
	}
}

func TestAHungKeyringIsWaitedForOnceACall(t *testing.T) {
	for _, test := range []struct {
		name  string
		env   map[string]string
		limit time.Duration
	}{
		{"where no person could answer", nil, 3 * time.Second},
		{"on a display", map[string]string{"DISPLAY": ":0"}, 20 * time.Second},
		{"on a display of Wayland", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, 20 * time.Second},
		{"on a display of CI", map[string]string{"DISPLAY": ":99", "CI": "true"}, 3 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.limit == keyringLimitPresent && (runtime.GOOS == "darwin" || runtime.GOOS == "windows") {
				t.Skip("here displays do not tell whether somebody is present; run it on Linux or FreeBSD")
			}
			inBubble(t, func(m *machine) {
				for name, value := range test.env {
					m.Setenv(name, value)
				}
				for _, login := range places {
					login(m)
				}
				release := make(chan struct{})
				defer close(release)
				m.keyring.Hang(release)
				begun := time.Now()
				m.says("ghcr.io",
					"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
					"  docker login, octocat: the keyring did not answer within "+test.limit.String(),
					"  gh, octocat: the keyring did not answer within "+test.limit.String(),
					"docker-credential-ghcr: hint: answer the keyring's question, or restart the keyring, and try again",
				)
				if took := time.Since(begun); took != test.limit {
					m.Errorf("took %v", took)
				}
				begun = time.Now()
				if err := m.store("ghcr.io", "hubot", "gho_other"); err == nil {
					m.Error("stored")
				}
				if took := time.Since(begun); took > 30*time.Second {
					m.Errorf("store took %v", took)
				}
				begun = time.Now()
				if said := m.erase("ghcr.io"); said == "" {
					m.Error("erase said nothing")
				}
				if took := time.Since(begun); took != test.limit {
					m.Errorf("erase took %v", took)
				}
			})
		})
	}
}

// Whether somebody could answer the keyring's question, systems tell differently.
func TestHowLongAKeyringMayTakeOnEachSystem(t *testing.T) {
	const alone, present = 3 * time.Second, 20 * time.Second
	for _, test := range []struct {
		name                   string
		env                    map[string]string
		linux, darwin, windows time.Duration
	}{
		{"at the machine, without a display", map[string]string{"SSH_CONNECTION": ""}, alone, present, present},
		{"at the machine", map[string]string{"SSH_CONNECTION": "", "DISPLAY": ":0"}, present, present, present},
		{"over ssh", nil, alone, alone, alone},
		{"in CI", map[string]string{"SSH_CONNECTION": "", "DISPLAY": ":0", "CI": "true"}, alone, alone, alone},
	} {
		t.Run(test.name, func(t *testing.T) {
			newMachine(t)
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			for goos, want := range map[string]time.Duration{"linux": test.linux, "freebsd": test.linux, "darwin": test.darwin, "windows": test.windows} {
				if got := keyringLimit(goos); got != want {
					t.Errorf("%s: got %v, want %v", goos, got, want)
				}
			}
		})
	}
}

// The keyrings of macOS and Windows are on no bus.
func TestNoBusIsMissedWhereThereIsNone(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	for _, goos := range []string{"darwin", "windows"} {
		if err := sessionBus(goos); err != nil {
			t.Errorf("%s: %v", goos, err)
		}
	}
}

// slow is a keyring that takes its time.
type slow struct {
	*credentialstest.Keyring
	wait time.Duration
}

func (s slow) Get(service, user string) (string, error) {
	time.Sleep(s.wait)
	return s.Keyring.Get(service, user)
}

func TestAllReadsOfACallShareOneLimit(t *testing.T) {
	for _, test := range []struct {
		wait time.Duration
		want reply
		took time.Duration
	}{
		{999 * time.Millisecond, reply{user: "octocat", secret: "gho_nameless"}, 3 * 999 * time.Millisecond},
		{1001 * time.Millisecond, reply{}, 3 * time.Second},
	} {
		t.Run(test.wait.String(), func(t *testing.T) {
			inBubble(t, func(m *machine) {
				// Three reads: docker login's item, the user's slot, the slot without a name.
				m.dockerLogin(github.DotCom, "octocat", "gho_dead")
				m.hosts("github.com:\n    user: octocat\n")
				m.keep("gh:github.com", "", "gho_nameless")
				m.token("gho_nameless", "write:packages")
				h := m.helper()
				h.Keyring = slow{m.keyring, test.wait}
				begun := time.Now()
				user, secret, err := h.Get("ghcr.io")
				if user != test.want.user || secret != test.want.secret || (err == nil) != (secret != "") {
					m.Errorf("got %q, %q, %v", user, secret, err)
				}
				if took := time.Since(begun); took != test.took {
					m.Errorf("took %v, want %v", took, test.took)
				}
				time.Sleep(time.Minute) // for the read that was given up
			})
		})
	}
}

func TestTheTimeThatANetworkTakesIsNotTheKeyrings(t *testing.T) {
	inBubble(t, func(m *machine) {
		// The API takes longer than the keyring may, and then comes gh's slot, which is
		// slow, but quick enough.
		m.variable("gho_dead")
		m.dockerLogin(github.DotCom, "octocat", "ghp_dead")
		m.ghKeyringLogin(github.DotCom, "octocat", "gho_example")
		m.token("gho_example", "write:packages")
		for _, secret := range []string{"gho_dead", "ghp_dead"} {
			m.github.Break(secret, credentialstest.API, credentialstest.Slow(4*time.Second, nil))
		}
		h, said := m.helper(), &log{}
		h.Keyring, h.Stderr = slow{m.keyring, time.Second}, said
		begun := time.Now()
		user, secret, err := h.Get("ghcr.io")
		if user != "octocat" || secret != "gho_example" || err != nil {
			m.Errorf("got %q, %q, %v, said %s", user, secret, err, said)
		}
		if took := time.Since(begun); took != 10*time.Second {
			m.Errorf("took %v", took)
		}
	})
}

func TestWhatTheKeyringHasTakenIsNotGivenItAgain(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.dockerLogin(github.DotCom, "octocat", "ghp_dead")
		m.ghKeyringLogin(github.DotCom, "octocat", "gho_example")
		m.token("gho_example", "write:packages")
		m.github.Break("ghp_dead", credentialstest.API, credentialstest.Slow(4*time.Second, nil))
		h, said := m.helper(), &log{}
		h.Keyring, h.Stderr = slow{m.keyring, 1600 * time.Millisecond}, said
		if _, _, err := h.Get("ghcr.io"); err == nil || !containsLine(said.String(), "  gh, octocat: the keyring did not answer within 3s\n") {
			m.Errorf("got %v, said %s", err, said)
		}
		time.Sleep(time.Minute) // for the read that was given up
	})
}

func TestAnAnswerThatComesTooLateIsDropped(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.ghKeyringLogin(github.DotCom, "octocat", "gho_example")
		m.token("gho_example", "write:packages")
		release := make(chan struct{})
		m.keyring.Hang(release)
		r := newLimitedKeyring(m.keyring, quiet)
		secret, err := r.get(m.Context(), "gh:github.com", "octocat")
		close(release)
		synctest.Wait()
		if secret != "" || !errors.Is(err, errTimeout) {
			m.Errorf("got %q, %v", secret, err)
		}
	})
}

func TestTheTraceOfTheKeyringNamesWhatWasDone(t *testing.T) {
	inBubble(t, func(m *machine) {
		var traced strings.Builder
		r := newLimitedKeyring(m.keyring, func(format string, args ...any) { fmt.Fprintf(&traced, format+"\n", args...) })
		_ = r.set(m.Context(), "service", "octocat", "gho_"+canary)
		_, _ = r.get(m.Context(), "service", "octocat")
		_ = r.delete(m.Context(), "service", "octocat")
		_, _ = r.get(m.Context(), "service", "octocat")
		_, _ = r.get(m.Context(), "service", "")
		_, _ = r.get(m.Context(), "service", "octo\x1b[2J\ncat")
		want := "keyring: write service octocat: done in 0s\nkeyring: read service octocat: done in 0s\nkeyring: delete service octocat: done in 0s\n" +
			"keyring: read service octocat: secret not found in keyring in 0s\nkeyring: read service: secret not found in keyring in 0s\n" +
			"keyring: read service octo[2J cat: secret not found in keyring in 0s\n"
		if traced.String() != want {
			m.Errorf("traced\n%s\nwant\n%s", traced.String(), want)
		}
	})
}

// noBus skips where D-Bus finds a bus without being told of one.
func noBus(t *testing.T) {
	t.Helper()
	switch runtime.GOOS {
	case "darwin", "windows":
		t.Skip("no D-Bus here; run it on Linux or FreeBSD")
	}
	for _, name := range []string{"bus", "dbus-session"} {
		path := fmt.Sprintf("/run/user/%d/%s", os.Getuid(), name)
		if _, err := os.Stat(path); err == nil {
			t.Skip("D-Bus finds " + path + "; run this as a user without a session")
		}
	}
}

func TestWithoutABusNoneIsStarted(t *testing.T) {
	for _, address := range []string{"", "autolaunch:"} {
		t.Run(address, func(t *testing.T) {
			noBus(t)
			m := newMachine(t)
			t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
			bin, started := t.TempDir(), filepath.Join(t.TempDir(), "started")
			m.write(filepath.Join(bin, "dbus-launch"), "#!/bin/sh\ntouch '"+started+"'\nexit 1\n")
			if err := os.Chmod(filepath.Join(bin, "dbus-launch"), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", bin)
			var k OSKeyring
			_, err := k.Get("service", "octocat")
			for _, err := range []error{err, k.Set("service", "octocat", "x"), k.Delete("service", "octocat")} {
				if !errors.Is(err, errNoKeyring) || err.Error() != "no keyring can be reached from here: there is no D-Bus session" {
					t.Errorf("got %v", err)
				}
			}
			if _, err := os.Stat(started); err == nil {
				t.Error("dbus-launch was started")
			}

			// The whole of get, with the keyring of the machine.
			m.ghKeyringLogin(github.DotCom, "octocat", "gho_example")
			h := m.helper()
			var said log
			h.Keyring, h.Stderr = nil, &said
			if _, _, err := h.Get("ghcr.io"); err == nil || !strings.Contains(said.String(), "  gh, octocat: no keyring can be reached from here: there is no D-Bus session\n") {
				t.Errorf("got %v, said %s", err, said.String())
			}
		})
	}
}

func TestABusThatSomebodyNamedIsAsked(t *testing.T) {
	noBus(t)
	newMachine(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "nobody"))
	var k OSKeyring
	_, err := k.Get("service", "octocat")
	for _, err := range []error{err, k.Set("service", "octocat", "x"), k.Delete("service", "octocat")} {
		if c := (Candidate{}).withKeyringError(keyringError(err)); c.Fault != NoKeyring || !strings.Contains(c.Reason, "nobody") {
			t.Errorf("got %v", err)
		}
	}
}

func TestABusThatNeverAnswersIsGivenUp(t *testing.T) {
	noBus(t)
	newMachine(t)
	dir, err := os.MkdirTemp("", "") // short: a socket's path may have 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	listener, err := net.Listen("unix", filepath.Join(dir, "bus"))
	if err != nil {
		unavailable(t, "needs unix sockets; set TMPDIR to a folder on a file system that has them, or use Linux", err)
	}
	var serving sync.WaitGroup
	defer serving.Wait()
	defer listener.Close()
	accepted := make(chan net.Conn, 1)
	serving.Go(func() {
		conn, err := listener.Accept()
		if err == nil {
			accepted <- conn
		}
		close(accepted)
	})
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(dir, "bus"))
	r := newLimitedKeyring(OSKeyring{}, quiet)
	r.left = 20 * time.Millisecond
	if _, err := r.get(t.Context(), "service", "octocat"); !errors.Is(err, errTimeout) {
		t.Errorf("got %v", err)
	}
	listener.Close()
	if conn := <-accepted; conn != nil {
		conn.Close()
	}
}

// The command that unlocks GNOME's keyring starts it in the place of another one.
func TestTheAdviceToUnlockFitsTheKeyring(t *testing.T) {
	t.Parallel()
	const any = "unlock the keyring in the program that keeps it, such as Passwords and Keys, KWalletManager or KeePassXC, then try again"
	for _, test := range []struct{ system, program, want string }{
		{"linux", "gnome-keyring-d", "run: gnome-keyring-daemon --replace --unlock --components=secrets"},
		{"linux", "gnome-keyring-daemon", "run: gnome-keyring-daemon --replace --unlock --components=secrets"},
		{"linux", "kwalletd5", "open the wallet in KWalletManager, then try again"},
		{"linux", "kwalletd6", "open the wallet in KWalletManager, then try again"},
		{"linux", "ksecretd", "open the wallet in KWalletManager, then try again"},
		{"linux", "keepassxc", "unlock the database in KeePassXC, then try again"},
		{"linux", "oo7-daemon", any},
		{"linux", "", any},
		{"freebsd", "", any},
		{"darwin", "", "run: security unlock-keychain"},
		{"windows", "", "run: control /name Microsoft.CredentialManager"},
	} {
		if got := unlock(shell.Shell(test.system), test.program).String(); got != test.want {
			t.Errorf("%s, %s: %s", test.system, test.program, got)
		}
	}
}
