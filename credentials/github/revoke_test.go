package github

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// Each kind of token is revoked in the way that GitHub documents for it.
func TestATokenOfEachKindIsRevoked(t *testing.T) {
	for registry, secrets := range map[string][]string{
		"ghcr.io":                    {"ghp_x", "github_pat_x", "gho_x", "ghu_x", "ghr_x", "ghs_x"},
		"containers.acme.ghe.com":    {"ghp_x", "github_pat_x", "gho_x", "ghu_x", "ghr_x", "ghs_x"},
		"containers.git.example.com": {"ghp_x", "github_pat_x", "ghs_x"},
	} {
		for _, secret := range secrets {
			t.Run(registry+" "+secret, func(t *testing.T) {
				m := newPretend(t)
				s, token, _ := m.client(registry, secret)
				host := s.Registry.Host
				m.github.Add(secret, credentialstest.Token{Login: "octocat", Host: host, Scopes: []string{"write:packages"}})
				m.github.Add("gho_other", credentialstest.Token{Login: "octocat", Host: host})
				if !s.Revocable(token.Kind()) {
					t.Error("is not revocable")
				}
				if secret != "ghr_x" && s.IsDead(t.Context(), token) { // which cannot be checked
					t.Error("was dead before")
				}
				before := len(m.github.Requests())
				a := s.Revoke(t.Context(), token)
				if !a.Own && a.Status != http.StatusAccepted && a.Status != http.StatusNoContent {
					t.Errorf("got %+v", a)
				}
				if m.github.Alive(secret) || !m.github.Alive("gho_other") || !s.IsDead(t.Context(), token) {
					t.Error("lives, or another died")
				}
				r := m.github.Requests()[before]
				api, login := "api."+host, ""
				want := credentialstest.Request{Method: "POST", Path: "/credentials/revoke", Body: `{"credentials":["` + secret + `"]}`, Status: 202}
				if host == "git.example.com" {
					api, login, want.Path = host, secret, "/api/v3/credentials/revoke"
				}
				if secret == "ghs_x" {
					want.Method, want.Body, want.Status, login = "DELETE", "", 204, secret
					want.Path = strings.TrimSuffix(want.Path, "/credentials/revoke") + "/installation/token"
				}
				if r.Host != api || !r.TLS || r.Method != want.Method || r.Path != want.Path || r.Query != "" || r.Body != want.Body || r.Secret != login || r.Status != want.Status || r.UserAgent == "" {
					t.Errorf("sent %+v", r)
				}
				if login == "" && r.Header.Get("Authorization") != "" {
					t.Error("sent a login, with which GitHub refuses")
				}
			})
		}
	}
}

func TestWhatAServerDoesNotRevoke(t *testing.T) {
	m := newPretend(t)
	for registry, want := range map[string]string{
		"ghcr.io":                    "",
		"containers.acme.ghe.com":    "",
		"containers.git.example.com": "gho_ ghu_ ghr_ 40",
	} {
		s, _, _ := m.client(registry, "")
		var not []string
		for _, secret := range []string{"ghp_x", "github_pat_x", "gho_x", "ghu_x", "ghr_x", "ghs_x", strings.Repeat("a0", 20)} {
			if !s.Revocable(mustParse(t, secret).Kind()) {
				prefix, _, ok := strings.Cut(secret, "x")
				if !ok {
					prefix = "40"
				}
				not = append(not, prefix)
			}
		}
		if got := strings.Join(not, " "); got != want {
			t.Errorf("%s: not %q, want %q", registry, got, want)
		}
	}
}

// What a server says when it does not revoke reaches the person as it was said, and
// nothing of the token does.
func TestARefusalToRevokeIsAFact(t *testing.T) {
	const secret = "gho_canary"
	for name, c := range map[string]struct {
		how  http.Handler
		want Answer
	}{
		"refused":   {asIfOwn(422, `{"message":"Validation Failed"}`), Answer{Status: 422, Own: true, Message: "Validation Failed"}},
		"repeating": {asIfOwn(422, `{"message":"what is `+secret+`?"}`), Answer{Status: 422, Own: true, Message: "what is gho_****?"}},
		"absent":    {asIfOwn(404, `{"message":"Not Found"}`), Answer{Status: 404, Own: true, Message: "Not Found"}},
		"limited":   {credentialstest.RateLimited, Answer{Status: 403, Own: true, Limited: true, Message: "API rate limit exceeded for user ID 1."}},
		"secondary": {credentialstest.SecondaryLimit(429, time.Minute), Answer{Status: 429, Own: true, Limited: true, Message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}},
		"trouble":   {credentialstest.ServerError(500), Answer{Status: 500, Own: true, Message: "Server Error"}},
		"a proxy":   {credentialstest.ProxyPage, Answer{Status: 200}},
		"away":      {credentialstest.RedirectTo("https://evil.example/"), Answer{Status: 307}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newPretend(t)
			m.token(secret, "write:packages")
			m.github.Break("", credentialstest.API, credentialstest.At("/credentials/revoke", c.how))
			s, token, _ := m.client("ghcr.io", secret)
			got := s.Revoke(t.Context(), token)
			if got.Status != c.want.Status || got.Own != c.want.Own || got.Limited != c.want.Limited || got.Message != c.want.Message {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if !m.github.Alive(secret) || s.IsDead(t.Context(), token) {
				t.Error("is dead")
			}
			for _, r := range m.github.Requests() {
				if r.Host != "api.github.com" {
					t.Errorf("sent to %s", r.Host)
				}
			}
		})
	}
}

// Whether a token is dead is a question to GitHub: silence and trouble are no answer.
func TestOnlyGitHubSaysThatATokenIsDead(t *testing.T) {
	m := newPretend(t)
	for name, how := range map[string]http.Handler{
		"trouble": credentialstest.ServerError(503), "a proxy's no": credentialstest.ProxyUnauthorized, "no end": credentialstest.Truncated, "limit": credentialstest.RateLimited,
	} {
		m.github.Break("", credentialstest.API, how)
		if s, token, _ := m.client("ghcr.io", "gho_example"); s.IsDead(t.Context(), token) {
			t.Errorf("dead by %s", name)
		}
	}
	m.github.Break("", credentialstest.API, nil)
	if s, token, _ := m.client("ghcr.io", "gho_example"); !s.IsDead(t.Context(), token) {
		t.Error("not dead by a clear word")
	}
}

// Neither revoking nor asking afterwards leaves the token in a file or a trace.
func TestRevokingLeavesNoSecretBehind(t *testing.T) {
	m := newPretend(t)
	const secret = "gho_canary"
	m.token(secret, "write:packages")
	s, token, said := m.client("ghcr.io", secret)
	a := s.Revoke(t.Context(), token)
	s.IsDead(t.Context(), token)
	shown, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"the trace": said.String(), "the answer": string(shown)}
	for where, text := range texts {
		if strings.Contains(text, secret) {
			t.Errorf("the token is in %s", filepath.Base(where))
		}
	}
	if !strings.Contains(said.String(), "POST https://api.github.com/credentials/revoke: 202") {
		t.Errorf("traced %q", said)
	}
}
