package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// What is between us and the servers, or should be.
func TestBrokenNetwork(t *testing.T) {
	t.Parallel()
	onlyOnStage(t)
	meet(t, slices.Concat(brokenCertificates(t), brokenNames(t), brokenProxies(t)))
}

// Certificates that prove nothing get no request, and so no token. One that is no
// longer good, or not yet, is also what a wrong clock sees.
func brokenCertificates(t *testing.T) []trouble {
	t.Helper()
	s := theStage
	issue := func(until time.Time, names ...string) tls.Certificate {
		certificate, err := s.Authority.Issue(until, names...)
		check(t, err)
		return certificate
	}
	const beginning = "tls: failed to verify certificate: x509: certificate "
	var troubles []trouble
	for _, c := range []struct {
		name, address string
		certificate   tls.Certificate
		said          string
	}{
		{"expired", "127.0.0.10", issue(time.Now().Add(-time.Hour), "api.github.com", "ghcr.io"), beginning + "has expired or is not yet valid: current time … is after …"},
		{"not yet valid", "127.0.0.11", issue(time.Now().Add(49*time.Hour), "api.github.com", "ghcr.io"), beginning + "has expired or is not yet valid: current time … is before …"},
		{"of another name", "127.0.0.12", issue(time.Now().Add(time.Hour), "example.com"), beginning + "is valid for example.com, not HOSTNAME"},
		{"of an unknown authority", "127.0.0.13", ownCertificate(t, "api.github.com", "ghcr.io"), beginning + "signed by unknown authority"},
	} {
		server := &http.Server{
			Handler:   s.GitHub,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{c.certificate}},
			ErrorLog:  log.New(io.Discard, "", 0),
		}
		listener, err := net.Listen("tcp", c.address+":443")
		check(t, err)
		go func() { _ = server.ServeTLS(listener, "", "") }()
		t.Cleanup(func() { _ = server.Close() })
		at := func(api, registry string) func(*testing.T, *stage.Home, *exec.Cmd) {
			return resolving(api + " api.github.com\n" + registry + " ghcr.io\n")
		}
		troubles = append(troubles,
			trouble{"API: certificate " + c.name, at(c.address, "127.0.0.1"), "", requests{never, once}},
			trouble{"registry: certificate " + c.name, at("127.0.0.1", c.address), "", requests{once, never}},
			trouble{"both: certificate " + c.name, at(c.address, c.address), unchecked(
				strings.Replace(c.said, "HOSTNAME", "api.github.com", 1),
				strings.Replace(c.said, "HOSTNAME", "ghcr.io", 1)), requests{never, never}},
		)
	}
	return troubles
}

