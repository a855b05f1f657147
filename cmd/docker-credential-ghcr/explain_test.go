package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// complaints are the files of testdata/complaints: what real clients said, most of
// it of the pretend GitHub of cmd/e2e, each in the folder of its cause. In
// those whose name ends in words-hidden, the client keeps the registry's words to
// itself, and the cause is the most likely one of several. So it is where a token
// endpoint refuses an anonymous push in the words it has for dead tokens.
func complaints(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/complaints/*/*.txt")
	if err != nil || len(paths) < 50 {
		t.Fatalf("found %d complaints, %v", len(paths), err)
	}
	return paths
}

// explained is what explain --json says; zero if it knows nothing.
func explained(t testing.TB, text string) (e explanation) {
	t.Helper()
	got := call(strings.NewReader(text), "explain", "--json")
	if got.code == 0 {
		if err := json.Unmarshal([]byte(got.stdout), &e); err != nil || got.stderr != "" {
			t.Fatalf("%v: %+v", err, got)
		}
	}
	return e
}

func TestComplaintsAreExplained(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`(?i)ghcr\.io/(token\?[^\s"]*repository%3A)?(v2/)?(acme|octocat)(/|%2F)|/v2/acme/app/blobs/uploads/ in ghcr\.io`)
	for _, path := range complaints(t) {
		text, name, cause := read(t, path), filepath.Base(path), filepath.Base(filepath.Dir(path))
		if cause == "none" {
			cause = ""
		}
		e := explained(t, text)
		if e.Cause != cause {
			t.Errorf("%s: got %q", path, e.Cause)
		}
		if cause == "" {
			continue
		}
		if e.What == "" || (e.Fix.Command == "") == (e.Fix.Advice == "") {
			t.Errorf("%s: %+v", path, e)
		}
		if named.MatchString(text) == strings.Contains(e.Check, "OWNER") {
			t.Errorf("%s: %s", path, e.Check)
		}
		pull := strings.HasSuffix(e.Check, " --pull")
		tells := strings.Contains(name, "-pull") && !strings.Contains(e.Check, "OWNER") && name != "regctl-pull.txt"
		if tells && !pull || strings.Contains(name, "-push") && pull {
			t.Errorf("%s: %s", path, e.Check)
		}
	}
}

func TestAnExplanationNamesWhatElseTheWordsCanMean(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"denied: permission_denied: write_package":                                      {"no-write-role", "actions-no-access"},
		"denied: permission_denied: The token provided does not match expected scopes.": {"missing-scope", "fine-grained-token"},
		"denied: denied":   {"dead-credential", "no-token"},
		"unauthorized":     {"no-token", "not-readable"},
		"403 Forbidden":    {"no-write-role", "actions-no-access", "missing-scope", "sso-not-authorized"},
		"SAML enforcement": {"sso-not-authorized"},
	} {
		e := explained(t, text)
		got := []string{e.Cause}
		for _, other := range e.Or {
			got = append(got, other.Cause)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestWhatExplainReadsAndHowItEnds(t *testing.T) {
	t.Parallel()
	const known = "denied: permission_denied: write_package"
	for name, c := range map[string]struct {
		stdin string
		args  []string
		code  int
		says  string
	}{
		"on standard input":             {known, nil, 0, `X "permission_denied: write_package": `},
		"as an argument":                {"", []string{known}, 0, `X "permission_denied: write_package": `},
		"as several":                    {"", strings.Fields(known), 0, `X "permission_denied: write_package": `},
		"an argument before stdin":      {"unauthorized", []string{known}, 0, `X "permission_denied: write_package": `},
		"with the image":                {"", []string{"ghcr.io/acme/app:", known}, 0, "run: docker-credential-ghcr check ghcr.io/acme/app\n"},
		"without an image":              {"", []string{known}, 0, "run: docker-credential-ghcr check ghcr.io/OWNER/IMAGE\n"},
		"nothing known":                 {"all is well", nil, 1, "hint: run: docker-credential-ghcr check ghcr.io/OWNER/IMAGE\n"},
		"nothing known of an image":     {"ghcr.io/acme/app failed", nil, 1, "hint: run: docker-credential-ghcr check ghcr.io/acme/app\n"},
		"nothing at all":                {"", nil, 1, "error: nothing in the text is known to be a registry's denial\n"},
		"words that are not for us":     {"", []string{"--yaml"}, 2, "Usage:"},
		"at the end of a very long log": {strings.Repeat("\n", 2*maxComplaint) + known, nil, 0, `X "permission_denied: write_package": `},
	} {
		got := call(strings.NewReader(c.stdin), append([]string{"explain"}, c.args...)...)
		if got.code != c.code || !strings.Contains(got.stdout+got.stderr, c.says) || (got.code == 0) != (got.stderr == "") || (got.code == 0) == (got.stdout == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := call(iotest.ErrReader(errors.New("input/output error")), "explain"); got.code != 1 || !strings.Contains(got.stderr, "input/output error") {
		t.Errorf("of what cannot be read: %+v", got)
	}
}

func TestTheEndIsRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "abcd", "abcde", strings.Repeat("abcdefg", 100_000)} {
		got, err := readEnd(iotest.HalfReader(strings.NewReader(text)), 4)
		if want := text[max(0, len(text)-4):]; got != want || err != nil {
			t.Errorf("of %d bytes: got %q, %v, want %q", len(text), got, err, want)
		}
	}
}

func TestATextIsMadePlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "",
		"plain":                                 "plain",
		"a\nb":                                  "a\nb",
		"a  \r\n\t b":                           "a\nb",
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
		if i, ok := imageIn(text, max(0, strings.Index(text, "denied"))); ok {
			got = i.String() + " " + i.reference
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// secretLike is what must not come out of a text again.
var secretLike = regexp.MustCompile(`(?i)gh[a-z]_[a-z0-9]{16,}|github_pat_[a-z0-9]{8,}`)

// FuzzExplain: whatever a text holds, explain ends as documented, says nothing that
// a terminal would obey, and nothing that could be a token.
func FuzzExplain(f *testing.F) {
	for _, path := range complaints(f) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text[max(0, len(text)-2000):]))
	}
	for _, c := range reportedTexts {
		f.Add(c.text)
	}
	for _, text := range []string{
		"no usable GitHub token for gho_aaaaaaaaaaaaaaaaaaaaaaaa",
		"ghcr.io/gho_aaaaaaaaaaaaaaaaaaaaaaaa/app:ghp_bbbbbbbbbbbbbbbbbbbbbbbb denied: denied",
		"failed to fetch oauth token: unexpected status ghs_aaaaaaaaaaaaaaaaaaaaaaaa 403",
		"https://ghcr.io/token?scope=repository:github_pat_11AAAAAAAAAAAAAAAAA/x:pull unauthorized",
		"pull access denied for gho_aaaaaaaaaaaaaaaaaaaaaaaa denied: denied",
		"\x1b[31mdenied\x1b[0m: \xff\xfe denied", "\\u001b[31m", "\x1b]", "ghcr.io/a/b@sha256:", "ghcr.io/\u212a/app denied:",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, args := range [][]string{{"explain"}, {"explain", "--json"}} {
			got := call(strings.NewReader(text), args...)
			if got.code != 0 && got.code != 1 || (got.code == 0) != (got.stderr == "") || (got.code == 0) == (got.stdout == "") {
				t.Errorf("%+v", got)
			}
			said := got.stdout + got.stderr
			if secretLike.MatchString(said) {
				t.Errorf("a token is in %q", said)
			}
			if strings.ContainsAny(said, "\x00\x1b\r\x7f") {
				t.Errorf("not fit for a terminal: %q", said)
			}
			if got.code == 0 && args[len(args)-1] == "--json" && !json.Valid(bytes.TrimSpace([]byte(got.stdout))) {
				t.Errorf("not JSON: %s", got.stdout)
			}
		}
	})
}
