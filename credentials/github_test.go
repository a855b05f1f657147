package credentials

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// asIfOwn answers with the mark by which GitHub's own answers are known.
func asIfOwn(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-GitHub-Request-Id", "0000:0000:0000:0000:0000")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// withHeader lets GitHub answer as always, but for one header.
func withHeader(name string, values ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		credentialstest.Regular.ServeHTTP(recorder, r)
		for n, v := range recorder.Header() {
			w.Header()[n] = v
		}
		w.Header()[http.CanonicalHeaderKey(name)] = values
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes())
	})
}

// waited is how long a server of these tables is waited for: not a moment, but for
// those that keep one waiting.
func waited(says, name string, limit time.Duration) time.Duration {
	switch {
	case says == "no answer in time":
		return limit
	case name == "an answer that is nearly late":
		return limit - time.Millisecond
	}
	return 0
}

// askAPI asks a pretend GitHub whose API answers in some way; nil is the regular one.
func askAPI(t *testing.T, how http.Handler, secret string, token credentialstest.Token) (Answer, *credentialstest.GitHub) {
	t.Helper()
	hub := credentialstest.NewGitHub()
	hub.Add(secret, token)
	hub.Break("", credentialstest.API, how)
	a := &api{apiBase(githubCom, ""), hub.Transport(), "docker-credential-ghcr/test", quiet}
	return a.ask(context.Background(), mustParse(t, secret)), hub
}

var octocat = credentialstest.Token{Login: "octocat", Scopes: []string{"gist", "write:packages"}}

