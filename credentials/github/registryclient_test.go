package github

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func askRegistry(t *testing.T, how http.Handler, registry Registry, user, secret string) (Answer, *credentialstest.GitHub) {
	t.Helper()
	hub := credentialstest.NewGitHub()
	hub.Add(secret, credentialstest.Token{Login: "octocat", Host: registry.Host})
	hub.Break("", credentialstest.Registry, how)
	w := ask(hub)
	w.Registry = registry
	return w.AskRegistry(t.Context(), user, mustParse(t, secret)), hub
}

func TestOnlyAClearAnswerOfTheRegistrysOwnSaysAnything(t *testing.T) {
	t.Parallel()
	errors := func(code, message string) string {
		return `{"errors":[{"code":` + inJSON(code) + `,"message":` + inJSON(message) + `}]}`
	}
	for _, test := range []struct {
		name   string
		how    http.Handler
		state  State
		status int
		says   string
	}{
		{"a token", nil, Valid, 200, ""},
		{"an access token", credentialstest.Status(200, `{"access_token":"x","expires_in":300}`), Valid, 200, ""},
		{"an empty token", credentialstest.Status(200, `{"token":"","access_token":""}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 without a token", credentialstest.Status(200, `{}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with a token that is a number", credentialstest.Status(200, `{"token":1}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with errors", credentialstest.Status(200, errors("DENIED", "denied")), Unknown, 200, "200, not GitHub's own answer"},
		{"a proxy's page", credentialstest.ProxyPage, Unknown, 200, "200, not GitHub's own answer"},
		{"garbage", credentialstest.Garbage, Unknown, 200, "200, not GitHub's own answer"},
		{"a token with 201", credentialstest.Status(201, `{"token":"x"}`), Unknown, 201, "201, not GitHub's own answer"},
		{"403 DENIED, as ghcr.io says of a dead token", credentialstest.Denied(403, "DENIED", "denied"), Invalid, 403, ""},
		{"403 DENIED in small letters", credentialstest.Denied(403, "denied", "denied"), Invalid, 403, ""},
		{"403 DENIED of an invalid token", credentialstest.Denied(403, "DENIED", "invalid token"), Invalid, 403, ""},
		{"401 UNAUTHORIZED", credentialstest.Denied(401, "UNAUTHORIZED", "authentication required"), Invalid, 401, ""},
		{"401 of an unknown user", credentialstest.Denied(401, "UNAUTHORIZED", "unauthenticated: User cannot be authenticated with the token provided."), Invalid, 401, ""},
		{"403 as the token's scopes do not match", credentialstest.Denied(403, "DENIED", "permission_denied: The token provided does not match expected scopes."), Unknown, 403, "403 permission_denied: The token provided does not match expected scopes."},
		{"403 as the package may not be written", credentialstest.Denied(403, "DENIED", "permission_denied: write_package"), Unknown, 403, "403 permission_denied: write_package"},
		{"403 with another code", credentialstest.Denied(403, "UNSUPPORTED", "unsupported"), Unknown, 403, "403 unsupported"},
		{"403 with a longer code", credentialstest.Denied(403, "DENIED_FOR_NOW", "x"), Unknown, 403, "403 x"},
		{"403 without a code", credentialstest.Status(403, `{"errors":[{"message":"denied"}]}`), Unknown, 403, "403 denied"},
		{"403 with no errors", credentialstest.Status(403, `{"errors":[]}`), Unknown, 403, "403, not GitHub's own answer"},
		{"403 of a proxy", credentialstest.ProxyDenied, Unknown, 403, "403, not GitHub's own answer"},
		{"403 with half of the errors", credentialstest.Status(403, `{"errors":[{"code":"DENIED","mess`), Unknown, 403, "403, not GitHub's own answer"},
		{"401 of a proxy", credentialstest.ProxyUnauthorized, Unknown, 401, "401, not GitHub's own answer"},
		{"401 as the API says it", credentialstest.Status(401, `{"message":"Bad credentials"}`), Unknown, 401, "401, not GitHub's own answer"},
		{"404", credentialstest.Denied(404, "NAME_UNKNOWN", "repository name not known"), Unknown, 404, "404 repository name not known"},
		{"DENIED with 404", credentialstest.Denied(404, "DENIED", "denied"), Unknown, 404, "404 denied"},
		{"DENIED with 500", credentialstest.Denied(500, "DENIED", "denied"), Unknown, 500, "500 denied"},
		{"429", credentialstest.Denied(429, "TOOMANYREQUESTS", "slow down"), Unknown, 429, "429 slow down"},
		{"429 without a word", credentialstest.Status(429, ""), Unknown, 429, "429, not GitHub's own answer"},
		{"500", credentialstest.ServerError(500), Unknown, 500, "500, not GitHub's own answer"},
		{"502", credentialstest.ServerError(502), Unknown, 502, "502, not GitHub's own answer"},
		{"503", credentialstest.ServerError(503), Unknown, 503, "503, not GitHub's own answer"},
		{"504", credentialstest.ServerError(504), Unknown, 504, "504, not GitHub's own answer"},
		{"a redirect", credentialstest.RedirectTo("https://evil.example/token"), Unknown, 307, "307, not GitHub's own answer"},
		{"a message for a terminal", credentialstest.Denied(500, "X", "\x1b[2Joh\nno"), Unknown, 500, "500 [2Joh no"},
		{"64 MiB", credentialstest.Huge, Unknown, 0, "the answer is too large"},
		{"a body that is cut off", credentialstest.Truncated, Unknown, 0, "unexpected EOF"},
		{"a connection that is closed", credentialstest.CloseEarly, Unknown, 0, "EOF"},
		{"no answer", credentialstest.Hang, Unknown, 0, "no answer in time"},
		{"half an answer", credentialstest.HangInBody, Unknown, 0, "no answer in time"},
		{"an answer that is late", credentialstest.Slow(RegistryLimit+time.Millisecond, nil), Unknown, 0, "no answer in time"},
		{"an answer that is nearly late", credentialstest.Slow(RegistryLimit-time.Millisecond, nil), Valid, 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				got, hub := askRegistry(t, test.how, Registry{"ghcr.io", "github.com"}, "octocat", "gho_example")
				if got.StateByRegistry() != test.state || got.Status != test.status {
					t.Errorf("got word %v, status %d of %+v", got.StateByRegistry(), got.Status, got)
				}
				if took, want := time.Since(begun), waited(test.says, test.name, RegistryLimit); !got.Asked.Equal(begun) || took != want {
					t.Errorf("asked at %v, took %v, want %v", got.Asked, took, want)
				}
				if says := got.Unclear(); test.says != "" && says != test.says && !(got.Status == 0 && strings.HasSuffix(says, test.says)) {
					t.Errorf("says %q, want %q", says, test.says)
				}
				if got.Login != "" || got.HasScopes || !got.Expires.IsZero() {
					t.Errorf("took facts that a registry does not name: %+v", got)
				}
				if n := len(hub.Requests()); n != 1 {
					t.Errorf("sent %d requests, want 1", n)
				}
			})
		})
	}
}

