package credentialstest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func TestRequestsAreRemembered(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		header := map[string]string{"Authorization": "token gho_oauth", "User-Agent": "test/1", "X-More": "more"}
		ask(t, via, "GET", "https://api.github.com/orgs/acme/packages/container/a%2Fb?x=1", header, "")
		ask(t, via, "GET", "https://ghcr.io/token?service=ghcr.io", basic("octocat", "gho_dead"), "")
		ask(t, via, "POST", "https://containers.acme.ghe.com/token", form(), "grant_type=password&username=hubot&password=gho_tenant")
		ask(t, via, "POST", "https://api.github.com/credentials/revoke", nil, `{"credentials":["ghp_other"]}`)
		g.Break("", credentialstest.API, credentialstest.CloseEarly)
		via.RoundTrip(get(t, t.Context(), "https://git.example.com/api/v3/user"))

		got := g.Requests()
		want := []credentialstest.Request{
			{Method: "GET", Host: "api.github.com", Path: "/orgs/acme/packages/container/a%2Fb", Query: "x=1", Secret: "gho_oauth", Scheme: "token",
				UserAgent: "test/1", Place: credentialstest.API, Status: 404},
			{Method: "GET", Host: "ghcr.io", Path: "/token", Query: "service=ghcr.io", Secret: "gho_dead", Username: "octocat", Scheme: "Basic",
				UserAgent: "Go-http-client/1.1", Place: credentialstest.Registry, Status: 403},
			{Method: "POST", Host: "containers.acme.ghe.com", Path: "/token", Secret: "gho_tenant", Username: "hubot",
				UserAgent: "Go-http-client/1.1", Body: "grant_type=password&username=hubot&password=gho_tenant", Place: credentialstest.Registry, Status: 200},
			{Method: "POST", Host: "api.github.com", Path: "/credentials/revoke", UserAgent: "Go-http-client/1.1",
				Body: `{"credentials":["ghp_other"]}`, Place: credentialstest.API, Status: 202},
			{Method: "GET", Host: "git.example.com", Path: "/api/v3/user", UserAgent: "Go-http-client/1.1", Place: credentialstest.API},
		}
		if len(got) != len(want) {
			t.Fatalf("%d requests, want %d", len(got), len(want))
		}
		for i, r := range got {
			if !r.TLS || r.Header == nil || r.Time.IsZero() || i > 0 && r.Time.Before(got[i-1].Time) {
				t.Errorf("%d: TLS %v, header %v, time %v", i, r.TLS, r.Header, r.Time)
			}
			if i == 0 && r.Header.Get("X-More") != "more" {
				t.Errorf("header: %v", r.Header)
			}
			w := want[i]
			w.TLS, w.Header, w.Time = r.TLS, r.Header, r.Time
			if !same(r, w) {
				t.Errorf("%d: got  %+v\nwant %+v", i, r, w)
			}
		}
		if with := g.RequestsWith("gho_tenant"); len(with) != 1 || with[0].Host != "containers.acme.ghe.com" {
			t.Errorf("with gho_tenant: %+v", with)
		}
		if with := g.RequestsWith("gho_never"); len(with) != 0 {
			t.Errorf("with gho_never: %+v", with)
		}
	})
}

// same compares all but the header.
func same(a, b credentialstest.Request) bool {
	a.Header, b.Header = nil, nil
	return a.Method == b.Method && a.Host == b.Host && a.Path == b.Path && a.Query == b.Query && a.Secret == b.Secret &&
		a.Username == b.Username && a.Scheme == b.Scheme && a.UserAgent == b.UserAgent && a.Body == b.Body &&
		a.Place == b.Place && a.Status == b.Status
}

func TestPlainHTTPIsRememberedAsSuch(t *testing.T) {
	t.Parallel()
	g := credentialstest.NewGitHub()
	ask(t, g.Transport(), "GET", "http://api.github.com/", nil, "")
	if g.Requests()[0].TLS {
		t.Error("taken for TLS")
	}
}

func TestNoAddressNoAnswer(t *testing.T) {
	t.Parallel()
	g := credentialstest.NewGitHub()
	for _, url := range []string{"ftp://api.github.com/", "//api.github.com/", "https:///user"} {
		if _, err := g.Transport().RoundTrip(get(t, t.Context(), url)); err == nil {
			t.Errorf("%s: an answer", url)
		}
	}
	if len(g.Requests()) != 0 {
		t.Error("remembered")
	}
}

