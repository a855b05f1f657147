package credentialstest

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const bearerLife = 5 * time.Minute

func (d *denial) write(w http.ResponseWriter) {
	type entry struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	writeJSON(w, d.status, map[string][]entry{"errors": {{d.code, d.message}}})
}

// serveToken is the registry's token endpoint
// (https://distribution.github.io/distribution/spec/auth/token/, and oauth beside
// it for POST). A live token gets a bearer whatever it may do, as "docker login"
// with it succeeds (ekalinin/awsping#15). A dead one gets DENIED, for public images
// too (akuity/kargo#778).
func (g *GitHub) serveToken(w http.ResponseWriter, r *http.Request) {
	sign(w)
	if r.Method != http.MethodGet && r.Method != http.MethodPost || r.ParseForm() != nil {
		unsupported.write(w)
		return
	}
	x := exchangeOf(r)
	if x.sent == (credential{}) {
		if d := g.refuseAnonymous(x.to.github, r.Form["scope"]); d != nil {
			d.write(w)
			return
		}
	} else if !g.known(x.sent.secret, x.to.github) {
		denied.write(w)
		return
	}

	word := rand.Text()
	g.mu.Lock()
	g.bearers[word] = bearer{x.sent.secret, x.to.github, time.Now().Add(bearerLife)}
	g.mu.Unlock()
	answer := map[string]any{"token": word}
	if r.Method == http.MethodPost { // OAuth2 clients read no other name
		answer["access_token"] = word
		answer["expires_in"] = int(bearerLife.Seconds())
	}
	writeJSON(w, http.StatusOK, answer)
}

// placeholder is the repository of which ghcr.io speaks when it is asked for none
// (cloudflare/serverless-registry#148).
const placeholder = "user/image"

// refuseAnonymous says why an anonymous caller gets no bearer for these scopes:
// for a private or absent package 401 (openai/tunnel-client#75), for a push 403
// (docker/build-push-action#200, cloudflare/serverless-registry#148).
func (g *GitHub) refuseAnonymous(github string, scopes []string) *denial {
	for _, scope := range cut(strings.Join(scopes, " ")) {
		_, rest, _ := strings.Cut(scope, ":")
		repository, action, _ := strings.Cut(rest, ":")
		if action != "pull" {
			return denied
		}
		if p, ok := g.lookup(github, repository); repository != placeholder && (!ok || !p.Public) {
			return authRequired
		}
	}
	return nil
}

// known reports whether the secret is a live password for the registry of this host.
func (g *GitHub) known(secret, github string) bool {
	t, ok := g.token(secret, github)
	return ok && !t.Suspended && !isKind(secret, refresh)
}

// Authorize says whether the bearer of an Authorization header, or none, may "pull"
// or "push" OWNER/NAME at that registry, and if not, with which status, error code
// and message the registry answers.
func (g *GitHub) Authorize(registryHost, authorization, repository, action string) (ok bool, status int, code, message string) {
	if d := g.authorize(g.destination(registryHost, "/v2/").github, authorization, repository, action); d != nil {
		return false, d.status, d.code, d.message
	}
	return true, http.StatusOK, "", ""
}

func (g *GitHub) authorize(github, authorization, repository, action string) *denial {
	secret, d := g.holder(github, authorization)
	if d != nil {
		return d
	}
	p, exists := g.lookup(github, repository)
	pull := action == "pull"
	switch {
	case pull && p.Public:
		return nil
	case secret == "" && pull:
		return authRequired
	case secret == "":
		return unauthenticated
	}

	t, _ := g.token(secret, github)
	namespace := ownerOf(repository)
	scope := "write:packages"
	if pull {
		scope = "read:packages"
	}
	switch {
	case t.Job != nil && pull:
		return t.Job.refusePull(namespace, p, exists)
	case t.Job != nil:
		return t.Job.refusePush(namespace, p, exists)
	case isKind(secret, fineGrained) || !t.grants(scope):
		return scopeMissing
	}
	if b := g.banned(github, namespace, secret); b != nil {
		return inRegistry(b.message)
	}
	switch {
	case !exists && g.mayCreate(github, namespace, t.Login):
		return nil // a pusher looks for what is there already, package or none
	case !exists && pull:
		return nameUnknown
	case !exists:
		return mayNotCreate
	case p.writableBy(t.Login), pull && p.readableBy(t.Login):
		return nil
	case pull:
		return denied
	case p.readableBy(t.Login):
		return mayNotWrite
	}
	return mayNotRead
}

