package denial

import (
	"slices"
	"strings"
	"testing"
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
	{"denied: something new", "unclear"},

	{"  gh, octocat: lacks write:packages (has gist, read:org, repo)", "missing-scope"},
	{"  gh, octocat: lacks read:packages (has none)", "missing-scope"},
	{"  GH_TOKEN: rejected by GitHub: expired or revoked", "dead-credential"},
	{"  GH_TOKEN: rejected by the registry: expired or revoked", "dead-credential"},
	{"  GH_TOKEN: fine-grained personal access token; GitHub Packages does not take it", "fine-grained-token"},
	{"  GH_TOKEN: GitHub App refresh token; GitHub Packages does not take it", "refresh-token"},
	{"  gh, octocat: could not be checked: API: no answer in time; registry: no answer in time", "unreachable"},
	{"  gh, octocat: could not be checked: API: 403 API rate limit exceeded for user ID 1.; registry: no answer in time", "rate-limited"},
	{"  gh, octocat: could not be checked: API: x509: certificate signed by unknown authority; registry: no answer in time", "untrusted-certificate"},
	{"  GH_TOKEN: rejected by GitHub: the account is suspended", "account-suspended"},
	{"docker-credential-ghcr: error: no usable GitHub token for ghcr.io", "no-usable-token"},

	{"denied: Resource not accessible by integration", "actions-no-permission"},
	{"Resource not accessible by personal access token", "fine-grained-token"},
	{`exec: "docker-credential-ghcr": executable file not found in $PATH`, "helper-not-found"},
	{"failed to spawn docker-credential-ghcr", "helper-not-found"},
	{`Cannot run program "docker-credential-secretservice": no such thing`, "helper-not-found"},
	{"unexpected status from HEAD request to https://ghcr.io/v2/acme/app/manifests/1: 404 Not Found", "never-pushed"},
	{"[httpOci] 403: Credentials for 'ghcr.io' may be expired. Attempting request anonymously.", "dead-credential"},
	{"error getting credentials - err: exit status 1, out: `No stored credential for ghcr.io`", "no-usable-token"},
	{"ghcr.io answered with status code 500", "unreachable"},

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
			if got := CauseOf(text); got != c.cause {
				t.Errorf("%q: got %q, want %q", text, got, c.cause)
			}
		}
	}
}

// Each row of the table has a text in which no other row counts before it.
func TestNoPhraseIsHidden(t *testing.T) {
	t.Parallel()
	var texts []string
	for _, c := range reportedTexts {
		texts = append(texts, c.text)
	}
	for _, path := range clientOutputs(t) {
		texts = append(texts, contents(t, path))
	}
	for _, c := range append(fieldComplaints(t), inventedComplaints(t)...) {
		texts = append(texts, c.text)
	}
	var found []int
	for _, text := range texts {
		if e, _ := decisive(read(text, namer{githubOnly}).denials()); e != nil {
			found = append(found, e.row)
		}
	}
	for row, p := range phrases {
		if !slices.Contains(found, row) {
			t.Errorf("no text is explained by row %d: %v, %v", row, p.has, p.causes)
		}
	}
}

func TestEveryPhraseMeansACauseOfTheTable(t *testing.T) {
	t.Parallel()
	for _, p := range phrases {
		for _, id := range append(slices.Clone(p.causes), p.causesOfPull...) {
			if Named(id).ID != id {
				t.Errorf("%v: no cause %s", p.has, id)
			}
		}
	}
}

func TestOnlyTheWordsOfAPhraseAreRepeated(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"denied: permission_denied: write_package":                                      "permission_denied: write_package",
		"no usable GitHub token for ghcr.io, and gho_aaaaaaaaaaaaaaaaaaaa besides":      "no usable github token",
		"failed to fetch oauth token: unexpected status from https://a:gho_b@c/: 403 x": "failed to fetch oauth token",
		"403 (Forbidden)": "403 (forbidden",
		"denied":          "denied",
		"x: denied: gho_aaaaaaaaaaaaaaaaaaaaaaaaaaa":                "denied",
		"could not parse reference: ghcr.io/gho_AAAAAAAAAAAAAAAA/x": "could not parse reference",
	} {
		if got := Explain(text, githubOnly).Words; got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTheDenialThatEndedItCounts(t *testing.T) {
	t.Parallel()
	const (
		role  = "denied: permission_denied: write_package"
		scope = "denied: permission_denied: The token provided does not match expected scopes."
		ours  = "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n  GH_TOKEN: rejected by GitHub: expired or revoked\n  gh, octocat: lacks write:packages (has none)\n" +
			"  docker login: could not be checked: API: no answer in time\ndocker-credential-ghcr: hint: run: gh auth refresh -h github.com -s write:packages"
	)
	for text, want := range map[string]string{
		// The last of equals.
		role + "\n" + scope:                "missing-scope",
		scope + "\n" + role:                "no-write-role",
		"denied: denied\nmanifest unknown": "never-pushed",
		"manifest unknown\ndenied: denied": "dead-credential",
		"connection refused\nunauthorized": "no-token",
		"unauthorized\nconnection refused": "unreachable",
		scope + " " + role:                 "missing-scope",
		"denied:\ndenied":                  "dead-credential", // broken between words
		"x: den\nied: denied":              "dead-credential", // and within one
		"unauthorized\nx: 403\nForbidden":  "no-write-role",
		"rate limit\nfailed to resolve\n" + "ghcr.io/acme/app: not found": "never-pushed",

		// Words that only GitHub uses, wherever they are.
		role + "\nconnection refused":                                    "no-write-role",
		role + "\ndenied: denied":                                        "no-write-role",
		"denied: denied\nrate limit":                                     "dead-credential",
		"rate limit\ndenied: denied\nmust be lowercase":                  "dead-credential",
		"denied: denied\nghcr.io: connection refused":                    "unreachable",
		"ghcr.io: connection refused\nrate limit":                        "unreachable",
		"https://containers.acme.ghe.com/v2/ unauthorized\nno such host": "no-token",

		// What we refused is about the anonymous request that follows it, all of our
		// words are one, and a token's own denial is about another request.
		ours + "\nunauthorized: unauthenticated: User cannot be authenticated with the token provided.": "missing-scope",
		ours + "\ndenied: denied": "missing-scope",
		ours + "\n" + role:        "no-write-role",
		role + "\n" + ours:        "missing-scope",
	} {
		got := ""
		if e, _ := decisive(read(text, namer{githubOnly}).denials()); e != nil {
			got = e.causes[0]
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
