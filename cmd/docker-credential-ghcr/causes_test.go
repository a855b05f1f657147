package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

// The texts in which ghcr.io is reported to deny, and clients are.
var reportedTexts = []struct{ text, cause string }{
	{"denied: denied", "dead-credential"},
	{`Get "https://ghcr.io/v2/": denied: denied`, "dead-credential"},
	{"failed to fetch oauth token: unexpected status: 403 Forbidden", "dead-credential"},
	{"failed to fetch oauth token: denied: denied", "dead-credential"},
	{"DENIED: invalid token", "dead-credential"},
	{"unauthorized: unauthenticated: User cannot be authenticated with the token provided.", "dead-credential"},
	{"denied", "not-readable"},
	{"Error response from daemon: denied", "not-readable"},
	{"denied: requested access to the resource is denied", "not-readable"},
	{"unauthorized", "no-token"},
	{"UNAUTHORIZED: authentication required", "no-token"},
	{"failed to fetch anonymous token: unexpected status: 401 Unauthorized", "no-token"},
	{"denied: permission_denied: The token provided does not match expected scopes.", "missing-scope"},
	{"denied: permission_denied: write_package", "no-write-role"},
	{"denied: permission_denied: read_package", "no-write-role"},
	{"denied: permission_denied: create_package", "may-not-create"},
	{"denied: installation not allowed to Create organization package", "actions-no-permission"},
	{"denied: installation not allowed to Write organization package", "actions-no-permission"},
	{"denied: permission_denied: The requested installation does not exist.", "actions-other-owner"},
	{"denied: permission_denied: Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization.", "sso-not-authorized"},
	{"denied: permission_denied: `acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions.", "classic-token-forbidden"},
	{"`acme` forbids access via a personal access token (classic) whose lifetime is too long", "classic-token-forbidden"},
	{"Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access restrictions, meaning that data access to third-parties is limited.", "oauth-app-restricted"},
	{"403 Forbidden: unexpected status from HEAD request to https://ghcr.io/v2/acme/app/blobs/sha256:00", "no-write-role"},
	{"MANIFEST_UNKNOWN: manifest unknown", "never-pushed"},
	{"NAME_UNKNOWN: Unknown name", "never-pushed"},
	{"invalid reference format: repository name (Octocat/app) must be lowercase", "upper-case"},
	{"repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: Octocat/app", "upper-case"},
	{"could not parse reference: ghcr.io/Octocat/app", "upper-case"},
	{"TOOMANYREQUESTS: too many requests", "rate-limited"},
	{"429 Too Many Requests", "rate-limited"},
	{"API rate limit exceeded for user ID 1.", "rate-limited"},
	{`Get "https://ghcr.io/v2/": dial tcp: lookup ghcr.io: no such host`, "unreachable"},
	{"received unexpected HTTP status: 503 Service Unavailable", "unreachable"},
	{"denied: something that nobody has seen yet", "unclear"},

	{"  gh, octocat: lacks write:packages (has gist, read:org, repo)", "missing-scope"},
	{"  gh, octocat: lacks read:packages (has none)", "missing-scope"},
	{"  GH_TOKEN: rejected by GitHub: expired or revoked", "dead-credential"},
	{"  GH_TOKEN: rejected by the registry: expired or revoked", "dead-credential"},
	{"  GH_TOKEN: fine-grained personal access token; GitHub Packages does not take it", "fine-grained-token"},
	{"  gh, octocat: could not be checked: API: no answer in time; registry: no answer in time", "unreachable"},
	{"  gh, octocat: could not be checked: API: 403 API rate limit exceeded for user ID 1.; registry: no answer in time", "rate-limited"},
	{"docker-credential-ghcr: error: no usable GitHub token for ghcr.io", "no-usable-token"},

	{"", ""},
	{"write_package", ""},
	{"permission denied", ""},
	{"open /var/run/docker.sock: permission denied: no way", ""},
	{"open //./pipe/docker_engine: Access is denied.", ""},
	{"could not parse reference: ghcr.io/octocat/app:", ""},
	{"latest: digest: sha256:00 size: 527", ""},
}

