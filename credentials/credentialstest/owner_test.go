package credentialstest_test

import (
	"net/http"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func TestOrganizationsBanTokens(t *testing.T) {
	t.Parallel()
	const (
		samlClassic = "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this organization."
		samlOAuth   = "Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization."
		noClassic   = "`Acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, " +
			"or a personal access token with fine-grained permissions."
		noOAuth = "Although you appear to have the correct authorization credentials, the `Acme` organization has enabled " +
			"OAuth App access restrictions, meaning that data access to third-parties is limited. For more information on these restrictions, " +
			"including how to enable this app, visit https://docs.github.com/articles/restricting-access-to-your-organization-s-data/"
		signOn = "required; url=https://github.com/orgs/Acme/sso?authorization_request=PRETEND"
	)
	for _, test := range []struct {
		name   string
		policy credentialstest.Policy
		secret string
		reason string // "" lets it in
		signOn string
	}{
		{"no policy, a classic token", credentialstest.Policy{}, "ghp_member", "", ""},
		{"no policy, an OAuth token", credentialstest.Policy{}, "gho_member", "", ""},
		{"single sign-on, a classic token", credentialstest.Policy{SSO: true}, "ghp_member", samlClassic, signOn},
		{"single sign-on, an OAuth token", credentialstest.Policy{SSO: true}, "gho_member", samlOAuth, signOn},
		{"single sign-on, another is authorized", credentialstest.Policy{SSO: true, Authorized: []string{"ghp_member"}}, "gho_member", samlOAuth, signOn},
		{"single sign-on, authorized", credentialstest.Policy{SSO: true, Authorized: []string{"gho_x", "ghp_member"}}, "ghp_member", "", ""},
		{"single sign-on, an app's user token", credentialstest.Policy{SSO: true}, "ghu_member", "", ""},
		{"no classic tokens, one", credentialstest.Policy{ForbidClassic: true}, "ghp_member", noClassic, ""},
		{"no classic tokens, an OAuth token", credentialstest.Policy{ForbidClassic: true}, "gho_member", "", ""},
		{"no classic tokens, authorized or not", credentialstest.Policy{ForbidClassic: true, SSO: true, Authorized: []string{"ghp_member"}},
			"ghp_member", noClassic, ""},
		{"no OAuth apps, one", credentialstest.Policy{RestrictOAuthApps: true}, "gho_member", noOAuth, ""},
		{"no OAuth apps, a classic token", credentialstest.Policy{RestrictOAuthApps: true}, "ghp_member", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
				for _, secret := range []string{"ghp_member", "gho_member"} {
					g.Add(secret, credentialstest.Token{Login: "member", Scopes: []string{"repo", "write:packages"}})
				}
				g.Add("ghu_member", credentialstest.Token{Login: "member"})
				g.AddPackage("", credentialstest.Package{Owner: "Acme", OwnerKind: "Organization", Name: "app", Writers: []string{"member"}})
				g.AddPackage("", credentialstest.Package{Owner: "Acme", OwnerKind: "Organization", Name: "public", Public: true})
				g.AddRepository("", credentialstest.Repository{FullName: "Acme/app", ID: 42})
				g.SetPolicy("", "Acme", test.policy)
				g.AddOrganization("", "Acme", "member") // which leaves the policy as it is

				for path, status := range map[string]int{
					"/orgs/acme/packages/container/app":    200,
					"/orgs/acme/packages/container/absent": 404,
					"/repos/acme/app":                      200,
				} {
					resp, body := ask(t, via, "GET", "https://api.github.com"+path, auth("token "+test.secret), "")
					if test.reason != "" {
						status = 403 // before anything is looked for
						if got := complaint(body); got != test.reason {
							t.Errorf("%s: %q, want %q", path, got, test.reason)
						}
					}
					if got := resp.Header.Get("X-GitHub-SSO"); resp.StatusCode != status || got != test.signOn {
						t.Errorf("%s: %d %q, want %d %q", path, resp.StatusCode, got, status, test.signOn)
					}
				}
				want := "202"
				if test.reason != "" {
					want = "403 permission_denied: " + test.reason
				}
				for _, repository := range []string{"acme/app", "acme/new"} {
					if got := probe(t, g, via, test.secret, repository); got != want {
						t.Errorf("a push to %s: %s, want %s", repository, got, want)
					}
				}
				want = ok
				if test.reason != "" {
					want = "403 DENIED permission_denied: " + test.reason
				}
				bearer := bearerFor(t, via, "ghcr.io", test.secret)
				if got := verdict(g.Authorize("ghcr.io", bearer, "acme/app", "pull")); got != want {
					t.Errorf("a pull: %s, want %s", got, want)
				}
				if got := verdict(g.Authorize("ghcr.io", bearer, "acme/public", "pull")); got != ok {
					t.Errorf("a public pull: %s", got)
				}
			})
		})
	}
}

