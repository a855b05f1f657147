package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// github.com accepts a token to revoke from anyone who sends no login.
func TestATokenIsRevokedAsDocumented(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for _, prefix := range []string{"ghp_", "github_pat_", "gho_", "ghu_", "ghr_", "ghs_"} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel()
			token, other := prefix+"revoked_as_documented", prefix+"not_revoked"
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
			s.GitHub.Add(other, credentialstest.Token{Login: "octocat"})
			home := s.Home(t.TempDir())
			revoke := home.Command(stage.Product, "revoke", "-", "--yes")
			revoke.Stdin = strings.NewReader(token + "\n")
			if said, err := revoke.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			if s.GitHub.Alive(token) || !s.GitHub.Alive(other) {
				t.Error("the token lives, or another one does not")
			}
			wanted := 0
			for _, r := range s.GitHub.Requests() {
				switch {
				case prefix != "ghs_" && r.Path == "/credentials/revoke" && strings.Contains(r.Body, token):
					if r.Method != "POST" || r.Host != "api.github.com" || !r.TLS || r.Scheme != "" || r.Body != `{"credentials":["`+token+`"]}` || r.Status != 202 {
						t.Errorf("sent %+v", r)
					}
					wanted++
				case prefix == "ghs_" && r.Path == "/installation/token" && r.Secret == token:
					if r.Method != "DELETE" || r.Host != "api.github.com" || !r.TLS || r.Scheme != "Bearer" || r.Body != "" || r.Status != 204 {
						t.Errorf("sent %+v", r)
					}
					wanted++
				case r.Secret == token && r.Method != "GET":
					t.Errorf("sent %+v", r)
				}
			}
			if wanted != 1 {
				t.Errorf("sent %d times", wanted)
			}
		})
	}
}

// After revoke nothing of the token is held: neither in the keyring nor in memory.
func TestNothingIsHeldOfARevokedToken(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const token = "ghp_held_no_more"
	s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	home := s.Home(t.TempDir())
	startKeyring(t, home)
	ask(t, home, "store", login("ghcr.io", "octocat", token)).wants(t, 0, "", "")
	ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
	memory := filepath.Join(home.Dir, ".cache", stage.Product)
	if found, err := filepath.Glob(filepath.Join(memory, "*.json")); err != nil || len(found) != 1 {
		t.Fatalf("remembered: %v, %v", found, err)
	}

	succeeds(t, home, []string{stage.Product, "revoke", "--yes"})
	if found, err := filepath.Glob(filepath.Join(memory, "*.json")); err != nil || len(found) != 0 {
		t.Errorf("remembered: %v, %v", found, err)
	}
	if entries, err := os.ReadDir(filepath.Join(home.Dir, ".config", stage.Product, "logins")); err != nil || len(entries) != 0 {
		t.Errorf("recorded: %v, %v", entries, err)
	}
	ask(t, home, "get", "ghcr.io").wants(t, 1, notFound, "")
	ask(t, home, "list", "").wants(t, 0, "{}\n", "")
}

// Where GitHub cannot be reached nothing is revoked, and what is held stays.
func TestWithoutGitHubNothingIsRevoked(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const token = "gho_unreachable_revocation"
	s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	home := s.Home(t.TempDir())
	check(t, home.LogIn("github.com", "octocat", token))
	home.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	fails(t, home, []string{stage.Product, "revoke", "gh", "--yes"}, "error: github.com did not answer: ", "; the token may still work", "hint: run it again")
	if !s.GitHub.Alive(token) {
		t.Error("it is dead")
	}
	home.Setenv("HTTPS_PROXY", "")
	ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
}

// The canary law over revoke.
func TestCanaryIsNotSeenByRevoke(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for name, c := range map[string]struct {
		how  string
		args []string
	}{
		"without a yes":   {"", nil},
		"revoked":         {"", []string{"--yes"}},
		"from stdin":      {"", []string{"-", "--yes"}},
		"dead":            {"dead", []string{"GHCR_TOKEN", "--yes"}},
		"repeated":        {"repeated", []string{"GHCR_TOKEN", "--yes"}},
		"as the argument": {"as the argument", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := canary + "revoke" + strings.Map(onlyLetters, name)
			if c.how == "repeated" { // by an endpoint that knows whose request it is
				token = "ghs_" + token
			}
			if c.how != "dead" {
				s.GitHub.Add(token, credentialstest.Token{Login: "canary", Scopes: []string{"write:packages"}})
			}
			if c.how == "repeated" {
				s.GitHub.Break(token, credentialstest.API, credentialstest.At("/installation/token", credentialstest.Forbidden("no: "+token)))
			}
			home := s.Home(t.TempDir())
			home.Setenv("GHCR_DEBUG", "1")
			home.Setenv("GHCR_TOKEN", token)
			args := append([]string{"revoke"}, c.args...)
			if c.how == "as the argument" {
				args = append(args, token)
			}
			command := home.Command(stage.Product, args...)
			command.Stdin = strings.NewReader(token)
			said, _ := command.CombinedOutput()
			if len(said) == 0 {
				t.Error("nothing is said")
			}
			unseen(t, "revoke", string(said))
			nowhereBelow(t, home.Dir, canary)
		})
	}
}
