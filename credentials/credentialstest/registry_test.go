package credentialstest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

const (
	denied       = `{"errors":[{"code":"DENIED","message":"denied"}]}`
	authRequired = `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`
	ok           = "200  " // verdict of what is allowed
)

// addPackages makes one public and one private package of octocat's, and one of acme's.
func addPackages(g *credentialstest.GitHub) {
	g.AddPackage("ghcr.io", credentialstest.Package{Owner: "octocat", Name: "public", Public: true})
	g.AddPackage("ghcr.io", credentialstest.Package{Owner: "octocat", Name: "private"})
	g.AddPackage("", credentialstest.Package{Owner: "acme", OwnerKind: "Organization", Name: "app",
		Readers: []string{"reader"}, Writers: []string{"writer"}})
}

func TestTheTokenEndpointTakesLiveTokensOfItsHost(t *testing.T) {
	t.Parallel()
	const scope = "?service=ghcr.io&scope=repository:octocat/private:pull,push"
	tests := []struct {
		name, method, url string
		header            map[string]string
		form              string
		status            int
		body              string // exact; "" wants a token
	}{
		{name: "an OAuth token", url: "https://ghcr.io/token" + scope, header: basic("octocat", "gho_oauth"), status: 200},
		{name: "whatever the user name", url: "https://ghcr.io/token" + scope, header: basic("x", "gho_oauth"), status: 200},
		{name: "a token that may do nothing", url: "https://ghcr.io/token" + scope, header: basic("octocat", "ghp_bare"), status: 200},
		{name: "a fine-grained token", url: "https://ghcr.io/token" + scope, header: basic("octocat", "github_pat_x"), status: 200},
		{name: "an Actions token", url: "https://ghcr.io/token" + scope, header: basic("x-access-token", "ghs_actions"), status: 200},
		{name: "the older name", url: "https://docker.pkg.github.com/token", header: basic("octocat", "gho_oauth"), status: 200},
		{name: "a tenant", url: "https://containers.acme.ghe.com/token", header: basic("octocat", "gho_tenant"), status: 200},
		{name: "an enterprise server", url: "https://containers.git.example.com/token", header: basic("octocat", "gho_server"), status: 200},
		{name: "an enterprise server, older name", url: "https://docker.git.example.com/token", header: basic("octocat", "gho_server"), status: 200},

		{name: "a dead token", url: "https://ghcr.io/token" + scope, header: basic("octocat", "gho_dead"), status: 403, body: denied},
		{name: "a dead token for a public image", url: "https://ghcr.io/token?scope=repository:octocat/public:pull",
			header: basic("octocat", "gho_dead"), status: 403, body: denied},
		{name: "an unknown token", url: "https://ghcr.io/token", header: basic("octocat", "gho_unknown"), status: 403, body: denied},
		{name: "an expired token", url: "https://ghcr.io/token", header: basic("octocat", "ghp_expired"), status: 403, body: denied},
		{name: "a suspended account", url: "https://ghcr.io/token", header: basic("octocat", "gho_suspended"), status: 403, body: denied},
		{name: "a refresh token", url: "https://ghcr.io/token", header: basic("octocat", "ghr_refresh"), status: 403, body: denied},
		{name: "an empty password", url: "https://ghcr.io/token", header: basic("octocat", ""), status: 403, body: denied},
		{name: "broken Base64", url: "https://ghcr.io/token", header: auth("Basic !"), status: 403, body: denied},
		{name: "a tenant's token", url: "https://ghcr.io/token", header: basic("octocat", "gho_tenant"), status: 403, body: denied},
		{name: "another tenant's", url: "https://containers.other.ghe.com/token", header: basic("octocat", "gho_tenant"), status: 403, body: denied},
		{name: "at an enterprise server", url: "https://containers.git.example.com/token", header: basic("octocat", "gho_oauth"), status: 403, body: denied},

		{name: "anonymous", url: "https://ghcr.io/token", status: 200},
		{name: "anonymous, for a public image", url: "https://ghcr.io/token?scope=repository:octocat/public:pull", status: 200},
		{name: "anonymous, for the placeholder", url: "https://ghcr.io/token?scope=repository:user/image:pull", status: 200},
		{name: "anonymous, for a private image", url: "https://ghcr.io/token?scope=repository:octocat/private:pull", status: 401, body: authRequired},
		{name: "anonymous, for an absent image", url: "https://ghcr.io/token?scope=repository:octocat/absent:pull", status: 401, body: authRequired},
		{name: "anonymous, for a push", url: "https://ghcr.io/token?scope=repository:octocat/public:pull,push", status: 403, body: denied},
		{name: "anonymous, for one of each", url: "https://ghcr.io/token?scope=repository:octocat/public:pull&scope=repository:octocat/private:pull", status: 401, body: authRequired},

		{name: "password by POST", method: "POST", url: "https://ghcr.io/token", header: form(),
			form: "grant_type=password&service=ghcr.io&username=octocat&password=gho_oauth", status: 200},
		{name: "refresh token by POST", method: "POST", url: "https://ghcr.io/token", header: form(),
			form: "grant_type=refresh_token&service=ghcr.io&refresh_token=gho_oauth", status: 200},
		{name: "dead password by POST", method: "POST", url: "https://ghcr.io/token", header: form(),
			form: "grant_type=password&username=octocat&password=gho_dead", status: 403, body: denied},
		{name: "anonymous by POST", method: "POST", url: "https://ghcr.io/token", header: form(),
			form: "scope=repository:octocat/private:pull", status: 401, body: authRequired},
		{name: "no such method", method: "DELETE", url: "https://ghcr.io/token", status: 405,
			body: `{"errors":[{"code":"UNSUPPORTED","message":"unsupported"}]}`},
	}
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		addPackages(g)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				resp, body := ask(t, via, test.method, test.url, test.header, test.form)
				if resp.StatusCode != test.status || test.body != "" && body != test.body {
					t.Fatalf("got %d %s, want %d %s", resp.StatusCode, body, test.status, test.body)
				}
				if test.body != "" {
					return
				}
				var answer struct {
					Token       string `json:"token"`
					AccessToken string `json:"access_token"`
				}
				if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Token == "" {
					t.Fatalf("no token in %s: %v", body, err)
				}
				if test.method == "POST" && answer.AccessToken != answer.Token {
					t.Errorf("no access_token in %s", body)
				}
			})
		}
	})
}

