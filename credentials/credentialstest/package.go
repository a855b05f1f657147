package credentialstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Package is one container package OWNER/NAME, and who may use it.
type Package struct {
	Owner, Name  string
	OwnerKind    string // "User", which "" is too, or "Organization"
	Public       bool
	Readers      []string // logins
	Writers      []string // logins; they read too. The owner of a User's package always writes
	Repository   string   // full name of the linked repository, "" for none
	RepositoryID int64
	Versions     int // manifests that were put
}

type packageKey struct{ github, repository string }

type ownerKey struct{ github, login string }

type owner struct {
	login, kind string
	members     []string
}

// AddPackage makes the package exist at this host, which is a GitHub host or its
// registry, or changes it. "" is github.com.
func (g *GitHub) AddPackage(host string, p Package) {
	if p.OwnerKind == "" {
		p.OwnerKind = "User"
	}
	p.Readers, p.Writers = slices.Clone(p.Readers), slices.Clone(p.Writers)
	host = githubHost(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.packages[keyOf(host, p.Owner+"/"+p.Name)] = p
	key := ownerKey{host, strings.ToLower(p.Owner)}
	if _, ok := g.owners[key]; !ok {
		g.owners[key] = owner{login: p.Owner, kind: p.OwnerKind}
	}
}

// AddOrganization makes the organization exist at this host; its members may create
// packages in it.
func (g *GitHub) AddOrganization(host, name string, members ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.owners[ownerKey{githubHost(host), strings.ToLower(name)}] = owner{name, "Organization", slices.Clone(members)}
}

// Package returns what is known of OWNER/NAME at this host.
func (g *GitHub) Package(host, repository string) (Package, bool) {
	return g.lookup(githubHost(host), repository)
}

func (g *GitHub) lookup(github, repository string) (Package, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.packages[keyOf(github, repository)]
	p.Readers, p.Writers = slices.Clone(p.Readers), slices.Clone(p.Writers)
	return p, ok
}

func keyOf(github, repository string) packageKey {
	return packageKey{github, strings.ToLower(repository)}
}

// publish counts a version; the first one makes the package, which is private and
// belongs to the namespace's owner
// (https://docs.github.com/packages/learn-github-packages/configuring-a-packages-access-control-and-visibility).
func (g *GitHub) publish(github, repository, login string) {
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
		p.Writers = []string{login}
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

// contains compares logins as GitHub does, without regard to case.
func contains(logins []string, login string) bool {
	return slices.ContainsFunc(logins, func(l string) bool { return strings.EqualFold(l, login) })
}

func (g *GitHub) mayCreate(github, namespace, login string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return strings.EqualFold(namespace, login) || contains(g.owners[ownerKey{github, strings.ToLower(namespace)}].members, login)
}

// serveOwner answers GET /users/OWNER, which tells users from organizations.
func (g *GitHub) serveOwner(w http.ResponseWriter, r *http.Request, c caller) {
	login, kind := g.findOwner(c.host, r.PathValue("owner"))
	if kind == "" {
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"login": login, "type": kind})
}

// findOwner knows organizations, owners of packages and owners of tokens.
func (g *GitHub) findOwner(github, login string) (name, kind string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if o, ok := g.owners[ownerKey{github, strings.ToLower(login)}]; ok {
		return o.login, o.kind
	}
	for _, t := range g.tokens {
		if t.Host == github && strings.EqualFold(t.Login, login) {
			return t.Login, "User"
		}
	}
	return "", ""
}

// servePackage answers the three forms of
// https://docs.github.com/rest/packages/packages that get one container package.
func (g *GitHub) servePackage(w http.ResponseWriter, r *http.Request, c caller) {
	owner, kind := c.token.Login, "User"
	if org := r.PathValue("org"); org != "" {
		owner, kind = org, "Organization"
	} else if user := r.PathValue("user"); user != "" {
		owner = user
	}
	p, ok := g.lookup(c.host, owner+"/"+r.PathValue("name"))
	switch {
	case c.anonymous():
		refuse(w, http.StatusUnauthorized, "Requires authentication")
	case isKind(c.secret, fineGrained):
		refuse(w, http.StatusForbidden, "Resource not accessible by personal access token")
	case !c.token.grants("read:packages"):
		refuse(w, http.StatusForbidden, "You need at least read:packages scope to get a package.")
	case !ok || p.OwnerKind != kind || !p.readableBy(c.token.Login):
		refuse(w, http.StatusNotFound, "Package not found.")
	default:
		writeJSON(w, http.StatusOK, p.describe(c.host))
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