func TestOnlyAClearAnswerOfTheAPIsOwnSaysAnything(t *testing.T) {
	t.Parallel()
	const (
		oauth        = "gho_example"
		installation = "ghs_example"
	)
	for _, test := range []struct {
		name   string
		secret string
		how    http.Handler
		word   word
		status int
		// says is what a person reads when nobody else can say either.
		says string
	}{
		{"200 with a login", oauth, nil, accepts, 200, ""},
		{"200 with a login, but no mark", oauth, credentialstest.Status(200, `{"login":"octocat"}`), accepts, 200, ""},
		{"200 with a managed user's login", oauth, asIfOwn(200, `{"login":"octocat_acme"}`), accepts, 200, ""},
		{"200 with a bot's login", oauth, asIfOwn(200, `{"login":"dependabot[bot]"}`), accepts, 200, ""},
		{"200 for an installation token", installation, nil, accepts, 200, ""},
		{"200 for an installation token, with the address of the user only", installation, credentialstest.Status(200, `{"current_user_url":"https://api.github.com/user"}`), accepts, 200, ""},
		{"200 for an installation token, as a proxy's page", installation, credentialstest.ProxyPage, unclear, 200, "200, not GitHub's own answer"},
		{"200 for an installation token, as another's JSON", installation, credentialstest.Status(200, `{"status":"ok"}`), unclear, 200, "200, not GitHub's own answer"},
		{"200 as a proxy's page", oauth, credentialstest.ProxyPage, unclear, 200, "200, not GitHub's own answer"},
		{"200 as garbage", oauth, credentialstest.Garbage, unclear, 200, "200, not GitHub's own answer"},
		{"200 without a word", oauth, asIfOwn(200, ""), unclear, 200, "200, not GitHub's own answer"},
		{"200 without a login", oauth, asIfOwn(200, `{}`), unclear, 200, "200, not GitHub's own answer"},
		{"200 with an empty login", oauth, asIfOwn(200, `{"login":""}`), unclear, 200, "200, not GitHub's own answer"},
		{"200 with a login that is null", oauth, asIfOwn(200, `{"login":null}`), unclear, 200, "200, not GitHub's own answer"},
		{"200 with a login that is a number", oauth, asIfOwn(200, `{"login":1}`), unclear, 200, "200, not GitHub's own answer"},
		{"200 with a login that is none", oauth, asIfOwn(200, `{"login":"<token>"}`), unclear, 200, "200, not GitHub's own answer"},
		{"200 with a login of two lines", oauth, asIfOwn(200, `{"login":"octo\ncat"}`), unclear, 200, "200, not GitHub's own answer"},
		{"200 with a list", oauth, asIfOwn(200, `[{"login":"octocat"}]`), unclear, 200, "200, not GitHub's own answer"},
		{"200 with null", oauth, asIfOwn(200, `null`), unclear, 200, "200, not GitHub's own answer"},
		{"200 with two values", oauth, asIfOwn(200, `{"login":"octocat"}{}`), unclear, 200, "200, not GitHub's own answer"},
		{"201", oauth, asIfOwn(201, `{"login":"octocat"}`), unclear, 201, "201 Created"},
		{"204", oauth, asIfOwn(204, ""), unclear, 204, "204 No Content"},
		{"304", oauth, asIfOwn(304, ""), unclear, 304, "304 Not Modified"},
		{"301", oauth, asIfOwn(301, ""), unclear, 301, "301 Moved Permanently"},
		{"a redirect", oauth, credentialstest.RedirectTo("https://evil.example/user"), unclear, 307, "307, not GitHub's own answer"},
		{"401 as GitHub says it", oauth, asIfOwn(401, `{"message":"Bad credentials","status":"401"}`), rejects, 401, ""},
		{"401 in JSON with a message, but no mark", oauth, credentialstest.Status(401, `{"message":"Bad credentials"}`), rejects, 401, ""},
		{"401 with the mark, but no message", oauth, asIfOwn(401, ""), rejects, 401, ""},
		{"401 of a proxy", oauth, credentialstest.ProxyUnauthorized, unclear, 401, "401, not GitHub's own answer"},
		{"401 in a proxy's JSON", oauth, credentialstest.Status(401, `{"error":"unauthorized"}`), unclear, 401, "401, not GitHub's own answer"},
		{"401 with an empty message", oauth, credentialstest.Status(401, `{"message":""}`), unclear, 401, "401, not GitHub's own answer"},
		{"401 in half of JSON", oauth, credentialstest.Status(401, `{"message":"Bad cred`), unclear, 401, "401, not GitHub's own answer"},
		{"402", oauth, asIfOwn(402, `{"message":"Pay"}`), unclear, 402, "402 Pay"},
		{"403 as the account is suspended", oauth, credentialstest.Forbidden("Sorry. Your account was suspended"), rejects, 403, ""},
		{"403 of a proxy that speaks of suspension", oauth, credentialstest.Status(403, "Your account was suspended"), unclear, 403, "403, not GitHub's own answer"},
		{"403 of a proxy", oauth, credentialstest.ProxyDenied, unclear, 403, "403, not GitHub's own answer"},
		{"403 for want of a single sign-on", oauth, credentialstest.SSORequired("acme"), unclear, 403, "403 Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization."},
		{"403 as the quota is spent", oauth, credentialstest.RateLimited, unclear, 403, "403 API rate limit exceeded for user ID 1."},
		{"403 as too much came at once", oauth, credentialstest.SecondaryLimit(403, time.Minute), unclear, 403, "403 You have exceeded a secondary rate limit. Please wait a few minutes before you try again."},
		{"403 as the user is locked out", oauth, credentialstest.Forbidden("Maximum number of login attempts exceeded. Please try again later."), unclear, 403, "403 Maximum number of login attempts exceeded. Please try again later."},
		{"403 as the organization forbids classic tokens", oauth, credentialstest.Forbidden("`acme` forbids access via a personal access token (classic)."), unclear, 403, "403 `acme` forbids access via a personal access token (classic)."},
		{"403 as the organization restricts OAuth apps", oauth, credentialstest.Forbidden("Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access restrictions"), unclear, 403, "403 Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access restrictions"},
		{"403 not accessible by integration", oauth, credentialstest.Forbidden("Resource not accessible by integration"), accepts, 403, ""},
		{"403 not accessible by integration, of a proxy", oauth, credentialstest.Status(403, "Resource not accessible by integration"), unclear, 403, "403, not GitHub's own answer"},
		{"403 not accessible by personal access token", oauth, credentialstest.Forbidden("Resource not accessible by personal access token"), unclear, 403, "403 Resource not accessible by personal access token"},
		{"403 without a word", oauth, asIfOwn(403, ""), unclear, 403, "403 Forbidden"},
		{"404", oauth, asIfOwn(404, `{"message":"Not Found"}`), unclear, 404, "404 Not Found"},
		{"404 as a suspended account", oauth, asIfOwn(404, `{"message":"suspended"}`), unclear, 404, "404 suspended"},
		{"407", oauth, credentialstest.Status(407, `{"message":"Proxy Authentication Required"}`), unclear, 407, "407 Proxy Authentication Required"},
		{"429", oauth, credentialstest.SecondaryLimit(429, time.Minute), unclear, 429, "429 You have exceeded a secondary rate limit. Please wait a few minutes before you try again."},
		{"429 of a proxy", oauth, credentialstest.Status(429, ""), unclear, 429, "429, not GitHub's own answer"},
		{"500", oauth, credentialstest.ServerError(500), unclear, 500, "500 Server Error"},
		{"502", oauth, credentialstest.ServerError(502), unclear, 502, "502, not GitHub's own answer"},
		{"503", oauth, credentialstest.ServerError(503), unclear, 503, "503, not GitHub's own answer"},
		{"504", oauth, credentialstest.ServerError(504), unclear, 504, "504, not GitHub's own answer"},
		{"an odd status", oauth, asIfOwn(599, `{"message":"Bad credentials"}`), unclear, 599, "599 Bad credentials"},
		{"a message for a terminal", oauth, asIfOwn(500, `{"message":"\u001b[2J\u202eoh\n no"}`), unclear, 500, "500 [2Joh  no"},
		{"64 MiB", oauth, credentialstest.Huge, unclear, 0, "the answer is too large"},
		{"a body that is cut off", oauth, credentialstest.Truncated, unclear, 0, "unexpected EOF"},
		{"a connection that is closed", oauth, credentialstest.CloseEarly, unclear, 0, "EOF"},
		{"a connection that is closed within the header", oauth, credentialstest.CloseInHeader, unclear, 0, "EOF"},
		{"no answer", oauth, credentialstest.Hang, unclear, 0, "no answer in time"},
		{"half an answer", oauth, credentialstest.HangInBody, unclear, 0, "no answer in time"},
		{"an answer that is late", oauth, credentialstest.Slow(apiLimit+time.Millisecond, nil), unclear, 0, "no answer in time"},
		{"an answer that is nearly late", oauth, credentialstest.Slow(apiLimit-time.Millisecond, nil), accepts, 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				got, hub := askAPI(t, test.how, test.secret, octocat)
				if got.apiWord() != test.word || got.Status != test.status {
					t.Errorf("got word %v, status %d of %+v", got.apiWord(), got.Status, got)
				}
				if !got.Asked.Equal(begun) {
					t.Errorf("asked at %v, want %v", got.Asked, begun)
				}
				if took, want := time.Since(begun), waited(test.says, test.name, apiLimit); took != want {
					t.Errorf("took %v, want %v", took, want)
				}
				if test.says != "" {
					if says := got.unclearness(); says != test.says && !(got.Status == 0 && strings.HasSuffix(says, test.says)) {
						t.Errorf("says %q, want %q", says, test.says)
					}
				}
				if got.apiWord() == unclear && (got.Login != "" || got.HasScopes || got.Scopes != nil || !got.Expires.IsZero()) {
					t.Errorf("took facts from %+v", got)
				}
				if n := len(hub.Requests()); n != 1 {
					t.Errorf("sent %d requests, want 1", n)
				}
			})
		})
	}
}