// bearerFor exchanges the secret, "" for none, for a header with a bearer.
func bearerFor(t *testing.T, via http.RoundTripper, registry, secret string) string {
	t.Helper()
	var header map[string]string
	if secret != "" {
		header = basic("octocat", secret)
	}
	resp, body := ask(t, via, "GET", "https://"+registry+"/token?service="+registry, header, "")
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || resp.StatusCode != 200 {
		t.Fatalf("no bearer for %q: %d %s", secret, resp.StatusCode, body)
	}
	return "Bearer " + answer.Token
}

func TestWhoMayPullAndPush(t *testing.T) {
	t.Parallel()
	g := credentialstest.NewGitHub()
	addTokens(g)
	addPackages(g)
	g.AddOrganization("", "acme", "member")
	for _, login := range []string{"reader", "writer", "member", "stranger"} {
		g.Add("gho_"+login, credentialstest.Token{Login: login, Scopes: []string{"write:packages"}})
	}
	g.Add("ghp_pull", credentialstest.Token{Login: "writer", Scopes: []string{"read:packages"}})

	const (
		needs   = "401 UNAUTHORIZED authentication required"
		nobody  = "401 UNAUTHORIZED unauthenticated: User cannot be authenticated with the token provided."
		refused = "403 DENIED denied"
		scope   = "403 DENIED permission_denied: The token provided does not match expected scopes."
		write   = "403 DENIED permission_denied: write_package"
		read    = "403 DENIED permission_denied: read_package"
		create  = "403 DENIED permission_denied: create_package"
		unknown = "404 NAME_UNKNOWN repository name not known"
	)
	for _, test := range []struct {
		secret, repository string
		pull, push         string
	}{
		{"", "octocat/public", ok, nobody},
		{"", "octocat/private", needs, nobody},
		{"", "octocat/absent", needs, nobody},

		{"gho_oauth", "octocat/public", ok, ok},
		{"gho_oauth", "Octocat/private", ok, ok},
		{"gho_oauth", "octocat/new", ok, ok},
		{"gho_oauth", "acme/app", refused, read},
		{"gho_oauth", "acme/new", unknown, create},
		{"ghp_classic", "octocat/private", ok, scope},
		{"ghp_bare", "octocat/private", scope, scope},
		{"ghp_bare", "octocat/public", ok, scope},
		{"github_pat_x", "octocat/public", ok, scope},
		{"github_pat_x", "octocat/private", scope, scope},
		{"ghs_actions", "octocat/private", ok, ok},
		{"ghp_other", "octocat/public", ok, write},
		{"ghp_other", "octocat/private", refused, read},

		{"gho_reader", "acme/app", ok, write},
		{"gho_writer", "acme/app", ok, ok},
		{"ghp_pull", "acme/app", ok, scope},
		{"gho_member", "acme/app", refused, read},
		{"gho_member", "acme/new", ok, ok},
		{"gho_stranger", "acme/app", refused, read},
		{"gho_stranger", "acme/new", unknown, create},
	} {
		bearer := bearerFor(t, g.Transport(), "ghcr.io", test.secret)
		for action, want := range map[string]string{"pull": test.pull, "push": test.push} {
			if got := verdict(g.Authorize("ghcr.io", bearer, test.repository, action)); got != want {
				t.Errorf("%q may %s %s: %s, want %s", test.secret, action, test.repository, got, want)
			}
		}
	}
	for header, want := range map[string]string{
		"":                                   needs, // public or not, the exchange comes first
		"Bearer unknown":                     nobody,
		"Basic b2N0b2NhdDpnaG9f":             "403 DENIED invalid token",
		"Bearer " + b64("gho_oauth"):         ok,
		"Bearer " + b64("octocat:gho_oauth"): ok,
		"Bearer " + b64("gho_dead"):          nobody,
		"Bearer " + b64(""):                  nobody,
		bearerFor(t, g.Transport(), "docker.pkg.github.com", ""):             ok,
		bearerFor(t, g.Transport(), "containers.acme.ghe.com", ""):           nobody,
		bearerFor(t, g.Transport(), "containers.acme.ghe.com", "gho_tenant"): nobody,
	} {
		if got := verdict(g.Authorize("ghcr.io", header, "octocat/public", "pull")); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

// probe opens an upload session as somebody with this secret and drops it again. It
// returns "202", or the status and message of the refusal. Nothing may come of it.
func probe(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper, secret, repository string) string {
	t.Helper()
	before := g.Packages("")
	bearer := auth(bearerFor(t, via, "ghcr.io", secret))
	resp, body := ask(t, via, "POST", "https://ghcr.io/v2/"+repository+"/blobs/uploads/", bearer, "")
	answer := fmt.Sprint(resp.StatusCode)
	if resp.StatusCode != http.StatusAccepted {
		answer += " " + complaint(body)
	} else if resp, _ := ask(t, via, "DELETE", "https://ghcr.io"+resp.Header.Get("Location"), bearer, ""); resp.StatusCode != 405 {
		t.Errorf("dropped with %d", resp.StatusCode)
	}
	if after := g.Packages(""); !reflect.DeepEqual(before, after) {
		t.Errorf("a probe of %s changed %+v to %+v", repository, before, after)
	}
	return answer
}

// complaint is the message of a refusal by API or registry.
func complaint(body string) string {
	var answer struct {
		Message string
		Errors  []struct{ Message string }
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return err.Error()
	}
	for _, e := range answer.Errors {
		answer.Message += e.Message
	}
	return answer.Message
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func verdict(ok bool, status int, code, message string) string {
	if ok != (status == 200) {
		return "contradiction"
	}
	return fmt.Sprint(status, " ", code, " ", message)
}

func TestABearerDiesWithItsTokenAndAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := credentialstest.NewGitHub()
		g.Add("gho_one", credentialstest.Token{Login: "octocat"})
		g.Add("gho_two", credentialstest.Token{Login: "octocat"})
		one, two := bearerFor(t, g.Transport(), "ghcr.io", "gho_one"), bearerFor(t, g.Transport(), "ghcr.io", "gho_two")
		may := func(bearer string) bool {
			ok, _, _, _ := g.Authorize("ghcr.io", bearer, "octocat/app", "push")
			return ok
		}
		time.Sleep(5*time.Minute - time.Second)
		if !may(one) || !may(two) {
			t.Fatal("dead too early")
		}
		g.Revoke("gho_two")
		if !may(one) || may(two) {
			t.Error("the bearer of a revoked token lives, or another died with it")
		}
		time.Sleep(time.Second)
		if may(one) {
			t.Error("alive after five minutes")
		}
	})
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	g := credentialstest.NewGitHub()
	g.Alias("localhost:5001", "ghcr.io")
	for want, got := range map[string]string{
		`Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:acme/app:pull"`:                                       g.Challenge("ghcr.io", "acme/app", "pull", false),
		`Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:acme/app:pull,push",error="insufficient_scope"`:       g.Challenge("ghcr.io", "acme/app", "pull,push", true),
		`Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"`:                                     g.Challenge("ghcr.io", "", "", false),
		`Bearer realm="https://containers.git.example.com/token",service="containers.git.example.com",scope="repository:acme/app:pull"`: g.Challenge("containers.git.example.com", "acme/app", "pull", false),
		`Bearer realm="http://localhost:5001/token",service="ghcr.io",scope="repository:acme/app:pull"`:                                 g.Challenge("localhost:5001", "acme/app", "pull", false),
	} {
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// shelf is a registry of one kind of thing: what was put is got.
type shelf struct {
	mu   sync.Mutex
	kept map[string]string
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodPut {
		body, _ := io.ReadAll(r.Body)
		if string(body) == "broken" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		s.kept[r.URL.Path] = string(body)
		w.WriteHeader(http.StatusCreated)
		return
	}
	thing, ok := s.kept[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	io.WriteString(w, thing)
}

func TestTheRegistryLetsInWhomItMay(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		const manifest = "https://ghcr.io/v2/octocat/app/manifests/latest"
		addTokens(g)
		g.SetImages(&shelf{kept: map[string]string{}})

		resp, body := ask(t, via, "GET", "https://ghcr.io/v2/", nil, "")
		if resp.StatusCode != 401 || body != authRequired ||
			resp.Header.Get("WWW-Authenticate") != `Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:user/image:pull"` {
			t.Errorf("/v2/ without a bearer: %d %s %v", resp.StatusCode, body, resp.Header)
		}
		bearer := auth(bearerFor(t, via, "ghcr.io", "gho_oauth"))
		for _, header := range []map[string]string{nil, bearer} {
			resp, _ := ask(t, via, "GET", "https://ghcr.io/v2/", header, "")
			if got := resp.Header.Get("Docker-Distribution-Api-Version"); got != "registry/2.0" {
				t.Errorf("/v2/ with %d headers: version %q", len(header), got)
			}
		}
		if resp, _ := ask(t, via, "GET", "https://ghcr.io/v2/", bearer, ""); resp.StatusCode != 200 {
			t.Errorf("/v2/ with a bearer: %d", resp.StatusCode)
		}
		resp, _ = ask(t, via, "GET", manifest, nil, "")
		if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 ||
			got != `Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:octocat/app:pull"` {
			t.Errorf("without a bearer: %d %s", resp.StatusCode, got)
		}
		if resp, _ := ask(t, via, "PUT", manifest, auth(bearerFor(t, via, "ghcr.io", "ghp_classic")), "m"); resp.StatusCode != 403 {
			t.Errorf("a reader's push: %d", resp.StatusCode)
		}
		resp, _ = ask(t, via, "PUT", manifest, auth(bearerFor(t, via, "ghcr.io", "")), "m")
		if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 || !strings.HasSuffix(got, `:pull,push",error="insufficient_scope"`) {
			t.Errorf("anonymous push: %d %s", resp.StatusCode, got)
		}
		if resp, _ := ask(t, via, "POST", "https://ghcr.io/v2/octocat/app/blobs/uploads/", bearer, ""); resp.StatusCode != 404 {
			t.Errorf("the registry behind was not asked: %d", resp.StatusCode)
		}
		if resp, _ := ask(t, via, "PUT", manifest, bearer, "broken"); resp.StatusCode != 400 {
			t.Errorf("a push that fails: %d", resp.StatusCode)
		}
		if _, ok := g.Package("ghcr.io", "octocat/app"); ok {
			t.Error("a package exists before anything was published")
		}

		if resp, _ := ask(t, via, "PUT", manifest, bearer, "the manifest"); resp.StatusCode != 201 {
			t.Errorf("push: %d", resp.StatusCode)
		}
		if resp, body := ask(t, via, "GET", manifest, bearer, ""); resp.StatusCode != 200 || body != "the manifest" {
			t.Errorf("pull: %d %s", resp.StatusCode, body)
		}
		p, ok := g.Package("", "octocat/app")
		if !ok || p.Public || p.OwnerKind != "User" || p.Versions != 1 || len(p.Writers) != 1 || p.Writers[0] != "octocat" {
			t.Errorf("the package: %v %+v", ok, p)
		}
		if resp, _ := ask(t, via, "DELETE", manifest, bearer, ""); resp.StatusCode != 405 {
			t.Errorf("delete: %d", resp.StatusCode)
		}
		if resp, _ := ask(t, via, "GET", manifest, auth(bearerFor(t, via, "ghcr.io", "ghp_other")), ""); resp.StatusCode != 403 {
			t.Errorf("a stranger's pull: %d", resp.StatusCode)
		}
		g.Revoke("gho_oauth")
		if resp, _ := ask(t, via, "GET", manifest, bearer, ""); resp.StatusCode != 401 {
			t.Errorf("after revocation: %d", resp.StatusCode)
		}
	})
}

func TestAMemberPublishesForTheOrganization(t *testing.T) {
	t.Parallel()
	g := credentialstest.NewGitHub()
	g.AddOrganization("acme.ghe.com", "acme", "octocat")
	g.Add("gho_tenant", credentialstest.Token{Login: "octocat", Host: "acme.ghe.com"})
	g.SetImages(&shelf{kept: map[string]string{}})
	bearer := bearerFor(t, g.Transport(), "containers.acme.ghe.com", "gho_tenant")
	ask(t, g.Transport(), "PUT", "https://containers.acme.ghe.com/v2/acme/app/manifests/v1", auth(bearer), "")
	p, ok := g.Package("acme.ghe.com", "acme/app")
	if !ok || p.OwnerKind != "Organization" || p.Owner != "acme" || p.Name != "app" {
		t.Errorf("%v %+v", ok, p)
	}
	if _, ok := g.Package("ghcr.io", "acme/app"); ok {
		t.Error("the package is at github.com too")
	}
}

func TestWithoutImagesAPushIsOpenedAndNothingIsFound(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		bearer := auth(bearerFor(t, via, "ghcr.io", "gho_oauth"))
		resp, _ := ask(t, via, "POST", "https://ghcr.io/v2/octocat/deep/app/blobs/uploads/", bearer, "")
		session := resp.Header.Get("Location")
		if resp.StatusCode != 202 || !strings.HasPrefix(session, "/v2/octocat/deep/app/blobs/uploads/") {
			t.Errorf("%d %q", resp.StatusCode, session)
		}
		for _, test := range []struct {
			method, path string
			status       int
		}{
			{"DELETE", session, 405},
			{"GET", "/v2/octocat/deep/app/manifests/latest", 404},
			{"GET", "/v2/octocat/deep/app/blobs/sha256:0", 404},
			{"GET", "/v2/_catalog", 404},
			{"GET", "/elsewhere", 404},
		} {
			if resp, _ := ask(t, via, test.method, "https://ghcr.io"+test.path, bearer, ""); resp.StatusCode != test.status {
				t.Errorf("%s %s: %d, want %d", test.method, test.path, resp.StatusCode, test.status)
			}
		}
		if _, ok := g.Package("", "octocat/deep/app"); ok {
			t.Error("the probe left a package")
		}
	})
}

