package credentialstest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func TestHowThingsBreak(t *testing.T) {
	t.Parallel()
	const sso = "required; url=https://github.com/orgs/acme/sso?authorization_request=PRETEND"
	tests := []struct {
		name   string
		how    http.Handler
		status int  // 0: no answer
		whole  bool // the body comes to its end
		github bool // has GitHub's request id
		body   string
		header map[string]string
	}{
		{name: "closed early", how: credentialstest.CloseEarly},
		{name: "closed in the header", how: credentialstest.CloseInHeader},
		{name: "truncated", how: credentialstest.Truncated, status: 200, github: true, body: `{"login":"octo`},
		{name: "garbage", how: credentialstest.Garbage, status: 200, whole: true, body: "\xff"},
		{name: "a captive portal", how: credentialstest.ProxyPage, status: 200, whole: true, body: "<html>"},
		{name: "a proxy that wants a login", how: credentialstest.ProxyUnauthorized, status: 401, whole: true, body: "<html>"},
		{name: "a proxy that refuses", how: credentialstest.ProxyDenied, status: 403, whole: true, body: "<html>"},
		{name: "500", how: credentialstest.ServerError(500), status: 500, whole: true, github: true, body: `"status":"500"`},
		{name: "502", how: credentialstest.ServerError(502), status: 502, whole: true, body: "502 Bad Gateway"},
		{name: "503", how: credentialstest.ServerError(503), status: 503, whole: true, body: "503 Service Unavailable"},
		{name: "rate limited", how: credentialstest.RateLimited, status: 403, whole: true, github: true, body: "API rate limit exceeded",
			header: map[string]string{"X-RateLimit-Remaining": "0"}},
		{name: "too many at once", how: credentialstest.SecondaryLimit(403, time.Minute), status: 403, whole: true, github: true,
			body: "secondary rate limit", header: map[string]string{"Retry-After": "60"}},
		{name: "too many at once, newer", how: credentialstest.SecondaryLimit(429, time.Second), status: 429, whole: true, github: true,
			body: "secondary rate limit", header: map[string]string{"Retry-After": "1"}},
		{name: "forbidden", how: credentialstest.Forbidden("No."), status: 403, whole: true, github: true, body: `"message":"No."`},
		{name: "single sign-on", how: credentialstest.SSORequired("acme"), status: 403, whole: true, github: true, body: "SAML",
			header: map[string]string{"X-GitHub-SSO": sso}},
		{name: "elsewhere", how: credentialstest.RedirectTo("http://evil.example/"), status: 307, whole: true, body: "Moved",
			header: map[string]string{"Location": "http://evil.example/"}},
		{name: "denied", how: credentialstest.Denied(403, "DENIED", "no"), status: 403, whole: true, github: true,
			body: `{"errors":[{"code":"DENIED","message":"no"}]}`},
		{name: "a plain status", how: credentialstest.Status(418, "teapot"), status: 418, whole: true, body: "teapot",
			header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}},
		{name: "a plain status with JSON", how: credentialstest.Status(404, "{}"), status: 404, whole: true, body: "{}",
			header: map[string]string{"Content-Type": "application/json; charset=utf-8"}},
		{name: "as ever", how: credentialstest.Regular, status: 200, whole: true, github: true, body: octocat},
		{name: "late", how: credentialstest.Slow(time.Millisecond, nil), status: 200, whole: true, github: true, body: octocat},
		{name: "late and wrong", how: credentialstest.Slow(time.Millisecond, credentialstest.ServerError(502)), status: 502, whole: true, body: "502"},
	}
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				g.Break("gho_oauth", credentialstest.API, test.how)
				req, _ := http.NewRequestWithContext(t.Context(), "GET", "https://api.github.com/user", nil)
				req.Header.Set("Authorization", "token gho_oauth")
				resp, err := via.RoundTrip(req)
				if test.status == 0 {
					if err == nil {
						t.Fatalf("answered %s", resp.Status)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if resp.StatusCode != test.status || !strings.Contains(string(body), test.body) {
					t.Errorf("got %d %s, want %d %s", resp.StatusCode, body, test.status, test.body)
				}
				if whole := err == nil; whole != test.whole || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("end of the body: %v", err)
				}
				if got := resp.Header.Get("X-GitHub-Request-Id") != ""; got != test.github {
					t.Errorf("GitHub's own: %v", got)
				}
				for name, want := range test.header {
					if got := resp.Header.Get(name); got != want {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
			})
		}
	})
}

func TestHugeIsHuge(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		g.Break("", credentialstest.API, credentialstest.Huge)
		resp, err := via.RoundTrip(get(t, t.Context(), "https://api.github.com/"))
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if n != 64<<20 || resp.ContentLength != n || err != nil {
			t.Errorf("%d of %d bytes, %v", n, resp.ContentLength, err)
		}

		resp, err = via.RoundTrip(get(t, t.Context(), "https://api.github.com/"))
		if err != nil {
			t.Fatal(err)
		}
		io.CopyN(io.Discard, resp.Body, 100)
		resp.Body.Close() // the server's end is freed, or the server's Close would hang
	})
}

