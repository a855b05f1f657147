package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// The names of the Secret Service, see https://specifications.freedesktop.org/secret-service-spec/.
const (
	secretService = "org.freedesktop.secrets"
	secretRoot    = dbus.ObjectPath("/org/freedesktop/secrets")
	secretLogin   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	secretItem    = secretLogin + "/1"
	secretPrompt  = secretRoot + "/prompt/1"
	secretSession = secretRoot + "/session/1"
	noPrompt      = dbus.ObjectPath("/")
)

// secretsOf plays a Secret Service whose login keyring holds one item, and which
// does something first when it is to be unlocked.
type secretsOf struct {
	conn        *dbus.Conn
	bus         *exec.Cmd
	secret      string
	unlock      func(*secretsOf) (prompt dbus.ObjectPath, err *dbus.Error)
	prompt      func(*secretsOf)
	collections any
}

func (s *secretsOf) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), secretSession, nil
}

func (s *secretsOf) Unlock(objects []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	if s.unlock == nil {
		return objects, noPrompt, nil
	}
	prompt, err := s.unlock(s)
	if prompt == noPrompt || objects[0] == secretItem {
		return objects, noPrompt, err
	}
	return []dbus.ObjectPath{}, prompt, err
}

func (s *secretsOf) Prompt(string) *dbus.Error {
	if s.prompt != nil {
		go s.prompt(s)
	}
	return nil
}

func (s *secretsOf) SearchItems(map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	return []dbus.ObjectPath{secretItem}, nil
}

// secretOnBus is how a secret travels.
type secretOnBus struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (s *secretsOf) GetSecret(session dbus.ObjectPath) (secretOnBus, *dbus.Error) {
	return secretOnBus{session, nil, []byte(s.secret), "text/plain"}, nil
}

func (s *secretsOf) Close() *dbus.Error { return nil }

// Get is for the property Collections.
func (s *secretsOf) Get(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(s.collections), nil
}

// serve begins to serve on a bus.
func (s *secretsOf) serve(address string) (err error) {
	if s.conn, err = dbus.Connect(address); err != nil {
		return err
	}
	if s.collections == nil {
		s.collections = []dbus.ObjectPath{secretLogin}
	}
	for path, face := range map[dbus.ObjectPath]string{
		secretRoot: "Service", secretPrompt: "Prompt", secretLogin: "Collection", secretItem: "Item", secretSession: "Session",
	} {
		err = errors.Join(err, s.conn.Export(s, path, "org.freedesktop.Secret."+face))
	}
	err = errors.Join(err, s.conn.Export(s, secretRoot, "org.freedesktop.DBus.Properties"))
	if _, refused := s.conn.RequestName(secretService, dbus.NameFlagDoNotQueue); refused != nil {
		err = errors.Join(err, refused)
	}
	return err
}

// completed says that a prompt has been answered.
func (s *secretsOf) completed(dismissed bool, unlocked ...dbus.ObjectPath) {
	_ = s.conn.Emit(secretPrompt, "org.freedesktop.Secret.Prompt.Completed", dismissed, dbus.MakeVariant(unlocked))
}

// bareBus starts a session bus on which nothing is started by itself.
func bareBus(t *testing.T) (bus *exec.Cmd, address string) {
	t.Helper()
	daemon := program(t, "dbus-daemon", "apt-get install dbus")
	dir := shortDir(t)
	config := filepath.Join(dir, "bus.conf")
	check(t, os.WriteFile(config, []byte(`<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=`+filepath.Join(dir, "bus")+`</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
`), 0o600))
	bus = exec.Command(daemon, "--config-file="+config, "--nofork", "--print-address=1")
	addresses, err := bus.StdoutPipe()
	check(t, err)
	check(t, bus.Start())
	t.Cleanup(func() {
		_ = bus.Process.Kill()
		_ = bus.Wait()
	})
	address, err = bufio.NewReader(addresses).ReadString('\n')
	check(t, err)
	return bus, strings.TrimSpace(address)
}

