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
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// Certificates that prove nothing get no request, and so no token. One that is no
// longer good, or not yet, is also what a wrong clock sees.
func TestBrokenCertificates(t *testing.T) {
	s := onlyOnStage(t)
	issue := func(until time.Time, names ...string) *tls.Config {
		certificate, err := s.Authority.Issue(until, names...)
		check(t, err)
		return &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	old := issue(time.Now().Add(time.Hour), "api.github.com", "ghcr.io")
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	const beginning = "tls: failed to verify certificate: x509: certificate "
	var troubles []trouble
	for _, c := range []struct {
		name, address string
		config        *tls.Config
		said          string
	}{
		{"expired", "127.0.0.10", issue(time.Now().Add(-time.Hour), "api.github.com", "ghcr.io"), beginning + "has expired or is not yet valid: current time … is after …"},
		{"not yet valid", "127.0.0.11", issue(time.Now().Add(49*time.Hour), "api.github.com", "ghcr.io"), beginning + "has expired or is not yet valid: current time … is before …"},
		{"of another name", "127.0.0.12", issue(time.Now().Add(time.Hour), "example.com"), beginning + "is valid for example.com, not HOSTNAME"},
		{"of an unknown authority", "127.0.0.13", ownCertificate(t, "api.github.com", "ghcr.io"), beginning + "signed by unknown authority"},
		{"good, except for an old TLS", "127.0.0.14", old, "remote error: tls: protocol version not supported"},
	} {
		server := &http.Server{
			Handler:   s.GitHub,
			TLSConfig: c.config,
			ErrorLog:  log.New(io.Discard, "", 0),
		}
		listener, err := net.Listen("tcp", c.address+":443")
		check(t, err)
		go func() { _ = server.ServeTLS(listener, "", "") }()
		t.Cleanup(func() { _ = server.Close() })
		at := func(api, registry string) func(*testing.T, *stage.Home, *exec.Cmd) {
			return resolving(api + " api.github.com\n" + registry + " ghcr.io\n")
		}
		of := func(name string) string { return strings.Replace(c.said, "HOSTNAME", name, 1) }
		troubles = append(troubles,
			trouble{"API: " + c.name, at(c.address, "127.0.0.1"), given, requests{never, once}, promptly},
			trouble{"registry: " + c.name, unavailable(at("127.0.0.1", c.address)), unchecked("503"+notOwn, of("ghcr.io")), requests{once, never}, promptly},
			trouble{"both: " + c.name, at(c.address, c.address), unchecked(of("api.github.com"), of("ghcr.io")), requests{never, never}, promptly},
		)
	}
	meet(t, "Certificates", troubles)
}

// ownCertificate is one that its server has signed itself.
func ownCertificate(t *testing.T, names ...string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(t, err)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// Unknown names, a name server that is not there and one that says
// nothing, and hosts that are not there.
func TestBrokenNames(t *testing.T) {
	onlyOnStage(t)
	silent, err := net.ListenPacket("udp", "127.0.0.20:53")
	check(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	for address, answers := range map[string][]string{
		"127.0.0.24:443": nil,
		"127.0.0.25:443": {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"},
	} {
		listener, err := net.Listen("tcp", address)
		check(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		go serveRaw(listener, answers)
	}
	const noHosts = "127.0.0.1 localhost\n"
	meet(t, "Names and addresses", []trouble{
		{
			"API: unknown", resolving("127.0.0.1 ghcr.io\n"), given, requests{never, once}, promptly,
		},
		{
			"registry: unknown", unavailable(resolving("127.0.0.1 api.github.com\n")),
			unchecked("503"+notOwn, "dial tcp: lookup ghcr.io …"), requests{once, never}, promptly,
		},
		{
			"both: unknown", resolving(noHosts),
			unchecked("dial tcp: lookup api.github.com …", "dial tcp: lookup ghcr.io …"), requests{never, never}, promptly,
		},
		{
			"API: a silent name server", resolvingBy("127.0.0.20", "127.0.0.1 ghcr.io\n"), given, requests{never, once}, apiLimit,
		},
		{
			"both: a silent name server", resolvingBy("127.0.0.20", noHosts),
			unchecked("no answer in time", "no answer in time"), requests{never, never}, apiLimit + registryLimit,
		},
		{
			"API: no server", resolving("127.0.0.22 api.github.com\n127.0.0.1 ghcr.io\n"), given, requests{never, once}, promptly,
		},
		{
			"both: no server", resolving("127.0.0.22 api.github.com ghcr.io\n"),
			unchecked("dial tcp 127.0.0.22:443: connect: connection refused", "dial tcp 127.0.0.22:443: connect: connection refused"), requests{never, never}, promptly,
		},
		{
			"API: says nothing", resolving("127.0.0.24 api.github.com\n127.0.0.1 ghcr.io\n"), given, requests{never, once}, apiLimit,
		},
		{
			"both: say nothing", resolving("127.0.0.24 api.github.com ghcr.io\n"),
			unchecked("no answer in time", "no answer in time"), requests{never, never}, apiLimit + registryLimit,
		},
		{
			"both: speak no TLS", resolving("127.0.0.25 api.github.com ghcr.io\n"),
			unchecked("tls: first record does not look like a TLS handshake", "tls: first record does not look like a TLS handshake"), requests{never, never}, promptly,
		},
		{
			"both: no way there", resolving("192.0.2.1 api.github.com ghcr.io\n"),
			unchecked("dial tcp 192.0.2.1:443: connect: network is unreachable", "dial tcp 192.0.2.1:443: connect: network is unreachable"), requests{never, never}, promptly,
		},
	})
}

// unavailable is what else is arranged, and an API that cannot say, so that the
// registry is asked.
func unavailable(arrange func(*testing.T, *stage.Home, *exec.Cmd)) func(*testing.T, *stage.Home, *exec.Cmd) {
	return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
		theStage.GitHub.Break(tokenIn(t, home), credentialstest.API, credentialstest.ServerError(503))
		arrange(t, home, command)
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

// A proxy that is not there, wants a login, says nothing, or
// shows its own page. The password in its address is never printed.
func TestBrokenProxies(t *testing.T) {
	onlyOnStage(t)
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
	both := func(said string) answer { return unchecked(said, said) }
	const page = "Content-Type: text/html\r\nContent-Length: 13\r\nConnection: close\r\n\r\n<html></html>"
	meet(t, "Proxies", []trouble{
		{
			"not there", through("127.0.0.23:3128"),
			both("proxyconnect tcp: dial tcp 127.0.0.23:3128: connect: connection refused"), requests{}, promptly,
		},
		{
			"wants a login", through(proxy("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n" + page)),
			both("Proxy Authentication Required"), requests{}, promptly,
		},
		{
			"refuses", through(proxy("HTTP/1.1 403 Forbidden\r\n" + page)),
			both("Forbidden"), requests{}, promptly,
		},
		{
			"hangs", through(proxy()),
			both("no answer in time"), requests{}, apiLimit + registryLimit,
		},
		{
			"connects and hangs", through(proxy("HTTP/1.1 200 Connection established\r\n\r\n")),
			both("no answer in time"), requests{}, apiLimit + registryLimit,
		},
		{
			"sends one to its own page", through(proxy("HTTP/1.1 302 Found\r\nLocation: http://portal.example.com/\r\n" + page)),
			both("Found"), requests{}, promptly,
		},
		{
			"shows its own page", through(proxy("HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.1 200 OK\r\n"+page)),
			both("tls: first record does not look like a TLS handshake"), requests{}, promptly,
		},
		{
			"talks nonsense", through(proxy("220 mail.example.com ESMTP\r\n")),
			both(`malformed HTTP status code "mail.example.com"`), requests{}, promptly,
		},
		{
			"repeats the login to it", through(proxy("HTTP/1.1 407 No entry for octocat:" + password + "\r\n" + page)),
			both("No entry for ****"), requests{}, promptly,
		},
		{
			"is no address", func(_ *testing.T, _ *stage.Home, command *exec.Cmd) {
				command.Env = append(command.Env, "HTTPS_PROXY=http://octocat:"+password+"@proxy:port")
			},
			both("proxyconnect tcp: dial tcp: lookup http …"), requests{}, promptly,
		},
		{
			// The standard library, and with it docker and gh, then goes without.
			"a password that is not escaped", func(_ *testing.T, _ *stage.Home, command *exec.Cmd) {
				command.Env = append(command.Env, "HTTPS_PROXY=http://octocat:"+password+"%@127.0.0.23:3128")
			},
			given, requests{once, never}, promptly,
		},
	})
}
