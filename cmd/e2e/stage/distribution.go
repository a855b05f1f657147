package stage

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Distribution is a real registry, Debian's docker-registry, with token
// authentication of its own. It stands at ghcr.io for what one owner has. Who may do
// what the pretend GitHub decides as ever, and here it is written into a signed token,
// which the registry checks.
type Distribution struct {
	stage  *Stage
	owner  string
	dir    string
	signer tls.Certificate
	daemon *exec.Cmd
	proxy  http.Handler
}

// issuer is who signs the tokens.
const issuer = "pretend-github"

// StartDistribution starts a registry for an owner. Close ends it.
func (s *Stage) StartDistribution(owner string) (*Distribution, error) {
	d := &Distribution{stage: s, owner: owner}
	if err := d.start(); err != nil {
		d.Close()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.elsewhere == nil {
		s.elsewhere = make(map[string]http.Handler)
	}
	s.elsewhere[owner] = d
	return d, nil
}

func (d *Distribution) start() (err error) {
	if d.signer, err = d.stage.Authority.Issue(time.Now().Add(24*time.Hour), issuer); err != nil {
		return err
	}
	if d.dir, err = os.MkdirTemp("", "registry"); err != nil { // short, for the socket's path
		return err
	}
	socket, config := filepath.Join(d.dir, "socket"), filepath.Join(d.dir, "config.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, `version: 0.1
storage: {filesystem: {rootdirectory: %s/data}}
http: {net: unix, addr: %s, host: "https://ghcr.io"}
auth: {token: {realm: "https://ghcr.io/token", service: ghcr.io, issuer: %s, rootcertbundle: %s}}
`, d.dir, socket, issuer, d.stage.CAFile), 0o600); err != nil {
		return err
	}
	var complaint bytes.Buffer
	d.daemon = exec.Command("docker-registry", "serve", config)
	d.daemon.Stderr = &complaint
	if err := d.daemon.Start(); err != nil {
		return err
	}
	dial := func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", socket) }
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		conn, err := dial(context.Background(), "", "")
		if err == nil {
			_ = conn.Close()
			break
		}
		if time.Since(begun) > startLimit {
			_ = d.daemon.Process.Kill()
			_ = d.daemon.Wait()
			return fmt.Errorf("docker-registry did not come up\n%s", complaint.Bytes())
		}
	}
	d.proxy = &httputil.ReverseProxy{
		Transport: &http.Transport{DialContext: dial},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: r.In.Host})
			r.Out.Host = r.In.Host
		},
	}
	return nil
}

// Close ends the registry, and drops what it holds.
func (d *Distribution) Close() {
	d.stage.mu.Lock()
	delete(d.stage.elsewhere, d.owner)
	d.stage.mu.Unlock()
	if d.daemon != nil && d.daemon.ProcessState == nil && d.daemon.Process != nil {
		_ = d.daemon.Process.Kill()
		_ = d.daemon.Wait()
	}
	_ = os.RemoveAll(d.dir)
}

// ServeHTTP answers for the registry and for its token endpoint.
func (d *Distribution) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tokenEndpoint {
		d.serveToken(w, r)
		return
	}
	d.proxy.ServeHTTP(w, r)
}

// serveToken lets the pretend GitHub judge the login, which notes what was sent
// too, and makes a signed token of what GitHub gives.
func (d *Distribution) serveToken(w http.ResponseWriter, r *http.Request) {
	judged := httptest.NewRecorder()
	d.stage.GitHub.ServeHTTP(judged, r)
	var given struct{ Token string }
	if judged.Code != http.StatusOK || json.Unmarshal(judged.Body.Bytes(), &given) != nil {
		w.Header().Set("Content-Type", judged.Header().Get("Content-Type"))
		w.WriteHeader(judged.Code)
		_, _ = io.Copy(w, judged.Body)
		return
	}
	token, err := d.sign(d.granted(given.Token, r.URL.Query()["scope"]))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token})
}

// access is an entry of a token,
// https://distribution.github.io/distribution/spec/auth/jwt/.
type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// granted is what GitHub allows of the scopes that were asked for.
func (d *Distribution) granted(bearer string, scopes []string) []access {
	granted := []access{}
	for _, scope := range strings.Fields(strings.Join(scopes, " ")) {
		kind, rest, _ := strings.Cut(scope, ":")
		name, actions, _ := strings.Cut(rest, ":")
		a := access{Type: kind, Name: name, Actions: []string{}}
		for action := range strings.SplitSeq(actions, ",") {
			if ok, _, _, _ := d.stage.GitHub.Authorize("ghcr.io", "Bearer "+bearer, name, action); ok {
				a.Actions = append(a.Actions, action)
			}
		}
		granted = append(granted, a)
	}
	return granted
}

func (d *Distribution) sign(granted []access) (string, error) {
	head, err := json.Marshal(map[string]any{"typ": "JWT", "alg": "ES256", "x5c": d.signer.Certificate})
	if err != nil {
		return "", err
	}
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"iss": issuer, "aud": "ghcr.io", "sub": "", "jti": rand.Text(), "access": granted,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	payload := encode(head) + "." + encode(claims)
	hash := sha256.Sum256([]byte(payload))
	r, s, err := ecdsa.Sign(rand.Reader, d.signer.PrivateKey.(*ecdsa.PrivateKey), hash[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return payload + "." + encode(signature), nil
}
