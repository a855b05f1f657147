package credentialstest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

const (
	badCredentials = `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}`
	wantsLogin     = `{"message":"Requires authentication","documentation_url":"https://docs.github.com/rest","status":"401"}`
	notFound       = `{"message":"Not Found","documentation_url":"https://docs.github.com/rest","status":"404"}`
	octocat        = `{"login":"octocat","type":"User"}`
)

func addTokens(g *credentialstest.GitHub) {
	expires := time.Date(2126, 9, 3, 14, 34, 4, 0, time.UTC)
	for secret, t := range map[string]credentialstest.Token{
		"gho_oauth":     {Login: "octocat", Scopes: []string{"gist", "repo", "write:packages"}},
		"ghp_classic":   {Login: "octocat", Scopes: []string{"read:packages"}, Expires: expires},
		"ghp_bare":      {Login: "octocat", Scopes: []string{}},
		"ghp_other":     {Login: "hubot", Scopes: []string{"write:packages"}},
		"github_pat_x":  {Login: "octocat", Expires: expires},
		"ghu_user":      {Login: "octocat"},
		"ghs_actions":   {Login: "octocat"},
		"ghr_refresh":   {Login: "octocat"},
		"gho_dead":      {Login: "octocat", Dead: true},
		"ghp_expired":   {Login: "octocat", Expires: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)},
		"gho_suspended": {Login: "octocat", Suspended: true},
		"gho_tenant":    {Login: "octocat", Host: "acme.ghe.com"},
		"gho_server":    {Login: "octocat", Host: "Git.Example.com"},
		"ghp_server":    {Login: "octocat", Host: "git.example.com"},
	} {
		g.Add(secret, t)
	}
}