func TestTheAPIsAnswerNamesLoginScopesAndExpiry(t *testing.T) {
	t.Parallel()
	expires := time.Date(2035, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		name   string
		secret string
		token  credentialstest.Token
		how    http.Handler
		want   Answer
	}{
		{
			"scopes", "gho_example", octocat, nil,
			Answer{Login: "octocat", Scopes: []string{"gist", "write:packages"}, HasScopes: true},
		},
		{
			"no scopes", "ghp_example", credentialstest.Token{Login: "octocat", Scopes: []string{}}, nil,
			Answer{Login: "octocat", HasScopes: true},
		},
		{
			"no word of scopes", "ghu_example", credentialstest.Token{Login: "octocat"}, nil,
			Answer{Login: "octocat"},
		},
		{
			"a day on which it expires", "ghp_example",
			credentialstest.Token{Login: "octocat", Scopes: []string{"repo"}, Expires: expires}, nil,
			Answer{Login: "octocat", Scopes: []string{"repo"}, HasScopes: true, Expires: expires},
		},
		{
			"scopes in two headers", "ghp_example", octocat, withHeader("X-OAuth-Scopes", "gist, repo", "write:packages"),
			Answer{Login: "octocat", Scopes: []string{"gist", "repo", "write:packages"}, HasScopes: true},
		},
		{
			"scopes in a header that is spelled otherwise", "ghp_example", octocat, withHeader("x-oauth-scopes", "repo"),
			Answer{Login: "octocat", Scopes: []string{"repo"}, HasScopes: true},
		},
		{
			"scopes that the endpoint wants", "ghu_example", credentialstest.Token{Login: "octocat"},
			withHeader("X-Accepted-OAuth-Scopes", "write:packages"),
			Answer{Login: "octocat"},
		},
		{
			"nothing but life of an installation token", "ghs_example", credentialstest.Token{}, nil,
			Answer{},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, _ := askAPI(t, test.how, test.secret, test.token)
			if got.apiWord() != accepts {
				t.Fatalf("got %+v", got)
			}
			if got.Login != test.want.Login || !slices.Equal(got.Scopes, test.want.Scopes) || got.HasScopes != test.want.HasScopes || !got.Expires.Equal(test.want.Expires) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestOneRequestTellsAllAboutAToken(t *testing.T) {
	t.Parallel()
	for secret, path := range map[string]string{
		"gho_example": "/user", "ghp_example": "/user", "ghu_example": "/user", "hunter2": "/user",
		"0123456789012345678901234567890123456789": "/user", "ghs_example": "/", "ghs_1_a.b.c": "/",
	} {
		_, hub := askAPI(t, nil, secret, octocat)
		requests := hub.Requests()
		if len(requests) != 1 {
			t.Errorf("%s: sent %d requests", secret, len(requests))
			continue
		}
		r := requests[0]
		if r.Method != "GET" || r.Host != "api.github.com" || r.Path != path || r.Query != "" || r.Body != "" || !r.TLS {
			t.Errorf("%s: asked %s %s%s?%s, TLS %v", secret, r.Method, r.Host, r.Path, r.Query, r.TLS)
		}
		if r.Scheme != "Bearer" || r.Secret != secret || r.UserAgent != "docker-credential-ghcr/test" {
			t.Errorf("%s: sent %s %s as %q", secret, r.Scheme, r.Secret, r.UserAgent)
		}
		names := slices.Sorted(func(yield func(string) bool) {
			for name := range r.Header {
				if !yield(name) {
					return
				}
			}
		})
		if want := []string{"Accept", "Authorization", "User-Agent"}; !slices.Equal(names, want) {
			t.Errorf("%s: sent the headers %q, want %q", secret, names, want)
		}
	}
}

func TestWhereTheAPIIs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ host, apiHost, want string }{
		{"github.com", "", "https://api.github.com"},
		{"github.com", "gw.example.com", "https://gw.example.com"},
		{"acme.ghe.com", "", "https://api.acme.ghe.com"},
		{"acme.ghe.com", "gw.example.com", "https://gw.example.com"},
		{"git.example.com", "", "https://git.example.com/api/v3"},
		{"git.example.com", "gw.example.com", "https://gw.example.com/api/v3"},
	} {
		if got := apiBase(test.host, test.apiHost); got != test.want {
			t.Errorf("%s by %q: %s, want %s", test.host, test.apiHost, got, test.want)
		}
	}
}

func TestScopesAreWholeWords(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		header string
		want   []string
	}{
		{"", nil},
		{" ", nil},
		{",", nil},
		{" , ,, ", nil},
		{"repo", []string{"repo"}},
		{"gist, read:org, repo, write:packages", []string{"gist", "read:org", "repo", "write:packages"}},
		{"gist,read:org,repo", []string{"gist", "read:org", "repo"}},
		{"\tgist ,\r\n repo\n", []string{"gist", "repo"}},
		{"repo:status, admin:gpg_key, manage_runners:enterprise, copilot", []string{"repo:status", "admin:gpg_key", "manage_runners:enterprise", "copilot"}},
		{"repo, repo", []string{"repo", "repo"}},
		{"write:packages_extra", []string{"write:packages_extra"}},
		{"write: packages", nil},
		{"write:packages read:packages", nil},
		{"write:packages; read:packages, gist", []string{"gist"}},
		{"re\x1b[31mpo, gist", []string{"gist"}},
		{"répo, gist", []string{"gist"}},
		{"<b>, gist", []string{"gist"}},
		{strings.Repeat("a", 64) + "," + strings.Repeat("a", 65), []string{strings.Repeat("a", 64)}},
	} {
		if got := parseScopes(test.header); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.header, got, test.want)
		}
	}
}

