package github

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// How long the API and the registry are waited for. GitHub itself ends what takes it more
// than ten seconds.
const (
	APILimit      = 5 * time.Second
	RegistryLimit = 5 * time.Second
)

// NewTransport is how servers are reached: over TLS, by the proxy of the
// environment, trusting what the system trusts.
func NewTransport() http.RoundTripper {
	return &transport{}
}

// transport trusts exactly what the system trusts and reads no more of it than it
// must. It verifies with a part of the system's certificates; what these do not
// prove is verified anew with all of them, on a new connection. A request is sent
// only after its server was verified, so it is sent once.
type transport struct {
	read  sync.Once
	roots *x509.CertPool
	err   error
}

func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	t.read.Do(func() { t.roots, t.err = bundledRoots() })
	if t.err != nil {
		return nil, t.err
	}
	if t.roots != nil {
		response, err := plainTransport(t.roots).RoundTrip(request)
		if unproven := (*tls.CertificateVerificationError)(nil); !errors.As(err, &unproven) {
			return response, err
		}
		if request.GetBody != nil {
			request = request.Clone(request.Context())
			if request.Body, err = request.GetBody(); err != nil {
				return nil, err
			}
		}
	}
	if err := checkCertificateDirs(); err != nil {
		return nil, err
	}
	return plainTransport(nil).RoundTrip(request)
}

// plainTransport trusts roots, or what the system trusts if there are none. One
// request a connection, and a process seldom sends two, so HTTP/1.1 without
// keep-alive is all there is to set up.
func plainTransport(roots *x509.CertPool) *http.Transport {
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: APILimit}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    APILimit,
		ResponseHeaderTimeout:  APILimit,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		Protocols:              &http1,
	}
}

// throughSocket sends requests, whatever their address, to a unix socket in
// clear, as gh does when its setting http_unix_socket names one.
func throughSocket(path string) *http.Transport {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path)
	}
	t := plainTransport(nil)
	t.Proxy = nil
	t.DialContext, t.DialTLSContext = dial, dial
	return t
}