func TestWhatTheAPISaysOfAToken(t *testing.T) {
	t.Parallel()
	const scopes, expiry = "X-Oauth-Scopes", "Github-Authentication-Token-Expiration"
	tests := []struct {
		name, method, url string
		auth              string
		status            int
		body              string            // exact; "" is not looked at
		header            map[string]string // "-" is absent
	}{
		{name: "an OAuth token at the root", url: "https://api.github.com", auth: "token gho_oauth", status: 200,
			header: map[string]string{scopes: "gist, repo, write:packages", expiry: "-"}},
		{name: "the same as bearer", url: "https://api.github.com/", auth: "Bearer gho_oauth", status: 200,
			header: map[string]string{scopes: "gist, repo, write:packages"}},
		{name: "the scheme in lower case", url: "https://api.github.com/user", auth: "bearer gho_oauth", status: 200, body: octocat},
		{name: "an OAuth token's user", url: "https://api.github.com/user", auth: "token gho_oauth", status: 200, body: octocat},
		{name: "only headers", method: "HEAD", url: "https://api.github.com/user", auth: "token gho_oauth", status: 200,
			header: map[string]string{scopes: "gist, repo, write:packages", "Content-Length": "33"}},
		{name: "a classic token expires", url: "https://api.github.com/user", auth: "token ghp_classic", status: 200, body: octocat,
			header: map[string]string{scopes: "read:packages", expiry: "2126-09-03 14:34:04 UTC"}},
		{name: "a token without scopes", url: "https://api.github.com/user", auth: "token ghp_bare", status: 200,
			header: map[string]string{scopes: ""}},
		{name: "a fine-grained token", url: "https://api.github.com/user", auth: "token github_pat_x", status: 200, body: octocat,
			header: map[string]string{scopes: "-", expiry: "2126-09-03 14:34:04 UTC"}},
		{name: "an app's user token", url: "https://api.github.com/user", auth: "token ghu_user", status: 200, body: octocat,
			header: map[string]string{scopes: "-"}},
		{name: "an installation token at the root", url: "https://api.github.com/", auth: "token ghs_actions", status: 200,
			header: map[string]string{scopes: "-"}},
		{name: "an installation token has no user", url: "https://api.github.com/user", auth: "token ghs_actions", status: 403,
			body: `{"message":"Resource not accessible by integration","documentation_url":"https://docs.github.com/rest","status":"403"}`},
		{name: "a refresh token is no password", url: "https://api.github.com/user", auth: "token ghr_refresh", status: 401, body: badCredentials},
		{name: "a dead token at the root", url: "https://api.github.com/", auth: "token gho_dead", status: 401, body: badCredentials},
		{name: "a dead token's user", url: "https://api.github.com/user", auth: "token gho_dead", status: 401, body: badCredentials},
		{name: "an expired token", url: "https://api.github.com/user", auth: "token ghp_expired", status: 401, body: badCredentials},
		{name: "an unknown token", url: "https://api.github.com/user", auth: "token gho_unknown", status: 401, body: badCredentials},
		{name: "an empty token", url: "https://api.github.com/user", auth: "token ", status: 401, body: badCredentials},
		{name: "a suspended account", url: "https://api.github.com/user", auth: "token gho_suspended", status: 403,
			body: `{"message":"Sorry. Your account was suspended","documentation_url":"https://docs.github.com/rest","status":"403"}`},
		{name: "anonymous at the root", url: "https://api.github.com/", status: 200, header: map[string]string{scopes: "-"}},
		{name: "anonymous user", url: "https://api.github.com/user", status: 401, body: wantsLogin},
		{name: "no such endpoint", url: "https://api.github.com/user/", auth: "token gho_oauth", status: 404, body: notFound},
		{name: "no such method", method: "PUT", url: "https://api.github.com/user", auth: "token gho_oauth", status: 404, body: notFound},

		{name: "a tenant's token", url: "https://api.acme.ghe.com/user", auth: "token gho_tenant", status: 200, body: octocat},
		{name: "a tenant's token at another tenant", url: "https://api.other.ghe.com/user", auth: "token gho_tenant", status: 401, body: badCredentials},
		{name: "a tenant's token at github.com", url: "https://api.github.com/user", auth: "token gho_tenant", status: 401, body: badCredentials},
		{name: "a token of github.com at a tenant", url: "https://api.acme.ghe.com/user", auth: "token gho_oauth", status: 401, body: badCredentials},
		{name: "an enterprise server", url: "https://git.example.com/api/v3/user", auth: "token gho_server", status: 200, body: octocat},
		{name: "an enterprise server's root", url: "https://git.example.com/api/v3/", auth: "token gho_server", status: 200},
		{name: "its root without the slash", url: "https://git.example.com/api/v3", auth: "token gho_server", status: 200},
		{name: "the host in upper case, with its port", url: "https://GIT.example.com:443/api/v3/user", auth: "token gho_server", status: 200},
		{name: "an enterprise server's token elsewhere", url: "https://api.github.com/user", auth: "token gho_server", status: 401, body: badCredentials},
		{name: "a token of github.com at an enterprise server", url: "https://git.example.com/api/v3/user", auth: "token gho_oauth", status: 401, body: badCredentials},
		{name: "github.com has no /api/v3", url: "https://github.com/api/v3/user", auth: "token gho_oauth", status: 404},

		{name: "an owner who holds a token", url: "https://api.github.com/users/octocat", auth: "token gho_oauth", status: 200, body: octocat},
		{name: "an unknown owner", url: "https://api.github.com/users/ghost", auth: "token gho_oauth", status: 404, body: notFound},
	}
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				header := map[string]string{}
				if test.auth != "" {
					header["Authorization"] = test.auth
				}
				resp, body := ask(t, via, test.method, test.url, header, "")
				if resp.StatusCode != test.status || test.body != "" && body != test.body {
					t.Errorf("got %d %s, want %d %s", resp.StatusCode, body, test.status, test.body)
				}
				if resp.Header.Get("X-GitHub-Request-Id") == "" {
					t.Error("no X-GitHub-Request-Id")
				}
				if test.method == http.MethodHead && body != "" {
					t.Errorf("HEAD has the body %q", body)
				}
				for name, want := range test.header {
					got := "-"
					if values, ok := resp.Header[name]; ok {
						got = strings.Join(values, "|")
					}
					if got != want {
						t.Errorf("%s: %q, want %q", name, got, want)
					}
				}
			})
		}
	})
}

func TestTheAPIWantsAUserAgent(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		resp, body := ask(t, via, "GET", "https://api.github.com/user", map[string]string{"Authorization": "token gho_oauth", "User-Agent": ""}, "")
		if resp.StatusCode != 403 || !strings.Contains(body, "User-Agent") {
			t.Errorf("without: %d %s", resp.StatusCode, body)
		}
		ask(t, via, "GET", "https://api.github.com/user", auth("token gho_oauth"), "")
		seen := g.Requests()
		if seen[0].UserAgent != "" || seen[1].UserAgent != "Go-http-client/1.1" {
			t.Errorf("recorded %q and %q", seen[0].UserAgent, seen[1].UserAgent)
		}
	})
}

