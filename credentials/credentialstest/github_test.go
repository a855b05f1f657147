package credentialstest_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// overBoth runs the test in memory and over a real server under the real names.
// What is true of one has to be true of the other.
func overBoth(t *testing.T, test func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper)) {
	t.Helper()
	t.Run("in memory", func(t *testing.T) {
		t.Parallel()
		g := credentialstest.NewGitHub()
		test(t, g, g.Transport())
	})
	t.Run("over TLS", func(t *testing.T) {
		t.Parallel()
		g := credentialstest.NewGitHub()
		test(t, g, overTLS(t, g))
	})
}

func overTLS(t *testing.T, h http.Handler) http.RoundTripper {
	t.Helper()
	credentialstest.NeedLoopback(t)
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are what is tested
	server.StartTLS()
	via := server.Client().Transport.(*http.Transport).Clone()
	via.TLSClientConfig = &tls.Config{RootCAs: via.TLSClientConfig.RootCAs, ServerName: "example.com"}
	via.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}
	t.Cleanup(func() {
		via.CloseIdleConnections()
		server.Close()
	})
	return via
}

// ask sends a request and returns the answer with its whole body.
func ask(t *testing.T, via http.RoundTripper, method, url string, header map[string]string, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := via.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	if resp.Request != req {
		t.Error("the response does not name its request")
	}
	return resp, strings.TrimSpace(string(answer))
}

func auth(value string) map[string]string { return map[string]string{"Authorization": value} }

func basic(user, secret string) map[string]string {
	return auth("Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret)))
}

func form() map[string]string {
	return map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
}