func TestTheWitnessIsAskedAsDockerWillAskIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		registry Registry
		host     string
	}{
		{Registry{"ghcr.io", "github.com"}, "ghcr.io"},
		{Registry{"docker.pkg.github.com", "github.com"}, "ghcr.io"},
		{Registry{"containers.acme.ghe.com", "acme.ghe.com"}, "containers.acme.ghe.com"},
		{Registry{"containers.git.example.com", "git.example.com"}, "containers.git.example.com"},
		{Registry{"docker.git.example.com", "git.example.com"}, "docker.git.example.com"},
	} {
		answer, hub := askRegistry(t, nil, test.registry, "octocat", "ghp_example")
		if answer.StateByRegistry() != Valid {
			t.Errorf("%s: got %+v", test.registry.Name, answer)
		}
		requests := hub.Requests()
		if len(requests) != 1 {
			t.Fatalf("%s: sent %d requests", test.registry.Name, len(requests))
		}
		r := requests[0]
		if r.Method != "GET" || r.Host != test.host || r.Path != "/token" || r.Query != "service="+test.host || !r.TLS {
			t.Errorf("%s: asked %s %s%s?%s, TLS %v", test.registry.Name, r.Method, r.Host, r.Path, r.Query, r.TLS)
		}
		if r.Scheme != "Basic" || r.Username != "octocat" || r.Secret != "ghp_example" || r.UserAgent != "docker-credential-ghcr/test" || len(r.Header) != 2 {
			t.Errorf("%s: sent %+v", test.registry.Name, r)
		}
	}
}
