package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func printed(print func(*terminal.Screen)) string {
	var out strings.Builder
	print(&terminal.Screen{Writer: &out})
	return out.String()
}

func TestCandidateIsPrinted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		candidate candidate
		notAsked  bool
		want      string
	}{
		{"the one used", candidate{Source: "gh", Login: "octocat", Kind: "OAuth app token", Token: "gho_****",
			Scopes: []string{"repo", "write:packages"}, Verdict: "good", Used: true}, false,
			"  ✓ gh, octocat: OAuth app token gho_**** with repo, write:packages (docker gets this one)\n"},
		{"the one that would be used", candidate{Source: "gh", Kind: "OAuth app token", Verdict: "good", Used: true}, true,
			"  ✓ gh: OAuth app token (docker would get this one)\n"},
		{"good, behind that", candidate{Source: "gh", Kind: "installation token", Token: "ghs_****", Verdict: "good"}, false,
			"  - gh: installation token ghs_**** (not needed)\n"},
		{"a fault with a command", candidate{Source: "gh", Login: "octocat", Verdict: "lacks-scope", Reason: "lacks write:packages (has none)",
			Fix: credentials.Fix{Command: "gh auth refresh"}}, false,
			"  X gh, octocat: lacks write:packages (has none)\n    run: gh auth refresh\n"},
		{"a fault with advice", candidate{Source: "GH_TOKEN", Verdict: "rejected", Reason: "rejected by GitHub",
			Fix: credentials.Fix{Advice: "put a new token into GH_TOKEN"}}, false,
			"  X GH_TOKEN: rejected by GitHub\n    put a new token into GH_TOKEN\n"},
	} {
		gets := "docker gets"
		if c.notAsked {
			gets = "docker would get"
		}
		if got := printed(func(s *terminal.Screen) { c.candidate.print(s, gets) }); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.name, got, c.want)
		}
	}
}

// A token that expires within a week, or has expired, gets a warning.
func TestExpiryIsPrinted(t *testing.T) {
	t.Parallel()
	for left, mark := range map[time.Duration]string{
		soon + time.Minute: "    expires on ",
		soon - time.Minute: "    ! expires on ",
		-time.Minute:       "    ! expired on ",
	} {
		at := time.Now().Add(left)
		got := printed((&candidate{Expires: &at}).printExpiry)
		if want := mark + at.Local().Format("2 January 2006, 15:04") + "\n"; got != want {
			t.Errorf("%v before the end: %q, want %q", left, got, want)
		}
	}
	if got := printed((&candidate{}).printExpiry); got != "" {
		t.Errorf("without an end: %q", got)
	}
}

// What is missing is the easiest fix of what was refused, and nothing if docker gets a
// token.
func TestMissing(t *testing.T) {
	noScope := credentials.Verdict{Candidate: credentials.Candidate{Source: credentials.GH, Fault: credentials.LacksScope}, Fix: credentials.Fix{Command: "refresh"}}
	rejected := credentials.Verdict{Candidate: credentials.Candidate{Source: "GH_TOKEN", Fault: credentials.Rejected}, Fix: credentials.Fix{Advice: "replace"}}
	if got := (report{refused: []credentials.Verdict{rejected, noScope}}).missing(); got.Command != "refresh" {
		t.Errorf("of two faults: %+v", got)
	}
	if got := (report{refused: []credentials.Verdict{rejected}, Candidates: []candidate{{Used: true}}}).missing(); got != (credentials.Fix{}) {
		t.Errorf("behind a good token: %+v", got)
	}

	dir := t.TempDir()
	t.Setenv("PATH", dir)
	const login = "gh auth login -h acme.ghe.com -s read:packages"
	nobody := report{login: credentials.Fix{Command: login}}
	if got := nobody.missing(); got.Command != "" || !strings.HasSuffix(got.Advice, login) {
		t.Errorf("without gh: %+v", got)
	}
	gh := "gh"
	if runtime.GOOS == "windows" {
		gh = "gh.exe"
	}
	if err := os.WriteFile(filepath.Join(dir, gh), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := nobody.missing(); got.Command != login {
		t.Errorf("with gh: %+v", got)
	}
}

// Programs find lists where there is nothing, and null only where it says something.
func TestNewCandidate(t *testing.T) {
	t.Parallel()
	const secret = "gho_never_shown"
	token, err := github.ParseToken(secret)
	if err != nil {
		t.Fatal(err)
	}
	v := credentials.Verdict{
		Candidate: credentials.Candidate{Source: credentials.GH, Login: "Octocat", Token: token},
		User:      "octocat",
	}
	if c := newCandidate(v); c.Verdict != "good" || c.Login != "octocat" || c.Scopes != nil || c.Expires != nil || c.Token != "gho_****" {
		t.Errorf("without scopes: %+v", c)
	}
	v.HasScopes, v.Expires = true, time.Date(2100, 1, 2, 3, 4, 5, 0, time.UTC)
	c := newCandidate(v)
	if c.Scopes == nil || len(c.Scopes) > 0 || c.Expires == nil {
		t.Errorf("with no scope and an end: %+v", c)
	}
	v.Fault, v.Reason = credentials.Rejected, "rejected by GitHub"
	if c := newCandidate(v); c.Verdict != "rejected" || c.Login != "Octocat" {
		t.Errorf("rejected: %+v", c)
	}
	text, err := json.Marshal(c)
	if err != nil || strings.Contains(string(text), "never_shown") {
		t.Errorf("as JSON: %s, %v", text, err)
	}
}

func TestRegistryNamed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ghcr.io": "ghcr.io", "https://GHCR.io/v2/": "ghcr.io", "github.com": "ghcr.io", "docker.pkg.github.com": "docker.pkg.github.com",
		"acme.ghe.com": "containers.acme.ghe.com", "containers.acme.ghe.com": "containers.acme.ghe.com",
		"git.example.com": "containers.git.example.com", "docker.git.example.com": "docker.git.example.com",
	} {
		if got, err := registryNamed(name); err != nil || got != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "octocat", "ghcr.io.", "containers.github.com", "http://ghcr.io", "a b.example.com", "evil.ghcr.io"} {
		if got, err := registryNamed(name); err == nil {
			t.Errorf("%q is %q", name, got)
		}
	}
}

func TestRegistriesToShow(t *testing.T) {
	settingsIn(t)
	if got, err := registriesToShow(""); err != nil || strings.Join(got, " ") != "ghcr.io" {
		t.Errorf("without settings: %v, %v", got, err)
	}
	if err := credentials.EditSettings(func(s *credentials.Settings) error {
		s.Registries = map[string]credentials.RegistrySettings{"ghcr.io": {}, "docker.b.example.com": {}, "containers.a.ghe.com": {}, "nonsense": {}, "git.example.com": {}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got, err := registriesToShow(""); err != nil || strings.Join(got, " ") != "ghcr.io containers.a.ghe.com docker.b.example.com" {
		t.Errorf("with settings: %v, %v", got, err)
	}
	if got, err := registriesToShow("a.ghe.com"); err != nil || strings.Join(got, " ") != "containers.a.ghe.com" {
		t.Errorf("asked for one: %v, %v", got, err)
	}
}
