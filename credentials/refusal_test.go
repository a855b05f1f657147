package credentials

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// posix skips where command lines are another system's.
func posix(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		t.Skip("the commands here are another system's; run it on Linux or FreeBSD")
	}
}

func refusedFor(r github.Registry, want github.Scope, c Candidate, hiding ...string) Verdict {
	v := Verdict{Candidate: c}
	v.Fix = fixFor(r, want, v, hiding)
	return v
}

func TestEachFaultOfEachSourceHasItsFix(t *testing.T) {
	t.Parallel()
	posix(t)
	const (
		login    = "run: gh auth login -h github.com -s write:packages"
		page     = "https://github.com/settings/tokens/new?scopes=write%3Apackages"
		unlock   = "unlock the keyring in the program that keeps it, such as Passwords and Keys, KWalletManager or KeePassXC, then try again"
		question = "answer the keyring's question, or restart the keyring, and try again"
		reach    = "run this where the keyring can be reached, or set GHCR_TOKEN to a token made at " + page
		fixNamed = "fix what is named above, then try again"
		later    = "try again when github.com can be reached"
	)
	for _, test := range []struct {
		fault  Fault
		source Source
		hint   string
	}{
		{Rejected, "GITHUB_TOKEN", "put a new token into GITHUB_TOKEN, or run: unset GITHUB_TOKEN"},
		{Rejected, "GHCR_TOKEN", "put a new token into GHCR_TOKEN, or run: unset GHCR_TOKEN"},
		{Rejected, DockerLogin, "run: docker login ghcr.io"},
		{Rejected, GH, login},
		{LacksScope, "GITHUB_TOKEN", "put a token into GITHUB_TOKEN that was made at " + page},
		{LacksScope, DockerLogin, "make a token at " + page + " and run: docker login ghcr.io"},
		{LacksScope, GH, "run: gh auth refresh -h github.com -s write:packages"},
		{WrongKind, "GITHUB_TOKEN", login},
		{WrongKind, DockerLogin, "make a token at " + page + " and run: docker login ghcr.io"},
		{WrongKind, GH, login},
		{Missing, DockerLogin, "run: docker login ghcr.io"},
		{Missing, GH, login},
		{Locked, DockerLogin, unlock},
		{Locked, GH, unlock},
		{Timeout, DockerLogin, question},
		{Timeout, GH, question},
		{NoKeyring, DockerLogin, reach},
		{NoKeyring, GH, reach},
		{Broken, "GITHUB_TOKEN", "put the token itself into GITHUB_TOKEN, or run: unset GITHUB_TOKEN"},
		{Broken, DockerLogin, "run: docker login ghcr.io"},
		{Broken, GH, fixNamed},
		{Broken, SettingsFile, fixNamed},
		{Unreachable, "GITHUB_TOKEN", later},
		{Unreachable, DockerLogin, later},
		{Unreachable, GH, later},
	} {
		t.Run(string(test.fault)+" "+string(test.source), func(t *testing.T) {
			t.Parallel()
			r := github.Registry{Name: "ghcr.io", Host: github.DotCom}
			c := Candidate{Source: test.source, Fault: test.fault, Reason: "the reason"}
			if !test.source.IsVariable() && test.source != SettingsFile {
				c.Login = "octocat"
			}
			want := "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n" +
				"  " + c.String() + ": the reason\n" +
				"docker-credential-ghcr: hint: " + test.hint + "\n"
			if got := (&Refusal{r, []Verdict{refusedFor(r, github.WritePackages, c)}}).message(); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestAFixNamesTheHostTheRegistryTheScopeAndTheAccount(t *testing.T) {
	t.Parallel()
	posix(t)
	tenant := github.Registry{Name: "containers.acme.ghe.com", Host: "acme.ghe.com"}
	enterprise := github.Registry{Name: "containers.git.example.com", Host: "git.example.com"}
	older := github.Registry{Name: "docker.pkg.github.com", Host: github.DotCom}
	com := github.Registry{Name: "ghcr.io", Host: github.DotCom}
	for _, test := range []struct {
		name      string
		registry  github.Registry
		want      github.Scope
		candidate Candidate
		hiding    []string
		hint      string
	}{
		{"a tenant", tenant, github.WritePackages, Candidate{Source: GH, Fault: LacksScope}, nil, "run: gh auth refresh -h acme.ghe.com -s write:packages"},
		{"a tenant's page", tenant, github.ReadPackages, Candidate{Source: "GH_TOKEN", Fault: LacksScope}, nil, "put a token into GH_TOKEN that was made at https://acme.ghe.com/settings/tokens/new?scopes=read%3Apackages"},
		{"a tenant's variable", tenant, github.WritePackages, Candidate{Source: GH, Fault: NoKeyring}, nil, "run this where the keyring can be reached, or set GH_TOKEN to a token made at https://acme.ghe.com/settings/tokens/new?scopes=write%3Apackages"},
		{"a tenant that cannot be reached", tenant, github.WritePackages, Candidate{Source: GH, Fault: Unreachable}, nil, "try again when acme.ghe.com can be reached"},
		{"an enterprise host", enterprise, github.WritePackages, Candidate{Source: GH, Fault: Rejected}, nil, "run: gh auth login -h git.example.com -s write:packages"},
		{"an enterprise host's variable", enterprise, github.WritePackages, Candidate{Source: GH, Fault: NoKeyring}, nil, "run this where the keyring can be reached, or set GH_ENTERPRISE_TOKEN to a token made at https://git.example.com/settings/tokens/new?scopes=write%3Apackages"},
		{"an enterprise host's docker login", enterprise, github.WritePackages, Candidate{Source: DockerLogin, Fault: Rejected}, nil, "run: docker login containers.git.example.com"},
		{"the older registry", older, github.WritePackages, Candidate{Source: DockerLogin, Fault: Missing}, nil, "run: docker login docker.pkg.github.com"},
		{"the reading scope", com, github.ReadPackages, Candidate{Source: GH, Fault: LacksScope}, nil, "run: gh auth refresh -h github.com -s read:packages"},
		{
			"an account that is not active", com, github.WritePackages, Candidate{Source: GH, Login: "hubot", Inactive: true, Fault: LacksScope}, nil,
			"run: gh auth switch -h github.com -u hubot && gh auth refresh -h github.com -s write:packages",
		},
		{
			"an account that is not active and dead", com, github.WritePackages, Candidate{Source: GH, Login: "hubot", Inactive: true, Fault: Rejected}, nil,
			"run: gh auth login -h github.com -s write:packages",
		},
		{
			"a variable that hides gh's store", com, github.WritePackages, Candidate{Source: GH, Fault: LacksScope}, []string{"GH_TOKEN"},
			"run: env -u GH_TOKEN gh auth refresh -h github.com -s write:packages",
		},
		{
			"two variables that hide gh's store", com, github.WritePackages, Candidate{Source: GH, Fault: Rejected}, []string{"GH_TOKEN", "GITHUB_TOKEN"},
			"run: env -u GH_TOKEN -u GITHUB_TOKEN gh auth login -h github.com -s write:packages",
		},
		{
			"a variable of the wrong kind, which hides gh's store", com, github.WritePackages, Candidate{Source: "GITHUB_TOKEN", Fault: WrongKind}, []string{"GITHUB_TOKEN"},
			"run: env -u GITHUB_TOKEN gh auth login -h github.com -s write:packages",
		},
		{
			"a variable that hides gh's store, and an account that is not active", com, github.WritePackages, Candidate{Source: GH, Login: "hubot", Inactive: true, Fault: LacksScope}, []string{"GH_TOKEN"},
			"run: env -u GH_TOKEN gh auth switch -h github.com -u hubot && env -u GH_TOKEN gh auth refresh -h github.com -s write:packages",
		},
		{
			"a variable where gh is not the fix", com, github.WritePackages, Candidate{Source: DockerLogin, Fault: Rejected}, []string{"GH_TOKEN"},
			"run: docker login ghcr.io",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := refusedFor(test.registry, test.want, test.candidate, test.hiding...).Fix.String(); got != test.hint {
				t.Errorf("got  %q\nwant %q", got, test.hint)
			}
		})
	}
}

func TestTheVariablesThatHideGhsStore(t *testing.T) {
	for _, test := range []struct {
		host string
		set  []string
		want []string
	}{
		{"github.com", []string{"GH_TOKEN", "GITHUB_TOKEN", "GHCR_TOKEN", "GH_ENTERPRISE_TOKEN"}, []string{"GH_TOKEN", "GITHUB_TOKEN"}},
		{"github.com", []string{"GITHUB_TOKEN"}, []string{"GITHUB_TOKEN"}},
		{"github.com", []string{"GHCR_TOKEN"}, nil},
		{"acme.ghe.com", []string{"GH_TOKEN"}, []string{"GH_TOKEN"}},
		{"git.example.com", []string{"GH_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}, []string{"GITHUB_ENTERPRISE_TOKEN"}},
	} {
		newMachine(t)
		for _, name := range test.set {
			t.Setenv(name, "gho_x")
		}
		if got := hidingVariables(test.host); !slices.Equal(got, test.want) {
			t.Errorf("%s with %q: got %q, want %q", test.host, test.set, got, test.want)
		}
	}
}

func TestEveryFaultHasExactlyOneFix(t *testing.T) {
	t.Parallel()
	faults := []Fault{Rejected, LacksScope, WrongKind, Missing, Locked, Timeout, NoKeyring, Broken, OtherOwner, Unreachable}
	if len(byEffort) != len(faults) {
		t.Errorf("%d faults are ordered by effort, there are %d", len(byEffort), len(faults))
	}
	for _, fault := range faults {
		if !slices.Contains(byEffort, fault) {
			t.Errorf("%s is not ordered by effort", fault)
		}
		for _, source := range []Source{"GHCR_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", DockerLogin, GH, SettingsFile, TokenFile, SystemdCredential, DockerConfig, "docker-credential-desktop", Password, StandardInput} {
			for _, r := range []github.Registry{{Name: "ghcr.io", Host: github.DotCom}, {Name: "containers.acme.ghe.com", Host: "acme.ghe.com"}, {Name: "containers.git.example.com", Host: "git.example.com"}} {
				for _, want := range []github.Scope{github.WritePackages, github.ReadPackages} {
					f := refusedFor(r, want, Candidate{Source: source, Fault: fault}, "GH_TOKEN").Fix
					if (f.Command == "") == (f.Advice == "") {
						t.Errorf("%s of %s at %s: %+v", fault, source, r.Host, f)
					}
					if text := f.Command + f.Advice; strings.TrimSpace(text) != text || strings.ContainsAny(text, "\n") || strings.HasSuffix(text, ".") {
						t.Errorf("%s of %s at %s: %q", fault, source, r.Host, text)
					}
				}
			}
		}
	}
}

func TestOfSeveralFaultsTheHintMendsWhatTakesLeast(t *testing.T) {
	t.Parallel()
	posix(t)
	type fault struct {
		source Source
		fault  Fault
	}
	for _, test := range []struct {
		name   string
		faults []fault
		hint   string
	}{
		{"a missing scope before a rejected token", []fault{{"GH_TOKEN", Rejected}, {GH, LacksScope}}, "run: gh auth refresh -h github.com -s write:packages"},
		{"a missing scope before a rejected token, the other way round", []fault{{"GH_TOKEN", LacksScope}, {GH, Rejected}}, "put a token into GH_TOKEN that was made at https://github.com/settings/tokens/new?scopes=write%3Apackages"},
		{"a missing scope before a wrong kind", []fault{{"GITHUB_TOKEN", WrongKind}, {GH, LacksScope}}, "run: gh auth refresh -h github.com -s write:packages"},
		{"a rejected token before a wrong kind", []fault{{"GITHUB_TOKEN", WrongKind}, {DockerLogin, Rejected}}, "run: docker login ghcr.io"},
		{"a rejected token before one that could not be checked", []fault{{GH, Unreachable}, {"GH_TOKEN", Rejected}}, "put a new token into GH_TOKEN, or run: unset GH_TOKEN"},
		{"a wrong kind before a broken file", []fault{{"GH_TOKEN", WrongKind}, {GH, Broken}}, "run: gh auth login -h github.com -s write:packages"},
		{"a locked keyring before a rejected token", []fault{{"GH_TOKEN", Rejected}, {GH, Locked}}, "unlock the keyring in the program that keeps it, such as Passwords and Keys, KWalletManager or KeePassXC, then try again"},
		{"among equals gh's", []fault{{"GH_TOKEN", Rejected}, {DockerLogin, Rejected}, {GH, Rejected}}, "run: gh auth login -h github.com -s write:packages"},
		{"among equals docker login's before a variable's", []fault{{"GH_TOKEN", LacksScope}, {DockerLogin, LacksScope}}, "make a token at https://github.com/settings/tokens/new?scopes=write%3Apackages and run: docker login ghcr.io"},
		{"among equal variables the first", []fault{{"GHCR_TOKEN", Rejected}, {"GH_TOKEN", Rejected}}, "put a new token into GHCR_TOKEN, or run: unset GHCR_TOKEN"},
		{"only tokens that could not be checked", []fault{{"GH_TOKEN", Unreachable}, {GH, Unreachable}}, "try again when github.com can be reached"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := github.Registry{Name: "ghcr.io", Host: github.DotCom}
			var verdicts []Verdict
			var want strings.Builder
			want.WriteString("docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n")
			for _, f := range test.faults {
				verdicts = append(verdicts, refusedFor(r, github.WritePackages, Candidate{Source: f.source, Fault: f.fault, Reason: "the reason"}))
				want.WriteString("  " + string(f.source) + ": the reason\n")
			}
			want.WriteString("docker-credential-ghcr: hint: " + test.hint + "\n")
			if got := (&Refusal{r, verdicts}).message(); got != want.String() {
				t.Errorf("got\n%s\nwant\n%s", got, want.String())
			}
			if fix := LeastFix(verdicts); fix.String() != test.hint {
				t.Errorf("the least fix is %+v", fix)
			}
		})
	}
}

func TestTheRefusalOfTheDesign(t *testing.T) {
	m := newMachine(t)
	posix(t)
	t.Setenv("GITHUB_TOKEN", "github_pat_example")
	m.ghKeyringLogin(github.DotCom, "octocat", "gho_example")
	m.token("gho_example", "gist", "read:org", "repo")
	m.says("ghcr.io",
		"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
		"  GITHUB_TOKEN: fine-grained personal access token; GitHub Packages does not take it",
		"  gh, octocat: lacks write:packages (has gist, read:org, repo)",
		"docker-credential-ghcr: hint: run: env -u GITHUB_TOKEN gh auth refresh -h github.com -s write:packages",
	)
}

func TestARefusalIsOneLineAPlaceWhateverStandsInIt(t *testing.T) {
	t.Parallel()
	r := github.Registry{Name: "ghcr.io", Host: github.DotCom}
	for _, odd := range []string{"a\nb", "a\r\nb", "\x1b[2J", "\u202eabc", "\x00", "\u2028", strings.Repeat("long ", 1000)} {
		text := (&Refusal{r, []Verdict{refusedFor(r, github.WritePackages, Candidate{Source: GH, Login: odd, Fault: Broken, Reason: odd})}}).message()
		if strings.Count(text, "\n") != 3 || len(text) > 2000 {
			t.Errorf("%q: got %q", odd, text)
		}
		if strings.ContainsFunc(strings.ReplaceAll(text, "\n", ""), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q: got %q", odd, text)
		}
	}
}

func TestPrintableIsFitForOneLineOfATerminal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "",
		"plain":                     "plain",
		"Grüße, 世界":                 "Grüße, 世界",
		" around ":                  "around",
		"a\tb\nc\rd":                "a b c d",
		"a\u00a0b\u2028c\u0085d":    "a b c d",
		"\x1b[31mred\x1b[0m":        "[31mred[0m",
		"\x07\x00\x7f":              "",
		"\u202egnp.exe":             "gnp.exe",
		"\u200bzero\ufeff":          "zero",
		strings.Repeat("a", 400):    strings.Repeat("a", 400),
		strings.Repeat("世", 401):    strings.Repeat("世", 400) + "…",
		"\xff":                      "\uFFFD",
		strings.Repeat("\x00", 1e4): "",
	} {
		if got := github.Printable(text); got != want {
			t.Errorf("%.40q: got %.40q, want %.40q", text, got, want)
		}
	}
}

// A hint is a step forward: never the command that has just failed, and never one for
// another place than the one that has the fault.
func TestNoFixLeadsBackToWhatFailed(t *testing.T) {
	t.Parallel()
	registry := github.Registry{Name: "ghcr.io", Host: "github.com"}
	sources := slices.Concat(variables, []Source{TokenFile, SystemdCredential, DockerLogin, GH, DockerConfig, "docker-credential-desktop", Password, StandardInput})
	for _, fault := range byEffort {
		for _, source := range sources {
			for _, notAToken := range []bool{false, true} {
				for _, want := range []github.Scope{github.WritePackages, github.ReadPackages} {
					v := Verdict{Candidate: Candidate{Source: source, Login: "octocat", Fault: fault, notAToken: notAToken}}
					text := fixFor(registry, want, v, nil).String()
					if text == "" {
						t.Errorf("%s, %s: no fix", source, fault)
					}
					for circular, failed := range map[string]bool{
						"run: docker login ghcr.io": source == Password || source == DockerConfig || source.isStore() || source.IsVariable() || source == GH,
						"docker logout":             true, // it would remove a login, and bring none
						"gh auth logout":            true,
						"gh auth refresh":           source != GH, // it renews gh's token and nothing else
						"unset GHCR_TOKEN_FILE":     source.IsVariable(),
					} {
						if failed && (text == circular || circular != "run: docker login ghcr.io" && strings.Contains(text, circular)) {
							t.Errorf("%s, %s: %s", source, fault, text)
						}
					}
					if name := string(source); source.IsVariable() && strings.Contains(text, "unset ") && !strings.Contains(text, name) {
						t.Errorf("%s, %s: %s", source, fault, text)
					}
				}
			}
		}
	}
}
