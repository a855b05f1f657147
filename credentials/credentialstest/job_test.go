package credentialstest_test

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func TestWhatAJobMayDo(t *testing.T) {
	t.Parallel()
	const (
		nothing   = "403 permission_denied: The requested installation does not exist."
		write     = "403 permission_denied: write_package"
		mayWrite  = "403 installation not allowed to Write organization package"
		mayCreate = "403 installation not allowed to Create organization package"
		refused   = "403 DENIED denied"
		unknown   = "404 NAME_UNKNOWN repository name not known"
	)
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		private := func(name string, change func(*credentialstest.Package)) {
			p := credentialstest.Package{Owner: "acme", OwnerKind: "Organization", Name: name}
			change(&p)
			g.AddPackage("", p)
		}
		private("linked", func(p *credentialstest.Package) { p.Repository, p.RepositoryID = "acme/app", 42 })
		private("unlinked", func(*credentialstest.Package) {})
		private("others", func(p *credentialstest.Package) { p.Repository, p.RepositoryID = "acme/other", 7 })
		private("public", func(p *credentialstest.Package) { p.Public = true })
		private("reader", func(p *credentialstest.Package) { p.ActionsAccess = map[int64]string{42: "read"} })
		private("writer", func(p *credentialstest.Package) { p.ActionsAccess = map[int64]string{42: "write"} })
		private("lowered", func(p *credentialstest.Package) {
			p.Repository, p.RepositoryID, p.ActionsAccess = "acme/app", 42, map[int64]string{42: "read"}
		})
		private("persons", func(p *credentialstest.Package) { p.Writers = []string{"octocat"} })
		g.AddPackage("", credentialstest.Package{Owner: "octocat", Name: "public", Public: true})
		for secret, job := range map[string]credentialstest.Job{
			"ghs_write":    {Repository: "acme/app", RepositoryID: 42, Packages: "write"},
			"ghs_read":     {Repository: "acme/app", RepositoryID: 42, Packages: "read"},
			"ghs_none":     {Repository: "acme/app", RepositoryID: 42},
			"ghs_renamed":  {Repository: "acme/app", RepositoryID: 42, Packages: "write", Owner: "emca"},
			"ghs_nameless": {Repository: "acme/app", Packages: "write"},
		} {
			g.Add(secret, credentialstest.Token{Login: "octocat", Job: &job})
		}
		for _, test := range []struct {
			secret, repository string
			pull, push         string
			api                int
		}{
			{"ghs_write", "acme/linked", ok, "202", 200},
			{"ghs_write", "Acme/writer", ok, "202", 200},
			{"ghs_write", "acme/new", ok, "202", 404},
			{"ghs_write", "acme/unlinked", refused, write, 404},
			{"ghs_write", "acme/others", refused, write, 404},
			{"ghs_write", "acme/persons", refused, write, 404}, // whoever started the job
			{"ghs_write", "acme/public", ok, write, 200},
			{"ghs_write", "acme/reader", ok, write, 200},
			{"ghs_write", "acme/lowered", ok, write, 200},
			{"ghs_write", "octocat/public", ok, nothing, 404}, // which is no organization's
			{"ghs_write", "octocat/new", unknown, nothing, 404},

			{"ghs_read", "acme/linked", ok, mayWrite, 200},
			{"ghs_read", "acme/unlinked", refused, mayWrite, 404},
			{"ghs_read", "acme/new", ok, mayCreate, 404},
			{"ghs_read", "octocat/new", unknown, nothing, 404},

			{"ghs_none", "acme/linked", refused, mayWrite, 403},
			{"ghs_none", "acme/public", ok, mayWrite, 403},
			{"ghs_none", "acme/new", ok, mayCreate, 403},

			{"ghs_renamed", "acme/linked", ok, nothing, 200},
			{"ghs_renamed", "emca/new", ok, "202", 404},
			{"ghs_nameless", "acme/unlinked", refused, write, 404},
		} {
			bearer := bearerFor(t, via, "ghcr.io", test.secret)
			if got := verdict(g.Authorize("ghcr.io", bearer, test.repository, "pull")); got != test.pull {
				t.Errorf("%s pulls %s: %s, want %s", test.secret, test.repository, got, test.pull)
			}
			if got := probe(t, g, via, test.secret, test.repository); got != test.push {
				t.Errorf("%s pushes %s: %s, want %s", test.secret, test.repository, got, test.push)
			}
			owner, name, _ := strings.Cut(test.repository, "/")
			resp, body := ask(t, via, "GET", "https://api.github.com/orgs/"+owner+"/packages/container/"+name, auth("token "+test.secret), "")
			if resp.StatusCode != test.api || test.api == 403 && complaint(body) != "Resource not accessible by integration" {
				t.Errorf("%s asks for %s: %d %s, want %d", test.secret, test.repository, resp.StatusCode, body, test.api)
			}
		}
	})
}

func TestAJobsNewPackageIsLinkedToItsRepository(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		g.AddOrganization("", "acme")
		g.Add("ghs_job", credentialstest.Token{Job: &credentialstest.Job{Repository: "acme/app", RepositoryID: 42, Packages: "write"}})
		g.SetImages(&shelf{kept: map[string]string{}})
		for range 2 {
			bearer := auth(bearerFor(t, via, "ghcr.io", "ghs_job"))
			if resp, body := ask(t, via, "PUT", "https://ghcr.io/v2/acme/app/manifests/latest", bearer, "m"); resp.StatusCode != 201 {
				t.Fatalf("%d %s", resp.StatusCode, body)
			}
		}
		want := []credentialstest.Package{{Owner: "acme", OwnerKind: "Organization", Name: "app", Repository: "acme/app", RepositoryID: 42, Versions: 2}}
		if got := g.Packages("ghcr.io"); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}
