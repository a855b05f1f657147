package credentialstest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// NewGitHub returns a GitHub that knows of no token, package or repository. Whoever signs
// in to it by device flow is octocat.
func NewGitHub() *GitHub {
	g := &GitHub{
		tokens:       make(map[string]Token),
		broken:       make(map[Place]map[string]http.Handler),
		aliases:      make(map[string]string),
		devices:      make(map[string]*device),
		approver:     "octocat",
		bearers:      make(map[string]bearer),
		packages:     make(map[nameKey]Package),
		owners:       make(map[ownerKey]owner),
		repositories: make(map[nameKey]Repository),
	}
	g.api = g.apiRoutes()
	g.web = g.webRoutes()
	return g
}

// Requests returns all requests in the order in which they came in.
func (g *GitHub) Requests() []Request {
	return g.requestsWhere(func(*Request) bool { return true })
}

// RequestsWith returns the requests that carried the secret.
func (g *GitHub) RequestsWith(secret string) []Request {
	return g.requestsWhere(func(r *Request) bool { return r.Secret == secret })
}

func (g *GitHub) requestsWhere(wanted func(*Request) bool) []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	var found []Request
	for _, r := range g.requests {
		if wanted(r) {
			c := *r
			c.Header = r.Header.Clone()
			found = append(found, c)
		}
	}
	return found
}

// Break makes one place answer the requests that carry this secret with how
// instead; nil repairs it. The secret "" means every request to that place; a
// secret broken by itself goes first. At [Images] a bearer counts as the secret
// that it was given for.
func (g *GitHub) Break(secret string, where Place, how http.Handler) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if how == nil {
		delete(g.broken[where], secret)
		return
	}
	if g.broken[where] == nil {
		g.broken[where] = make(map[string]http.Handler)
	}
	g.broken[where][secret] = how
}

// maxBody is larger than any request that is not an image.
const maxBody = 1 << 20

// ServeHTTP answers as the host that the request names.
func (g *GitHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	to := g.destination(r.Host, r.URL.Path)

	var body []byte
	if to.place != Images {
		var err error
		body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		if err != nil || len(body) > maxBody {
			http.Error(w, "body too large, or cut off", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}

	sent := credentialOf(r, to, body)
	seen := g.record(r, to, sent, body)
	answer := &statusWriter{ResponseWriter: w, code: func(code int) {
		g.mu.Lock()
		defer g.mu.Unlock()
		seen.Status = code
	}}

	var regular http.Handler
	switch to.place {
	case API:
		regular = g.api
	case Web:
		regular = g.web
	case Registry:
		regular = http.HandlerFunc(g.serveToken)
	case Images:
		regular = http.HandlerFunc(g.serveImages)
	}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, exchange{to, sent, regular}))
	how := g.breakage(to.place, sent.secret)
	if how == nil {
		how = regular
	}
	how.ServeHTTP(answer, r)
	if !answer.done {
		answer.code(http.StatusOK) // which net/http sends for a handler that sent nothing
	}
}

func (g *GitHub) record(r *http.Request, to destination, sent credential, body []byte) *Request {
	seen := &Request{
		Method:    r.Method,
		Host:      r.Host,
		Path:      r.URL.EscapedPath(),
		Query:     r.URL.RawQuery,
		Secret:    sent.secret,
		Username:  sent.username,
		Scheme:    sent.scheme,
		UserAgent: r.UserAgent(),
		Header:    r.Header.Clone(),
		Body:      string(body),
		TLS:       r.TLS != nil,
		Place:     to.place,
		Time:      time.Now(),
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, seen)
	return seen
}

func (g *GitHub) breakage(where Place, secret string) http.Handler {
	g.mu.Lock()
	defer g.mu.Unlock()
	if where == Images {
		if b, ok := g.bearers[secret]; ok {
			secret = b.secret
		}
	}
	if how := g.broken[where][secret]; how != nil {
		return how
	}
	return g.broken[where][""]
}