// ownCertificate is one that its server has signed itself.
func ownCertificate(t *testing.T, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Names that nobody knows, a name server that is not there and one that says
// nothing, and hosts that are not there.
func brokenNames(t *testing.T) []trouble {
	t.Helper()
	silent, err := net.ListenPacket("udp", "127.0.0.20:53")
	check(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	const nobody = "127.0.0.1 localhost\n"
	return []trouble{
		{
			"API: unknown", resolving("127.0.0.1 ghcr.io\n"), "", requests{never, once},
		},
		{
			"registry: unknown", resolving("127.0.0.1 api.github.com\n"), "", requests{once, never},
		},
		{
			"both: unknown", resolving(nobody),
			unchecked("dial tcp: lookup api.github.com …", "dial tcp: lookup ghcr.io …"), requests{never, never},
		},
		{
			"API: a silent name server", resolvingBy("127.0.0.20", "127.0.0.1 ghcr.io\n"), "", requests{never, once},
		},
		{
			"both: a silent name server", resolvingBy("127.0.0.20", nobody),
			unchecked("no answer in time", "no answer in time"), requests{never, never},
		},
		{
			"API: nobody is there", resolving("127.0.0.22 api.github.com\n127.0.0.1 ghcr.io\n"), "", requests{never, once},
		},
		{
			"both: nobody is there", resolving("127.0.0.22 api.github.com ghcr.io\n"),
			unchecked("dial tcp 127.0.0.22:443: connect: connection refused", "dial tcp 127.0.0.22:443: connect: connection refused"), requests{never, never},
		},
		{
			"both: no way there", resolving("192.0.2.1 api.github.com ghcr.io\n"),
			unchecked("dial tcp 192.0.2.1:443: connect: network is unreachable", "dial tcp 192.0.2.1:443: connect: network is unreachable"), requests{never, never},
		},
	}
}

// resolving lets a program see another /etc/hosts, and a name server that is not there.
func resolving(hosts string) func(*testing.T, *stage.Home, *exec.Cmd) {
	return resolvingBy("127.0.0.21", hosts)
}

func resolvingBy(nameServer, hosts string) func(*testing.T, *stage.Home, *exec.Cmd) {
	return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
		dir := t.TempDir()
		seen := stage.Home{Dir: dir}
		check(t, seen.WriteFile("hosts", hosts))
		check(t, seen.WriteFile("resolv.conf", "nameserver "+nameServer+"\n"))
		mounted(t, command, `mount --bind "`+filepath.Join(dir, "hosts")+`" /etc/hosts && mount --bind "`+filepath.Join(dir, "resolv.conf")+`" /etc/resolv.conf`)
	}
}

// mounted lets a program run where a shell command has mounted something for it alone.
func mounted(t *testing.T, command *exec.Cmd, mount string) {
	t.Helper()
	unshare := program(t, "unshare", "apt-get install util-linux")
	program(t, "mount", "apt-get install mount")
	inShell(command, mount)
	command.Path, command.Args = unshare, append([]string{unshare, "--mount"}, command.Args...)
}

// What stands between: a proxy that is not there, wants a login, says nothing, or
// shows its own page. The password in its address is told to nobody.
func brokenProxies(t *testing.T) []trouble {
	t.Helper()
	proxy := func(answers ...string) string {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		check(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		go serveRaw(listener, answers)
		return listener.Addr().String()
	}
	through := func(address string) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(_ *testing.T, _ *stage.Home, command *exec.Cmd) {
			command.Env = append(command.Env, "HTTPS_PROXY=http://octocat:"+password+"@"+address)
		}
	}
	both := func(said string) string { return unchecked(said, said) }
	const page = "Content-Type: text/html\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>"
	return []trouble{
		{
			"proxy: not there", through("127.0.0.23:3128"),
			both("proxyconnect tcp: dial tcp 127.0.0.23:3128: connect: connection refused"), requests{},
		},
		{
			"proxy: wants a login", through(proxy("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n" + page)),
			both("Proxy Authentication Required"), requests{},
		},
		{
			"proxy: refuses", through(proxy("HTTP/1.1 403 Forbidden\r\n" + page)),
			both("Forbidden"), requests{},
		},
		{
			"proxy: hangs", through(proxy()),
			both("no answer in time"), requests{},
		},
		{
			"proxy: connects and hangs", through(proxy("HTTP/1.1 200 Connection established\r\n\r\n")),
			both("no answer in time"), requests{},
		},
		{
			"proxy: sends one to its own page", through(proxy("HTTP/1.1 302 Found\r\nLocation: http://portal.example.com/\r\n" + page)),
			both("Found"), requests{},
		},
		{
			"proxy: shows its own page", through(proxy("HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.1 200 OK\r\n"+page)),
			both("tls: first record does not look like a TLS handshake"), requests{},
		},
		{
			"proxy: talks nonsense", through(proxy("220 mail.example.com ESMTP\r\n")),
			both(`malformed HTTP status code "mail.example.com"`), requests{},
		},
		{
			"proxy: is no address", func(_ *testing.T, _ *stage.Home, command *exec.Cmd) {
				command.Env = append(command.Env, "HTTPS_PROXY=http://octocat:"+password+"@proxy:port")
			},
			both("proxyconnect tcp: dial tcp: lookup http …"), requests{},
		},
		{
			// The standard library, and with it docker and gh, then goes without.
			"proxy: a password that is not escaped", func(_ *testing.T, _ *stage.Home, command *exec.Cmd) {
				command.Env = append(command.Env, "HTTPS_PROXY=http://octocat:"+password+"%@127.0.0.23:3128")
			},
			"", requests{once, never},
		},
	}
}