// untouchedSocket is a bus that must not be asked.
func untouchedSocket(t *testing.T) string {
	t.Helper()
	path := filepath.Join(shortDir(t), "bus")
	listener, err := net.Listen("unix", path)
	check(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := listener.Accept(); err == nil {
			t.Error("the keyring was asked")
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return path
}

// shortDir is for sockets, whose paths may have 107 bytes.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "broken")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// What becomes of gh's token in the keyring when that is in the way. Another user's
// bus is in laws_test.go.
func TestBrokenKeyrings(t *testing.T) {
	onlyOnStage(t)
	const (
		unreachable = "run this where the keyring can be reached, or set GHCR_TOKEN to a token made at https://github.com/settings/tokens/new?scopes=write%3Apackages"
		fixNamed    = "fix what is named above, then try again"
	)
	inKeyring := func(t *testing.T, home *stage.Home, command *exec.Cmd, address string) {
		ghLoginInKeyring(t, home)
		command.Env = append(command.Env, "DBUS_SESSION_BUS_ADDRESS="+address)
	}
	played := func(s *secretsOf) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			var address string
			s.bus, address = bareBus(t)
			if s.secret == "" {
				s.secret = tokenIn(t, home)
			}
			check(t, s.serve(address))
			t.Cleanup(func() { _ = s.conn.Close() })
			inKeyring(t, home, command, address)
		}
	}
	silent := func(within time.Duration) answer {
		return noToken(fmt.Sprint("the keyring did not answer within ", within), "answer the keyring's question, or restart the keyring, and try again")
	}
	asksFirst := func(*secretsOf) (dbus.ObjectPath, *dbus.Error) { return secretPrompt, nil }
	meet(t, "Keyrings", []trouble{
		{
			"in order", played(&secretsOf{}), given, requests{once, never}, promptly,
		},
		{
			"slow", played(&secretsOf{unlock: func(*secretsOf) (dbus.ObjectPath, *dbus.Error) {
				time.Sleep(500 * time.Millisecond) // twice: for the keyring and for the item
				return noPrompt, nil
			}}), given, requests{once, never}, time.Second,
		},
		{
			"hangs", played(&secretsOf{unlock: func(*secretsOf) (dbus.ObjectPath, *dbus.Error) {
				<-t.Context().Done()
				return noPrompt, nil
			}}),
			silent(keyringLimit), requests{}, keyringLimit,
		},
		{
			"locked, and no person to ask", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				ring := startKeyring(t, theStage.Home(t.TempDir()))
				check(t, ring.Lock())
				inKeyring(t, home, command, ring.Address)
			},
			noToken("the keyring is locked", "…"), requests{}, promptly,
		},
		{
			"asks and is answered", played(&secretsOf{unlock: asksFirst, prompt: func(s *secretsOf) {
				s.completed(false, secretLogin)
			}}), given, requests{once, never}, promptly,
		},
		{
			"asks and is dismissed", played(&secretsOf{unlock: asksFirst, prompt: func(s *secretsOf) { s.completed(true) }}),
			noToken("the keyring is locked", "…"), requests{}, promptly,
		},
		{
			"asks and is left alone", played(&secretsOf{unlock: asksFirst}),
			silent(keyringLimit), requests{}, keyringLimit,
		},
		{
			"asks on a screen and is left alone", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				played(&secretsOf{unlock: asksFirst})(t, home, command)
				command.Env = append(command.Env, "DISPLAY=:0")
			},
			silent(prompterLimit), requests{}, prompterLimit,
		},
		{
			// go-keyring panics then.
			"the bus dies under the question", played(&secretsOf{unlock: asksFirst, prompt: func(s *secretsOf) {
				time.Sleep(500 * time.Millisecond) // for the answer that the question is shown
				_ = s.bus.Process.Kill()
			}}),
			noToken("the keyring failed: the keyring's connection broke", fixNamed), requests{}, promptly,
		},
		{
			"dies under the question", played(&secretsOf{unlock: asksFirst, prompt: func(s *secretsOf) {
				time.Sleep(500 * time.Millisecond)
				_ = s.conn.Close()
			}}),
			silent(keyringLimit), requests{}, keyringLimit,
		},
		{
			"dies when asked", played(&secretsOf{unlock: func(s *secretsOf) (dbus.ObjectPath, *dbus.Error) {
				_ = s.conn.Close()
				return noPrompt, nil
			}}),
			noToken("the keyring failed: Message recipient disconnected from message bus without replying", fixNamed), requests{}, promptly,
		},
		{
			// Whether the connection is reset or ends is the system's affair.
			"the bus dies when asked", played(&secretsOf{unlock: func(s *secretsOf) (dbus.ObjectPath, *dbus.Error) {
				_ = s.bus.Process.Kill()
				return noPrompt, nil
			}}),
			noToken("no keyring can be reached from here: read unix …", unreachable), requests{}, promptly,
		},
		{
			"fails", played(&secretsOf{unlock: func(*secretsOf) (dbus.ObjectPath, *dbus.Error) {
				return noPrompt, dbus.MakeFailedError(errors.New("out of order\x1b[2J"))
			}}),
			noToken("the keyring failed: out of order[2J", fixNamed), requests{}, promptly,
		},
		{
			"of another shape", played(&secretsOf{collections: "login"}),
			noToken("the keyring failed: the keyring's connection broke", fixNamed), requests{}, promptly,
		},
		{
			"holds no token", played(&secretsOf{secret: "two\nlines"}),
			noToken("the value has a blank, control or non-ASCII character inside", "run: gh auth login -h github.com -s write:packages"), requests{}, promptly,
		},
		{
			"the bus hangs", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				inKeyring(t, home, command, "unix:path="+hungSocket(t))
			},
			silent(keyringLimit), requests{}, keyringLimit,
		},
		{
			"not asked, as hosts.yml has the token", func(t *testing.T, _ *stage.Home, command *exec.Cmd) {
				command.Env = append(command.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+untouchedSocket(t))
			},
			given, requests{once, never}, promptly,
		},
		{
			"not asked, as a variable has the token", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				command.Env = append(command.Env, "GHCR_TOKEN="+tokenIn(t, home))
				inKeyring(t, home, command, "unix:path="+untouchedSocket(t))
			},
			given, requests{once, never}, promptly,
		},
		{
			"the bus hangs, with what docker login gave, and hosts.yml has the token", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				check(t, home.WriteFile(".config/docker-credential-ghcr/logins/github.com", `{"user":"octocat"}`))
				command.Env = append(command.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+hungSocket(t))
			},
			given, requests{once, never}, keyringLimit,
		},
		{
			// None is started: dbus-launch would leave a bus and a keyring behind at
			// every call (https://github.com/cli/cli/issues/7582).
			"no bus", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				ghLoginInKeyring(t, home)
				check(t, home.WriteFile("bin/dbus-launch", "#!/bin/sh\ntouch \"$HOME/launched\"\nexit 1\n"))
				check(t, os.Chmod(filepath.Join(home.Dir, "bin/dbus-launch"), 0o755))
				command.Env = append(command.Env, "PATH="+filepath.Join(home.Dir, "bin")+":"+os.Getenv("PATH"))
			},
			noToken("no keyring can be reached from here: there is no D-Bus session", unreachable), requests{}, promptly,
		},
		{
			"no program serves it", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				_, address := bareBus(t)
				inKeyring(t, home, command, address)
			},
			noToken("no keyring can be reached from here: The name org.freedesktop.secrets was not provided by any .service files", unreachable), requests{}, promptly,
		},
		{
			"no socket", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				inKeyring(t, home, command, "unix:path="+filepath.Join(home.Dir, "nowhere"))
			},
			noToken("no keyring can be reached from here: dial unix HOME/nowhere: connect: no such file or directory", unreachable), requests{}, promptly,
		},
		{
			"a dead socket", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				socket := filepath.Join(shortDir(t), "bus")
				listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
				check(t, err)
				listener.SetUnlinkOnClose(false)
				check(t, listener.Close())
				inKeyring(t, home, command, "unix:path="+socket)
			},
			noToken("no keyring can be reached from here: dial unix …: connect: connection refused", unreachable), requests{}, promptly,
		},
		{
			"a bus that is none", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
				socket := filepath.Join(shortDir(t), "bus")
				listener, err := net.Listen("unix", socket)
				check(t, err)
				t.Cleanup(func() { _ = listener.Close() })
				go serveRaw(listener, []string{"HTTP/1.1 400 Bad Request\r\n\r\n"})
				inKeyring(t, home, command, "unix:path="+socket)
			},
			noToken("the keyring failed: dbus: authentication protocol error", fixNamed), requests{}, promptly,
		},
	})
}
