package credentials

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// notTokens are values that can never be tokens, and what is said of them.
var notTokens = map[string]string{
	`"ghp_` + canary + `"`:           "the value has quotation marks before or after it, which are not part of the token",
	"***":                            "the value is masked: a log or a screen shows stars or such a word in place of the token",
	"op://Private/GitHub/token":      "the value is a 1Password reference that was not resolved; op run resolves it",
	"${GH_TOKEN}":                    "the value is the name of a variable and not its value",
	"${{ secrets.GHCR_TOKEN }}":      "the value is an expression of GitHub Actions that was not evaluated",
	"octocat:ghp_" + canary:          "the value is a user name and a token with a colon between them, not the token alone",
	"b2N0b2NhdDpnaHBfQ0FOQVJZc2lu":   "the value is base64 of a user name and a token, as docker's config.json has it, not the token alone",
	"undefined":                      "the value is a word that a program writes where there is no value",
	"GH_TOKEN=ghp_" + canary:         "the value is a whole assignment (NAME=…), not the value alone",
	"Bearer ghp_" + canary:           "the value has the word Bearer before it, which is not part of the token",
	"<your-token>":                   "the value is a placeholder, to be replaced by a token",
	"-----BEGIN CERTIFICATE-----":    "the value is a PEM file, which has a key or a certificate",
	`{"token":"ghp_` + canary + `"}`: "the value is JSON, not the token alone",
}

// In every place such a value is a fault that says what it is, with a fix for that
// place, and GitHub is not asked about it.
func TestAValueThatCanNeverBeATokenIsNotSent(t *testing.T) {
	posix(t)
	const page = "https://github.com/settings/tokens/new?scopes=write%3Apackages"
	earlier := func(source Source, value string) func(context.Context, github.Registry) iter.Seq[Candidate] {
		return func(context.Context, github.Registry) iter.Seq[Candidate] {
			return func(yield func(Candidate) bool) { yield(Candidate{Source: source}.WithSecret(value)) }
		}
	}
	places := map[string]struct {
		put  func(m *machine, h *Helper, value string)
		said string
		hint string
	}{
		"a variable":   {func(m *machine, _ *Helper, value string) { m.Setenv("GITHUB_TOKEN", value) }, "GITHUB_TOKEN", "put the token itself into GITHUB_TOKEN, or run: unset GITHUB_TOKEN"},
		"our variable": {func(m *machine, _ *Helper, value string) { m.Setenv("GHCR_TOKEN", value) }, "GHCR_TOKEN", "put the token itself into GHCR_TOKEN, or run: unset GHCR_TOKEN"},
		"gh's file":    {func(m *machine, _ *Helper, value string) { m.ghLogin(github.DotCom, "octocat", inJSON(value)) }, "gh, octocat", "run: gh auth login -h github.com -s write:packages"},
		"gh's keyring": {func(m *machine, _ *Helper, value string) { m.ghKeyringLogin(github.DotCom, "octocat", value) }, "gh, octocat", "run: gh auth login -h github.com -s write:packages"},
		"docker login": {func(m *machine, _ *Helper, value string) {
			m.dockerLogin(github.DotCom, "octocat", "gho_example")
			m.keep(loginService, github.DotCom, `{"username":"octocat","secret":`+inJSON(value)+`}`)
		}, "docker login, octocat", "make a token at " + page + " and run: docker login ghcr.io"},
		"docker's file":  {func(_ *machine, h *Helper, value string) { h.Earlier = earlier(DockerConfig, value) }, "config.json", "run: gh auth login -h github.com -s write:packages"},
		"docker's store": {func(_ *machine, h *Helper, value string) { h.Earlier = earlier("docker-credential-desktop", value) }, "docker-credential-desktop", "run: gh auth login -h github.com -s write:packages"},
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			for value, problem := range notTokens {
				m := newMachine(t)
				h, said := m.helper(), &log{}
				h.Stderr = said
				place.put(m, h, value)
				user, secret, err := h.Get("ghcr.io")
				want := "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n  " + place.said + ": " + problem + "\ndocker-credential-ghcr: hint: " + place.hint + "\n"
				if err == nil || user != "" || secret != "" || said.String() != want {
					t.Errorf("%q: got %v and\n%s\nwant\n%s", value, err, said, want)
				}
				m.wantAsked(0, 0)
			}
		})
	}
}

func TestDockerLoginRefusesWhatCanNeverBeAToken(t *testing.T) {
	for value, problem := range notTokens {
		m := newMachine(t)
		want := "the password was not kept: " + problem + "\nhint: use the token itself as the password; a new one is made at https://github.com/settings/tokens/new?scopes=write%3Apackages"
		if err := m.store("ghcr.io", "octocat", value); err == nil || err.Error() != want {
			t.Errorf("%q: got %v\nwant %s", value, err, want)
		}
		m.wantAsked(0, 0)
		if m.opened() != 0 {
			t.Errorf("%q: the keyring was opened", value)
		}
	}
}

