package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func TestWhyATokenWasNotRevoked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer github.Answer
		says   string
		hint   string
	}{
		"accepted":       {says(http.StatusAccepted, ""), "", ""},
		"no content":     {says(http.StatusNoContent, ""), "", ""},
		"no answer":      {github.Answer{Trouble: "no answer in time"}, "github.com did not answer: no answer in time; the token may still work", "run it again"},
		"limited":        {github.Answer{Status: 403, Own: true, Limited: true, Message: "API rate limit exceeded"}, "the rate limit of github.com is used up; nothing was revoked", "run it again in an hour"},
		"not there":      {says(http.StatusNotFound, "Not Found"), "github.com does not offer to revoke this personal access token (classic); nothing was revoked", "revoke it at https://github.com/settings/tokens"},
		"refused":        {says(http.StatusUnprocessableEntity, "Validation Failed"), "github.com refused: 422 Unprocessable Entity Validation Failed; nothing was revoked", ""},
		"trouble":        {says(http.StatusInternalServerError, "Server Error"), "github.com refused: 500 Internal Server Error Server Error; nothing was revoked", ""},
		"a proxy's page": {github.Answer{Status: http.StatusOK}, "github.com refused: 200 OK; nothing was revoked", ""},
	} {
		err := revocationError(c.answer, github.Classic, "github.com")
		said, hint := "", ""
		if err != nil {
			said = err.Error()
		}
		if m, ok := err.(fixable); ok {
			hint = m.fix
		}
		if said != c.says || hint != c.hint {
			t.Errorf("%s: got %q, %q, want %q, %q", name, said, hint, c.says, c.hint)
		}
	}
}

func TestTokensOfAppsAreRevokedAtAnotherPage(t *testing.T) {
	t.Parallel()
	for kind, page := range map[github.Kind]string{
		github.OAuthToken: "https://git.example.com/settings/applications",
		github.AppUser:    "https://git.example.com/settings/applications",
		github.AppRefresh: "https://git.example.com/settings/applications",
		github.Classic:    "https://git.example.com/settings/tokens",
		github.Unprefixed: "https://git.example.com/settings/tokens",
	} {
		m, ok := notOffered(kind, "git.example.com").(fixable)
		if !ok || m.fix != "revoke it at "+page || !strings.Contains(m.Error(), "git.example.com does not offer to revoke this "+string(kind)) {
			t.Errorf("%s: %v", kind, m)
		}
	}
}

func TestWhoElseUsesAToken(t *testing.T) {
	t.Parallel()
	for source, c := range map[credentials.Source]struct{ secret, says string }{
		credentials.GH:            {"gho_x", "gh itself uses it"},
		credentials.DockerLogin:   {"ghp_x", "Every machine and program"},
		"GITHUB_TOKEN":            {"ghs_x", "The rest of the job"},
		"GH_TOKEN":                {"ghp_x", "Every machine and program"},
		credentials.StandardInput: {"ghp_x", "Every machine and program"},
	} {
		v := goodVerdict(t, c.secret)
		v.Source = source
		if got := othersWhoUse(v); !strings.Contains(got, c.says) || !strings.HasSuffix(got, "This cannot be undone.") {
			t.Errorf("%s: %q", source, got)
		}
	}
}

func TestWhatRevokeCannotDo(t *testing.T) {
	moveIn(t)
	for name, c := range map[string]struct {
		stdin string
		args  []string
		code  int
		says  string
	}{
		"nothing to revoke":       {"", nil, 1, "docker gets no token now"},
		"no such source":          {"", []string{"GH_TOKEN"}, 2, `there is no token in "GH_TOKEN"; there is: -`},
		"two sources":             {"", []string{"GH_TOKEN", "gh"}, 2, "name one source"},
		"a token as the argument": {"", []string{"gho_argumentargument"}, 2, "a token is never an argument"},
		"an empty token":          {"\n", []string{"-", "--yes"}, 1, "the text on standard input is empty"},
		"two tokens":              {"gho_one gho_two", []string{"-", "--yes"}, 1, "the text on standard input has a blank"},
		"a foreign registry":      {"", []string{"--registry", "localhost"}, 2, "is neither a container registry of GitHub's nor a GitHub host"},
		"an unknown server":       {"", []string{"--registry", "git.example.com"}, 1, "gh does not know git.example.com"},
	} {
		got := call(strings.NewReader(c.stdin), append([]string{"revoke"}, c.args...)...)
		if got.code != c.code || got.stdout != "" || !strings.Contains(got.stderr, c.says) || strings.Contains(got.stderr, "gho_") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// GitHub may take a moment to reject what it has revoked.
func TestARevokedTokenMayTakeAMomentToDie(t *testing.T) {
	for name, c := range map[string]struct {
		lives time.Duration
		want  bool
	}{"none": {0, true}, "a moment": {3 * time.Second, true}, "too long": {time.Minute, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				token, err := github.ParseToken("gho_example")
				if err != nil {
					t.Fatal(err)
				}
				begun, hub := time.Now(), credentialstest.NewGitHub()
				hub.Add("gho_example", credentialstest.Token{Login: "octocat"})
				time.AfterFunc(c.lives, func() {
					hub.Break("", credentialstest.API, credentialstest.Status(401, `{"message":"Bad credentials"}`))
				})
				client := &github.Client{Registry: github.Registry{Name: "ghcr.io", Host: "github.com"}, Transport: hub.Transport()}
				if got := isRejectedSoon(t.Context(), client, token); got != c.want || time.Since(begun) > revocationWait+time.Second {
					t.Errorf("got %v after %v", got, time.Since(begun))
				}
			})
		})
	}
}

// says is an answer of a server's own.
func says(status int, message string) github.Answer {
	return github.Answer{Asked: time.Unix(1, 0), Status: status, Own: true, Message: message}
}

func goodVerdict(t *testing.T, secret string, scopes ...string) credentials.Verdict {
	t.Helper()
	token, err := github.ParseToken(secret)
	if err != nil {
		t.Fatal(err)
	}
	return credentials.Verdict{Candidate: credentials.Candidate{Source: "GHCR_TOKEN", Token: token}, User: "octocat", Scopes: scopes, HasScopes: scopes != nil}
}
