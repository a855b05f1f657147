package github

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
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

// withHeader lets GitHub answer as always, except for one header.
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

// waited is how long a server of these tables is waited for: no time, except
// for those that hang.
func waited(says, name string, limit time.Duration) time.Duration {
	switch {
	case says == "no answer in time":
		return limit
	case name == "an answer that is nearly late":
		return limit - time.Millisecond
	}
	return 0
}

var ghcr = Registry{"ghcr.io", DotCom}

// ask is the client of a pretend GitHub.
func ask(hub *credentialstest.GitHub) *Client {
	return &Client{Registry: ghcr, Transport: hub.Transport(), UserAgent: "docker-credential-ghcr/test"}
}

// at is a client whose API is a server of the test's own.
func at(address string, transport http.RoundTripper) *Client {
	return &Client{Registry: ghcr, Transport: redirected{transport, address}}
}

// redirected sends every request to one server.
type redirected struct {
	http.RoundTripper
	address string
}

func (r redirected) RoundTrip(request *http.Request) (*http.Response, error) {
	address, err := url.Parse(r.address)
	if err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.URL.Host, request.Host = address.Host, ""
	return r.RoundTripper.RoundTrip(request)
}

// askAPI asks a pretend GitHub whose API answers in some way; nil is the regular one.
func askAPI(t *testing.T, how http.Handler, secret string, token credentialstest.Token) (Answer, *credentialstest.GitHub) {
	t.Helper()
	hub := credentialstest.NewGitHub()
	hub.Add(secret, token)
	hub.Break("", credentialstest.API, how)
	return ask(hub).AskAPI(context.Background(), mustParse(t, secret)), hub
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
		state  State
		status int
		// says is what a person reads when no other answer is clear either.
		says string
	}{
		{"200 with a login", oauth, nil, Valid, 200, ""},
		{"200 with a login, but no mark", oauth, credentialstest.Status(200, `{"login":"octocat"}`), Valid, 200, ""},
		{"200 with a managed user's login", oauth, asIfOwn(200, `{"login":"octocat_acme"}`), Valid, 200, ""},
		{"200 with a bot's login", oauth, asIfOwn(200, `{"login":"dependabot[bot]"}`), Valid, 200, ""},
		{"200 for an installation token", installation, nil, Valid, 200, ""},
		{"200 for an installation token, with the address of the user only", installation, credentialstest.Status(200, `{"current_user_url":"https://api.github.com/user"}`), Valid, 200, ""},
		{"200 for an installation token, as a proxy's page", installation, credentialstest.ProxyPage, Unknown, 200, "200, not GitHub's own answer"},
		{"200 for an installation token, as another's JSON", installation, credentialstest.Status(200, `{"status":"ok"}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 as a proxy's page", oauth, credentialstest.ProxyPage, Unknown, 200, "200, not GitHub's own answer"},
		{"200 as garbage", oauth, credentialstest.Garbage, Unknown, 200, "200, not GitHub's own answer"},
		{"200 without a word", oauth, asIfOwn(200, ""), Unknown, 200, "200, not GitHub's own answer"},
		{"200 without a login", oauth, asIfOwn(200, `{}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with an empty login", oauth, asIfOwn(200, `{"login":""}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with a login that is null", oauth, asIfOwn(200, `{"login":null}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with a login that is a number", oauth, asIfOwn(200, `{"login":1}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with a login that is none", oauth, asIfOwn(200, `{"login":"<token>"}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with a login of two lines", oauth, asIfOwn(200, `{"login":"octo\ncat"}`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with a list", oauth, asIfOwn(200, `[{"login":"octocat"}]`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with null", oauth, asIfOwn(200, `null`), Unknown, 200, "200, not GitHub's own answer"},
		{"200 with two values", oauth, asIfOwn(200, `{"login":"octocat"}{}`), Unknown, 200, "200, not GitHub's own answer"},
		{"201", oauth, asIfOwn(201, `{"login":"octocat"}`), Unknown, 201, "201 Created"},
		{"204", oauth, asIfOwn(204, ""), Unknown, 204, "204 No Content"},
		{"304", oauth, asIfOwn(304, ""), Unknown, 304, "304 Not Modified"},
		{"301", oauth, asIfOwn(301, ""), Unknown, 301, "301 Moved Permanently"},
		{"a redirect", oauth, credentialstest.RedirectTo("https://evil.example/user"), Unknown, 307, "307, not GitHub's own answer"},
		{"401 as GitHub says it", oauth, asIfOwn(401, `{"message":"Bad credentials","status":"401"}`), Invalid, 401, ""},
		{"401 in JSON with a message, but no mark", oauth, credentialstest.Status(401, `{"message":"Bad credentials"}`), Invalid, 401, ""},
		{"401 of a gateway that speaks as GitHub does", oauth, credentialstest.Status(401, `{"message":"Unauthorized"}`), Unknown, 401, "401 Unauthorized"},
		{"403 of a gateway that speaks as GitHub does", oauth, credentialstest.Status(403, `{"message":"Your session is suspended"}`), Unknown, 403, "403 Your session is suspended"},
		{"403 as the account is suspended, without the mark", oauth, credentialstest.Status(403, `{"message":"Sorry. Your account was suspended"}`), Invalid, 403, ""},
		{"401 with the mark, but no message", oauth, asIfOwn(401, ""), Invalid, 401, ""},
		{"401 of a proxy", oauth, credentialstest.ProxyUnauthorized, Unknown, 401, "401, not GitHub's own answer"},
		{"401 in a proxy's JSON", oauth, credentialstest.Status(401, `{"error":"unauthorized"}`), Unknown, 401, "401, not GitHub's own answer"},
		{"401 with an empty message", oauth, credentialstest.Status(401, `{"message":""}`), Unknown, 401, "401, not GitHub's own answer"},
		{"401 in half of JSON", oauth, credentialstest.Status(401, `{"message":"Bad cred`), Unknown, 401, "401, not GitHub's own answer"},
		{"402", oauth, asIfOwn(402, `{"message":"Pay"}`), Unknown, 402, "402 Pay"},
		{"403 as the account is suspended", oauth, credentialstest.Forbidden("Sorry. Your account was suspended"), Invalid, 403, ""},
		{"403 of a proxy that speaks of suspension", oauth, credentialstest.Status(403, "Your account was suspended"), Unknown, 403, "403, not GitHub's own answer"},
		{"403 of a proxy", oauth, credentialstest.ProxyDenied, Unknown, 403, "403, not GitHub's own answer"},
		{"403 without single sign-on", oauth, credentialstest.SSORequired("acme"), Unknown, 403, "403 Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization."},
		{"403 as the quota is spent", oauth, credentialstest.RateLimited, Unknown, 403, "403 API rate limit exceeded for user ID 1."},
		{"403 as too much came at once", oauth, credentialstest.SecondaryLimit(403, time.Minute), Unknown, 403, "403 You have exceeded a secondary rate limit. Please wait a few minutes before you try again."},
		{"403 as the user is locked out", oauth, credentialstest.Forbidden("Maximum number of login attempts exceeded. Please try again later."), Unknown, 403, "403 Maximum number of login attempts exceeded. Please try again later."},
		{"403 as the organization forbids classic tokens", oauth, credentialstest.Forbidden("`acme` forbids access via a personal access token (classic)."), Unknown, 403, "403 `acme` forbids access via a personal access token (classic)."},
		{"403 as the organization restricts OAuth apps", oauth, credentialstest.Forbidden("Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access restrictions"), Unknown, 403, "403 Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access restrictions"},
		{"403 not accessible by integration", oauth, credentialstest.Forbidden("Resource not accessible by integration"), Valid, 403, ""},
		{"403 not accessible by integration, of a proxy", oauth, credentialstest.Status(403, "Resource not accessible by integration"), Unknown, 403, "403, not GitHub's own answer"},
		{"403 not accessible by personal access token", oauth, credentialstest.Forbidden("Resource not accessible by personal access token"), Unknown, 403, "403 Resource not accessible by personal access token"},
		{"403 without a word", oauth, asIfOwn(403, ""), Unknown, 403, "403 Forbidden"},
		{"404", oauth, asIfOwn(404, `{"message":"Not Found"}`), Unknown, 404, "404 Not Found"},
		{"404 as a suspended account", oauth, asIfOwn(404, `{"message":"suspended"}`), Unknown, 404, "404 suspended"},
		{"407", oauth, credentialstest.Status(407, `{"message":"Proxy Authentication Required"}`), Unknown, 407, "407 Proxy Authentication Required"},
		{"429", oauth, credentialstest.SecondaryLimit(429, time.Minute), Unknown, 429, "429 You have exceeded a secondary rate limit. Please wait a few minutes before you try again."},
		{"429 of a proxy", oauth, credentialstest.Status(429, ""), Unknown, 429, "429, not GitHub's own answer"},
		{"500", oauth, credentialstest.ServerError(500), Unknown, 500, "500 Server Error"},
		{"502", oauth, credentialstest.ServerError(502), Unknown, 502, "502, not GitHub's own answer"},
		{"503", oauth, credentialstest.ServerError(503), Unknown, 503, "503, not GitHub's own answer"},
		{"504", oauth, credentialstest.ServerError(504), Unknown, 504, "504, not GitHub's own answer"},
		{"an odd status", oauth, asIfOwn(599, `{"message":"Bad credentials"}`), Unknown, 599, "599 Bad credentials"},
		{"a message for a terminal", oauth, asIfOwn(500, `{"message":"\u001b[2J\u202eoh\n no"}`), Unknown, 500, "500 [2Joh  no"},
		{"64 MiB", oauth, credentialstest.Huge, Unknown, 0, "the answer is too large"},
		{"a body that is cut off", oauth, credentialstest.Truncated, Unknown, 0, "unexpected EOF"},
		{"a connection that is closed", oauth, credentialstest.CloseEarly, Unknown, 0, "EOF"},
		{"a connection that is closed within the header", oauth, credentialstest.CloseInHeader, Unknown, 0, "EOF"},
		{"no answer", oauth, credentialstest.Hang, Unknown, 0, "no answer in time"},
		{"half an answer", oauth, credentialstest.HangInBody, Unknown, 0, "no answer in time"},
		{"an answer that is late", oauth, credentialstest.Slow(APILimit+time.Millisecond, nil), Unknown, 0, "no answer in time"},
		{"an answer that is nearly late", oauth, credentialstest.Slow(APILimit-time.Millisecond, nil), Valid, 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				got, hub := askAPI(t, test.how, test.secret, octocat)
				if got.StateByAPI() != test.state || got.Status != test.status {
					t.Errorf("got word %v, status %d of %+v", got.StateByAPI(), got.Status, got)
				}
				if !got.Asked.Equal(begun) {
					t.Errorf("asked at %v, want %v", got.Asked, begun)
				}
				if took, want := time.Since(begun), waited(test.says, test.name, APILimit); took != want {
					t.Errorf("took %v, want %v", took, want)
				}
				if test.says != "" {
					if says := got.Unclear(); says != test.says && !(got.Status == 0 && strings.HasSuffix(says, test.says)) {
						t.Errorf("says %q, want %q", says, test.says)
					}
				}
				if got.StateByAPI() == Unknown && (got.Login != "" || got.HasScopes || got.Scopes != nil || !got.Expires.IsZero()) {
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
			if got.StateByAPI() != Valid {
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
		if got := IsLogin(login); got != want {
			t.Errorf("%q: %v", login, got)
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
		token := mustParse(t, "gho_"+canary)
		broken := &Client{Registry: ghcr, Transport: failing(text)}
		for from, answer := range map[string]Answer{
			"the API":               ask(hub).AskAPI(t.Context(), token),
			"the registry":          ask(hub).AskRegistry(t.Context(), "octocat", token),
			"the way to the API":    broken.AskAPI(t.Context(), token),
			"the way to the others": broken.AskRegistry(t.Context(), "octocat", token),
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
		if shows(fmt.Sprintf("%+v %s", answer, answer.Unclear())) {
			t.Errorf("%s: got %+v", name, answer)
		}
		answer, _ = askRegistry(t, how, ghcr, "octocat", secret)
		if shows(fmt.Sprintf("%+v %s", answer, answer.Unclear())) {
			t.Errorf("%s, from the registry: got %+v", name, answer)
		}
	}
}

func inBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

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

// server is a server of TLS on loopback. What it notes of failed handshakes is dropped.
func server(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	credentialstest.NeedLoopback(t)
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
	a := at(s.URL, NewTransport())
	answer := a.AskAPI(t.Context(), mustParse(t, "gho_"+canary))
	if answer.StateByAPI() != Unknown || !strings.Contains(answer.Trouble, "certificate") {
		t.Errorf("got %+v", answer)
	}
}

func TestAServerThatSpeaksInClearGetsNoToken(t *testing.T) {
	t.Parallel()
	credentialstest.NeedLoopback(t)
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
	a := at("https://"+listener.Addr().String(), NewTransport())
	answer := a.AskAPI(t.Context(), mustParse(t, "gho_"+canary))
	if answer.StateByAPI() != Unknown {
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
	a := at(s.URL, transport)
	answer := a.AskAPI(t.Context(), mustParse(t, "gho_example"))
	if answer.Status != http.StatusFound || answer.StateByAPI() != Unknown {
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
	a := at(s.URL, transport)
	if answer := a.AskAPI(t.Context(), mustParse(t, "gho_example")); answer.Status != 0 || answer.Trouble == "" {
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
		a := ask(hub)
		a.Trace = func(format string, args ...any) { fmt.Fprintf(&traced, format+"\n", args...) }
		a.AskAPI(t.Context(), mustParse(t, "gho_"+canary))
		hub.Break("", credentialstest.API, credentialstest.Hang)
		a.AskAPI(t.Context(), mustParse(t, "gho_"+canary))
		want := "GET https://api.github.com/user: 200 in 250ms\nGET https://api.github.com/user: no answer in time in 5s\n"
		if traced.String() != want {
			t.Errorf("traced\n%s\nwant\n%s", traced.String(), want)
		}
	})
}

// log is a writer for several goroutines.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// inJSON is a text as JSON has it.
func inJSON(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

func TestALoginThatAProxyRepeatsIsNotShown(t *testing.T) {
	for _, text := range []string{"Bad login " + inBase64("me:"+canary), "no such user me:" + canary} {
		t.Setenv("HTTPS_PROXY", "http://me:"+canary+"@127.0.0.1:1")
		if got := trouble(t.Context(), errors.New(text)); shows(got) {
			t.Errorf("%q", got)
		}
	}
}

// Go does not end the body of such an answer with the request.
func TestAServerThatSwitchesProtocolsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	s := server(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		select {
		case <-hold:
		case <-time.After(10 * time.Second):
		}
	})
	defer close(hold)
	a := at(s.URL, plainTransport(s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs))
	for name, ask := range map[string]func(context.Context) Answer{
		"API":      func(ctx context.Context) Answer { return a.AskAPI(ctx, mustParse(t, "gho_example")) },
		"registry": func(ctx context.Context) Answer { return a.AskRegistry(ctx, "octocat", mustParse(t, "gho_example")) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		begun := time.Now()
		answer := ask(ctx)
		cancel()
		if took := time.Since(begun); took > 5*time.Second || answer.Trouble != "no answer in time" {
			t.Errorf("%s: %+v after %v", name, answer, took)
		}
	}
}

// What cannot be undone needs the word of both.
func TestATokenIsDeadForBothOnlyIfBothSaySo(t *testing.T) {
	t.Parallel()
	gateway := credentialstest.Status(401, `{"message":"Unauthorized"}`)
	for name, c := range map[string]struct {
		api, registry http.Handler
		want          bool
	}{
		"both":         {nil, nil, true},
		"the API":      {nil, credentialstest.ServerError(502), false},
		"the registry": {gateway, nil, false},
		"nobody":       {gateway, credentialstest.ProxyUnauthorized, false},
	} {
		hub := credentialstest.NewGitHub()
		hub.Break("", credentialstest.API, c.api)
		hub.Break("", credentialstest.Registry, c.registry)
		if got := ask(hub).IsDeadForBoth(t.Context(), "octocat", mustParse(t, "gho_dead")); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A token in pieces is as good as a whole one to who reads it.
func TestATextWithAPartOfTheTokenIsDropped(t *testing.T) {
	t.Parallel()
	const secret = "gho_abcdefgh12345678ijklmnop"
	token := mustParse(t, secret)
	for text, dropped := range map[string]bool{
		"gho_abcd efgh 1234": true, "no: a-b-c-d-e-f-g-h": true, "ABCDEFGH": true, "12345678": true, "x5678ijklx": true,
		"abcdefg": false, "gho_ is the prefix of an OAuth token": false, "Bad credentials": false, "": false,
	} {
		if got := token.maskedIn(text, ""); (got == "(a text that repeats the token)") != dropped {
			t.Errorf("%q becomes %q", text, got)
		}
	}
	sent := inBase64("octocat:" + secret)
	if got := token.maskedIn("got "+sent[:4]+" "+sent[4:20], sent); strings.Contains(got, sent[4:20]) {
		t.Errorf("shows %q", got)
	}
}

func TestAPageForSingleSignOnIsOnTheHostOfTheRegistry(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]bool{
		"https://github.com/orgs/acme/sso?authorization_request=A": true,
		"https://evil.example/orgs/acme/sso":                       false,
		"https://github.com.evil.example/orgs/acme/sso":            false,
		"https://github.com@evil.example/":                         false,
		"https://me@github.com/orgs/acme/sso":                      false,
		"http://github.com/orgs/acme/sso":                          false,
		"https://github.com:8443/orgs/acme/sso":                    false,
	} {
		answer, _ := askAPI(t, withHeader("X-GitHub-SSO", "required; url="+page), "gho_example", octocat)
		if (answer.SSOPage == page) != want || !want && answer.SSOPage != "" {
			t.Errorf("%s: %q", page, answer.SSOPage)
		}
	}
}

func TestAProxysLoginWithoutASchemeIsNotShown(t *testing.T) {
	for _, address := range []string{"me:" + canary + "@127.0.0.1:1", "http://me:" + canary + "@127.0.0.1:1"} {
		t.Setenv("HTTPS_PROXY", address)
		if got := withoutProxyLogin("refused " + inBase64("me:"+canary) + " and " + canary); shows(got) {
			t.Errorf("%s: %q", address, got)
		}
	}
}

func TestWhatIsKeptOfAnAnswerHasNoTextOfTheServer(t *testing.T) {
	t.Parallel()
	for _, a := range []Answer{
		{Status: 401, Own: true, Message: "Bad credentials"}, {Status: 403, Own: true, Message: "Sorry. Your account was suspended"},
		{Status: 403, Own: true, Message: "Resource not accessible by integration"}, {Status: 403, Own: true, Message: "anything"},
		{Status: 403, Own: true, Code: "DENIED", Message: "permission_denied: write_package"}, {Trouble: `malformed HTTP response "gho_x"`},
	} {
		kept := a.WithoutTexts()
		if kept.StateByAPI() != a.StateByAPI() || kept.StateByRegistry() != a.StateByRegistry() {
			t.Errorf("%+v is kept as %+v", a, kept)
		}
		if kept.Message != "" && kept.Message == a.Message || strings.Contains(kept.Trouble, "gho_") {
			t.Errorf("%+v keeps its text: %+v", a, kept)
		}
	}
}
