package github

import (
	"bytes"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// pretend is a pretend GitHub, and the test that asks it.
type pretend struct {
	*testing.T
	github *credentialstest.GitHub
}

func newPretend(t *testing.T) *pretend { return &pretend{t, credentialstest.NewGitHub()} }

// client is the client for a registry, and a token. What is traced goes to the log.
func (m *pretend) client(registry, secret string) (*Client, Token, *bytes.Buffer) {
	m.Helper()
	r, ok := ParseRegistry(registry, func(string) bool { return true })
	if !ok {
		m.Fatalf("%s is foreign", registry)
	}
	var token Token
	if secret != "" {
		token = mustParse(m.T, secret)
	}
	traced := &bytes.Buffer{}
	c := ask(m.github)
	c.Registry, c.Trace = r, func(format string, args ...any) { fmt.Fprintf(traced, format+"\n", args...) }
	return c, token, traced
}

// token makes GitHub know an OAuth token of octocat with these scopes.
func (m *pretend) token(secret string, scopes ...string) {
	m.github.Add(secret, credentialstest.Token{Login: "octocat", Scopes: scopes})
}

// parrot has every server repeat what it was sent.
func (m *pretend) parrot() {
	repeat := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, secret, _ := r.BasicAuth()
		text := r.Header.Get("Authorization") + " " + secret
		asIfOwn(500, `{"message":`+inJSON(text)+`,"errors":[{"code":`+inJSON(text)+`,"message":`+inJSON(text)+`}]}`).ServeHTTP(w, r)
	})
	m.github.Break("", credentialstest.API, repeat)
	m.github.Break("", credentialstest.Registry, repeat)
}

// pushable is a package that octocat may push and pull.
func (m *pretend) pushable(host, owner, name string) {
	m.github.AddPackage(host, credentialstest.Package{Owner: owner, Name: name, OwnerKind: "Organization", Writers: []string{"octocat"}})
}

// sent are the requests so far, in short.
func (m *pretend) sent() []string {
	var all []string
	for _, r := range m.github.Requests() {
		line := r.Method + " " + r.Host + r.Path
		if r.Query != "" {
			line += "?" + r.Query
		}
		all = append(all, line)
	}
	return all
}

// imageServer is a registry behind the pretend GitHub that answers like this.
func (m *pretend) imageServer(answer http.HandlerFunc) { m.github.SetImages(answer) }

func TestTheRegistryIsAskedWhetherAnImageMayBePushed(t *testing.T) {
	m := newPretend(t)
	m.token("gho_example", "write:packages")
	m.pushable("", "acme", "app")
	before := m.github.Packages("")
	s, token, _ := m.client("ghcr.io", "gho_example")
	a, bearer := s.Exchange(t.Context(), "octocat", token, "acme/app", true)
	if a.Status != 200 || !a.Own || bearer.IsZero() {
		t.Fatalf("exchange: %+v", a)
	}
	if a := s.ProbePush(t.Context(), token, bearer, "acme/app"); a.Status != 202 || !a.Own {
		t.Errorf("probe: %+v", a)
	}
	sent := m.github.Requests()
	if len(sent) != 3 {
		t.Fatalf("sent %v", m.sent())
	}
	for i, want := range []string{
		"GET ghcr.io/token?scope=repository%3Aacme%2Fapp%3Apull%2Cpush&service=ghcr.io",
		"POST ghcr.io/v2/acme/app/blobs/uploads/",
		"DELETE ghcr.io/v2/acme/app/blobs/uploads/",
	} {
		if got := m.sent()[i]; !strings.HasPrefix(got, want) {
			t.Errorf("sent %s, want %s", got, want)
		}
		if !sent[i].TLS || sent[i].UserAgent != "docker-credential-ghcr/test" || sent[i].Body != "" {
			t.Errorf("sent %+v", sent[i])
		}
	}
	if sent[0].Secret != "gho_example" || sent[0].Username != "octocat" || sent[1].Secret != bearer.Reveal() || sent[2].Secret != bearer.Reveal() {
		t.Errorf("sent with %s, %s, %s", sent[0].Secret, sent[1].Secret, sent[2].Secret)
	}
	// ghcr.io does not let an upload be dropped, which is no trouble.
	if sent[2].Status != 405 || !reflect.DeepEqual(m.github.Packages(""), before) {
		t.Errorf("dropping: %d; left are %+v", sent[2].Status, m.github.Packages(""))
	}
}

