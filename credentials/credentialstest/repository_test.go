package credentialstest_test

import (
	"net/http"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func TestRepositoriesAreShownToWhomTheyConcern(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		addTokens(g)
		g.AddOrganization("", "acme", "octocat")
		g.AddRepository("", credentialstest.Repository{FullName: "octocat/Public", ID: 1})
		g.AddRepository("", credentialstest.Repository{FullName: "octocat/private", ID: 2, Private: true})
		g.AddRepository("", credentialstest.Repository{FullName: "acme/private", ID: 3, Private: true})
		g.AddRepository("git.example.com", credentialstest.Repository{FullName: "octocat/app", ID: 4})
		g.Add("ghs_job", credentialstest.Token{Job: &credentialstest.Job{Repository: "acme/private", RepositoryID: 3}})
		g.Add("gho_stranger", credentialstest.Token{Login: "stranger", Scopes: []string{"repo"}})
		const (
			github     = "https://api.github.com/repos/"
			public     = `{"full_name":"octocat/Public","id":1,"private":false}`
			private    = `{"full_name":"octocat/private","id":2,"private":true}`
			theOrgs    = `{"full_name":"acme/private","id":3,"private":true}`
			enterprise = `{"full_name":"octocat/app","id":4,"private":false}`
		)
		for _, test := range []struct{ secret, url, body string }{
			{"gho_oauth", github + "octocat/public", public},
			{"ghp_other", github + "OCTOCAT/public", public},
			{"ghs_job", github + "octocat/public", public},
			{"", github + "octocat/public", public},
			{"gho_oauth", github + "octocat/private", private},
			{"github_pat_x", github + "octocat/private", private},
			{"ghp_classic", github + "octocat/private", notFound}, // without the scope repo
			{"gho_stranger", github + "octocat/private", notFound},
			{"ghs_job", github + "octocat/private", notFound},
			{"", github + "octocat/private", notFound},
			{"gho_oauth", github + "acme/private", theOrgs},
			{"ghs_job", github + "acme/private", theOrgs},
			{"gho_stranger", github + "acme/private", notFound},
			{"gho_oauth", github + "octocat/absent", notFound},
			{"gho_oauth", github + "octocat/app", notFound},
			{"gho_server", "https://git.example.com/api/v3/repos/octocat/app", enterprise},
			{"gho_dead", github + "octocat/public", badCredentials},
		} {
			header := map[string]string{}
			if test.secret != "" {
				header = auth("token " + test.secret)
			}
			if _, body := ask(t, via, "GET", test.url, header, ""); body != test.body {
				t.Errorf("%s with %q: %s, want %s", test.url, test.secret, body, test.body)
			}
		}
	})
}

// The story that docker/build-push-action#806 tells.
func TestARecreatedRepositoryHasLostItsPackage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keepsLink bool
		link      string // as the API shows it in the end
	}{
		"the package names none":    {false, ""},
		"the package names the old": {true, `"repository":{"full_name":"acme/app","id":42},`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
				const (
					shown   = "https://api.github.com/orgs/acme/packages/container/app"
					refused = "403 permission_denied: write_package"
				)
				linked := credentialstest.Package{Owner: "acme", OwnerKind: "Organization", Name: "app", Public: true,
					Repository: "acme/app", RepositoryID: 42, Writers: []string{"octocat"}, KeepsLink: test.keepsLink}
				neighbour := linked
				neighbour.Name, neighbour.Repository, neighbour.RepositoryID = "other", "acme/other", 44
				g.AddPackage("", linked)
				g.AddPackage("", neighbour)
				g.AddPackage("acme.ghe.com", linked)
				g.AddRepository("", credentialstest.Repository{FullName: "acme/app", ID: 42})
				job := credentialstest.Job{Repository: "acme/app", RepositoryID: 42, Packages: "write"}
				g.Add("ghs_before", credentialstest.Token{Job: &job})
				job.RepositoryID = 43 // of which the token before knows nothing
				g.Add("ghs_after", credentialstest.Token{Job: &job})
				g.Add("gho_octocat", credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})

				if got := probe(t, g, via, "ghs_before", "acme/app"); got != "202" {
					t.Errorf("before: %s", got)
				}
				g.DeleteRepository("", "acme/absent") // which does nothing
				g.RecreateRepository("", credentialstest.Repository{FullName: "acme/app", ID: 43})

				if _, body := ask(t, via, "GET", "https://api.github.com/repos/acme/app", nil, ""); body != `{"full_name":"acme/app","id":43,"private":false}` {
					t.Errorf("the repository: %s", body)
				}
				want := `{"html_url":"https://github.com/orgs/acme/packages/container/app","name":"app","owner":{"login":"acme","type":"Organization"},` +
					`"package_type":"container",` + test.link + `"version_count":0,"visibility":"public"}`
				if _, body := ask(t, via, "GET", shown, auth("token gho_octocat"), ""); body != want {
					t.Errorf("the package: %s, want %s", body, want)
				}
				if got := probe(t, g, via, "ghs_after", "acme/app"); got != refused {
					t.Errorf("after: %s, want %s", got, refused)
				}
				if got := probe(t, g, via, "gho_octocat", "acme/app"); got != "202" {
					t.Errorf("a person who may write: %s", got)
				}
				if p, _ := g.Package("", "acme/other"); p.RepositoryID != 44 {
					t.Errorf("a neighbour lost its link: %+v", p)
				}
				if p, _ := g.Package("acme.ghe.com", "acme/app"); p.RepositoryID != 42 {
					t.Errorf("another host's lost its link: %+v", p)
				}

				granted, _ := g.Package("", "acme/app")
				granted.ActionsAccess = map[int64]string{43: "write"}
				g.AddPackage("", granted)
				if got := probe(t, g, via, "ghs_after", "acme/app"); got != "202" {
					t.Errorf("with access granted: %s", got)
				}
				g.DeleteRepository("", "acme/app")
				if resp, _ := ask(t, via, "GET", "https://api.github.com/repos/acme/app", nil, ""); resp.StatusCode != 404 {
					t.Errorf("deleted: %d", resp.StatusCode)
				}
			})
		})
	}
}
