package credentials

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// newTransport is how servers are reached: over TLS, by the proxy of the
// environment, trusting what the system trusts. One request a connection, and a
// process seldom sends two, so HTTP/1.1 without keep-alive is all there is to
// set up.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: apiLimit}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    apiLimit,
		ResponseHeaderTimeout:  apiLimit,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		Protocols:              http1(),
	}
}

func http1() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	return &p
}

// throughSocket sends requests, whatever their address, to a unix socket in
// clear, as gh does when its setting http_unix_socket names one.
func throughSocket(path string) *http.Transport {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", path)
	}
	t := newTransport()
	t.Proxy = nil
	t.DialContext, t.DialTLSContext = dial, dial
	return t
}
