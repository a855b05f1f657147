package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// report is what status --json says of a registry, as far as it matters here.
type report struct {
	OK     bool
	Wiring struct {
		Asked    bool
		Findings []struct{ ID, Severity, Problem, Remedy string }
	}
	Candidates []struct {
		Source, Login, Kind, Token, Verdict, Reason string
		Fix                                         struct{ Command, Advice string }
		Used                                        bool
	}
}

// In every state that a login can be in, status says what get does, and says of
// each fault how to fix it. No fault that the README names is left out.
func TestStatusAgreesWithGet(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	untested := faultsInReadme(t)
	for _, c := range []struct {
		state   string
		verdict string // of the first candidate, "" for none
		arrange func(t *testing.T, home *stage.Home, token string)
	}{
		{"no login", "", func(*testing.T, *stage.Home, string) {}},
		{"good, of gh", "good", func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
			check(t, home.LogIn("github.com", "octocat", token))
		}},
		{"good, in a variable before one of gh", "good", func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, credentialstest.Token{Login: "hubot", Scopes: []string{"write:packages"}})
			home.Setenv("GH_TOKEN", token)
			check(t, home.LogIn("github.com", "octocat", token+"2"))
		}},
		{"good, behind a dead one", "rejected", func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
			home.Setenv("GITHUB_TOKEN", token+"2")
			check(t, home.LogIn("github.com", "octocat", token))
		}},
		{"good, of docker login", "good", func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
			startKeyring(t, home)
			ask(t, home, "store", login("ghcr.io", "octocat", token)).wants(t, 0, "", "")
		}},
		{"good, without scopes", "good", func(_ *testing.T, home *stage.Home, token string) {
			token = strings.Replace(token, "gho_", "ghs_", 1)
			s.GitHub.Add(token, credentialstest.Token{})
			home.Setenv("GHCR_TOKEN", token)
		}},
		{"good, says the registry", "good", func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
			s.GitHub.Break(token, credentialstest.API, credentialstest.ServerError(502))
			check(t, home.LogIn("github.com", "octocat", token))
		}},
		{"revoked", "rejected", func(t *testing.T, home *stage.Home, token string) {
			check(t, home.LogIn("github.com", "octocat", token))
		}},
		{"suspended", "rejected", func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Suspended: true})
			check(t, home.LogIn("github.com", "octocat", token))
		}},
		{"without the scope", "lacks-scope", func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"repo"}})
			check(t, home.LogIn("github.com", "octocat", token))
		}},
		{"fine-grained", "wrong-kind", func(_ *testing.T, home *stage.Home, _ string) {
			home.Setenv("GHCR_TOKEN", "github_pat_agreement")
		}},
		{"gone from the keyring", "missing", func(t *testing.T, home *stage.Home, _ string) {
			startKeyring(t, home)
			ghLoginInKeyring(t, home)
		}},
		{"in a locked keyring", "locked", func(t *testing.T, home *stage.Home, _ string) {
			ring := startKeyring(t, home)
			ghLoginInKeyring(t, home)
			check(t, ring.Lock())
		}},
		{"in a keyring that hangs", "timeout", func(t *testing.T, home *stage.Home, _ string) {
			ghLoginInKeyring(t, home)
			home.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+hungSocket(t))
		}},
		{"in a keyring that is elsewhere", "no-keyring", func(t *testing.T, home *stage.Home, _ string) {
			ghLoginInKeyring(t, home)
		}},
		{"in a broken file", "broken", func(t *testing.T, home *stage.Home, _ string) {
			check(t, home.WriteFile(".config/gh/hosts.yml", "github.com:\n\t- what\n"))
		}},
		{"in a file that everyone may write", "other-owner", func(t *testing.T, home *stage.Home, token string) {
			check(t, home.LogIn("github.com", "octocat", token))
			check(t, os.Chmod(filepath.Join(home.Dir, ".config", "gh", "hosts.yml"), 0o666))
		}},
		{"broken settings", "broken", func(t *testing.T, home *stage.Home, _ string) {
			check(t, home.WriteFile(".config/docker-credential-ghcr/settings.json", "{"))
		}},
		{"known to no server that can be reached", "unreachable", func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Break(token, credentialstest.API, credentialstest.ServerError(500))
			s.GitHub.Break(token, credentialstest.Registry, credentialstest.ServerError(500))
			check(t, home.LogIn("github.com", "octocat", token))
		}},
	} {
		delete(untested, c.verdict)
		t.Run(c.state, func(t *testing.T) {
			t.Parallel()
			home := s.Home(t.TempDir())
			check(t, home.WriteFile(".docker/config.json", `{"credHelpers": {"ghcr.io": "ghcr"}}`))
			c.arrange(t, home, "gho_agreement_"+strings.Map(onlyLetters, c.state))

			get := ask(t, home, "get", "ghcr.io")
			asJSON := words(t, home, "status", "--json")
			shown := words(t, home, "status")
			agree(t, get, asJSON, shown)
			if first := firstVerdict(t, asJSON); first != c.verdict {
				t.Errorf("the verdict is %q, want %q", first, c.verdict)
			}
		})
	}
	for fault := range untested {
		t.Errorf("no state is %s", fault)
	}
}

