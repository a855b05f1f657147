package credentials

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/internal/secretservice"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/internal/trusted"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

// Keyring keeps secrets: the operating system's, or another in its place. Get
// and Delete of what is not there return [ErrNotInKeyring].
type Keyring interface {
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
	Delete(service, user string) error
}

// ErrNotInKeyring is what a [Keyring] returns for an item that it does not hold.
var ErrNotInKeyring = keyring.ErrNotFound

// How a keyring can fail, in our words. errAbsent is no failure.
var (
	errAbsent    = ErrNotInKeyring
	errNoKeyring = errors.New("no keyring can be reached from here")
	errLocked    = errors.New("the keyring is locked")
	errTimeout   = errors.New("the keyring did not answer")
)

// OSKeyring is the keyring of the operating system: Keychain, Credential
// Manager, or the Secret Service on the session bus.
type OSKeyring struct{}

// Get reads a secret.
func (OSKeyring) Get(service, user string) (string, error) {
	if err := sessionBus(runtime.GOOS); err != nil {
		return "", err
	}
	return keyring.Get(service, user)
}

// Set writes a secret.
func (OSKeyring) Set(service, user, secret string) error {
	if err := sessionBus(runtime.GOOS); err != nil {
		return err
	}
	return keyring.Set(service, user, secret)
}

// Delete removes a secret.
func (OSKeyring) Delete(service, user string) error {
	if err := sessionBus(runtime.GOOS); err != nil {
		return err
	}
	return keyring.Delete(service, user)
}

// sessionBus says whether there is a session bus to ask, where the system's keyring
// is on one. Without one go-keyring would start a bus and a keyring daemon at every
// call and leave both behind (https://github.com/cli/cli/issues/7582). The places
// are those in which the D-Bus library looks before it does that.
func sessionBus(goos string) error {
	switch goos {
	case "darwin", "windows":
		return nil
	}
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" && address != "autolaunch:" {
		return nil
	}
	dir := fmt.Sprintf("/run/user/%d/", os.Getuid())
	if _, err := os.Stat(dir + "bus"); err == nil {
		return nil
	}
	if content, err := trusted.Read(dir + "dbus-session"); err == nil && bytes.Contains(content, []byte("DBUS_SESSION_BUS_ADDRESS=")) {
		return nil
	}
	return fmt.Errorf("%w: there is no D-Bus session", errNoKeyring)
}

// The time that all reads of one call may take together: little where no one
// could answer the system's question for the keyring's password.
const (
	keyringLimitAlone   = 3 * time.Second
	keyringLimitPresent = 20 * time.Second
)

func keyringLimit(goos string) time.Duration {
	present := os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
	switch goos {
	case "darwin", "windows":
		present = os.Getenv("SSH_CONNECTION") == ""
	}
	if present && os.Getenv("CI") == "" {
		return keyringLimitPresent
	}
	return keyringLimitAlone
}

// ring is a keyring for one call of ours: its time is limited, and it survives
// what the library does not. Not for use by several goroutines.
type limitedKeyring struct {
	keyring     Keyring
	limit, left time.Duration
	trace       func(format string, args ...any)
}

func newLimitedKeyring(k Keyring, trace func(string, ...any)) *limitedKeyring {
	if k == nil {
		k = OSKeyring{}
	}
	limit := keyringLimit(runtime.GOOS)
	return &limitedKeyring{keyring: k, limit: limit, left: limit, trace: trace}
}

func (r *limitedKeyring) get(ctx context.Context, service, user string) (secret string, err error) {
	return r.within(ctx, "read "+service+" "+user, func() (string, error) { return r.keyring.Get(service, user) })
}

func (r *limitedKeyring) set(ctx context.Context, service, user, secret string) error {
	_, err := r.within(ctx, "write "+service+" "+user, func() (string, error) { return "", r.keyring.Set(service, user, secret) })
	return err
}

func (r *limitedKeyring) delete(ctx context.Context, service, user string) error {
	_, err := r.within(ctx, "delete "+service+" "+user, func() (string, error) { return "", r.keyring.Delete(service, user) })
	return err
}