// FuzzScopes: what is taken for a scope stands between commas of the header, and
// is fit for a terminal.
func FuzzScopes(f *testing.F) {
	for _, header := range []string{"", "gist, read:org, repo", " , ,", "a\x1b[2Jb, c", "write:packages\r\nX: y", "é,\u202e", "a,,b", "\xff,a"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		pieces := strings.Split(header, ",")
		for _, scope := range parseScopes(header) {
			at := slices.IndexFunc(pieces, func(piece string) bool { return strings.TrimSpace(piece) == scope })
			if at < 0 {
				t.Fatalf("%q is not in %q, or not in its order", scope, header)
			}
			pieces = pieces[at+1:]
			if scope == "" || len(scope) > 64 {
				t.Errorf("%q has %d bytes", scope, len(scope))
			}
			if strings.ContainsFunc(scope, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) || r == ' ' || r == ',' }) {
				t.Errorf("%q is not fit for a terminal", scope)
			}
		}
	})
}

func TestTheExpiryIsReadInBothForms(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Time{
		"2021-09-03 14:34:04 UTC":   time.Date(2021, 9, 3, 14, 34, 4, 0, time.UTC),
		"2023-04-26 20:23:26 +0200": time.Date(2023, 4, 26, 18, 23, 26, 0, time.UTC),
		"2023-04-26 20:23:26 -0700": time.Date(2023, 4, 27, 3, 23, 26, 0, time.UTC),
		"":                          {},
		"never":                     {},
		"2021-09-03":                {},
		"2021-09-03T14:34:04Z":      {},
		"2021-13-03 14:34:04 UTC":   {},
		"2021-09-03 14:34:04 UTC x": {},
		"1630679644":                {},
	} {
		got := parseExpiration(header)
		if !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
}

func TestALoginIsWhatGitHubCanHaveForOne(t *testing.T) {
	t.Parallel()
	for login, want := range map[string]bool{
		"octocat": true, "octocat_acme": true, "octo-cat": true, "0": true, "dependabot[bot]": true, "-": true,
		strings.Repeat("a", 100): true, strings.Repeat("a", 101): false,
		"": false, " ": false, "octo cat": false, "<token>": false, "octo\ncat": false, "octocat\n": false, "octocat\x00": false,
		"gho_acme": true, // a managed user, whom GitHub may have named
		"oktokät":  false, "octo/cat": false, "octo.cat": false, "octo@cat": false, "[bot]": false, "octo[bot]cat": false, `"octocat"`: false,
	} {
		if got := isLogin(login); got != want {
			t.Errorf("%q: %v", login, got)
		}
	}
}

func TestATokenThatWasTypedAsTheUserIsNoLogin(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"octocat": true, "octocat_acme": true, "gho": true, "ghp-octocat": true, "github": true, "github_patrol": true, "octo_gho_cat": true,
		"": false, "octo cat": false, "octocat@example.com": false, "hunter2": false,
		"gho_x": false, "ghp_" + canary: false, "ghs_1": false, "ghu_": false, "ghr_x": false, "github_pat_x": false,
		"0123456789abcdef0123456789abcdef01234567": false, "0123456789abcdef0123456789abcdef0123456": true,
	} {
		if got := loginOrNone(name, "hunter2"); (got == name && name != "") != want {
			t.Errorf("%q: got %q", name, got)
		}
	}
}