func TestReportedTextsTellTheirCause(t *testing.T) {
	t.Parallel()
	for _, c := range reportedTexts {
		for _, text := range []string{c.text, strings.ToUpper(c.text)} {
			if c.cause == "upper-case" || strings.Contains(c.text, "could not parse") {
				text = c.text // where the case matters
			}
			if got := causeOf(text); got != c.cause {
				t.Errorf("%q: got %q, want %q", text, got, c.cause)
			}
		}
	}
}

// Each row of the table has a text of which no row before it takes it away.
func TestNoDenialIsHidden(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, c := range reportedTexts {
		texts = append(texts, c.text)
	}
	for _, path := range complaints(t) {
		text := plainText(read(t, path), " ")
		texts = append(texts, text)
	}
	var found []string
	for _, text := range texts {
		if d, _, ok := findDenial(text); ok {
			found = append(found, d.text.text)
		}
	}
	for _, d := range denials {
		if !slices.Contains(found, d.text.text) {
			t.Errorf("nothing is denied in these words: %s", d.text.text)
		}
	}
}

func TestTheWordsOfADenialAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"denied: permission_denied: write_package":                                      "permission_denied: write_package",
		"no usable GitHub token for ghcr.io, and gho_aaaaaaaaaaaaaaaaaaaa besides":      "no usable GitHub token",
		"failed to fetch oauth token: unexpected status from https://a:gho_b@c/: 403 x": "failed to fetch oauth token",
		"403 (Forbidden)": "403 Forbidden",
		"denied":          "denied",
		"x: denied: gho_aaaaaaaaaaaaaaaaaaaaaaaaaaa":                "denied",
		"could not parse reference: ghcr.io/gho_AAAAAAAAAAAAAAAA/x": "could not parse reference",
	} {
		if _, words, _ := findDenial(text); words != want {
			t.Errorf("%q: got %q, want %q", text, words, want)
		}
	}
}

func TestACauseIsFilledIn(t *testing.T) {
	t.Parallel()
	s := situation{
		registry: "ghcr.io", host: "github.com", scope: "write:packages", owner: "acme", lower: "ghcr.io/acme/app",
		repository: "acme/app", linked: "acme/old", settings: "https://github.com/orgs/acme/packages/container/app/settings",
	}
	blank := regexp.MustCompile(`\{[a-z]+\}`)
	for _, c := range causes {
		d := c.in(s)
		for _, text := range []string{d.What, d.Fix.Command, d.Fix.Advice, d.Page} {
			if blank.MatchString(text) {
				t.Errorf("%s: %q", c.ID, text)
			}
		}
		if d.Page != "" && !strings.HasPrefix(d.Page, "https://github.com/") {
			t.Errorf("%s: page %q", c.ID, d.Page)
		}
		if strings.Contains(d.Fix.Advice, "this page") != (d.Page != "") && c.ID != "not-readable" {
			t.Errorf("%s: advice %q, page %q", c.ID, d.Fix.Advice, d.Page)
		}
	}
	want := diagnosis{
		Cause: "recreated-repository",
		What:  "the package is linked to a repository acme/old that was deleted; the one that bears the name now is another, and its workflows may write to the package only if its settings list it",
		Fix:   credentials.Fix{Advice: "under Manage Actions access on this page, add acme/old with the role Write"},
		Page:  s.settings,
	}
	if got := causeNamed("recreated-repository").in(s); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWhereAPackagesSettingsAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host, owner, name string
		organization      bool
		want              string
	}{
		{"github.com", "octocat", "app", false, "https://github.com/users/octocat/packages/container/app/settings"},
		{"github.com", "acme", "app", true, "https://github.com/orgs/acme/packages/container/app/settings"},
		{"acme.ghe.com", "acme", "charts/app", true, "https://acme.ghe.com/orgs/acme/packages/container/charts%2Fapp/settings"},
	} {
		if got := settingsPage(c.host, c.owner, c.name, c.organization); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// Each cause is played by a transcript of its own name, which cmd/e2e runs.
func TestEveryCauseIsPlayed(t *testing.T) {
	t.Parallel()
	for _, c := range causes {
		script, err := os.ReadFile(filepath.Join("testdata", "check-"+c.ID+".txt"))
		if err != nil {
			t.Error(err)
			continue
		}
		played := regexp.MustCompile(`(?m)^(denied|unknown) .*\b` + regexp.QuoteMeta(c.ID) + `$`)
		if !played.Match(script) {
			t.Errorf("check-%s.txt does not come to that", c.ID)
		}
	}
}
