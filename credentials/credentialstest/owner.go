package credentialstest

import (
	"net/http"
	"slices"
	"strings"
)

// AddOrganization makes the organization exist at this host, or changes its
// members; they may create packages in it.
func (g *GitHub) AddOrganization(host, name string, members ...string) {
	g.changeOrganization(host, name, func(o *owner) { o.members = slices.Clone(members) })
}

// SetPolicy sets the organization's policy and makes the organization exist. It
// holds for the packages and repositories below that name; public images are
// pulled in spite of it.
func (g *GitHub) SetPolicy(host, organization string, p Policy) {
	p.Authorized = slices.Clone(p.Authorized)
	g.changeOrganization(host, organization, func(o *owner) { o.policy = p })
}

func (g *GitHub) changeOrganization(host, name string, change func(*owner)) {
	key := ownerKey{githubHost(host), strings.ToLower(name)}
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.owners[key]
	o.login, o.kind = name, "Organization"
	change(&o)
	g.owners[key] = o
}

func (g *GitHub) owner(github, login string) owner {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.owners[ownerKey{github, strings.ToLower(login)}]
}

// belongs reports whether the namespace is the person's own, or of an organization
// that they are a member of.
func (g *GitHub) belongs(github, namespace, login string) bool {
	return strings.EqualFold(namespace, login) || contains(g.owner(github, namespace).members, login)
}

func (g *GitHub) mayCreate(github, namespace, login string) bool {
	return g.belongs(github, namespace, login) && !g.owner(github, namespace).policy.MembersMayNotCreate
}

// contains compares logins as GitHub does, without regard to case.
func contains(logins []string, login string) bool {
	return slices.ContainsFunc(logins, func(l string) bool { return strings.EqualFold(l, login) })
}

// ban is an organization's refusal of a token, whatever it may do elsewhere.
type ban struct {
	refusal
	signOn string // X-GitHub-SSO, "" for none; only the API sends it
}

func (b *ban) write(w http.ResponseWriter) {
	if b.signOn != "" {
		w.Header().Set("X-GitHub-SSO", b.signOn)
	}
	b.refusal.write(w)
}

// banned says why the namespace's owner takes no such token, nil if it does. Only
// classic and OAuth app tokens are asked: the others know their organization from
// when they were made.
func (g *GitHub) banned(github, namespace, secret string) *ban {
	o := g.owner(github, namespace)
	isClassic, isOAuth := isKind(secret, classic), isKind(secret, oauth)
	switch {
	case o.policy.ForbidClassic && isClassic:
		return &ban{refusal: forbidsClassic(o.login)}
	case o.policy.RestrictOAuthApps && isOAuth:
		return &ban{refusal: restrictsApps(o.login)}
	case !o.policy.SSO || slices.Contains(o.policy.Authorized, secret):
		return nil
	case isClassic:
		return unauthorized(github, o.login, "Personal Access token")
	case isOAuth:
		return unauthorized(github, o.login, "OAuth token")
	}
	return nil
}

// unauthorized is the ban of a token that single sign-on has not authorized
// (https://docs.github.com/rest/authentication/authenticating-to-the-rest-api).
func unauthorized(github, organization, token string) *ban {
	return &ban{
		refusal: demandsSignOn(token),
		signOn:  "required; url=https://" + github + "/orgs/" + organization + "/sso?authorization_request=PRETEND",
	}
}

// serveOwner answers GET /users/OWNER, which tells users from organizations.
func (g *GitHub) serveOwner(w http.ResponseWriter, r *http.Request, c caller) {
	login, kind := g.findOwner(c.host, r.PathValue("owner"))
	if kind == "" {
		notFound.write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"login": login, "type": kind})
}

// findOwner knows organizations, and owners of packages, repositories and tokens.
func (g *GitHub) findOwner(github, login string) (name, kind string) {
	if o := g.owner(github, login); o.kind != "" {
		return o.login, o.kind
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, r := range g.repositories {
		if owner := ownerOf(r.FullName); key.github == github && strings.EqualFold(owner, login) {
			return owner, "User"
		}
	}
	for _, t := range g.tokens {
		if t.Host == github && strings.EqualFold(t.Login, login) {
			return t.Login, "User"
		}
	}
	return "", ""
}

// ownerOf is OWNER of OWNER/NAME.
func ownerOf(fullName string) string {
	owner, _, _ := strings.Cut(fullName, "/")
	return owner
}
