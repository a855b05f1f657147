// Package stage is where real programs meet the product: a pretend GitHub and its
// registries under their real names, on loopback. It belongs in a namespace.
package stage

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// names are the hosts that are played: github.com's, a tenant's of GHE.com, and
// two enterprise hosts'.
var names = []string{
	"github.com", "api.github.com", "ghcr.io", "docker.pkg.github.com",
	"acme.ghe.com", "api.acme.ghe.com", "containers.acme.ghe.com",
	"git.example.com", "containers.git.example.com", "docker.git.example.com",
	"gw.example.com",
}

// Hosts is the content of an /etc/hosts in which GitHub is here.
func Hosts() string {
	return "127.0.0.1 localhost " + strings.Join(names, " ") + "\n"
}

// Stage is open from Open to Close.
type Stage struct {
	GitHub    *credentialstest.GitHub
	Images    *Images
	Authority *Authority
	// CAFile holds the certificate that clients have to trust.
	CAFile string

	server *http.Server

	mu        sync.Mutex
	elsewhere map[string]http.Handler // owner to the registry that holds what is theirs
}

// Open serves HTTPS on loopback; dir is for the certificate, and for the PATH that
// this process and what it starts have from then on.
func Open(dir string) (*Stage, error) {
	if err := isolate(filepath.Join(dir, ".machine")); err != nil {
		return nil, err
	}
	authority, err := newAuthority()
	if err != nil {
		return nil, err
	}
	certificate, err := authority.Issue(time.Now().Add(24*time.Hour), names...)
	if err != nil {
		return nil, err
	}
	s := &Stage{
		GitHub:    credentialstest.NewGitHub(),
		Images:    new(Images),
		Authority: authority,
		CAFile:    filepath.Join(dir, "ca.pem"),
	}
	s.GitHub.SetImages(s.Images)
	if err := os.WriteFile(s.CAFile, authority.PEM(), 0o644); err != nil {
		return nil, err
	}
	s.server = &http.Server{
		Handler:   s,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:443")
	if err != nil {
		return nil, err
	}
	go func() { _ = s.server.ServeTLS(listener, "", "") }()
	return s, nil
}

const tokenEndpoint = "/token"

// ServeHTTP lets the pretend GitHub answer, except for what another registry has.
func (s *Stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if registry := s.holder(r.URL); registry != nil {
		registry.ServeHTTP(w, r)
		return
	}
	s.GitHub.ServeHTTP(w, r)
}

func (s *Stage) holder(u *url.URL) http.Handler {
	s.mu.Lock()
	defer s.mu.Unlock()
	for owner, registry := range s.elsewhere {
		if strings.HasPrefix(u.Path, "/v2/"+owner+"/") || u.Path == tokenEndpoint && strings.Contains(u.Query().Get("scope"), ":"+owner+"/") {
			return registry
		}
	}
	return nil
}

// Close ends all connections.
func (s *Stage) Close() error { return s.server.Close() }

// Trust returns the certificates that a client in this process has to trust.
func (s *Stage) Trust() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Authority.certificate)
	return pool
}