func TestWhyThereWasNoAnswer(t *testing.T) {
	t.Parallel()
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for _, test := range []struct {
		name string
		ctx  context.Context
		err  error
		want string
	}{
		{"the time is over", over, errors.New("read tcp: use of closed network connection"), "no answer in time"},
		{"the context's own error", t.Context(), fmt.Errorf("get: %w", context.DeadlineExceeded), "no answer in time"},
		{"a time limit below ours", t.Context(), &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}, "no answer in time"},
		{"no such host", t.Context(), &net.DNSError{Err: "no such host", Name: "api.github.com", IsNotFound: true}, "lookup api.github.com: no such host"},
		{"no answer to a lookup", t.Context(), &net.DNSError{Err: "i/o timeout", Name: "api.github.com", IsTimeout: true}, "no answer in time"},
		{"an address with a password", t.Context(), errors.New(`proxyconnect tcp: "http://me:` + canary + `@127.0.0.1:3128/": refused`), `proxyconnect tcp: "http://127.0.0.1:3128/": refused`},
		{"an address with a password and a query", t.Context(), errors.New("https://" + canary + "@127.0.0.1?q=a@b"), "https://127.0.0.1?q=a@b"},
		{"a header that is repeated", t.Context(), errors.New("Proxy-Authorization: Basic " + inBase64("me:"+canary) + " is not valid"), "Proxy-Authorization: Basic **** is not valid"},
		{"headers that are repeated", t.Context(), errors.New("BEARER gho_" + canary + ", token gho_" + canary), "BEARER ****, token ****"},
		{"words that are no header", t.Context(), errors.New("basic auth wanted: no token at all"), "basic auth wanted: no token at all"},
		{"two addresses with passwords", t.Context(), errors.New("http://a:" + canary + "@b by socks5://" + canary + "@c"), "http://b by socks5://c"},
	} {
		if got := trouble(test.ctx, test.err); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// failing is a transport whose every error has this text.
type failing string

func (text failing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New(string(text))
}

func TestWhatAServerSaysIsFitToBeShown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"one\r\n\ttwo \x1b[2J\u202e": "one   two [2J",
		strings.Repeat("é", 1000):    strings.Repeat("é", 400) + "…",
		"\xff\xfe":                   "\uFFFD\uFFFD",
		"gho_" + canary + " is bad":  "gho_**** is bad",
	} {
		hub := credentialstest.NewGitHub()
		hub.Break("", credentialstest.API, credentialstest.Forbidden(text))
		hub.Break("", credentialstest.Registry, credentialstest.Denied(403, "DENIED", text))
		token, registry := mustParse(t, "gho_"+canary), Registry{"ghcr.io", githubCom}
		for from, answer := range map[string]Answer{
			"the API":               (&api{"https://api.github.com", hub.Transport(), "test", quiet}).ask(t.Context(), token),
			"the registry":          (&witness{serviceOf(registry), hub.Transport(), "test", quiet}).ask(t.Context(), "octocat", token),
			"the way to the API":    (&api{"https://api.github.com", failing(text), "test", quiet}).ask(t.Context(), token),
			"the way to the others": (&witness{serviceOf(registry), failing(text), "test", quiet}).ask(t.Context(), "octocat", token),
		} {
			if got := answer.Message + answer.Trouble; got != want {
				t.Errorf("%s: %q becomes %q, want %q", from, text, got, want)
			}
		}
	}
}

