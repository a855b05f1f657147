package e2e

import (
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// On a terminal a person is asked, and only a yes is one.
func TestRevokeAsksOnATerminal(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for name, c := range map[string]struct {
		keys string
		dies bool
		says string
	}{
		"y":       {"y\r", true, "✓ the token is revoked"},
		"yes":     {"YES\r", true, "✓ the token is revoked"},
		"n":       {"n\r", false, "error: nothing was revoked"},
		"nothing": {"\r", false, "error: nothing was revoked"},
		"yea":     {"yea\r", false, "error: nothing was revoked"},
		"the end": {"\x04", false, "error: nothing was revoked"},
		"control": {"\x03", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := "gho_terminal_" + strings.ReplaceAll(name, " ", "")
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
			home := s.Home(t.TempDir())
			check(t, home.LogIn("github.com", "octocat", token))
			x := onTerminal(t, 80, home.Command(stage.Product, "revoke"))
			x.awaits("This revokes the OAuth app token of octocat on github.com, found in: gh")
			x.awaits("Revoke it permanently? [y/N]")
			if !s.GitHub.Alive(token) {
				t.Error("it was killed before the answer")
			}
			x.types(c.keys)
			code, screen := x.ends()
			if s.GitHub.Alive(token) == c.dies || (code == 0) != c.dies || !strings.Contains(plain(screen), c.says) {
				t.Errorf("exit status %d, alive: %v", code, s.GitHub.Alive(token))
			}
		})
	}
}