// within runs one use of the keyring. go-keyring has no time limit and panics
// when the bus dies under a prompt; what is abandoned here ends with the process.
func (r *limitedKeyring) within(ctx context.Context, what string, use func() (string, error)) (string, error) {
	if r.left <= 0 {
		return "", fmt.Errorf("%w within %v", errTimeout, r.limit)
	}
	ctx, cancel := context.WithTimeout(ctx, r.left)
	defer cancel()
	type result struct {
		secret string
		err    error
	}
	done := make(chan result, 1)
	begun := time.Now()
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				done <- result{err: errors.New("the keyring's connection broke")}
			}
		}()
		secret, err := use()
		done <- result{secret, err}
	}()
	var got result
	select {
	case got = <-done:
		if got.err = keyringError(got.err); errors.Is(got.err, errLocked) {
			got.err = &lockedError{r.unlock()}
		}
	case <-ctx.Done():
		got.err = fmt.Errorf("%w within %v", errTimeout, r.limit)
	}
	taken := time.Since(begun)
	r.left -= taken
	r.trace("keyring: %s: %s in %v", github.Printable(what), outcome(got.err), taken.Round(time.Millisecond))
	return got.secret, got.err
}

// lockedError is errLocked with the way to unlock this keyring.
type lockedError struct{ fix Fix }

func (e *lockedError) Error() string { return errLocked.Error() }

func (e *lockedError) Unwrap() error { return errLocked }

// unlock says how to unlock the keyring.
func (r *limitedKeyring) unlock() Fix {
	if r.keyring != (OSKeyring{}) || sessionBus(runtime.GOOS) != nil {
		return unlock(shell.Ours, "")
	}
	return unlock(shell.Ours, secretservice.Program())
}

// unlock says how to unlock a system's keyring. program is the one that keeps it where
// it may be one of several, "" if it is unknown: the command of one keyring would take
// the place of another.
func unlock(system shell.Shell, program string) Fix {
	switch {
	case system == "darwin", system == "windows", strings.HasPrefix(program, "gnome-keyring"):
		return Fix{Command: system.Unlock()}
	case strings.HasPrefix(program, "kwalletd"), program == "ksecretd":
		return Fix{Advice: "open the wallet in KWalletManager, then try again"}
	case strings.HasPrefix(program, "keepassxc"):
		return Fix{Advice: "unlock the database in KeePassXC, then try again"}
	}
	return Fix{Advice: "unlock the keyring in the program that keeps it, such as Passwords and Keys, KWalletManager or KeePassXC, then try again"}
}

func outcome(err error) string {
	if err == nil {
		return "done"
	}
	return github.Printable(err.Error())
}

// keyringError sorts the library's errors. Apart from ErrNotFound it has only
// texts, and on macOS the status of the security program
// (https://www.osstatus.com/search/results?framework=Security names them).
func keyringError(err error) error {
	if err == nil || errors.Is(err, errAbsent) || errors.Is(err, errNoKeyring) {
		return err
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		switch exit.ExitCode() {
		case 44:
			return errAbsent
		case 36, 51, 128:
			return errLocked
		}
	}
	text := err.Error()
	unreachable := (*net.OpError)(nil)
	switch {
	case strings.Contains(text, "failed to unlock"):
		return errLocked
	case errors.As(err, &unreachable), strings.Contains(text, "authentication failed"),
		errors.Is(err, keyring.ErrUnsupportedPlatform), trusted.IsAbsent(err), errors.Is(err, exec.ErrNotFound),
		strings.Contains(text, "org.freedesktop.secrets was not provided"),
		strings.Contains(text, "invalid bus address"):
		return fmt.Errorf("%w: %s", errNoKeyring, github.Printable(text))
	}
	return fmt.Errorf("the keyring failed: %s", github.Printable(text))
}

// withKeyringError fills in the fault of a place whose keyring gave err.
func (c Candidate) withKeyringError(err error) Candidate {
	c.Fault, c.Reason = Broken, err.Error()
	locked := (*lockedError)(nil)
	switch {
	case errors.As(err, &locked):
		c.Fault, c.Fix = Locked, locked.fix
	case errors.Is(err, errLocked):
		c.Fault = Locked
	case errors.Is(err, errTimeout):
		c.Fault = Timeout
	case errors.Is(err, errNoKeyring):
		c.Fault = NoKeyring
	}
	return c
}

// KeyringLimit is the time that all keyring reads of one call may take together. Other
// programs that keep logins get as much.
func KeyringLimit() time.Duration { return keyringLimit(runtime.GOOS) }
