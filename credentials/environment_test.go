package credentials

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// allVariables holds a different token in each variable.
func allVariables(t *testing.T) {
	t.Helper()
	for name, secret := range variableTokens {
		t.Setenv(name, secret)
	}
}

var variableTokens = map[string]string{
	"GHCR_TOKEN":              "gho_ghcr",
	"GH_TOKEN":                "gho_gh",
	"GITHUB_TOKEN":            "gho_github",
	"GH_ENTERPRISE_TOKEN":     "gho_ghenterprise",
	"GITHUB_ENTERPRISE_TOKEN": "gho_githubenterprise",
}

func sourcesOf(verdicts []Verdict) []Source {
	var list []Source
	for _, v := range verdicts {
		list = append(list, v.Source)
	}
	return list
}

func TestEachHostTakesItsOwnVariablesInGhsOrder(t *testing.T) {
	for _, test := range []struct {
		serverURL string
		want      []Source
	}{
		{"ghcr.io", []Source{"GHCR_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"}},
		{"docker.pkg.github.com", []Source{"GHCR_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"}},
		{"containers.acme.ghe.com", []Source{"GH_TOKEN", "GITHUB_TOKEN"}},
		{"containers.git.example.com", []Source{"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}},
		{"docker.git.example.com", []Source{"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}},
	} {
		t.Run(test.serverURL, func(t *testing.T) {
			m := newMachine(t)
			allVariables(t)
			t.Setenv("GH_HOST", "git.example.com")
			m.settings(`{"registries":{"containers.acme.ghe.com":{}}}`)
			if got := sourcesOf(m.verdicts(test.serverURL)); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			for _, r := range m.github.Requests() {
				if !slices.Contains(test.want, Source(variableOf(r.Secret))) {
					t.Errorf("%s went to %s", r.Secret, r.Host)
				}
			}
		})
	}
}

func variableOf(secret string) string {
	for name, held := range variableTokens {
		if held == secret {
			return name
		}
	}
	return ""
}

func TestTheFirstGoodVariableIsTakenAndTheOthersAreNotAskedAbout(t *testing.T) {
	m := newMachine(t)
	allVariables(t)
	m.token("gho_gh", "write:packages")
	m.token("gho_github", "write:packages")
	m.found("ghcr.io", "octocat", "gho_gh")
	if n := len(m.github.RequestsWith("gho_github")); n > 0 {
		t.Errorf("GITHUB_TOKEN was asked about %d times", n)
	}
}

func TestAnEnterpriseVariableIsForConfiguredHostsOnly(t *testing.T) {
	const host, registry = "git.example.com", "containers.git.example.com"
	for _, test := range []struct {
		name      string
		configure func(m *machine)
		found     bool
	}{
		{"the host is not configured", func(*machine) {}, false},
		{"another host is configured", func(m *machine) { m.Setenv("GH_HOST", "git.example.org") }, false},
		{"a host around it is configured", func(m *machine) { m.Setenv("GH_HOST", "example.com") }, false},
		{"a host within it is configured", func(m *machine) { m.Setenv("GH_HOST", "a.git.example.com") }, false},
		{"the registry is configured for the host", func(m *machine) { m.Setenv("GH_HOST", registry) }, false},
		{"GH_HOST", func(m *machine) { m.Setenv("GH_HOST", host) }, true},
		{"GH_HOST in capitals", func(m *machine) { m.Setenv("GH_HOST", " GIT.Example.COM\n") }, true},
		{"hosts.yml, without a login", func(m *machine) { m.hosts(host + ":\n    git_protocol: ssh\n") }, true},
		{"hosts.yml with an empty entry", func(m *machine) { m.hosts(host + ":\n") }, true},
		{"the settings", func(m *machine) { m.settings(`{"registries":{"` + registry + `":{}}}`) }, true},
		{"the settings, by the older name", func(m *machine) { m.settings(`{"registries":{"docker.git.example.com":{}}}`) }, true},
		{"the settings, for another host", func(m *machine) { m.settings(`{"registries":{"ghcr.io":{},"containers.example.com":{}}}`) }, false},
		{"the settings, for the host and not its registry", func(m *machine) { m.settings(`{"registries":{"` + host + `":{}}}`) }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GH_ENTERPRISE_TOKEN", "ghp_example")
			m.github.Add("ghp_example", credentialstest.Token{Host: host, Login: "monalisa", Scopes: []string{"write:packages"}})
			test.configure(m)
			if test.found {
				m.found(registry, "monalisa", "ghp_example")
				return
			}
			m.notFound(registry)
			m.wantAsked(0, 0)
		})
	}
}

func TestAVariableIsTrimmed(t *testing.T) {
	m := newMachine(t)
	m.token("gho_example", "write:packages")
	for _, value := range []string{"gho_example", " gho_example", "gho_example\n", "\tgho_example\r\n"} {
		t.Setenv("GHCR_TOKEN", value)
		m.found("ghcr.io", "octocat", "gho_example")
	}
}

func TestAVariableThatHoldsNothingIsNotThere(t *testing.T) {
	m := newMachine(t)
	for _, value := range []string{"", " ", "\n", "\r\n\t "} {
		t.Setenv("GHCR_TOKEN", value)
		t.Setenv("GH_TOKEN", value)
		m.notFound("ghcr.io")
	}
	os.Unsetenv("GHCR_TOKEN")
	m.notFound("ghcr.io")
}

func TestAVariableWithAnythingElseInsideIsAFaultThatNamesIt(t *testing.T) {
	for name, value := range map[string]string{
		"a blank":               "gho_" + canary + " x",
		"two tokens":            "gho_" + canary + "\ngho_x",
		"a control character":   "gho_" + canary + "\x1b[2J",
		"a letter beyond ASCII": "gho_" + canary + "ü",
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GITHUB_TOKEN", value)
			v := m.only("ghcr.io")
			if v.Source != "GITHUB_TOKEN" || v.Fault != Broken || !v.Token.IsZero() {
				t.Errorf("got %+v", v)
			}
			said := m.refused("ghcr.io")
			if want := "  GITHUB_TOKEN: the value has a blank, control or non-ASCII character inside\n"; !containsLine(said, want) || shows(said) {
				t.Errorf("said\n%s", said)
			}
			m.wantAsked(0, 0)
		})
	}
}

func TestABrokenVariableDoesNotHideTheNextPlace(t *testing.T) {
	m := newMachine(t)
	t.Setenv("GH_TOKEN", "not a token")
	m.ghLogin(github.DotCom, "octocat", "gho_example")
	m.token("gho_example", "write:packages")
	m.found("ghcr.io", "octocat", "gho_example")
}

func TestAnInstallationTokenGoesWithTheActorOfItsJob(t *testing.T) {
	for _, test := range []struct{ name, actions, actor, want string }{
		{"in a job", "true", "octocat", "octocat"},
		{"in a bot's job", "true", "dependabot[bot]", "dependabot[bot]"},
		{"in a job without an actor", "true", "", "x-access-token"},
		{"outside of a job", "", "octocat", "x-access-token"},
		{"in something like a job", "1", "octocat", "x-access-token"},
		{"in a job of one who means something else to docker", "true", "<token>", "x-access-token"},
		{"in a job of one who is two lines", "true", "octo\ncat", "x-access-token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GITHUB_TOKEN", "ghs_1_example.a.b")
			t.Setenv("GITHUB_ACTIONS", test.actions)
			t.Setenv("GITHUB_ACTOR", test.actor)
			m.github.Add("ghs_1_example.a.b", credentialstest.Token{})
			m.found("ghcr.io", test.want, "ghs_1_example.a.b")
		})
	}
}

