package denial

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAnExplanationNamesWhatElseTheWordsCanMean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"denied: permission_denied: write_package":                                      {"no-write-role", "actions-no-access"},
		"denied: permission_denied: The token provided does not match expected scopes.": {"missing-scope", "fine-grained-token"},
		"denied: denied":   {"dead-credential", "no-token"},
		"unauthorized":     {"no-token", "not-readable"},
		"403 Forbidden":    {"no-write-role", "actions-no-access", "missing-scope", "sso-not-authorized"},
		"SAML enforcement": {"sso-not-authorized"},
		"GET https://ghcr.io/token: 401 Unauthorized":                               {"no-token", "not-readable"},
		"denied: installation not allowed to Create organization package":           {"actions-no-permission", "may-not-create", "actions-read-only", "app-token"},
		"pull ghcr.io/acme/app: denied: requested access to the resource is denied": {"not-readable", "no-token", "never-pushed"},
		"kubelet Failed to pull image \"ghcr.io/acme/app\": unauthorized":           {"no-pull-secret", "not-readable"},
	} {
		e := Explain(text, githubOnly)
		got := []string{e.Cause}
		for _, other := range e.Or {
			got = append(got, other.Cause)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// What a stranger's log names gets no command that would speak to it.
func TestAHostThatNobodyConfiguredGetsNoCommand(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"npm: containers.github-login.example/acme/app: denied: permission_denied: The token provided does not match expected scopes.",
		"failed to push containers.evil.ghe.com/acme/app:1: denied: permission_denied: write_package",
		"containers.evil.ghe.com/acme/app:1: denied: denied",
		"docker pull containers.evil.ghe.com/acme/app:1\nunauthorized",
		"Failed to pull image \"containers.evil.example/acme/app:1\": denied: SAML enforcement",
	} {
		e := Explain(text, githubOnly)
		said, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if !e.Known() || e.Fix.Command != "" || e.Check != "" || e.Page != "" || strings.Contains(string(said), "-h ") || len(e.Or) > 0 {
			t.Errorf("%q: %s", text, said)
		}
	}
	configured := func(registry string) string {
		if registry == "containers.git.example.com" {
			return "git.example.com"
		}
		return ""
	}
	e := Explain("failed to push containers.git.example.com/acme/app:1: denied: The token provided does not match expected scopes.", configured)
	if e.Fix.Command != "gh auth refresh -h git.example.com -s write:packages" || e.Check != "docker-credential-ghcr check containers.git.example.com/acme/app:1" {
		t.Errorf("%+v", e)
	}
}

func TestWhatIsReadIsInTheExplanation(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Explanation{
		"$ docker push ghcr.io/acme/app:1.2\nThe push refers to repository [ghcr.io/acme/app]\ndenied: denied": {Registry: "ghcr.io", Image: "ghcr.io/acme/app:1.2", Action: "push", Place: Machine},
		"kubelet Failed to pull image \"ghcr.io/acme/app:3\": unauthorized":                                    {Registry: "ghcr.io", Image: "ghcr.io/acme/app:3", Action: "pull", Place: Cluster},
		"##[error]buildx failed with: ERROR: failed to push ghcr.io/acme/app: 403 Forbidden":                   {Registry: "ghcr.io", Image: "ghcr.io/acme/app", Action: "push", Place: Actions},
		"The push refers to repository [quay.io/acme/app]\nunauthorized":                                       {Registry: "quay.io", Place: Machine},
		"denied: denied": {Registry: "ghcr.io", Place: Machine},
	} {
		e := Explain(text, githubOnly)
		got := Explanation{Registry: e.Registry, Image: e.Image, Action: e.Action, Place: e.Place}
		if got.Registry != want.Registry || got.Image != want.Image || got.Action != want.Action || got.Place != want.Place {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
}

func TestHostsThatAreNearlyGitHubs(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"ghrc.io", "gchr.io", "ghcr.com", "ghcr.oi", "ghc.io", "ghccr.io", "gher.io", "hgcr.io", "docker.pkg.gihub.com"} {
		if _, ok := near(host); !ok {
			t.Errorf("%s is not taken for a misspelling", host)
		}
	}
	for _, host := range []string{"ghcr.io", "gcr.io", "quay.io", "nvcr.io", "lscr.io", "icr.io", "docker.io", "mcr.microsoft.com", "example.com", "docker.pkg.github.com", "npm.pkg.github.com"} {
		if meant, ok := near(host); ok {
			t.Errorf("%s is taken for %s", host, meant)
		}
	}
}

// The time for a text grows no faster than its length.
func TestNoTextTakesLong(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"denied: denied ", "a", "denied:\n", "ghcr.io/a/b:1 denied ", "\\", "\x1b[", "https://", "ghcr.io/", "403 ", "lookup x: ", "docker-credential-", "failed to resolve \n", "pull access denied for ", "x509: "} {
		text := strings.Repeat(unit, MaxText/len(unit))
		begun := time.Now()
		Explain(text, githubOnly)
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("%q: %v", unit, took)
		}
	}
}

func TestATextIsMadePlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "",
		"plain":                                 "plain",
		"a\nb":                                  "a\nb",
		"a  \r\n\t b":                           "a\n\t b",
		`a\nb`:                                  "a\nb",
		`a \"b\"`:                               `a "b"`,
		"\x1b[1;31mred\x1b[0m":                  "red",
		`\u001b[31mred\u001b[0m`:                "red",
		"\x1b[2K\x1b[1Ga":                       "a",
		"\x1b]8;;https://x\x1b\\link\x1b]8;;\a": "link",
		"\x1b[38;5;1mx":                         "x",
		"\x1b":                                  "\x1b",
	} {
		if got := plainText(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTheImageInAText(t *testing.T) {
	t.Parallel()
	const digest = "sha256:055bdd5ec004414c3ef9f4b51be4cef09571b5a85290da40668e72114203fd97"
	for text, want := range map[string]string{
		"":                               "",
		"ghcr.io":                        "",
		"ghcr.io/":                       "",
		"ghcr.io/v2/":                    "",
		"ghcr.io/app":                    "",
		"Get \"https://ghcr.io/v2/\": X": "",
		"ghcr.io/acme/app":               "ghcr.io/acme/app latest",
		"ghcr.io/acme/app:1.2":           "ghcr.io/acme/app 1.2",
		"ghcr.io/acme/app:1.2: X":        "ghcr.io/acme/app 1.2",
		"ghcr.io/acme/app:1.2.":          "ghcr.io/acme/app 1.2",
		"ghcr.io/acme/app...":            "ghcr.io/acme/app latest",
		"ghcr.io/acme/app: X":            "ghcr.io/acme/app latest",
		"[ghcr.io/acme/app]":             "ghcr.io/acme/app latest",
		"(ghcr.io/acme/charts/app)":      "ghcr.io/acme/charts/app latest",
		"ghcr.io/acme/app@" + digest:     "ghcr.io/acme/app " + digest,
		"GHCR.io/Acme/App":               "ghcr.io/acme/app latest",
		"docker://ghcr.io/acme/app:1":    "ghcr.io/acme/app 1",
		"https://ghcr.io/v2/acme/app/manifests/1.2: X":                              "ghcr.io/acme/app 1.2",
		`"https://ghcr.io/v2/acme/app/manifests/1.2": X`:                            "ghcr.io/acme/app 1.2",
		"https://ghcr.io/v2/acme/app/manifests/" + digest:                           "ghcr.io/acme/app " + digest,
		"https://ghcr.io/v2/acme/app/blobs/" + digest + ": X":                       "ghcr.io/acme/app latest",
		"https://ghcr.io/v2/acme/app/blobs/uploads/: X":                             "ghcr.io/acme/app latest",
		"https://ghcr.io/v2/acme/app/tags/list":                                     "ghcr.io/acme/app latest",
		"upload to /v2/acme/app/blobs/uploads/ in ghcr.io: X":                       "ghcr.io/acme/app latest",
		"https://ghcr.io/token?scope=repository%3Aacme%2Fapp%3Apull&s=x":            "ghcr.io/acme/app latest",
		"https://ghcr.io/token?service=ghcr.io&scope=repository:acme/app:pull,push": "ghcr.io/acme/app latest",
		"containers.acme.ghe.com/acme/app":                                          "containers.acme.ghe.com/acme/app latest",
		"containers.git.example.com/acme/app":                                       "containers.git.example.com/acme/app latest",
		"docker.pkg.github.com/acme/app/image:1":                                    "docker.pkg.github.com/acme/app/image 1",
		"docker.io/library/alpine quay.io/acme/app docker.elastic.co/a/b":           "",
		"notghcr.io/acme/app":                                                       "",
		"https://ghcr.io.example.com/v2/acme/app/manifests/1":                       "",
		"https://octocat:gho_aaaaaaaaaaaaaaaaaaaa@ghcr.io/acme/app":                 "ghcr.io/acme/app latest",
		"ghcr.io/gho_aaaaaaaaaaaaaaaaaaaa/app":                                      "",
		"ghcr.io/acme/ghp_aaaaaaaaaaaaaaaaaaaa":                                     "",
		"ghcr.io/acme/app:github_pat_11AAAA":                                        "",
		"ghcr.io/acme/base denied: X ghcr.io/acme/app":                              "ghcr.io/acme/base latest",
		"ghcr.io/acme/base ghcr.io/acme/app denied: X ghcr.io/acme/cache":           "ghcr.io/acme/app latest",
		"denied: X ghcr.io/acme/app ghcr.io/acme/cache":                             "ghcr.io/acme/app latest",
	} {
		got := ""
		if i, ok := read(text, namer{githubOnly}).imageAt(0, max(0, strings.Index(text, "denied"))); ok {
			got = i.String() + " " + i.Manifest()
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// secretLike is what must not come out of a text again.
var secretLike = regexp.MustCompile(`(?i)gh[a-z]_[a-z0-9]{16,}|github_pat_[a-z0-9]{8,}`)

// FuzzExplain: whatever a text holds, nothing of it is repeated that a terminal would
// obey or that could be a token, and the answer is whole.
func FuzzExplain(f *testing.F) {
	for _, path := range clientOutputs(f) {
		text := contents(f, path)
		f.Add(text[max(0, len(text)-2000):])
	}
	for _, c := range append(fieldComplaints(f), inventedComplaints(f)...) {
		f.Add(c.text)
	}
	for _, c := range reportedTexts {
		f.Add(c.text)
	}
	for _, text := range []string{
		"no usable GitHub token for gho_aaaaaaaaaaaaaaaaaaaaaaaa",
		"ghcr.io/gho_aaaaaaaaaaaaaaaaaaaaaaaa/app:ghp_bbbbbbbbbbbbbbbbbbbbbbbb denied: denied",
		"lookup ghs_aaaaaaaaaaaaaaaaaaaaaaaa: Try again",
		"failed to fetch oauth token: unexpected status ghs_aaaaaaaaaaaaaaaaaaaaaaaa 403",
		"https://ghcr.io/token?scope=repository:github_pat_11AAAAAAAAAAAAAAAAA/x:pull unauthorized",
		"pull access denied for gho_aaaaaaaaaaaaaaaaaaaaaaaa denied: denied",
		"docker-credential-ghp_aaaaaaaaaaaaaaaaaaaaaaaa: not found", "docker login ghp_aaaaaaaaaaaaaaaaaaaaaaaa.example: denied: denied",
		"\x1b[31mdenied\x1b[0m: \xff\xfe denied", "\\u001b[31m", "\x1b]", "ghcr.io/a/b@sha256:", "ghcr.io/\u212a/app denied:",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e := Explain(text, githubOnly)
		printed, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		said := string(printed)
		if secretLike.MatchString(said) {
			t.Errorf("a token is in %q", said)
		}
		if strings.ContainsAny(e.Words+e.What+e.Fix.String()+e.Page+e.Check+e.Registry+e.Image, "\x00\x1b\r\n\x7f") {
			t.Errorf("not fit for a terminal: %q", said)
		}
		switch {
		case e.Or == nil || e.Place == "":
			t.Errorf("not whole: %s", said)
		case e.Known() && (e.What == "" || (e.Fix.Command == "") == (e.Fix.Advice == "")):
			t.Errorf("not whole: %s", said)
		case e.Foreign() && strings.Contains(said, "gh auth"):
			t.Errorf("advice of GitHub's: %s", said)
		}
	})
}

func plainText(text string) string {
	var plain []string
	for _, l := range linesOf(text) {
		plain = append(plain, l.text)
	}
	return strings.Join(plain, "\n")
}
