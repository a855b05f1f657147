package credentialstest

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Add makes the secret known, or changes what is known of it.
func (g *GitHub) Add(secret string, t Token) {
	t.Host = githubHost(t.Host)
	t.Scopes = slices.Clone(t.Scopes)
	if t.Job != nil {
		job := *t.Job
		t.Job = &job
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tokens[secret] = t
}

// Revoke revokes the token: GitHub answers 401 from now on, the registry DENIED.
func (g *GitHub) Revoke(secret string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.revoke(secret)
}

func (g *GitHub) revoke(secret string) {
	if t, ok := g.tokens[secret]; ok {
		t.Dead = true
		g.tokens[secret] = t
	}
}

// Alive reports whether the secret is a token of any host that still works.
func (g *GitHub) Alive(secret string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.tokens[secret]
	return ok && t.alive() && !t.Suspended
}

// token returns the secret's token if it is alive at this host.
func (g *GitHub) token(secret, host string) (Token, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.tokens[secret]
	return t, ok && t.Host == host && t.alive()
}

func (t Token) alive() bool {
	return !t.Dead && (t.Expires.IsZero() || time.Now().Before(t.Expires))
}

// grants reports whether the token may do what the scope allows. A token
// without a list of scopes is not judged by them.
func (t Token) grants(scope string) bool {
	return t.Scopes == nil || slices.Contains(t.Scopes, scope) ||
		scope == "read:packages" && slices.Contains(t.Scopes, "write:packages")
}

func isKind(secret string, kinds ...string) bool {
	return slices.ContainsFunc(kinds, func(kind string) bool { return strings.HasPrefix(secret, kind) })
}

// credentialOf reads the Authorization header and, at the token endpoint, the form
// of an OAuth2 token request (https://distribution.github.io/distribution/spec/auth/oauth/).
func credentialOf(r *http.Request, to destination, body []byte) credential {
	c := parseAuthorization(r.Header.Get("Authorization"))
	if c.scheme != "" || to.place != Registry || r.Method != http.MethodPost {
		return c
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return c
	}
	switch form.Get("grant_type") {
	case "password":
		return credential{username: form.Get("username"), secret: form.Get("password")}
	case "refresh_token":
		return credential{secret: form.Get("refresh_token")}
	}
	return c
}

func parseAuthorization(header string) credential {
	scheme, value, _ := strings.Cut(header, " ")
	c := credential{scheme: scheme, secret: strings.TrimSpace(value)}
	if strings.EqualFold(scheme, "Basic") {
		plain, err := base64.StdEncoding.DecodeString(c.secret)
		if err != nil {
			return c
		}
		c.username, c.secret, _ = strings.Cut(string(plain), ":")
	}
	return c
}