func TestAnotherHostsOrganizationHasItsOwnPolicy(t *testing.T) {
	t.Parallel()
	g := credentialstest.NewGitHub()
	g.SetPolicy("acme.ghe.com", "acme", credentialstest.Policy{SSO: true})
	for secret, host := range map[string]string{"gho_one": "acme.ghe.com", "gho_two": "github.com"} {
		g.Add(secret, credentialstest.Token{Login: "octocat", Host: host})
		g.AddRepository(host, credentialstest.Repository{FullName: "acme/app", ID: 1})
	}
	resp, _ := ask(t, g.Transport(), "GET", "https://api.acme.ghe.com/repos/acme/app", auth("token gho_one"), "")
	if got := resp.Header.Get("X-GitHub-SSO"); got != "required; url=https://acme.ghe.com/orgs/acme/sso?authorization_request=PRETEND" {
		t.Errorf("the tenant's: %q", got)
	}
	if resp, _ := ask(t, g.Transport(), "GET", "https://api.github.com/repos/acme/app", auth("token gho_two"), ""); resp.StatusCode != 200 {
		t.Errorf("its namesake's: %d", resp.StatusCode)
	}
}

func TestMembersCreatePackagesIfTheOrganizationLetsThem(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		for _, login := range []string{"member", "stranger"} {
			g.Add("gho_"+login, credentialstest.Token{Login: login, Scopes: []string{"write:packages"}})
		}
		g.AddOrganization("", "acme", "member")
		g.AddPackage("", credentialstest.Package{Owner: "acme", OwnerKind: "Organization", Name: "app", Writers: []string{"member"}})
		const create = "403 permission_denied: create_package"
		may := func(secret, repository, want string) {
			t.Helper()
			if got := probe(t, g, via, secret, repository); got != want {
				t.Errorf("%s pushes to %s: %s, want %s", secret, repository, got, want)
			}
		}
		may("gho_member", "acme/new", "202")
		may("gho_stranger", "acme/new", create)
		g.SetPolicy("", "acme", credentialstest.Policy{MembersMayNotCreate: true})
		may("gho_member", "acme/new", create)
		may("gho_member", "acme/app", "202")
		may("gho_member", "member/new", "202")
	})
}

func TestOwnersAreKnownByWhatTheyHave(t *testing.T) {
	t.Parallel()
	g := credentialstest.NewGitHub()
	g.Add("gho_one", credentialstest.Token{Login: "Octocat"})
	g.AddPackage("", credentialstest.Package{Owner: "Packer", Name: "app"})
	g.AddRepository("", credentialstest.Repository{FullName: "Coder/app"})
	g.AddRepository("acme.ghe.com", credentialstest.Repository{FullName: "Elsewhere/app"})
	g.SetPolicy("", "Acme", credentialstest.Policy{})
	for path, want := range map[string]string{
		"octocat":   `{"login":"Octocat","type":"User"}`,
		"packer":    `{"login":"Packer","type":"User"}`,
		"coder":     `{"login":"Coder","type":"User"}`,
		"acme":      `{"login":"Acme","type":"Organization"}`,
		"elsewhere": notFound,
		"ghost":     notFound,
	} {
		if _, body := ask(t, g.Transport(), "GET", "https://api.github.com/users/"+path, nil, ""); body != want {
			t.Errorf("%s: %s, want %s", path, body, want)
		}
	}
}