func TestAProbeLeavesNoTraceInTheRegistryBehind(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		addPackages(g)
		var mu sync.Mutex
		var passed []string
		g.SetImages(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			passed = append(passed, r.Method+" "+r.URL.Path)
			w.Header().Set("Location", r.URL.Path+"session")
			w.WriteHeader(http.StatusAccepted)
		}))
		for repository, want := range map[string]string{
			"octocat/private": "202",
			"octocat/new":     "202",
			"acme/app":        "403 permission_denied: read_package",
			"acme/new":        "403 permission_denied: create_package",
		} {
			if got := probe(t, g, via, "gho_oauth", repository); got != want {
				t.Errorf("%s: %s, want %s", repository, got, want)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(passed)
		if want := []string{"POST /v2/octocat/new/blobs/uploads/", "POST /v2/octocat/private/blobs/uploads/"}; !slices.Equal(passed, want) {
			t.Errorf("the registry behind saw %q, want %q", passed, want)
		}
	})
}

func TestPackagesAreListedByHostAndName(t *testing.T) {
	t.Parallel()
	g := credentialstest.NewGitHub()
	if got := g.Packages(""); got != nil {
		t.Errorf("none: %+v", got)
	}
	access := map[int64]string{1: "write"}
	for _, name := range []string{"c", "a", "b"} {
		g.AddPackage("", credentialstest.Package{Owner: "octocat", Name: name, ActionsAccess: access})
	}
	g.AddPackage("acme.ghe.com", credentialstest.Package{Owner: "octocat", Name: "d"})
	access[1] = "handed over, and changed"
	g.Packages("")[0].ActionsAccess[1] = "handed out, and changed"

	var want []credentialstest.Package
	for _, name := range []string{"a", "b", "c"} {
		want = append(want, credentialstest.Package{Owner: "octocat", OwnerKind: "User", Name: name, ActionsAccess: map[int64]string{1: "write"}})
	}
	if got := g.Packages("ghcr.io"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
