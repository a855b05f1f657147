package credentialstest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

func (g *GitHub) apiRoutes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request, caller)) {
		mux.Handle(pattern, g.authenticated(h))
	}
	handle("/", func(w http.ResponseWriter, _ *http.Request, _ caller) { notFound.write(w) })
	handle("GET /{$}", func(w http.ResponseWriter, r *http.Request, c caller) {
		writeJSON(w, http.StatusOK, map[string]string{"current_user_url": "https://" + r.Host + exchangeOf(r).to.prefix + "/user"})
	})
	handle("GET /user", g.serveUser)
	handle("POST /graphql", g.serveGraphQL)
	handle("POST /credentials/revoke", g.serveRevoke)
	handle("DELETE /installation/token", g.serveRevokeInstallation)
	handle("GET /users/{owner}", g.serveOwner)
	handle("GET /repos/{owner}/{name}", g.serveRepository)
	handle("DELETE /user/packages/container/{name}", g.serveDeletePackage)
	handle("DELETE /users/{user}/packages/container/{name}", g.serveDeletePackage)
	handle("DELETE /orgs/{org}/packages/container/{name}", g.serveDeletePackage)
	handle("GET /user/packages/container/{name}", g.servePackage)
	handle("GET /users/{user}/packages/container/{name}", g.servePackage)
	handle("GET /orgs/{org}/packages/container/{name}", g.servePackage)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		prefix := exchangeOf(r).to.prefix
		if r.URL.Path == prefix { // the root answers without its slash too
			r = r.Clone(r.Context())
			r.URL = &url.URL{Path: prefix + "/", RawQuery: r.URL.RawQuery}
		}
		http.StripPrefix(prefix, mux).ServeHTTP(w, r)
	})
}

// authenticated does what every API request goes through before its endpoint.
func (g *GitHub) authenticated(next func(http.ResponseWriter, *http.Request, caller)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sign(w)
		x := exchangeOf(r)
		if r.UserAgent() == "" {
			// https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api; the page is HTML in name only.
			writeBody(w, http.StatusForbidden, "text/html", "\nRequest forbidden by administrative rules. "+
				"Please make sure your request has a User-Agent header.\n")
			return
		}
		if v := r.Header.Get("X-GitHub-Api-Version"); v != "" && v != "2022-11-28" && v != "2026-03-10" {
			unsupportedVersion(v).write(w)
			return
		}
		c := caller{host: x.to.github}
		if x.sent.scheme != "" {
			t, ok := g.token(x.sent.secret, x.to.github)
			if !ok || isKind(x.sent.secret, refresh) {
				badCredentials.write(w)
				return
			}
			c.secret, c.token = x.sent.secret, t
			c.describe(w.Header())
			if t.Suspended {
				suspended.write(w)
				return
			}
		}
		next(w, r, c)
	})
}

// describe sets the headers that tell the token's owner about it.
func (c caller) describe(h http.Header) {
	if c.token.Scopes != nil {
		h.Set("X-OAuth-Scopes", strings.Join(c.token.Scopes, ", "))
		h.Set("X-Accepted-OAuth-Scopes", "")
	}
	if !c.token.Expires.IsZero() {
		h.Set("GitHub-Authentication-Token-Expiration", c.token.Expires.UTC().Format("2006-01-02 15:04:05 MST"))
	}
	h.Set("X-RateLimit-Limit", "5000")
	h.Set("X-RateLimit-Remaining", "4999")
}

func (g *GitHub) serveUser(w http.ResponseWriter, _ *http.Request, c caller) {
	switch {
	case c.anonymous():
		wantsLogin.write(w)
	case isKind(c.secret, installation):
		noIntegration.write(w)
	default:
		writeJSON(w, http.StatusOK, map[string]string{"login": c.token.Login, "type": "User"})
	}
}

// serveGraphQL knows the one question that gh auth asks: who am I?
func (g *GitHub) serveGraphQL(w http.ResponseWriter, r *http.Request, c caller) {
	var question struct{ Query string }
	err := json.NewDecoder(r.Body).Decode(&question)
	switch {
	case c.anonymous():
		wantsLoginGraphQL.write(w)
	case err != nil:
		badJSON.write(w)
	case !strings.Contains(question.Query, "viewer"):
		writeJSON(w, http.StatusOK, map[string]any{"errors": []any{map[string]string{"message": "only viewer is known here"}}})
	default:
		writeJSON(w, http.StatusOK, map[string]any{"data": map[string]any{"viewer": map[string]string{"login": c.token.Login}}})
	}
}

const maxRevoked = 1000

// serveRevoke follows https://docs.github.com/rest/credentials/revoke; on
// GitHub Enterprise Server the form of
// https://docs.github.com/enterprise-server@3.19/rest/credentials/revoke, which
// wants a login and takes personal access tokens only.
func (g *GitHub) serveRevoke(w http.ResponseWriter, r *http.Request, c caller) {
	kinds := []string{classic, fineGrained, oauth, userToServer, refresh}
	enterprise := exchangeOf(r).to.prefix != ""
	if enterprise {
		kinds = []string{classic, fineGrained}
	}
	switch {
	case enterprise && c.anonymous():
		wantsLogin.write(w)
		return
	case !enterprise && !c.anonymous():
		wantsNoLogin.write(w)
		return
	}
	var list struct{ Credentials []string }
	if err := json.NewDecoder(r.Body).Decode(&list); err != nil || len(list.Credentials) == 0 || len(list.Credentials) > maxRevoked {
		invalid.write(w)
		return
	}
	g.mu.Lock()
	for _, secret := range list.Credentials {
		if isKind(secret, kinds...) && g.tokens[secret].Host == c.host {
			g.revoke(secret)
		}
	}
	g.mu.Unlock()
	writeJSON(w, http.StatusAccepted, struct{}{})
}

// serveRevokeInstallation lets an installation token revoke itself
// (https://docs.github.com/rest/apps/installations).
func (g *GitHub) serveRevokeInstallation(w http.ResponseWriter, _ *http.Request, c caller) {
	switch {
	case c.anonymous():
		wantsLogin.write(w)
	case !isKind(c.secret, installation):
		wantsInstallation.write(w)
	default:
		g.Revoke(c.secret)
		w.WriteHeader(http.StatusNoContent)
	}
}
