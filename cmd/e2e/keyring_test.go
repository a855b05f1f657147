package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// The real keyring passes the contract that the tests' fake is held to.
func TestGnomeKeyringKeepsTheContract(t *testing.T) {
	ring := startKeyring(t, onlyOnStage(t).Home(t.TempDir()))
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", ring.Address)
	credentialstest.TestKeyring(t, credentials.OSKeyring{}, credentials.ErrNotInKeyring)
}

// What docker login gave is kept in the keyring, used, and dropped by docker logout.
func TestDockerLoginIsKeptInTheKeyring(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const token = "ghp_kept_in_keyring"
	s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	home := s.Home(t.TempDir())
	startKeyring(t, home)

	ask(t, home, "store", login("ghcr.io", "somebody", token)).wants(t, 0, "", "")
	ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
	nowhereBelow(t, home.Dir, token)
	ask(t, home, "erase", "ghcr.io").wants(t, 0, "", "")
	ask(t, home, "get", "ghcr.io").wants(t, 1, notFound, "")
}

func startKeyring(t *testing.T, home *stage.Home) *stage.Keyring {
	t.Helper()
	program(t, "dbus-daemon", "apt-get install dbus")
	program(t, "gnome-keyring-daemon", "apt-get install gnome-keyring")
	ring, err := home.StartKeyring()
	check(t, err)
	t.Cleanup(ring.Close)
	return ring
}

// ghLoginInKeyring leaves gh's files as a login leaves them whose token went into
// the keyring.
func ghLoginInKeyring(t *testing.T, home *stage.Home) {
	t.Helper()
	check(t, home.WriteFile(".config/gh/config.yml", "version: \"1\"\n"))
	check(t, home.WriteFile(".config/gh/hosts.yml", "github.com:\n    users:\n        octocat:\n    user: octocat\n"))
}

// ask runs a verb of the product in a home.
func ask(t *testing.T, home *stage.Home, verb, input string) answer {
	t.Helper()
	return bounded(home.Command(stage.Product, verb), input, hangs)
}

func (a answer) wants(t *testing.T, code int, stdout, stderr string) {
	t.Helper()
	if want := (answer{code, stdout, stderr}); a != want {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
}

// nowhereBelow looks for a secret in every file of a folder.
func nowhereBelow(t *testing.T, dir, secret string) {
	t.Helper()
	check(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(secret)) {
			t.Errorf("the secret is in %s", path)
		}
		return err
	}))
}
