package stage

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// Keyring is a real gnome-keyring, unlocked, on a session bus of its own.
type Keyring struct {
	// Address is the bus's, for DBUS_SESSION_BUS_ADDRESS.
	Address string

	dir     string
	conn    *dbus.Conn
	daemons []*exec.Cmd
}

const (
	secrets    = "org.freedesktop.secrets"
	login      = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	startLimit = 20 * time.Second
)

// StartKeyring starts one whose items are kept in the home, and tells the programs
// of the home about it. Close ends it.
func (h *Home) StartKeyring() (*Keyring, error) {
	k := new(Keyring)
	if err := k.open(h); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

func (k *Keyring) open(h *Home) (err error) {
	// Not in the home: a socket's path may have 107 bytes, and tests' folders are deep.
	if k.dir, err = os.MkdirTemp("", "keyring"); err != nil {
		return err
	}
	h.Setenv("XDG_RUNTIME_DIR", k.dir)
	bus := h.Command("dbus-daemon", "--session", "--nofork", "--print-address=1", "--address=unix:dir="+k.dir)
	addresses, err := bus.StdoutPipe()
	if err != nil {
		return err
	}
	if err := k.start(bus); err != nil {
		return err
	}
	line, err := bufio.NewReader(addresses).ReadString('\n')
	if err != nil {
		return fmt.Errorf("dbus-daemon: %w", err)
	}
	k.Address = strings.TrimSpace(line)

	if k.conn, err = dbus.Connect(k.Address); err != nil {
		return err
	}
	signals := make(chan *dbus.Signal, 16)
	k.conn.Signal(signals)
	if err := k.conn.AddMatchSignal(dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, secrets)); err != nil {
		return err
	}
	h.Setenv("DBUS_SESSION_BUS_ADDRESS", k.Address)
	daemon := h.Command("gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets")
	daemon.Stdin = strings.NewReader("test") // the password of a new keyring
	if err := k.start(daemon); err != nil {
		return err
	}
	return awaitOwner(signals, secrets)
}

// awaitOwner waits for the service to be there. To ask for it sooner would make the
// bus start a second daemon, which is locked.
func awaitOwner(signals <-chan *dbus.Signal, name string) error {
	late := time.After(startLimit)
	for {
		select {
		case signal := <-signals:
			// A bus also greets every connection with a signal.
			if signal.Name == "org.freedesktop.DBus.NameOwnerChanged" && signal.Body[0] == name {
				return nil
			}
		case <-late:
			return fmt.Errorf("%s did not come up", name)
		}
	}
}

func (k *Keyring) start(daemon *exec.Cmd) error {
	err := daemon.Start()
	if err == nil {
		k.daemons = append(k.daemons, daemon)
	}
	return err
}

// Lock locks the keyring, as a suspended computer or an empty password prompt does.
func (k *Keyring) Lock() error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	return k.conn.Object(secrets, "/org/freedesktop/secrets").CallWithContext(ctx, "org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{login}).Err
}

// Close ends the bus and the keyring, once.
func (k *Keyring) Close() {
	if k.conn != nil {
		_ = k.conn.Close()
	}
	for _, daemon := range k.daemons {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	}
	k.daemons = nil
	if k.dir != "" {
		_ = os.RemoveAll(k.dir)
	}
}
