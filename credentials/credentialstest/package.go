package credentialstest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// AddPackage makes the package exist at this host, which is a GitHub host or its
// registry, or changes it. "" is github.com.
func (g *GitHub) AddPackage(host string, p Package) {
	if p.OwnerKind == "" {
		p.OwnerKind = "User"
	}
	p = p.clone()
	host = githubHost(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.packages[keyOf(host, p.fullName())] = p
	key := ownerKey{host, strings.ToLower(p.Owner)}
	if _, ok := g.owners[key]; !ok {
		g.owners[key] = owner{login: p.Owner, kind: p.OwnerKind}
	}
}

// Package returns what is known of OWNER/NAME at this host.
func (g *GitHub) Package(host, repository string) (Package, bool) {
	return g.lookup(githubHost(host), repository)
}

// Packages returns all that is known at this host, in the order of owner and name:
// the same before and after whatever should leave no trace.
func (g *GitHub) Packages(host string) []Package {
	host = githubHost(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []Package
	for key, p := range g.packages {
		if key.github == host {
			found = append(found, p.clone())
		}
	}
	slices.SortFunc(found, func(a, b Package) int { return cmp.Compare(a.fullName(), b.fullName()) })
	return found
}

func (g *GitHub) lookup(github, repository string) (Package, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.packages[keyOf(github, repository)]
	return p.clone(), ok
}

func keyOf(github, name string) nameKey { return nameKey{github, strings.ToLower(name)} }

func (p Package) fullName() string { return p.Owner + "/" + p.Name }

func (p Package) clone() Package {
	p.Readers, p.Writers, p.ActionsAccess = slices.Clone(p.Readers), slices.Clone(p.Writers), maps.Clone(p.ActionsAccess)
	return p
}

// publish counts a version; the first one makes the package, which is private,
// belongs to the namespace's owner and, if a job makes it, is linked to the job's
// repository
// (https://docs.github.com/packages/learn-github-packages/configuring-a-packages-access-control-and-visibility).
func (g *GitHub) publish(github, repository string, by Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := keyOf(github, repository)
	p, ok := g.packages[key]
	if !ok {
		p.Owner, p.Name, _ = strings.Cut(repository, "/")
		p.OwnerKind = "User"
		if o, ok := g.owners[ownerKey{github, strings.ToLower(p.Owner)}]; ok {
			p.OwnerKind = o.kind
		}
		if by.Job != nil {
			p.Repository, p.RepositoryID = by.Job.Repository, by.Job.RepositoryID
		} else {
			p.Writers = []string{by.Login}
		}
	}
	p.Versions++
	g.packages[key] = p
}

func (p Package) writableBy(login string) bool {
	return p.OwnerKind == "User" && strings.EqualFold(p.Owner, login) || contains(p.Writers, login)
}

func (p Package) readableBy(login string) bool {
	return p.Public || p.writableBy(login) || contains(p.Readers, login)
}

// roleOf is what the package grants to the jobs of a repository.
func (p Package) roleOf(repositoryID int64) string {
	role, listed := p.ActionsAccess[repositoryID]
	if !listed && repositoryID != 0 && repositoryID == p.RepositoryID {
		return "write"
	}
	return role
}

// servePackage answers the three forms of
// https://docs.github.com/rest/packages/packages that get one container package.
func (g *GitHub) servePackage(w http.ResponseWriter, r *http.Request, c caller) {
	owner, kind := packageOwner(r, c)
	p, ok := g.lookup(c.host, owner+"/"+r.PathValue("name"))
	job := c.token.Job
	reads := p.readableBy(c.token.Login)
	if job != nil {
		reads = job.reads(p)
	}
	b := g.banned(c.host, owner, c.secret)
	switch {
	case c.anonymous():
		wantsLogin.write(w)
	case isKind(c.secret, fineGrained):
		noPersonalToken.write(w)
	case job != nil && job.Packages == "":
		noIntegration.write(w)
	case !c.token.grants("read:packages"):
		wantsReadPackages.write(w)
	case b != nil:
		b.write(w)
	case !ok || p.OwnerKind != kind || !reads:
		noPackage.write(w)
	default:
		writeJSON(w, http.StatusOK, p.describe(c.host))
	}
}

// packageOwner is whose package an API request is about.
func packageOwner(r *http.Request, c caller) (owner, kind string) {
	if org := r.PathValue("org"); org != "" {
		return org, "Organization"
	}
	return cmp.Or(r.PathValue("user"), c.token.Login), "User"
}

// serveDeletePackage deletes a whole package
// (https://docs.github.com/rest/packages/packages). It takes two scopes and the role
// Admin, which the owner has, and the repository that is linked, for its jobs.
func (g *GitHub) serveDeletePackage(w http.ResponseWriter, r *http.Request, c caller) {
	owner, kind := packageOwner(r, c)
	name := owner + "/" + r.PathValue("name")
	p, ok := g.lookup(c.host, name)
	job := c.token.Job
	admin := strings.EqualFold(p.Owner, c.token.Login)
	if job != nil {
		admin = job.Packages == "write" && p.roleOf(job.RepositoryID) == "write"
	}
	switch {
	case c.anonymous():
		wantsLogin.write(w)
	case !c.token.grants("read:packages") || !c.token.grants("delete:packages"):
		wantsDeletePackage.write(w)
	case !ok || p.OwnerKind != kind || !admin:
		noPackage.write(w)
	default:
		g.mu.Lock()
		delete(g.packages, keyOf(c.host, name))
		g.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	}
}

// describe leaves the repository out when there is none, as was seen by
// bilbospocketses/ws-scrcpy-web#675.
func (p Package) describe(host string) map[string]any {
	visibility, owners := "private", "users"
	if p.Public {
		visibility = "public"
	}
	if p.OwnerKind == "Organization" {
		owners = "orgs"
	}
	d := map[string]any{
		"name":          p.Name,
		"package_type":  "container",
		"visibility":    visibility,
		"version_count": p.Versions,
		"owner":         map[string]string{"login": p.Owner, "type": p.OwnerKind},
		"html_url":      fmt.Sprintf("https://%s/%s/%s/packages/container/%s", host, owners, p.Owner, p.Name),
	}
	if p.Repository != "" {
		d["repository"] = map[string]any{"full_name": p.Repository, "id": p.RepositoryID}
	}
	return d
}
