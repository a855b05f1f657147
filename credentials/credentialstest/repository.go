package credentialstest

import "net/http"

// AddRepository makes the repository exist at this host, or changes it.
func (g *GitHub) AddRepository(host string, r Repository) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.repositories[keyOf(githubHost(host), r.FullName)] = r
}

// DeleteRepository deletes the repository. The packages linked to it live on, as
// they belong to its owner; whether they still name it is up to [Package].KeepsLink.
func (g *GitHub) DeleteRepository(host, fullName string) {
	repository := keyOf(githubHost(host), fullName)
	g.mu.Lock()
	defer g.mu.Unlock()
	deleted, ok := g.repositories[repository]
	if !ok {
		return
	}
	delete(g.repositories, repository)
	for key, p := range g.packages {
		if key.github == repository.github && p.RepositoryID == deleted.ID && !p.KeepsLink {
			p.Repository, p.RepositoryID = "", 0
			g.packages[key] = p
		}
	}
}

// RecreateRepository deletes the repository of that name and makes this one, whose
// ID is another: what docker/build-push-action#806 did before its workflow could no
// longer push.
func (g *GitHub) RecreateRepository(host string, r Repository) {
	g.DeleteRepository(host, r.FullName)
	g.AddRepository(host, r)
}

// serveRepository answers https://docs.github.com/rest/repos/repos#get-a-repository.
func (g *GitHub) serveRepository(w http.ResponseWriter, r *http.Request, c caller) {
	owner := r.PathValue("owner")
	g.mu.Lock()
	repository, ok := g.repositories[keyOf(c.host, owner+"/"+r.PathValue("name"))]
	g.mu.Unlock()
	if b := g.banned(c.host, owner, c.secret); b != nil {
		b.write(w)
		return
	}
	if !ok || repository.Private && !g.sees(c, repository) {
		notFound.write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"id":        repository.ID,
		"full_name": repository.FullName,
		"private":   repository.Private,
	})
}

func (g *GitHub) sees(c caller, r Repository) bool {
	switch {
	case c.anonymous():
		return false
	case c.token.Job != nil:
		return c.token.Job.RepositoryID == r.ID
	}
	return c.token.grants("repo") && g.belongs(c.host, ownerOf(r.FullName), c.token.Login)
}
