package e2e

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// brokenServer is a way in which the API or the registry is broken, what is made
// of it there, and how long that takes.
type brokenServer struct {
	name          string
	how           http.Handler
	api, registry word
	takes         time.Duration
}

// word is what is made of an answer: the token is good; it is bad, in the words of
// the refusal, which begin with "rejected"; or, with any other text, the answer is unknown.
type word string

const good word = "good"

func (w word) condemns() bool { return strings.HasPrefix(string(w), "rejected") }

const (
	notOwn    = ", not GitHub's own answer"
	brokenOff = "net/http: HTTP/1.x transport connection broken: unexpected EOF"
	hugeSaid  = "net/http: HTTP/1.x transport connection broken: net/http: server response headers exceeded 65536 bytes; aborted"
	tooMany   = " You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)

// inClear is an address that must never get a token: see TestBrokenServers.
const inClear = "127.0.0.3:80"

var brokenServers = []brokenServer{
	{"slow", credentialstest.Slow(2*time.Second, nil), good, good, 2 * time.Second},
	{"hangs", credentialstest.Hang, "no answer in time", "no answer in time", apiLimit},
	{"hangs in the body", credentialstest.HangInBody, "no answer in time", "no answer in time", apiLimit},
	{"drips", http.HandlerFunc(drip), "no answer in time", "no answer in time", apiLimit},
	{"closes early", credentialstest.CloseEarly, "EOF", "EOF", promptly},
	{"closes in the header", credentialstest.CloseInHeader, brokenOff, brokenOff, promptly},
	{"truncates", credentialstest.Truncated, "unexpected EOF", "unexpected EOF", promptly},
	{"garbage", credentialstest.Garbage, "200" + notOwn, "200" + notOwn, promptly},
	{"a list", credentialstest.Status(200, `["octocat"]`), "200" + notOwn, "200" + notOwn, promptly},
	{"a number for a name", credentialstest.Status(200, `{"login": 1, "token": 1}`), "200" + notOwn, "200" + notOwn, promptly},
	{"null", credentialstest.Status(200, "null"), "200" + notOwn, "200" + notOwn, promptly},
	{"nothing", credentialstest.Status(200, ""), "200" + notOwn, "200" + notOwn, promptly},
	{"no content", credentialstest.Status(204, ""), "204" + notOwn, "204" + notOwn, promptly},
	{"huge", credentialstest.Huge, "the answer is too large", "the answer is too large", promptly},
	{"never ends", http.HandlerFunc(flood), "the answer is too large", "the answer is too large", promptly},
	{"a huge header", http.HandlerFunc(hugeHeader), hugeSaid, hugeSaid, promptly},
	{"right, but called HTML", http.HandlerFunc(calledHTML), good, good, promptly},
	{"500", credentialstest.ServerError(500), "500 Server Error", "500" + notOwn, promptly},
	{"502", credentialstest.ServerError(502), "502" + notOwn, "502" + notOwn, promptly},
	{"503", credentialstest.ServerError(503), "503" + notOwn, "503" + notOwn, promptly},
	{"404", credentialstest.Status(404, `{"message":"Not Found"}`), "404 Not Found", "404" + notOwn, promptly},
	{"rate limit", credentialstest.RateLimited, "403 API rate limit exceeded for user ID 1.", "403" + notOwn, promptly},
	{"rate limit as 429", credentialstest.Status(429, `{"message":"API rate limit exceeded"}`), "429 API rate limit exceeded", "429" + notOwn, promptly},
	{"secondary limit as 403", credentialstest.SecondaryLimit(403, time.Minute), "403" + tooMany, "403" + notOwn, promptly},
	{"secondary limit as 429", credentialstest.SecondaryLimit(429, time.Minute), "429" + tooMany, "429" + notOwn, promptly},
	{"single sign-on", credentialstest.SSORequired("acme"), "403 Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization.", "403" + notOwn, promptly},
	{"suspended", credentialstest.Forbidden("Sorry. Your account was suspended."), "rejected by GitHub: the account is suspended", "403" + notOwn, promptly},
	{"not for integrations", credentialstest.Forbidden("Resource not accessible by integration"), good, "403" + notOwn, promptly},
	{"locked out", credentialstest.Forbidden("Maximum number of login attempts exceeded. Please try again later."), "403 Maximum number of login attempts exceeded. Please try again later.", "403" + notOwn, promptly},
	{"forbidden", credentialstest.Forbidden("Forbidden"), "403 Forbidden", "403" + notOwn, promptly},
	{"forbidden by rules", credentialstest.Forbidden("Request forbidden by administrative rules."), "403 Request forbidden by administrative rules.", "403" + notOwn, promptly},
	{"an app that is not approved", credentialstest.Forbidden(restricted), "403 " + restricted, "403" + notOwn, promptly},
	{"no classic tokens", credentialstest.Forbidden(noClassic), "403 " + noClassic, "403" + notOwn, promptly},
	{"an address that is not allowed", credentialstest.Forbidden(notAllowed), "403 " + notAllowed, "403" + notOwn, promptly},
	{"denied", credentialstest.Denied(403, "DENIED", "denied"), "403 Forbidden", "rejected by the registry: expired or revoked", promptly},
	{"permission denied", credentialstest.Denied(403, "DENIED", "permission_denied: read_package"), "403 Forbidden", "403 permission_denied: read_package", promptly},
	{"unauthorized", credentialstest.Denied(401, "UNAUTHORIZED", "authentication required"), rejectedByGitHub, "rejected by the registry: expired or revoked", promptly},
	{"a proxy's page", credentialstest.ProxyPage, "200" + notOwn, "200" + notOwn, promptly},
	{"a proxy's 401", credentialstest.ProxyUnauthorized, "401" + notOwn, "401" + notOwn, promptly},
	{"a proxy's 403", credentialstest.ProxyDenied, "403" + notOwn, "403" + notOwn, promptly},
	{"redirects to another host", credentialstest.RedirectTo("https://gw.example.com/redirected"), "307" + notOwn, "307" + notOwn, promptly},
	{"redirects to http", credentialstest.RedirectTo("http://" + inClear + "/redirected"), "307" + notOwn, "307" + notOwn, promptly},
	{"redirects in a loop", credentialstest.RedirectTo("/user"), "307" + notOwn, "307" + notOwn, promptly},
}

// What organizations say of a token that lives, and of those who use it. See
// https://docs.github.com/en/organizations/managing-oauth-access-to-your-organizations-data,
// .../setting-a-personal-access-token-policy-for-your-organization and
// .../managing-allowed-ip-addresses-for-your-organization.
const (
	restricted = "Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access restrictions, meaning that data access to third-parties is limited."
	noClassic  = "`acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a personal access token with fine-grained permissions."
	notAllowed = "Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource."
)

// drip sends an answer so slowly that it never ends, and flood one so fast.
func drip(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		_, _ = io.WriteString(w, " ")
		_ = http.NewResponseController(w).Flush()
		time.Sleep(100 * time.Millisecond)
	}
}

