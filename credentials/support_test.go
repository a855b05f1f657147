package credentials

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// canary is the part of a token that must never be printed.
const canary = "CANARYsings"

func mustParse(t testing.TB, text string) github.Token {
	t.Helper()
	token, err := github.ParseToken(text)
	if err != nil {
		t.Fatalf("ParseToken(%q): %v", text, err)
	}
	return token
}

// shows reports whether a text gives the canary away, in a coat or without.
func shows(text string) bool {
	plainBytes := strings.Trim(fmt.Sprint([]byte(canary)), "[]")
	for _, coat := range []string{
		canary,
		hex.EncodeToString([]byte(canary)),
		base64.StdEncoding.EncodeToString([]byte(canary))[:12],
		plainBytes,
		strings.ReplaceAll(plainBytes, " ", ","),
		fmt.Sprintf("%#v", []byte(canary))[len("[]byte{"):20],
		strings.Trim(fmt.Sprintf("%b", []byte(canary)), "[]"),
		strings.Trim(fmt.Sprintf("%U", []rune(canary)), "[]"),
	} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(coat)) {
			return true
		}
	}
	return false
}

// asIfOwn answers with the mark by which GitHub's own answers are known.
func asIfOwn(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-GitHub-Request-Id", "0000:0000:0000:0000:0000")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

var octocat = credentialstest.Token{Login: "octocat", Scopes: []string{"gist", "write:packages"}}

// foreign are server URLs of registries that are not GitHub's, though some look like it.
var foreign = []string{
	"docker.io", "https://index.docker.io/v1/", "quay.io", "registry.example.com", "localhost:5000",
	"evilghcr.io", "ghcr.io.evil.example", "ghcr.io.", "http://ghcr.io", "https://me@ghcr.io", "ghcr.io:8443",
	"containers.a.b.ghe.com", "containers.github.com", "docker.x.ghe.com", "containers.ghcr.io", "docker.io\x00ghcr.io", "",
}

// addressesWithPasswords are server URLs that are not GitHub's, and what may
// be shown of them.
var addressesWithPasswords = map[string]string{
	"https://octocat:ghp_" + canary + "@ghcr.io":            "ghcr.io",
	"https://ghp_" + canary + "@ghcr.io/v2/":                "ghcr.io",
	"octocat:" + canary + "@ghcr.io":                        "ghcr.io",
	" HTTPS://octocat:" + canary + "@registry.example:5000": "registry.example:5000",
	"https://octocat:a@b@" + canary + "@ghcr.io/octocat":    "ghcr.io",
	"https://registry.example/?token=" + canary:             "registry.example",
	"https://registry.example/" + canary:                    "registry.example",
	"ftp://:" + canary + "@ghcr.io":                         "ghcr.io",
}

// children are what this binary does as a child of a test.
var children = map[string]func(){
	"exit with 36":  func() { os.Exit(36) },
	"exit with 44":  func() { os.Exit(44) },
	"exit with 51":  func() { os.Exit(51) },
	"exit with 128": func() { os.Exit(128) },
	"exit with 1":   func() { os.Exit(1) },
	"get":           getAsChild,
}

// child is this test binary, about to do something else.
func child(t *testing.T, what string, env ...string) *exec.Cmd {
	t.Helper()
	if children[what] == nil {
		t.Fatalf("no child does %q", what)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self)
	command.Env = append(os.Environ(), "CHILD_OF_TEST="+what, "GOTRACEBACK=all", "GORACE=atexit_sleep_ms=0")
	command.Env = append(command.Env, env...)
	return command
}

// A verdict and a candidate print no more of their token than the token itself does.
func TestAVerdictPrintsNoSecret(t *testing.T) {
	t.Parallel()
	token := mustParse(t, "gho_"+canary)
	v := Verdict{Candidate: Candidate{Source: GH, Token: token}, User: "octocat"}
	for _, value := range []any{v, &v, v.Candidate, &v.Candidate, []Verdict{v}, &Refusal{Verdicts: []Verdict{v}}, loginRecord{User: "octocat", CacheKey: token.Key(github.DotCom)}} {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspwz" {
			for _, flags := range []string{"", "+", "#", "-60", " "} {
				if text := fmt.Sprintf("%"+flags+string(verb), value); shows(text) {
					t.Errorf("%%%s%c prints %q", flags, verb, text)
				}
			}
		}
		if text, err := json.Marshal(value); err != nil || shows(string(text)) {
			t.Errorf("JSON is %s, %v", text, err)
		}
	}
}