func TestAServerThatRepeatsTheTokenIsNotRepeated(t *testing.T) {
	t.Parallel()
	const secret = "gho_" + canary
	for name, how := range map[string]http.Handler{
		"as a message": credentialstest.Forbidden("no good: " + secret + secret),
		"as a login":   asIfOwn(200, `{"login":"`+secret+`"}`),
		"as a scope":   withHeader("X-OAuth-Scopes", "repo, "+secret+", write:packages"),
		"as a code":    credentialstest.Denied(403, secret, secret),
		"as an expiry": withHeader("GitHub-Authentication-Token-Expiration", secret),
	} {
		answer, _ := askAPI(t, how, secret, octocat)
		if shows(fmt.Sprintf("%+v %s", answer, answer.unclearness())) {
			t.Errorf("%s: got %+v", name, answer)
		}
		answer, _ = askRegistry(t, how, Registry{"ghcr.io", githubCom}, "octocat", secret)
		if shows(fmt.Sprintf("%+v %s", answer, answer.unclearness())) {
			t.Errorf("%s, from the registry: got %+v", name, answer)
		}
	}
}

// proxies are values of HTTPS_PROXY that hold a password and lead nowhere.
var proxies = []string{
	"http://me:" + canary + "@127.0.0.1:1",
	"http://" + canary + "@127.0.0.1:1",
	"http://me:x%20%2F%40" + canary + "@127.0.0.1:1",
	"https://me:" + canary + "@127.0.0.1:1",
	"socks5://me:" + canary + "@127.0.0.1:1",
	"me:" + canary + "@127.0.0.1:1",
}