func get(t *testing.T, ctx context.Context, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestWhatHangsEndsWithTheClientsPatience(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]http.Handler{
		"no answer":      credentialstest.Hang,
		"a late answer":  credentialstest.Slow(time.Hour, nil),
		"half an answer": credentialstest.HangInBody,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := credentialstest.NewGitHub()
				g.Break("", credentialstest.API, how)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				began := time.Now()
				resp, err := g.Transport().RoundTrip(get(t, ctx, "https://api.github.com/"))
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					resp.Body.Close()
				}
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
				}
			})
		})
	}
}

func TestAClientsOwnTimeoutEndsAHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := credentialstest.NewGitHub()
		g.Break("", credentialstest.API, credentialstest.Hang)
		client := &http.Client{Transport: g.Transport(), Timeout: 5 * time.Second}
		_, err := client.Get("https://api.github.com/")
		var timeout interface{ Timeout() bool }
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%v", err)
		}
	})
}

func TestAHangOverTheWireEndsWithTheClient(t *testing.T) {
	t.Parallel()
	g := credentialstest.NewGitHub()
	via := overTLS(t, g) // whose Close waits for the handlers
	for _, how := range []http.Handler{credentialstest.Hang, credentialstest.HangInBody} {
		g.Break("", credentialstest.API, how)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		resp, err := via.RoundTrip(get(t, ctx, "https://api.github.com/"))
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancel()
	}
}

func TestSlowIsAsSlowAsSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := credentialstest.NewGitHub()
		g.Break("", credentialstest.API, credentialstest.Slow(3*time.Second, nil))
		began := time.Now()
		resp, err := g.Transport().RoundTrip(get(t, t.Context(), "https://api.github.com/"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if took := time.Since(began); took != 3*time.Second || resp.StatusCode != 200 {
			t.Errorf("%d after %v", resp.StatusCode, took)
		}
	})
}

func TestOnlyWhatWasBrokenIsBroken(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		status := func(url string, header map[string]string) int {
			t.Helper()
			resp, _ := ask(t, via, "GET", url, header, "")
			return resp.StatusCode
		}
		const api, registry = "https://api.github.com/user", "https://ghcr.io/token"
		one, other := auth("token gho_oauth"), auth("token ghp_classic")

		g.Break("gho_oauth", credentialstest.API, credentialstest.Status(418, ""))
		for _, test := range []struct {
			url    string
			header map[string]string
			want   int
		}{{api, one, 418}, {api, other, 200}, {registry, basic("x", "gho_oauth"), 200}} {
			if got := status(test.url, test.header); got != test.want {
				t.Errorf("one secret at the API: %s %v: %d, want %d", test.url, test.header, got, test.want)
			}
		}

		g.Break("", credentialstest.API, credentialstest.Status(419, ""))
		if a, b := status(api, one), status(api, other); a != 418 || b != 419 {
			t.Errorf("one secret goes before all: %d, %d", a, b)
		}
		g.Break("gho_oauth", credentialstest.API, nil)
		if got := status(api, one); got != 419 {
			t.Errorf("one repaired, all broken: %d", got)
		}
		g.Break("", credentialstest.API, nil)
		if got := status(api, one); got != 200 {
			t.Errorf("all repaired: %d", got)
		}

		g.Break("gho_oauth", credentialstest.Registry, credentialstest.Status(418, ""))
		if got := status(registry, basic("x", "gho_oauth")); got != 418 {
			t.Errorf("at the registry: %d", got)
		}
		resp, _ := ask(t, via, "POST", registry, form(), "grant_type=password&username=x&password=gho_oauth")
		if resp.StatusCode != 418 {
			t.Errorf("at the registry by POST: %d", resp.StatusCode)
		}
		if got := status(api, one); got != 200 {
			t.Errorf("the API beside a broken registry: %d", got)
		}
		g.Break("gho_oauth", credentialstest.Registry, nil)

		bearer := auth(bearerFor(t, via, "ghcr.io", "gho_oauth"))
		g.Break("gho_oauth", credentialstest.Images, credentialstest.Status(418, ""))
		if a, b := status("https://ghcr.io/v2/", bearer), status("https://ghcr.io/v2/", nil); a != 418 || b != 401 {
			t.Errorf("at the images: %d, %d", a, b)
		}
	})
}

func TestOneEndpointIsBroken(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		g.Break("", credentialstest.API, credentialstest.At("/credentials/revoke", credentialstest.RateLimited))
		resp, body := ask(t, via, "POST", "https://api.github.com/credentials/revoke", nil, `{"credentials":["gho_oauth"]}`)
		if resp.StatusCode != 403 || resp.Header.Get("X-RateLimit-Remaining") != "0" || !g.Alive("gho_oauth") {
			t.Errorf("there: %d %s, alive %v", resp.StatusCode, body, g.Alive("gho_oauth"))
		}
		if _, body := ask(t, via, "GET", "https://api.github.com/user", auth("token gho_oauth"), ""); body != octocat {
			t.Errorf("elsewhere: %s", body)
		}
	})
}