func TestRedirectsAreTheClientsBusiness(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		g.Break("", credentialstest.API, credentialstest.RedirectTo("https://evil.example/"))
		client := &http.Client{Transport: via}
		resp, err := client.Do(get(t, t.Context(), "https://api.github.com/user"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		seen := g.Requests()
		if len(seen) != 2 || seen[1].Host != "evil.example" || resp.Request.URL.Host != "evil.example" {
			t.Errorf("a client that follows is not seen to: %+v", seen)
		}
	})
}

func TestBodiesAreStreamedAndFreed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := credentialstest.NewGitHub()
		var ended atomic.Int32
		g.Break("", credentialstest.API, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer ended.Add(1)
			io.WriteString(w, "first")
			select {
			case <-time.After(time.Hour):
				io.WriteString(w, "second")
			case <-r.Context().Done():
			}
		}))
		for n, whole := range []bool{true, false} {
			began := time.Now()
			resp, err := g.Transport().RoundTrip(get(t, t.Context(), "https://api.github.com/"))
			if err != nil {
				t.Fatal(err)
			}
			part := make([]byte, 5)
			if _, err := io.ReadFull(resp.Body, part); err != nil || string(part) != "first" || time.Since(began) != 0 {
				t.Errorf("%q, %v after %v", part, err, time.Since(began))
			}
			if whole {
				if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "second" || time.Since(began) != time.Hour {
					t.Errorf("%q, %v after %v", rest, err, time.Since(began))
				}
			}
			resp.Body.Close()
			synctest.Wait()
			if int(ended.Load()) != n+1 {
				t.Error("the handler was not told that the client has gone")
			}
			if _, err := resp.Body.Read(part); err == nil {
				t.Error("read after Close")
			}
		}
	})
}

func TestAnAnswerShorterThanAnnouncedIsCutOff(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		g.Break("", credentialstest.API, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "short")
		}))
		resp, err := via.RoundTrip(get(t, t.Context(), "https://api.github.com/"))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	})
}

func TestARequestLargerThanAnyIsRefused(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		resp, _ := ask(t, via, "POST", "https://api.github.com/graphql", nil, strings.Repeat(" ", 2<<20))
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Error(resp.Status)
		}
	})
}

func TestTheBodyOfTheRequestIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := credentialstest.NewGitHub()
		for _, url := range []string{"https://api.github.com/", "ftp://api.github.com/"} {
			body := &closer{Reader: strings.NewReader("x")}
			req, _ := http.NewRequestWithContext(t.Context(), "POST", url, body)
			if resp, err := g.Transport().RoundTrip(req); err == nil {
				resp.Body.Close()
			}
			synctest.Wait()
			if !body.closed {
				t.Errorf("%s: left open", url)
			}
		}
	})
}

type closer struct {
	io.Reader
	closed bool
}

func (c *closer) Close() error {
	c.closed = true
	return nil
}

func TestAnAliasIsAnsweredAsTheOther(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		g.Alias("gw.example.com", "api.github.com")
		g.Alias("localhost:5001", "ghcr.io")
		if _, body := ask(t, via, "GET", "https://gw.example.com/user", auth("token gho_oauth"), ""); body != octocat {
			t.Errorf("gateway: %s", body)
		}
		if resp, _ := ask(t, via, "GET", "https://localhost:5001/token", basic("x", "gho_oauth"), ""); resp.StatusCode != 200 {
			t.Errorf("registry on a port: %d", resp.StatusCode)
		}
		resp, _ := ask(t, via, "GET", "https://localhost:5001/v2/", nil, "")
		if got := resp.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Bearer realm="https://localhost:5001/token",service="ghcr.io"`) {
			t.Errorf("challenge: %s", got)
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		addPackages(g)
		const clients = 8
		var wait sync.WaitGroup
		for range clients {
			wait.Go(func() {
				for _, url := range []string{"https://api.github.com/user", "https://ghcr.io/token?scope=repository:octocat/public:pull", "https://ghcr.io/v2/"} {
					resp, err := via.RoundTrip(get(t, t.Context(), url))
					if err != nil {
						t.Error(err)
						return
					}
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				g.Break("x", credentialstest.API, credentialstest.Hang)
				g.Add("gho_oauth", credentialstest.Token{})
				g.AddPackage("", credentialstest.Package{Owner: "octocat", Name: "public", Public: true})
				g.Requests()
			})
		}
		wait.Wait()
		if n := len(g.Requests()); n != 3*clients {
			t.Errorf("%d requests, want %d", n, 3*clients)
		}
	})
}