// What an upload's address leads to: the same host over TLS, or nothing is sent.
func TestABearerGoesToNoHostThatAnAnswerNames(t *testing.T) {
	for location, dropped := range map[string]bool{
		"":                                       false,
		"/v2/acme/app/blobs/uploads/1":           true,
		"/v2/acme/app/blobs/uploads/1?_state=x":  true,
		"https://ghcr.io/v2/acme/app/1":          true,
		"https://ghcr.io:443/v2/acme/app/1":      false,
		"https://evil.example/v2/acme/app/1":     false,
		"//evil.example/v2/acme/app/1":           false,
		"http://ghcr.io/v2/acme/app/1":           false,
		"https://user:password@ghcr.io/v2/a/b/1": false,
		"https://ghcr.io.evil.example/1":         false,
		"ftp://ghcr.io/1":                        false,
		"://":                                    false,
		"https://ghcr.io/%zz":                    false,
	} {
		t.Run(location, func(t *testing.T) {
			m := newPretend(t)
			m.token("gho_example", "write:packages")
			m.pushable("", "acme", "app")
			m.imageServer(func(w http.ResponseWriter, r *http.Request) {
				if location != "" {
					w.Header().Set("Location", location)
				}
				w.WriteHeader(http.StatusAccepted)
			})
			s, token, _ := m.client("ghcr.io", "gho_example")
			_, bearer := s.Exchange(t.Context(), "octocat", token, "acme/app", true)
			if a := s.ProbePush(t.Context(), token, bearer, "acme/app"); a.Status != 202 {
				t.Errorf("probe: %+v", a)
			}
			deleted := slices.ContainsFunc(m.sent(), func(line string) bool { return strings.HasPrefix(line, "DELETE ") })
			if deleted != dropped {
				t.Errorf("sent %v", m.sent())
			}
			for _, r := range m.github.Requests() {
				if r.Host != "ghcr.io" || !r.TLS {
					t.Errorf("sent to %s", r.Host)
				}
			}
		})
	}
}

func TestAnUploadThatWasNotOpenedIsNotDropped(t *testing.T) {
	m := newPretend(t)
	m.token("gho_example", "write:packages")
	m.imageServer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/v2/acme/app/blobs/uploads/1")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	m.pushable("", "acme", "app")
	s, token, _ := m.client("ghcr.io", "gho_example")
	_, bearer := s.Exchange(t.Context(), "octocat", token, "acme/app", true)
	if a := s.ProbePush(t.Context(), token, bearer, "acme/app"); a.Status != 307 || a.Own || len(m.sent()) != 2 {
		t.Errorf("probe: %+v, sent %v", a, m.sent())
	}
}

func TestTheRegistryIsAskedWhetherAnImageMayBePulled(t *testing.T) {
	m := newPretend(t)
	m.token("gho_example", "write:packages")
	m.pushable("", "acme", "app")
	m.imageServer(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept"), "application/vnd.oci.image.index.v1+json") {
			t.Errorf("accepted is %q", r.Header.Get("Accept"))
		}
		_, _ = w.Write([]byte(`{"schemaVersion":2}`))
	})
	s, token, _ := m.client("ghcr.io", "gho_example")
	_, bearer := s.Exchange(t.Context(), "octocat", token, "acme/app", false)
	if a := s.ProbePull(t.Context(), token, bearer, "acme/app", "1.2"); a.Status != 200 || !a.Own {
		t.Errorf("probe: %+v", a)
	}
	want := []string{"GET ghcr.io/token?scope=repository%3Aacme%2Fapp%3Apull&service=ghcr.io", "GET ghcr.io/v2/acme/app/manifests/1.2"}
	if got := m.sent(); !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
	m.imageServer(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
	if a := s.ProbePull(t.Context(), token, bearer, "acme/app", "1.2"); a.Status != 200 || a.Own {
		t.Errorf("a page is taken for a manifest: %+v", a)
	}
}

func TestWithoutATokenTheRegistryIsAskedByNobody(t *testing.T) {
	m := newPretend(t)
	m.github.AddPackage("", credentialstest.Package{Owner: "acme", Name: "public", Public: true})
	s, nobody, _ := m.client("ghcr.io", "")
	if a, bearer := s.Exchange(t.Context(), "", nobody, "acme/public", false); a.Status != 200 || bearer.IsZero() {
		t.Errorf("public: %+v", a)
	}
	if a, bearer := s.Exchange(t.Context(), "", nobody, "acme/private", false); a.Status != 401 || a.Message != "authentication required" || !bearer.IsZero() {
		t.Errorf("private: %+v", a)
	}
	if a, bearer := s.Exchange(t.Context(), "", nobody, "acme/public", true); a.Status != 403 || a.Message != "denied" || !bearer.IsZero() {
		t.Errorf("push: %+v", a)
	}
	for _, r := range m.github.Requests() {
		if r.Secret != "" || r.Scheme != "" {
			t.Errorf("sent %+v", r)
		}
	}
}