func TestAnActorIsNoUserForOtherTokens(t *testing.T) {
	m := newMachine(t)
	t.Setenv("GITHUB_TOKEN", "ghp_example")
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_ACTOR", "hubot")
	m.token("ghp_example", "write:packages")
	m.found("ghcr.io", "octocat", "ghp_example")
}

func containsLine(text, line string) bool {
	return slices.Contains(slices.Collect(strings.Lines(text)), line)
}

func TestAVariableBelongsToHosts(t *testing.T) {
	t.Parallel()
	const (
		own        = "GHCR_TOKEN GHCR_TOKEN_FILE systemd credential ghcr-token"
		enterprise = "GH_ENTERPRISE_TOKEN GITHUB_ENTERPRISE_TOKEN"
	)
	for _, test := range []struct {
		name       string
		ghHost     string
		jobHost    string
		configured string
		host       string
		want       string
	}{
		{"github.com", "", "", "", "github.com", own + " GH_TOKEN GITHUB_TOKEN"},
		{"github.com, whatever is configured", "a.example.com", "", "b.example.net acme.ghe.com", "github.com", own + " GH_TOKEN GITHUB_TOKEN"},
		{"github.com in its own job", "", "github.com", "", "github.com", own + " GH_TOKEN GITHUB_TOKEN"},
		{"github.com in the job of an enterprise host", "", "ghes.corp.example", "", "github.com", own + " GH_TOKEN"},
		{"github.com in a job of an unknown host", "", "unknown", "", "github.com", own + " GH_TOKEN"},
		{"a tenant that is not configured", "", "", "", "attacker.ghe.com", ""},
		{"a tenant beside the one that is named", "acme.ghe.com", "", "acme.ghe.com", "attacker.ghe.com", ""},
		{"a tenant by GH_HOST", "acme.ghe.com", "", "", "acme.ghe.com", "GH_TOKEN GITHUB_TOKEN"},
		{"a tenant by a file", "", "", "github.com acme.ghe.com", "acme.ghe.com", "GH_TOKEN GITHUB_TOKEN"},
		{"a tenant's own job", "", "acme.ghe.com", "", "acme.ghe.com", "GITHUB_TOKEN"},
		{"a named tenant in another's job", "", "github.com", "acme.ghe.com", "acme.ghe.com", "GH_TOKEN"},
		{"the host of GH_HOST", "a.example.com", "", "a.example.com b.example.net", "a.example.com", enterprise},
		{"not the host of GH_HOST", "a.example.com", "", "b.example.net", "b.example.net", ""},
		{"the only enterprise host", "", "", "github.com acme.ghe.com a.example.com", "a.example.com", enterprise},
		{"the only one, named twice", "github.com", "", "a.example.com a.example.com", "a.example.com", enterprise},
		{"one of two", "", "", "a.example.com b.example.net", "a.example.com", ""},
		{"one that is not configured", "", "", "a.example.com", "b.example.net", ""},
		{"the host of a job", "", "ghes.corp.example", "ghes.corp.example", "ghes.corp.example", enterprise + " GITHUB_TOKEN"},
	} {
		e := surroundings{test.ghHost, test.jobHost, func() []string { return strings.Fields(test.configured) }}
		var got []string
		for _, name := range e.tokenVariables(test.host) {
			got = append(got, string(name))
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestTheHostOfAJob(t *testing.T) {
	t.Parallel()
	for serverURL, want := range map[string]string{
		"": "github.com", "https://github.com": "github.com", "https://GitHub.com/": "github.com", "https://ghes.corp.example": "ghes.corp.example",
		"http://github.com": "unknown", "https://github.com:8443": "unknown", "https://me@github.com": "unknown", "github.com": "unknown",
		"https://github.com/x": "unknown", "https://": "unknown", "\x00": "unknown",
	} {
		if got := jobHost(serverURL); got != want {
			t.Errorf("%q: got %q, want %q", serverURL, got, want)
		}
	}
}

// FuzzVariables: whatever the environment and the files name, no variable's token goes
// to a host that it does not belong to.
func FuzzVariables(f *testing.F) {
	for _, seed := range [][4]string{
		{"", "", "", "github.com"},
		{"a.example.com", "https://ghes.corp.example", "b.example.net", "b.example.net"},
		{"acme.ghe.com", "https://github.com", "attacker.ghe.com a.example.com", "attacker.ghe.com"},
		{"GITHUB.COM", "https://GITHUB.COM/", "github.com", "github.com"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, ghHost, serverURL, configured, host string) {
		hosts := strings.Fields(configured)
		e := surroundings{ghHost, jobHost(serverURL), func() []string { return hosts }}
		named := host == ghHost || slices.Contains(hosts, host)
		for _, name := range e.tokenVariables(host) {
			switch name {
			case "GHCR_TOKEN", TokenFile, SystemdCredential:
				if host != github.DotCom {
					t.Errorf("%s goes to %s", name, host)
				}
			case "GITHUB_TOKEN":
				if e.jobHost != host {
					t.Errorf("the job's token goes to %s, and the job is run by %s", host, e.jobHost)
				}
			case "GH_TOKEN":
				if host != github.DotCom && !(github.IsTenant(host) && named) {
					t.Errorf("%s goes to %s", name, host)
				}
			default:
				if !named || host == github.DotCom || github.IsTenant(host) {
					t.Errorf("%s goes to %s", name, host)
				}
				for _, other := range append(hosts, ghHost) {
					if other != host && slices.Contains(e.tokenVariables(other), name) {
						t.Errorf("%s goes to %s and to %s", name, host, other)
					}
				}
			}
		}
	})
}

// In a job on an enterprise server, its GITHUB_TOKEN goes nowhere else.
func TestAJobsTokenStaysOnTheHostOfTheJob(t *testing.T) {
	m := newMachine(t)
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_SERVER_URL", "https://ghes.corp.example")
	t.Setenv("GITHUB_TOKEN", "ghs_job")
	m.notFound("ghcr.io")
	m.wantAsked(0, 0)
}

// What a repository brings along names no host that a variable's token goes to.
func TestAHostOfTheWorkingDirectoryGetsNoVariable(t *testing.T) {
	m := newMachine(t)
	t.Chdir(t.TempDir())
	t.Setenv("GH_CONFIG_DIR", ".gh")
	allVariables(t)
	m.write(filepath.Join(".gh", "hosts.yml"), "evil.example:\n    user: octocat\nattacker.ghe.com:\n    user: octocat\n")
	m.refused("containers.evil.example")
	m.refused("containers.attacker.ghe.com")
	m.wantAsked(0, 0)
}