// holder returns the secret for which the bearer was given; "" if it was given to
// an anonymous caller. Base64 of the token itself is taken as well
// (argoproj-labs/argocd-image-updater#303).
func (g *GitHub) holder(github, authorization string) (string, *denial) {
	if authorization == "" {
		return "", authRequired
	}
	c := parseAuthorization(authorization)
	if !strings.EqualFold(c.scheme, "Bearer") {
		return "", invalidToken
	}
	g.mu.Lock()
	b, ok := g.bearers[c.secret]
	g.mu.Unlock()
	if !ok {
		plain, err := base64.StdEncoding.DecodeString(c.secret)
		if err != nil {
			return "", unauthenticated
		}
		_, secret, found := strings.Cut(string(plain), ":")
		if !found {
			secret = string(plain)
		}
		b = bearer{secret, github, time.Now().Add(bearerLife)}
	}
	if b.github != github || !time.Now().Before(b.expires) || (b.secret != "" || !ok) && !g.known(b.secret, github) {
		return "", unauthenticated
	}
	return b.secret, nil
}

// Challenge is the WWW-Authenticate header with which the registry asks for a
// bearer for these actions, such as "pull,push". insufficient says that the bearer
// it was shown is good, and not good enough; without it docker tries again for a
// while.
func (g *GitHub) Challenge(registryHost, repository, actions string, insufficient bool) string {
	return g.challenge(registryHost, repository, actions, insufficient, !loopback(registryHost))
}

func (g *GitHub) challenge(registryHost, repository, actions string, insufficient, secure bool) string {
	scheme := "https"
	if !secure {
		scheme = "http"
	}
	service := g.destination(registryHost, "/v2/").registry
	if service == "" {
		service = registryHost
	}
	if repository == "" {
		repository, actions = placeholder, "pull"
	}
	value := fmt.Sprintf(`Bearer realm="%s://%s/token",service="%s",scope="repository:%s:%s"`,
		scheme, registryHost, service, repository, actions)
	if insufficient {
		value += `,error="insufficient_scope"`
	}
	return value
}

func loopback(host string) bool {
	name := withoutPort(host)
	return name == "localhost" || strings.HasPrefix(name, "127.") || name == "::1"
}

// SetImages puts a registry without authentication of its own behind every registry
// host: what the bearer allows is passed on to it. Without one, pushes are opened and
// nothing is ever found.
func (g *GitHub) SetImages(images http.Handler) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.images = images
}

func (g *GitHub) serveImages(w http.ResponseWriter, r *http.Request) {
	sign(w)
	x := exchangeOf(r)
	path := strings.TrimSuffix(r.URL.Path, "/")
	if path == "/v2" { // BusKill/buskill-app#78; else Docker's engine takes it for a registry of version 1
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	}
	authorization := r.Header.Get("Authorization")
	repository, action := repositoryOf(r.URL.Path), "push"
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		action = "pull"
	}
	secure := r.TLS != nil || !loopback(r.Host)

	secret, d := g.holder(x.to.github, authorization)
	unknown := d != nil
	if repository != "" && d == nil {
		d = g.authorize(x.to.github, authorization, repository, action)
	}
	if d != nil {
		if d.status == http.StatusUnauthorized {
			actions := "pull"
			if action == "push" {
				actions = "pull,push"
			}
			w.Header().Set("WWW-Authenticate", g.challenge(r.Host, repository, actions, !unknown, secure))
		}
		d.write(w)
		return
	}

	switch {
	case path == "/v2":
		writeJSON(w, http.StatusOK, struct{}{})
	case repository == "":
		nameUnknown.write(w)
	case r.Method == http.MethodDelete:
		unsupported.write(w)
	default:
		g.pass(w, r, x.to.github, repository, secret)
	}
}

// pass hands the request to the registry behind, and notes what is published.
func (g *GitHub) pass(w http.ResponseWriter, r *http.Request, github, repository, secret string) {
	g.mu.Lock()
	images := g.images
	g.mu.Unlock()
	if images == nil {
		images = http.HandlerFunc(emptyRegistry)
	}
	status := http.StatusOK
	images.ServeHTTP(&statusWriter{ResponseWriter: w, code: func(code int) { status = code }}, r)
	if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") && status == http.StatusCreated {
		t, _ := g.token(secret, github)
		g.publish(github, repository, t)
	}
}

// emptyRegistry opens upload sessions, which leads to nothing.
func emptyRegistry(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/blobs/uploads/"):
		w.Header().Set("Location", r.URL.Path+rand.Text())
		w.Header().Set("Range", "0-0")
		w.WriteHeader(http.StatusAccepted)
	case strings.Contains(r.URL.Path, "/manifests/"):
		noManifest.write(w)
	default:
		noBlob.write(w)
	}
}

// repositoryOf finds OWNER/NAME in a path of the distribution API, "" if there is none.
func repositoryOf(path string) string {
	rest, ok := strings.CutPrefix(path, "/v2/")
	if !ok {
		return ""
	}
	parts := strings.Split(rest, "/")
	for i := len(parts) - 2; i > 0; i-- {
		if slices.Contains([]string{"blobs", "manifests", "tags", "referrers"}, parts[i]) {
			return strings.Join(parts[:i], "/")
		}
	}
	return ""
}