// Each registry is asked at its own address, and its host at its own API.
func TestWhereAnImageIsAskedAbout(t *testing.T) {
	for registry, want := range map[string][]string{
		"ghcr.io": {
			"GET ghcr.io/token?scope=repository%3Aacme%2Fcharts%2Fapp%3Apull%2Cpush&service=ghcr.io", "POST ghcr.io/v2/acme/charts/app/blobs/uploads/",
			"GET api.github.com/users/acme", "GET api.github.com/orgs/acme/packages/container/charts%2Fapp", "GET api.github.com/repos/acme/app",
		},
		"docker.pkg.github.com": {
			"GET ghcr.io/token?scope=repository%3Aacme%2Fcharts%2Fapp%3Apull%2Cpush&service=ghcr.io", "POST ghcr.io/v2/acme/charts/app/blobs/uploads/",
			"GET api.github.com/users/acme", "GET api.github.com/orgs/acme/packages/container/charts%2Fapp", "GET api.github.com/repos/acme/app",
		},
		"containers.acme.ghe.com": {
			"GET containers.acme.ghe.com/token?scope=repository%3Aacme%2Fcharts%2Fapp%3Apull%2Cpush&service=containers.acme.ghe.com", "POST containers.acme.ghe.com/v2/acme/charts/app/blobs/uploads/",
			"GET api.acme.ghe.com/users/acme", "GET api.acme.ghe.com/orgs/acme/packages/container/charts%2Fapp", "GET api.acme.ghe.com/repos/acme/app",
		},
		"containers.git.example.com": {
			"GET containers.git.example.com/token?scope=repository%3Aacme%2Fcharts%2Fapp%3Apull%2Cpush&service=containers.git.example.com", "POST containers.git.example.com/v2/acme/charts/app/blobs/uploads/",
			"GET git.example.com/api/v3/users/acme", "GET git.example.com/api/v3/orgs/acme/packages/container/charts%2Fapp", "GET git.example.com/api/v3/repos/acme/app",
		},
	} {
		t.Run(registry, func(t *testing.T) {
			m := newPretend(t)
			s, token, _ := m.client(registry, "gho_example")
			host := s.Registry.Host
			m.github.Add("gho_example", credentialstest.Token{Login: "octocat", Host: host, Scopes: []string{"write:packages"}})
			m.github.AddPackage(host, credentialstest.Package{
				Owner: "acme", Name: "charts/app", OwnerKind: "Organization", Writers: []string{"octocat"}, Repository: "acme/app", RepositoryID: 42,
			})
			m.github.AddRepository(host, credentialstest.Repository{FullName: "acme/app", ID: 42})
			_, bearer := s.Exchange(t.Context(), "octocat", token, "acme/charts/app", true)
			if a := s.ProbePush(t.Context(), token, bearer, "acme/charts/app"); a.Status != 202 {
				t.Errorf("probe: %+v", a)
			}
			owner := s.Owner(t.Context(), token, "acme")
			if owner.Status != 200 || !owner.Own || !owner.Organization {
				t.Errorf("owner: %+v", owner)
			}
			p := s.Package(t.Context(), token, owner, "acme", "charts/app")
			if p.Status != 200 || !p.Own || p.Visibility != "private" || p.Repository != "acme/app" || p.RepositoryID != 42 ||
				p.Page != "https://"+host+"/orgs/acme/packages/container/charts%2Fapp/settings" {
				t.Errorf("package: %+v", p)
			}
			if r := s.Repository(t.Context(), token, p.Repository); r.Status != 200 || !r.Own || r.ID != 42 {
				t.Errorf("repository: %+v", r)
			}
			got := slices.DeleteFunc(m.sent(), func(line string) bool { return strings.HasPrefix(line, "DELETE ") })
			if !slices.Equal(got, want) {
				t.Errorf("sent\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestWhatGitHubSaysAboutAPackage(t *testing.T) {
	m := newPretend(t)
	m.token("gho_example", "read:packages")
	m.github.AddPackage("", credentialstest.Package{Owner: "octocat", Name: "public", Public: true})
	m.github.AddPackage("", credentialstest.Package{Owner: "somebody", Name: "private"})
	m.github.SetPolicy("", "sso", credentialstest.Policy{SSO: true})
	s, token, _ := m.client("ghcr.io", "gho_example")
	user := s.Owner(t.Context(), token, "octocat")
	if user.Organization || user.Status != 200 {
		t.Errorf("user: %+v", user)
	}
	if none := s.Owner(t.Context(), token, "nobody"); none.Status != 404 || !none.Own || none.Organization {
		t.Errorf("nobody: %+v", none)
	}
	// A package that is linked to nothing has no repository, or null for one.
	p := s.Package(t.Context(), token, user, "octocat", "public")
	if p.Status != 200 || p.Visibility != "public" || p.Repository != "" || p.RepositoryID != 0 || p.Page != "https://github.com/users/octocat/packages/container/public/settings" {
		t.Errorf("public: %+v", p)
	}
	if p := s.Package(t.Context(), token, user, "somebody", "private"); p.Status != 404 || !p.Own || p.Message != "Package not found." {
		t.Errorf("hidden: %+v", p)
	}
	organization := s.Owner(t.Context(), token, "sso")
	p = s.Package(t.Context(), token, organization, "sso", "app")
	if p.Status != 403 || p.SSOPage != "https://github.com/orgs/sso/sso?authorization_request=PRETEND" || !organization.Organization {
		t.Errorf("single sign-on: %+v", p)
	}
	for name, c := range map[string]struct {
		how http.Handler
		own bool
	}{
		"null":       {asIfOwn(200, `{"visibility":"private","repository":null}`), true},
		"an escape":  {asIfOwn(200, `{"visibility":"pri\u001b[31mvate","repository":{"full_name":"acme/\u001bapp"}}`), true},
		"not JSON":   {asIfOwn(200, `<html>`), false},
		"of a proxy": {credentialstest.ProxyPage, false},
	} {
		m.github.Break("", credentialstest.API, c.how)
		p := s.Package(t.Context(), token, user, "octocat", "app")
		if p.Own != c.own || strings.Contains(p.Visibility+p.Repository, "\x1b") {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// An owner or a name cannot lead to another endpoint.
func TestNamesAreEscapedInPaths(t *testing.T) {
	m := newPretend(t)
	m.token("gho_example", "read:packages")
	s, token, _ := m.client("ghcr.io", "gho_example")
	s.Owner(t.Context(), token, "../user")
	s.Package(t.Context(), token, Owner{}, "a?b", "c/../d")
	s.Repository(t.Context(), token, "acme/../user")
	want := []string{
		"GET api.github.com/users/..%2Fuser",
		"GET api.github.com/users/a%3Fb/packages/container/c%2F..%2Fd",
		"GET api.github.com/repos/acme/..%2Fuser",
	}
	if got := m.sent(); !slices.Equal(got, want) {
		t.Errorf("sent %q", got)
	}
}

// Servers that repeat what they were sent are not repeated, nor traced.
func TestNothingSaidAboutAnImageHoldsASecret(t *testing.T) {
	m := newPretend(t)
	const secret = "gho_canary"
	m.token(secret, "write:packages")
	m.pushable("", "acme", "app")
	s, token, said := m.client("ghcr.io", secret)
	_, bearer := s.Exchange(t.Context(), "octocat", token, "acme/app", true)
	texts := func() (all []string) {
		a, _ := s.Exchange(t.Context(), "octocat", token, "acme/app", true)
		all = append(all, a.Message, a.Trouble)
		for _, a := range []Answer{
			s.ProbePush(t.Context(), token, bearer, "acme/app"), s.ProbePull(t.Context(), token, bearer, "acme/app", "1"),
			s.Owner(t.Context(), token, "acme").Answer, s.Package(t.Context(), token, Owner{}, "acme", "app").Answer, s.Repository(t.Context(), token, "acme/app").Answer,
		} {
			all = append(all, a.Message, a.Trouble)
		}
		return all
	}
	m.parrot()
	m.github.Break("", credentialstest.Images, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		credentialstest.Denied(403, "DENIED", "no: "+r.Header.Get("Authorization")+" of "+secret+"\x1b[31m").ServeHTTP(w, r)
	}))
	for _, text := range append(texts(), said.String()) {
		if strings.Contains(text, secret) || strings.Contains(text, bearer.Reveal()) || strings.Contains(text, "\x1b") {
			t.Errorf("said %q", text)
		}
	}
	if !strings.Contains(said.String(), "POST https://ghcr.io/v2/acme/app/blobs/uploads/: 403") {
		t.Errorf("traced %q", said)
	}
}

func TestAnImageIsNotAskedAboutForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newPretend(t)
		m.token("gho_example", "write:packages")
		m.pushable("", "acme", "app")
		s, token, _ := m.client("ghcr.io", "gho_example")
		_, bearer := s.Exchange(m.Context(), "octocat", token, "acme/app", true)
		for _, place := range []credentialstest.Place{credentialstest.API, credentialstest.Registry, credentialstest.Images} {
			m.github.Break("", place, credentialstest.Hang)
		}
		exchange, _ := s.Exchange(m.Context(), "octocat", token, "acme/app", true)
		for name, a := range map[string]Answer{
			"exchange": exchange, "push": s.ProbePush(m.Context(), token, bearer, "acme/app"), "pull": s.ProbePull(m.Context(), token, bearer, "acme/app", "1"),
			"owner": s.Owner(m.Context(), token, "acme").Answer, "package": s.Package(m.Context(), token, Owner{}, "acme", "app").Answer,
			"repository": s.Repository(m.Context(), token, "acme/app").Answer,
		} {
			if a.Status != 0 || a.Trouble != "no answer in time" {
				m.Errorf("%s: %+v", name, a)
			}
		}
	})
}

func TestWhereAPackagesSettingsAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ host, kind, owner, name, want string }{
		{"github.com", "users", "octocat", "app", "https://github.com/users/octocat/packages/container/app/settings"},
		{"github.com", "orgs", "acme", "app", "https://github.com/orgs/acme/packages/container/app/settings"},
		{"acme.ghe.com", "orgs", "acme", "charts/app", "https://acme.ghe.com/orgs/acme/packages/container/charts%2Fapp/settings"},
		{"github.com", "", "acme", "app", "https://github.com/{users|orgs}/acme/packages/container/app/settings"},
	} {
		if got := SettingsPage(c.host, c.kind, c.owner, c.name); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestAFewTagsOfAnImage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		how  http.Handler
		want []string
	}{
		"a list":             {credentialstest.Status(200, `{"name":"acme/app","tags":["1.0","1.1","latest"]}`), []string{"1.0", "1.1", "latest"}},
		"no more than a few": {credentialstest.Status(200, `{"tags":["a","b","c","d","e","f"]}`), []string{"a", "b", "c", "d", "e"}},
		"no tags":            {credentialstest.Status(200, `{"tags":null}`), nil},
		"hostile tags":       {credentialstest.Status(200, `{"tags":["##[error]x","a b","\u001b[2J","ok",""]}`), []string{"ok"}},
		"a refusal":          {credentialstest.Denied(403, "DENIED", "denied"), nil},
		"a proxy's page":     {credentialstest.ProxyPage, nil},
	} {
		hub := credentialstest.NewGitHub()
		hub.Add("gho_tags", credentialstest.Token{Login: "octocat", Scopes: []string{"read:packages"}})
		hub.Break("gho_tags", credentialstest.Images, c.how)
		client := ask(hub)
		_, bearer := client.Exchange(t.Context(), "octocat", mustParse(t, "gho_tags"), "acme/app", false)
		if bearer.IsZero() {
			t.Fatal("no bearer")
		}
		if got := client.Tags(t.Context(), bearer, "acme/app"); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestWhenARateLimitEnds(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	for name, c := range map[string]struct {
		retry, reset string
		want         time.Time
	}{
		"nothing":             {"", "", time.Time{}},
		"in a minute":         {"60", "", now.Add(time.Minute)},
		"at a time":           {"", "1800000300", now.Add(5 * time.Minute)},
		"the first counts":    {"60", "1800000300", now.Add(time.Minute)},
		"a date":              {"Wed, 21 Oct 2026 07:28:00 GMT", "", time.Time{}},
		"in a year":           {"31536000", "", time.Time{}},
		"at the end of times": {"", "9223372036854775807", time.Time{}},
		"before now":          {"-1", "-1", time.Time{}},
	} {
		header := http.Header{}
		if c.retry != "" {
			header.Set("Retry-After", c.retry)
		}
		if c.reset != "" {
			header.Set("X-RateLimit-Reset", c.reset)
		}
		if got := parseUntil(header, now); !got.Equal(c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// A job's runner obeys lines of its own form wherever they come from.
func TestARunnerFindsNothingToObeyInWhatAServerSays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"##[set-output name=x;]1":      "# #[set-output name=x;]1",
		"x ##[error]y":                 "x # #[error]y",
		"::set-output name=x::1":       ": :set-output name=x::1",
		"  ::error::x":                 ": :error::x",
		"\x00##[add-path]/tmp":         "# #[add-path]/tmp",
		"#\x00#[add-path]/tmp":         "# #[add-path]/tmp",
		"permission_denied: something": "permission_denied: something",
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