func TestTheAPIKnowsItsVersions(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		for version, want := range map[string]int{"2022-11-28": 200, "2026-03-10": 200, "1999-12-31": 400} {
			resp, _ := ask(t, via, "GET", "https://api.github.com/", map[string]string{"X-GitHub-Api-Version": version}, "")
			if resp.StatusCode != want {
				t.Errorf("%s: %d, want %d", version, resp.StatusCode, want)
			}
		}
	})
}

func TestGraphQLKnowsTheViewer(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		for _, test := range []struct {
			url, auth, query string
			status           int
			body             string
		}{
			{"https://api.github.com/graphql", "token gho_oauth", `{"query":"query UserCurrent{viewer{login}}"}`, 200, `{"data":{"viewer":{"login":"octocat"}}}`},
			{"https://api.acme.ghe.com/graphql", "token gho_tenant", `{"query":"{viewer{login}}"}`, 200, `{"data":{"viewer":{"login":"octocat"}}}`},
			{"https://git.example.com/api/graphql", "token gho_server", `{"query":"{viewer{login}}"}`, 200, `{"data":{"viewer":{"login":"octocat"}}}`},
			{"https://api.github.com/graphql", "token gho_dead", `{"query":"{viewer{login}}"}`, 401, badCredentials},
			{"https://api.github.com/graphql", "token gho_oauth", `{"query":"{repository}"}`, 200, `{"errors":[{"message":"only viewer is known here"}]}`},
			{"https://api.github.com/graphql", "token gho_oauth", `viewer`, 400, ""},
		} {
			resp, body := ask(t, via, "POST", test.url, auth(test.auth), test.query)
			if resp.StatusCode != test.status || test.body != "" && body != test.body {
				t.Errorf("%s %s: got %d %s, want %d %s", test.url, test.query, resp.StatusCode, body, test.status, test.body)
			}
		}
		if resp, _ := ask(t, via, "POST", "https://api.github.com/graphql", nil, `{"query":"{viewer{login}}"}`); resp.StatusCode != 401 {
			t.Errorf("anonymous: %d", resp.StatusCode)
		}
	})
}

func TestRevocationKillsTheKindsThatItTakes(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		const at = "https://api.github.com/credentials/revoke"
		addTokens(g)
		list := func(secrets ...string) string { return `{"credentials":["` + strings.Join(secrets, `","`) + `"]}` }

		if resp, _ := ask(t, via, "POST", at, auth("token gho_oauth"), list("gho_oauth")); resp.StatusCode != 403 || !g.Alive("gho_oauth") {
			t.Errorf("with a login: %d, alive %v", resp.StatusCode, g.Alive("gho_oauth"))
		}
		for _, body := range []string{"", "{}", `{"credentials":[]}`, `{"credentials":"gho_oauth"}`, `["gho_oauth"]`,
			list(make([]string, 1001)...)} {
			if resp, _ := ask(t, via, "POST", at, nil, body); resp.StatusCode != 422 {
				t.Errorf("%.40q: %d, want 422", body, resp.StatusCode)
			}
		}
		if !g.Alive("gho_oauth") {
			t.Error("a malformed request killed a token")
		}

		killed := []string{"gho_oauth", "ghp_classic", "github_pat_x", "ghu_user", "ghr_refresh"}
		spared := []string{"ghs_actions", "gho_tenant"}
		if resp, _ := ask(t, via, "POST", at, nil, list(append(append(killed, spared...), "gho_unknown")...)); resp.StatusCode != 202 {
			t.Errorf("%d, want 202", resp.StatusCode)
		}
		for _, secret := range killed {
			if g.Alive(secret) {
				t.Errorf("%s lives", secret)
			}
		}
		for _, secret := range spared {
			if !g.Alive(secret) {
				t.Errorf("%s is dead", secret)
			}
		}
		if resp, _ := ask(t, via, "GET", "https://api.github.com/user", auth("token gho_oauth"), ""); resp.StatusCode != 401 {
			t.Errorf("a revoked token: %d", resp.StatusCode)
		}
	})
}

