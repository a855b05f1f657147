package credentialstest

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	deviceLife     = 15 * time.Minute
	deviceGrant    = "urn:ietf:params:oauth:grant-type:device_code"
	deviceInterval = "1" // GitHub asks for five seconds; tests wait them out
)

// SignIn makes login the person who approves the device flows from now on. Every
// flow is approved after its first poll; "" denies them.
func (g *GitHub) SignIn(login string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.approver = login
}

// NextDeviceToken presets what the next device flow gives out, instead of a new
// gho_ token of whoever is signed in. A token without login, scopes or host gets
// the person's, the requested ones and the one asked. Presets are used in order.
func (g *GitHub) NextDeviceToken(secret string, t Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.presets = append(g.presets, preset{secret, t})
}

func (g *GitHub) webRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/device/code", g.serveDeviceCode)
	mux.HandleFunc("POST /login/oauth/access_token", g.serveAccessToken)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeBody(w, http.StatusNotFound, "text/html; charset=utf-8", "<!DOCTYPE html><title>Page not found · GitHub</title>\n")
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sign(w)
		mux.ServeHTTP(w, r)
	})
}

func (g *GitHub) serveDeviceCode(w http.ResponseWriter, r *http.Request) {
	client := r.PostFormValue("client_id")
	if client == "" {
		writeJSON(w, http.StatusNotFound, map[string]string{"error": "Not Found"})
		return
	}
	host := exchangeOf(r).to.github
	code, user := rand.Text(), rand.Text()
	g.mu.Lock()
	g.devices[code] = &device{
		host:    host,
		client:  client,
		scopes:  normalizeScopes(cut(r.PostFormValue("scope"))),
		expires: time.Now().Add(deviceLife),
	}
	g.mu.Unlock()
	writeForm(w, r, url.Values{
		"device_code":      {code},
		"user_code":        {user[:4] + "-" + user[4:8]},
		"verification_uri": {"https://" + host + "/login/device"},
		"expires_in":       {fmt.Sprint(int(deviceLife.Seconds()))},
		"interval":         {deviceInterval},
	})
}

// serveAccessToken answers a poll. GitHub reports what is in the way with status 200.
func (g *GitHub) serveAccessToken(w http.ResponseWriter, r *http.Request) {
	secret, t, trouble := g.finishDevice(r)
	if trouble != "" {
		writeForm(w, r, url.Values{"error": {trouble}})
		return
	}
	writeForm(w, r, url.Values{
		"access_token": {secret},
		"token_type":   {"bearer"},
		"scope":        {strings.Join(t.Scopes, ",")},
	})
}

func (g *GitHub) finishDevice(r *http.Request) (secret string, t Token, trouble string) {
	if r.PostFormValue("grant_type") != deviceGrant {
		return "", Token{}, "unsupported_grant_type"
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	code := r.PostFormValue("device_code")
	d, ok := g.devices[code]
	switch {
	case !ok || d.host != exchangeOf(r).to.github:
		return "", Token{}, "incorrect_device_code"
	case d.client != r.PostFormValue("client_id"):
		return "", Token{}, "incorrect_client_credentials"
	case time.Now().After(d.expires):
		return "", Token{}, "expired_token"
	case !d.asked:
		d.asked = true
		return "", Token{}, "authorization_pending"
	}
	delete(g.devices, code)
	if g.approver == "" {
		return "", Token{}, "access_denied"
	}

	if len(g.presets) > 0 {
		secret, t = g.presets[0].secret, g.presets[0].token
		g.presets = g.presets[1:]
	} else {
		g.issued++
		secret = fmt.Sprintf("gho_pretend%025d", g.issued)
	}
	if t.Login == "" {
		t.Login = g.approver
	}
	if t.Scopes == nil {
		t.Scopes = d.scopes
	}
	if t.Host == "" {
		t.Host = d.host
	}
	t.Host = githubHost(t.Host)
	t.Scopes = slices.Clone(t.Scopes)
	g.tokens[secret] = t
	return secret, t, ""
}

// normalizeScopes drops what another scope implies, as GitHub does
// (https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps).
// The list is never nil: an OAuth token has scopes, if none.
func normalizeScopes(requested []string) []string {
	kept := []string{}
	for _, scope := range requested {
		verb, thing, _ := strings.Cut(scope, ":")
		implied := verb == "read" && slices.Contains(requested, "write:"+thing) ||
			(verb == "read" || verb == "write") && slices.Contains(requested, "admin:"+thing)
		if !implied {
			kept = append(kept, scope)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// writeForm answers in the form that the client accepts: JSON if it says so, else
// URL-encoded.
func writeForm(w http.ResponseWriter, r *http.Request, values url.Values) {
	if !strings.Contains(r.Header.Get("Accept"), "json") {
		writeBody(w, http.StatusOK, "application/x-www-form-urlencoded; charset=utf-8", values.Encode())
		return
	}
	object := make(map[string]any, len(values))
	for key := range values {
		object[key] = values.Get(key)
		if key == "expires_in" || key == "interval" {
			object[key] = json.Number(values.Get(key))
		}
	}
	writeJSON(w, http.StatusOK, object)
}
