package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// How the tokens here begin. More than the kind must not be seen of them.
const canary = "gho_can"

// A token appears in what get answers and nowhere else: not beside it, not in the
// trace, and in no file but the one that somebody else put it into.
func TestCanaryIsSeenNowhere(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	good := credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}}
	inFile := func(t *testing.T, home *stage.Home, token string) {
		check(t, home.LogIn("github.com", "octocat", token))
	}
	inVariable := func(_ *testing.T, home *stage.Home, token string) { home.Setenv("GHCR_TOKEN", token) }
	inKeyring := func(t *testing.T, home *stage.Home, token string) {
		startKeyring(t, home)
		ask(t, home, "store", login("ghcr.io", "octocat", token)).wants(t, 0, "", "")
	}
	echo := func(token string) {
		s.GitHub.Add(token, good)
		s.GitHub.Break(token, credentialstest.API, credentialstest.Forbidden("no: "+token))
		s.GitHub.Break(token, credentialstest.Registry, credentialstest.Denied(403, "UNKNOWN", "no: "+token))
	}

	for name, c := range map[string]struct {
		known func(token string)
		place func(t *testing.T, home *stage.Home, token string)
		code  int
	}{
		"good, in gh's file":   {func(token string) { s.GitHub.Add(token, good) }, inFile, 0},
		"good, in a variable":  {func(token string) { s.GitHub.Add(token, good) }, inVariable, 0},
		"good, in the keyring": {func(token string) { s.GitHub.Add(token, good) }, inKeyring, 0},
		"dead, in gh's file":   {func(string) {}, inFile, 1},
		"dead, in a variable":  {func(string) {}, inVariable, 1},
		"repeated by servers":  {echo, inFile, 1},
		"a variable of two":    {func(string) {}, func(_ *testing.T, home *stage.Home, token string) { home.Setenv("GH_TOKEN", token+" "+token) }, 1},
		"a variable of a line": {func(string) {}, func(_ *testing.T, home *stage.Home, token string) { home.Setenv("GH_TOKEN", "token\x1b["+token) }, 1},
		"a broken hosts file": {func(string) {}, func(t *testing.T, home *stage.Home, token string) {
			check(t, home.WriteFile(".config/gh/hosts.yml", "github.com: "+token+"\n"))
		}, 1},
		"a broken line": {func(string) {}, func(t *testing.T, home *stage.Home, token string) {
			check(t, home.WriteFile(".config/gh/hosts.yml", "github.com:\n    user: octocat\n    oauth_token: "+token+": "+token+"\n"))
		}, 1},
		"a list of tokens": {func(string) {}, func(t *testing.T, home *stage.Home, token string) {
			check(t, home.WriteFile(".config/gh/hosts.yml", "github.com:\n    oauth_token: ["+token+"]\n"))
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := canary + strings.Map(onlyLetters, name)
			c.known(token)
			home := s.Home(t.TempDir())
			c.place(t, home, token)
			home.Setenv("GHCR_DEBUG", "1")

			got := ask(t, home, "get", "ghcr.io")
			if got.code != c.code {
				t.Errorf("exit code %d, want %d", got.code, c.code)
			}
			if c.code == 1 {
				unseen(t, "get's stdout", got.stdout)
			}
			unseen(t, "get's stderr", got.stderr)
			for _, verb := range []string{"list", "erase"} {
				got := ask(t, home, verb, "ghcr.io")
				unseen(t, verb, got.stdout+got.stderr)
			}
			got = ask(t, home, "store", login("ghcr.io", "octocat", token))
			unseen(t, "store", got.stdout+got.stderr)
			got = ask(t, home, "store", login("ghcr.io", "octocat", token+"other"))
			unseen(t, "store of another", got.stdout+got.stderr)

			check(t, os.RemoveAll(filepath.Join(home.Dir, ".config/gh"))) // where it was put
			nowhereBelow(t, home.Dir, canary)
		})
	}
}

// While a get is under way, its token is in the arguments of no process.
func TestCanaryIsInNoArguments(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const token = canary + "arguments"
	s.GitHub.Add(token, credentialstest.Token{Login: "octocat"})
	s.GitHub.Break(token, credentialstest.API, credentialstest.Hang)
	home := s.Home(t.TempDir())
	check(t, home.LogIn("github.com", "octocat", token))
	get := home.Command(stage.Product, "get")
	get.Stdin = strings.NewReader("ghcr.io")
	check(t, get.Start())
	defer func() {
		_ = get.Process.Kill()
		_ = get.Wait()
	}()
	for len(s.GitHub.RequestsWith(token)) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	arguments, err := filepath.Glob("/proc/[0-9]*/cmdline")
	check(t, err)
	if len(arguments) < 2 {
		t.Fatalf("only %v are running", arguments)
	}
	for _, path := range arguments {
		line, err := os.ReadFile(path)
		if err == nil && bytes.Contains(line, []byte(canary)) {
			t.Errorf("a token is among the arguments %q", line)
		}
	}
}

func unseen(t *testing.T, where, text string) {
	t.Helper()
	if strings.Contains(text, canary) {
		t.Errorf("a token is in %s:\n%s", where, text)
	}
}

func onlyLetters(r rune) rune {
	if r < 'a' || r > 'z' {
		return -1
	}
	return r
}