func TestAnEnterpriseServerRevokesForItsUsers(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		const at = "https://git.example.com/api/v3/credentials/revoke"
		addTokens(g)
		body := `{"credentials":["ghp_server","gho_server"]}`
		if resp, _ := ask(t, via, "POST", at, nil, body); resp.StatusCode != 401 || !g.Alive("ghp_server") {
			t.Errorf("anonymous: %d", resp.StatusCode)
		}
		if resp, _ := ask(t, via, "POST", at, auth("Bearer gho_server"), body); resp.StatusCode != 202 {
			t.Errorf("%d, want 202", resp.StatusCode)
		}
		if g.Alive("ghp_server") || !g.Alive("gho_server") {
			t.Errorf("classic alive %v, OAuth alive %v", g.Alive("ghp_server"), g.Alive("gho_server"))
		}
	})
}

func TestAnInstallationTokenRevokesItself(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		const at = "https://api.github.com/installation/token"
		addTokens(g)
		if resp, _ := ask(t, via, "DELETE", at, nil, ""); resp.StatusCode != 401 {
			t.Errorf("anonymous: %d", resp.StatusCode)
		}
		if resp, _ := ask(t, via, "DELETE", at, auth("token gho_oauth"), ""); resp.StatusCode != 403 || !g.Alive("gho_oauth") {
			t.Errorf("an OAuth token: %d", resp.StatusCode)
		}
		if resp, body := ask(t, via, "DELETE", at, auth("token ghs_actions"), ""); resp.StatusCode != 204 || body != "" || g.Alive("ghs_actions") {
			t.Errorf("%d %q, alive %v", resp.StatusCode, body, g.Alive("ghs_actions"))
		}
		if resp, _ := ask(t, via, "DELETE", at, auth("token ghs_actions"), ""); resp.StatusCode != 401 {
			t.Errorf("twice: %d", resp.StatusCode)
		}
	})
}

func TestPackagesAreShownToTheirReaders(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		g.AddPackage("", credentialstest.Package{Owner: "octocat", Name: "app", Versions: 3})
		g.AddPackage("", credentialstest.Package{Owner: "acme", OwnerKind: "Organization", Name: "team/app", Public: true,
			Repository: "acme/app", RepositoryID: 42, Versions: 1})
		g.AddPackage("", credentialstest.Package{Owner: "acme", OwnerKind: "Organization", Name: "secret", Readers: []string{"Octocat"}})
		const app = `{"html_url":"https://github.com/users/octocat/packages/container/app","name":"app",` +
			`"owner":{"login":"octocat","type":"User"},"package_type":"container","version_count":3,"visibility":"private"}`
		const teamApp = `{"html_url":"https://github.com/orgs/acme/packages/container/team/app","name":"team/app",` +
			`"owner":{"login":"acme","type":"Organization"},"package_type":"container",` +
			`"repository":{"full_name":"acme/app","id":42},"version_count":1,"visibility":"public"}`
		for _, test := range []struct {
			path, secret string
			status       int
			body         string
		}{
			{"/user/packages/container/app", "ghp_classic", 200, app},
			{"/users/octocat/packages/container/app", "gho_oauth", 200, app},
			{"/users/octocat/packages/container/app", "ghp_other", 404, ""},
			{"/users/octocat/packages/container/app", "ghp_bare", 403, ""},
			{"/users/octocat/packages/container/app", "github_pat_x", 403, ""},
			{"/users/octocat/packages/container/app", "gho_dead", 401, badCredentials},
			{"/users/octocat/packages/container/app", "", 401, wantsLogin},
			{"/orgs/octocat/packages/container/app", "gho_oauth", 404, ""},
			{"/orgs/acme/packages/container/team%2Fapp", "ghp_other", 200, teamApp},
			{"/orgs/acme/packages/container/team/app", "ghp_other", 404, notFound},
			{"/orgs/acme/packages/container/secret", "gho_oauth", 200, ""},
			{"/orgs/acme/packages/container/secret", "ghp_other", 404, ""},
			{"/orgs/acme/packages/container/absent", "gho_oauth", 404, ""},
			{"/users/acme", "gho_oauth", 200, `{"login":"acme","type":"Organization"}`},
		} {
			header := map[string]string{}
			if test.secret != "" {
				header = auth("token " + test.secret)
			}
			resp, body := ask(t, via, "GET", "https://api.github.com"+test.path, header, "")
			if resp.StatusCode != test.status || test.body != "" && body != test.body {
				t.Errorf("%s with %q: got %d %s, want %d %s", test.path, test.secret, resp.StatusCode, body, test.status, test.body)
			}
		}
	})
}