func getAsChild() {
	h := &Helper{Stderr: os.Stderr, UserAgent: "docker-credential-ghcr/test"}
	user, secret, err := h.Get("ghcr.io")
	fmt.Println(user, secret, err)
}

func TestAProxysPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	for _, proxy := range proxies {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			output, err := child(t, "get", "GH_TOKEN=gho_example", "GHCR_NO_MEMORY=1", "GHCR_DEBUG=1", "HTTPS_PROXY="+proxy).CombinedOutput()
			if err != nil || !strings.Contains(string(output), "GH_TOKEN: could not be checked: API: ") {
				t.Fatalf("%v: %s", err, output)
			}
			if shows(string(output)) {
				t.Errorf("shows it:\n%s", output)
			}
		})
	}
}

func inBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// Some proxies say in the first line of their refusal what they were sent.
func TestAProxyThatRepeatsItsLoginIsNotRepeated(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	defer serving.Wait()
	defer listener.Close()
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				fmt.Fprintf(conn, "HTTP/1.1 407 Proxy-Authorization: %s is not good\r\nContent-Length: 0\r\n\r\n", request.Header.Get("Proxy-Authorization"))
			}
			conn.Close()
		}
	})
	output, err := child(t, "get", "GH_TOKEN=gho_example", "GHCR_NO_MEMORY=1", "GHCR_DEBUG=1", "HTTPS_PROXY=http://me:"+canary+"@"+listener.Addr().String()).CombinedOutput()
	if err != nil || !strings.Contains(string(output), "could not be checked: API: Proxy-Authorization: Basic **** is not good") || shows(string(output)) {
		t.Errorf("%v: %s", err, output)
	}
}

// A short password is part of words that are none of its own.
func TestAProxysShortPasswordLeavesTheReasonReadable(t *testing.T) {
	const text = "lookup api.github.com: no such host"
	for _, test := range []struct{ password, text, want string }{
		{"b", text, text},
		{"hub", text, text},
		{"b", "refused me:b and " + inBase64("me:b"), "refused **** and ****"},
		{"hub1", "refused hub1", "refused ****"},
	} {
		t.Setenv("HTTPS_PROXY", "http://me:"+test.password+"@127.0.0.1:1")
		if got := withoutProxyLogin(test.text); got != test.want {
			t.Errorf("%s: %q, want %q", test.password, got, test.want)
		}
	}
}

