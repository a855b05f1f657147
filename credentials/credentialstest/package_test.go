package credentialstest_test

import (
	"net/http"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func TestWhoMayDeleteAPackage(t *testing.T) {
	t.Parallel()
	const own, byName, ofOrg = "https://api.github.com/user/packages/container/app",
		"https://api.github.com/users/octocat/packages/container/app", "https://api.github.com/orgs/acme/packages/container/app"
	job := func(repository int64, packages string) credentialstest.Token {
		return credentialstest.Token{Job: &credentialstest.Job{Repository: "octocat/app", RepositoryID: repository, Packages: packages}}
	}
	person := func(login string, scopes ...string) credentialstest.Token {
		return credentialstest.Token{Login: login, Scopes: scopes}
	}
	for _, c := range []struct {
		name, secret, url string
		token             credentialstest.Token
		status            int
	}{
		{"the owner", "ghp_x", own, person("octocat", "delete:packages", "write:packages"), 204},
		{"the owner, by name", "ghp_x", byName, person("octocat", "delete:packages", "read:packages"), 204},
		{"the owner without the scope", "ghp_x", own, person("octocat", "write:packages"), 403},
		{"the owner who may not read", "ghp_x", own, person("octocat", "delete:packages"), 403},
		{"somebody else", "ghp_x", byName, person("hubot", "delete:packages", "write:packages"), 404},
		{"a member of an organization who may write", "ghp_x", ofOrg, person("octocat", "delete:packages", "write:packages"), 404},
		{"a job of the linked repository", "ghs_x", byName, job(7, "write"), 204},
		{"a job that may only read", "ghs_x", byName, job(7, "read"), 404},
		{"a job of another repository", "ghs_x", byName, job(8, "write"), 404},
		{"anonymous", "", byName, credentialstest.Token{}, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := credentialstest.NewGitHub()
			g.AddPackage("", credentialstest.Package{Owner: "octocat", Name: "app", Repository: "octocat/app", RepositoryID: 7})
			g.AddPackage("", credentialstest.Package{Owner: "acme", OwnerKind: "Organization", Name: "app", Writers: []string{"octocat"}})
			header := map[string]string{}
			if c.secret != "" {
				g.Add(c.secret, c.token)
				header = auth("token " + c.secret)
			}
			resp, body := ask(t, g.Transport(), http.MethodDelete, c.url, header, "")
			if resp.StatusCode != c.status {
				t.Errorf("%d %s, want %d", resp.StatusCode, body, c.status)
			}
			owner := "octocat/app"
			if c.url == ofOrg {
				owner = "acme/app"
			}
			if _, there := g.Package("", owner); there == (c.status == http.StatusNoContent) {
				t.Errorf("there after %d: %v", resp.StatusCode, there)
			}
		})
	}
}