// A token that only looks cut off is asked about, and if GitHub rejects it, that is said.
func TestATokenThatLooksCutOffIsAskedAbout(t *testing.T) {
	const whole = "16C7e42F292c6912E7710c838347Ae178B4a"
	for token, reason := range map[string]string{
		"ghp_" + whole:           "rejected by GitHub: expired or revoked",
		"ghp_" + whole[:35]:      "rejected by GitHub: expired or revoked; or it was cut off: it has 39 characters instead of 40",
		"gho_" + whole[:8]:       "rejected by GitHub: expired or revoked; or it was cut off: it has 12 characters instead of 40",
		"ghp_":                   "rejected by GitHub: expired or revoked; or it was cut off: it has 4 characters instead of 40",
		"ghs_" + whole[:20]:      "rejected by GitHub: expired or revoked; it lives no longer than its job, an hour elsewhere; or it was cut off: it has 24 characters instead of 40",
		"ghs_1_eyJ.eyJ." + whole: "rejected by GitHub: expired or revoked; it lives no longer than its job, an hour elsewhere",
		"ghp_" + whole + "42":    "rejected by GitHub: expired or revoked; or something was copied with it: it has 42 characters instead of 40",
		whole:                    "rejected by GitHub: expired or revoked; or it was cut off: it does not begin as tokens of GitHub do",
		"hunter2":                "rejected by GitHub: expired or revoked; or it was cut off: it does not begin as tokens of GitHub do",
	} {
		m := newMachine(t)
		m.Setenv("GHCR_TOKEN", token)
		if v := m.only("ghcr.io"); v.Fault != Rejected || v.Reason != reason {
			t.Errorf("%s: got %s, %s", token, v.Fault, v.Reason)
		}
		m.wantAsked(1, 0)

		m = newMachine(t)
		m.github.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
		m.Setenv("GHCR_TOKEN", token)
		if v := m.only("ghcr.io"); !v.Good() {
			t.Errorf("%s, which is valid: got %s, %s", token, v.Fault, v.Reason)
		}
	}
}

// A machine that only pulls can use a token that may only read.
func TestTheHintForAReadingTokenNamesTheSetupForPulling(t *testing.T) {
	posix(t)
	const pull = "; or, if this machine only pulls, run: "
	for _, test := range []struct {
		name     string
		registry string
		place    func(m *machine, token string)
		scope    string
		scopes   []string
		hint     string
	}{
		{"gh", "ghcr.io", func(m *machine, token string) { m.ghLogin(github.DotCom, "octocat", token) }, "", []string{"gist", "read:packages"}, "run: gh auth refresh -h github.com -s write:packages" + pull + "docker-credential-ghcr setup --scope read:packages"},
		{"a variable", "ghcr.io", func(m *machine, token string) { m.Setenv("GH_TOKEN", token) }, "", []string{"read:packages"}, "put a token into GH_TOKEN that was made at https://github.com/settings/tokens/new?scopes=write%3Apackages" + pull + "docker-credential-ghcr setup --scope read:packages"},
		{"the older registry", "docker.pkg.github.com", func(m *machine, token string) { m.Setenv("GHCR_TOKEN", token) }, "", []string{"read:packages"}, "put a token into GHCR_TOKEN that was made at https://github.com/settings/tokens/new?scopes=write%3Apackages" + pull + "docker-credential-ghcr setup --registry docker.pkg.github.com --scope read:packages"},
		{"GHCR_SCOPE, which setup does not change", "ghcr.io", func(m *machine, token string) { m.Setenv("GHCR_TOKEN", token) }, "write:packages", []string{"read:packages"}, "put a token into GHCR_TOKEN that was made at https://github.com/settings/tokens/new?scopes=write%3Apackages" + pull + "export GHCR_SCOPE=read:packages"},
		{"a token that may not even read", "ghcr.io", func(m *machine, token string) { m.ghLogin(github.DotCom, "octocat", token) }, "", []string{"repo"}, "run: gh auth refresh -h github.com -s write:packages"},
		{"a token that may not read where that is enough", "ghcr.io", func(m *machine, token string) { m.ghLogin(github.DotCom, "octocat", token) }, "read:packages", []string{"repo"}, "run: gh auth refresh -h github.com -s read:packages"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.token("ghp_reader", test.scopes...)
			m.Setenv("GHCR_SCOPE", test.scope)
			test.place(m, "ghp_reader")
			if said := m.refused(test.registry); !strings.HasSuffix(said, "hint: "+test.hint+"\n") {
				t.Errorf("said\n%s", said)
			}
		})
	}
	t.Run("docker login", func(t *testing.T) {
		m := newMachine(t)
		m.token("ghp_reader", "read:packages")
		err := m.store("ghcr.io", "octocat", "ghp_reader")
		if err == nil || !strings.HasSuffix(err.Error(), pull+"docker-credential-ghcr setup --scope read:packages") {
			t.Errorf("got %v", err)
		}
	})
}