func TestTheProxyOfTheEnvironmentIsUsedAndSeesNoToken(t *testing.T) {
	t.Parallel()
	var seen log
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(&seen, "%s %s %v\n", r.Method, r.Host, r.Header)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	output, err := child(t, "get", "GH_TOKEN=gho_"+canary, "GHCR_NO_MEMORY=1", "HTTPS_PROXY="+proxy.URL).CombinedOutput()
	if err != nil || !strings.Contains(string(output), "could not be checked: API: Bad Gateway; registry: Bad Gateway") {
		t.Errorf("%v: %s", err, output)
	}
	for _, want := range []string{"CONNECT api.github.com:443", "CONNECT ghcr.io:443"} {
		if !strings.Contains(seen.String(), want) {
			t.Errorf("no %s in\n%s", want, seen.String())
		}
	}
	if shows(seen.String()) || shows(string(output)) {
		t.Errorf("the token was seen:\n%s\n%s", seen.String(), output)
	}
}

// server is a server of TLS on loopback. What it notes of failed handshakes is dropped.
func server(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestAServerThatNobodyTrustsGetsNoToken(t *testing.T) {
	t.Parallel()
	s := server(t, func(http.ResponseWriter, *http.Request) { t.Error("got a request") })
	a := &api{s.URL, newTransport(), "test", quiet}
	answer := a.ask(t.Context(), mustParse(t, "gho_"+canary))
	if answer.apiWord() != unclear || !strings.Contains(answer.Trouble, "certificate") {
		t.Errorf("got %+v", answer)
	}
}

func TestAServerThatSpeaksInClearGetsNoToken(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	heard := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			heard <- ""
			return
		}
		defer conn.Close()
		first := make([]byte, 4096)
		n, _ := conn.Read(first)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{\"login\":\"octocat\"}")
		heard <- string(first[:n])
	}()
	a := &api{"https://" + listener.Addr().String(), newTransport(), "test", quiet}
	answer := a.ask(t.Context(), mustParse(t, "gho_"+canary))
	if answer.apiWord() != unclear {
		t.Errorf("got %+v", answer)
	}
	if shows(<-heard) {
		t.Error("the token was sent in clear")
	}
}

func TestTheTransportIsPlainHTTP1OverNewTLS(t *testing.T) {
	t.Parallel()
	var seen log
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(&seen, "%s %s %s close=%v", r.Proto, r.URL, r.Header.Get("Accept-Encoding"), r.Close)
		if r.URL.Path == "/user" {
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}
	})
	transport := plainTransport(s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs)
	if least := transport.TLSClientConfig.MinVersion; least < 0x0303 {
		t.Errorf("takes TLS %x", least)
	}
	a := &api{s.URL, transport, "test", quiet}
	answer := a.ask(t.Context(), mustParse(t, "gho_example"))
	if answer.Status != http.StatusFound || answer.apiWord() != unclear {
		t.Errorf("got %+v", answer)
	}
	if got, want := seen.String(), "HTTP/1.1 /user  close=true"; got != want {
		t.Errorf("the server saw %q, want %q", got, want)
	}
}

func TestAHeaderWithoutEndIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-OAuth-Scopes", strings.Repeat("repo, ", 100_000))
	})
	transport := plainTransport(s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs)
	a := &api{s.URL, transport, "test", quiet}
	if answer := a.ask(t.Context(), mustParse(t, "gho_example")); answer.Status != 0 || answer.Trouble == "" {
		t.Errorf("got status %d, trouble %q", answer.Status, answer.Trouble)
	}
}

func TestTheTraceOfARequestNamesAddressStatusAndTimeAndNoSecret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hub := credentialstest.NewGitHub()
		hub.Add("gho_"+canary, octocat)
		hub.Break("", credentialstest.API, credentialstest.Slow(250*time.Millisecond, nil))
		var traced bytes.Buffer
		a := &api{"https://api.github.com", hub.Transport(), "test", func(format string, args ...any) { fmt.Fprintf(&traced, format+"\n", args...) }}
		a.ask(t.Context(), mustParse(t, "gho_"+canary))
		hub.Break("", credentialstest.API, credentialstest.Hang)
		a.ask(t.Context(), mustParse(t, "gho_"+canary))
		want := "GET https://api.github.com/user: 200 in 250ms\nGET https://api.github.com/user: no answer in time in 5s\n"
		if traced.String() != want {
			t.Errorf("traced\n%s\nwant\n%s", traced.String(), want)
		}
	})
}