func agree(t *testing.T, get, asJSON, shown answer) {
	t.Helper()
	r := theReport(t, asJSON)
	if asJSON.code != get.code || shown.code != get.code {
		t.Errorf("exit codes: get %d, status %d, status --json %d", get.code, shown.code, asJSON.code)
	}
	if r.OK != (get.code == 0) {
		t.Errorf("ok is %v, and get ends with %d", r.OK, get.code)
	}
	var reasons string
	var fixes []string
	used := 0
	for _, c := range r.Candidates {
		switch {
		case c.Used:
			used++
			if want := fmt.Sprintf(`"Username":%q`, c.Login); !strings.Contains(get.stdout, want) {
				t.Errorf("get says %s, status %s", get.stdout, want)
			}
		case c.Verdict != "good":
			name := c.Source
			if c.Login != "" {
				name += ", " + c.Login
			}
			line := fmt.Sprintf("  %s: %s\n", name, c.Reason)
			reasons += line
			fix := c.Fix.Advice
			if c.Fix.Command != "" {
				fix = "run: " + c.Fix.Command
			}
			if c.Reason == "" || fix == "" {
				t.Errorf("a fault without reason or fix: %+v", c)
			}
			fixes = append(fixes, fix)
			if want := "  X " + line[2:] + "    " + fix + "\n"; !strings.Contains(shown.stdout, want) {
				t.Errorf("status does not show\n%s", want)
			}
		}
	}
	if got := strings.Count(shown.stdout, "(docker gets this one)"); got != used || used != 1-get.code {
		t.Errorf("%d candidates are used, %d marked", used, got)
	}
	if get.code == 0 || len(fixes) == 0 {
		if get.stderr != "" {
			t.Errorf("get says %s", get.stderr)
		}
		return
	}
	error, hint, _ := strings.Cut(get.stderr, "docker-credential-ghcr: hint: ")
	if want := "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n" + reasons; error != want {
		t.Errorf("get says\n%swhere status says\n%s", error, want)
	}
	if !slices.Contains(fixes, strings.TrimSuffix(hint, "\n")) {
		t.Errorf("get's hint is %q, status has %q", hint, fixes)
	}
}

// Exit codes of status: 1 when docker would get no token, 2 for words that are not
// known, on stderr with the usage.
func TestWordsThatAreNotKnown(t *testing.T) {
	t.Parallel()
	home := onlyOnStage(t).Home(t.TempDir())
	for _, line := range []string{
		"", "stauts", "login", "status ghcr.io", "status --xml", "status --registry nonsense", "setup --scope packages",
		"setup --user", "setup --dry-run=maybe",
	} {
		got := words(t, home, strings.Fields(line)...)
		if got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, "\nUsage:") ||
			!strings.HasPrefix(got.stderr, "docker-credential-ghcr: error: ") {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func theReport(t *testing.T, asJSON answer) report {
	t.Helper()
	var all struct{ Registries []report }
	if err := json.Unmarshal([]byte(asJSON.stdout), &all); err != nil || len(all.Registries) != 1 {
		t.Fatalf("status --json: %v: %+v", err, asJSON)
	}
	return all.Registries[0]
}

func firstVerdict(t *testing.T, asJSON answer) string {
	t.Helper()
	if candidates := theReport(t, asJSON).Candidates; len(candidates) > 0 {
		return candidates[0].Verdict
	}
	return ""
}

// faultsInReadme are those that a person is told about.
func faultsInReadme(t *testing.T) map[string]bool {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	check(t, err)
	_, section, _ := strings.Cut(string(readme), "\n| fault | ")
	section, _, _ = strings.Cut(section, "\n\n")
	faults := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(section, -1) {
		faults[row[1]] = true
	}
	if len(faults) < 5 {
		t.Fatalf("only %v found", faults)
	}
	return faults
}

// hungSocket accepts connections and never answers.
func hungSocket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hung") // short, for the socket's path
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "bus")
	listener, err := net.Listen("unix", socket)
	check(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return socket
}

// words runs the product as a person does, without a terminal.
func words(t *testing.T, home *stage.Home, args ...string) answer {
	t.Helper()
	var stdout, stderr strings.Builder
	command := home.Command(stage.Product, args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return answer{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