func flood(w http.ResponseWriter, _ *http.Request) {
	for err := error(nil); err == nil; {
		_, err = w.Write(bytes.Repeat([]byte(" "), 1<<15))
	}
}

func hugeHeader(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Filler", strings.Repeat("x", 1<<20))
	credentialstest.Regular.ServeHTTP(w, r)
}

func calledHTML(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, `{"login": "octocat", "token": "pretended"}`)
}

// If a server fails in any way, the other is asked, once; if neither gives a clear
// answer, the message names both. No redirect is followed.
func TestBrokenServers(t *testing.T) {
	s := onlyOnStage(t)
	listener, err := net.Listen("tcp", inClear)
	check(t, err)
	server := &http.Server{Handler: s.GitHub}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })

	// The registry is asked when the API cannot say.
	unavailable := brokenServer{"503", credentialstest.ServerError(503), "503" + notOwn, "503" + notOwn, promptly}
	var troubles []trouble
	for _, b := range brokenServers {
		troubles = append(troubles,
			breaking("API: "+b.name, b, brokenServer{registry: good}),
			breaking("registry: "+b.name, unavailable, b))
	}
	meet(t, "Servers", troubles)
	for _, request := range s.GitHub.Requests() {
		if request.Path == "/redirected" {
			t.Errorf("a redirect was followed to %s", request.Host)
		}
	}
}

// Two that are broken, in the same way and in different ones.
func TestBothServersBroken(t *testing.T) {
	onlyOnStage(t)
	var troubles []trouble
	for i, api := range brokenServers {
		for _, registry := range []brokenServer{api, brokenServers[(i+7)%len(brokenServers)]} {
			troubles = append(troubles, breaking(api.name+", "+registry.name, api, registry))
		}
	}
	meet(t, "", troubles)
}

// breaking is the trouble that two servers make.
func breaking(name string, api, registry brokenServer) trouble {
	c := trouble{name, func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
		token := tokenIn(t, home)
		theStage.GitHub.Break(token, credentialstest.API, api.how)
		theStage.GitHub.Break(token, credentialstest.Registry, registry.how)
	}, refusedBy(api.api, registry.registry), requests{once, never}, api.takes}
	if api.api != good && !api.api.condemns() {
		c.asked.registry = once
		c.longest += registry.takes
	}
	return c
}

// refusedBy is what a person is told when API and registry say so of gh's token.
func refusedBy(api, registry word) answer {
	switch {
	case strings.HasSuffix(string(api), "suspended"):
		return noToken(string(api), "contact GitHub Support at https://support.github.com")
	case api.condemns():
		return noToken(string(api), logIn)
	case api == good || registry == good:
		return given
	case registry.condemns():
		return noToken(string(registry), logIn)
	}
	return unchecked(string(api), string(registry))
}
