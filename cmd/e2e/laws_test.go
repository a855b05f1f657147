package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// far is when a program is taken to hang. It is no measurement.
const far = 20 * time.Second

// deaf is a pipe whose reader has closed it, and full one that is not read.
func deaf(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	check(t, err)
	check(t, reader.Close())
	t.Cleanup(func() { _ = writer.Close() })
	return writer
}

func full(t *testing.T) *os.File {
	t.Helper()
	reader, writer, err := os.Pipe()
	check(t, err)
	t.Cleanup(func() { _, _ = reader.Close(), writer.Close() })
	check(t, writer.SetWriteDeadline(time.Now().Add(100*time.Millisecond)))
	for err == nil {
		_, err = writer.Write(make([]byte, 4096))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	return writer
}

// Whoever stops reading stderr, or never begins, gets the answer all the same.
func TestWhoDoesNotReadStderrGetsAnAnswer(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const good = "gho_unheard"
	s.GitHub.Add(good, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	for name, open := range map[string]func(*testing.T) *os.File{"gone": deaf, "full": full} {
		for _, c := range []struct{ token, debug, verb, input, stdout string }{
			{"gho_unheard_dead", "", "get", "ghcr.io", notFound},
			{"gho_unheard_dead", "1", "get", "ghcr.io", notFound},
			{good, "1", "get", "ghcr.io", credential("ghcr.io", "octocat", good)},
			{good, "", "get", strings.Repeat("x", 70<<10), notFound},
			{good, "1", "list", "", `{"ghcr.io":"octocat"}` + "\n"},
		} {
			t.Run(fmt.Sprint(name, c.token, c.debug, c.verb, len(c.input)), func(t *testing.T) {
				t.Parallel()
				home := s.Home(t.TempDir())
				check(t, home.LogIn("github.com", "octocat", c.token))
				home.Setenv("GHCR_DEBUG", c.debug)
				var stdout bytes.Buffer
				code := finishes(t, home, c.verb, c.input, &stdout, open(t))
				if want := map[bool]int{true: 1}[c.stdout == notFound]; code != want || stdout.String() != c.stdout {
					t.Errorf("exit code %d, stdout %q", code, &stdout)
				}
			})
		}
	}
}

// An answer that cannot be read is no answer.
func TestAnAnswerThatNobodyReadsIsAFailure(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const good = "gho_unread"
	s.GitHub.Add(good, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	home := s.Home(t.TempDir())
	check(t, home.LogIn("github.com", "octocat", good))
	for _, verb := range []string{"get", "list", "version"} {
		if code := finishes(t, home, verb, "ghcr.io", deaf(t), io.Discard); code != 1 {
			t.Errorf("%s: exit code %d", verb, code)
		}
	}
}

// finishes runs a verb of the product and returns its exit code: -1 if a signal
// ended it, which happens here when it hangs.
func finishes(t *testing.T, home *stage.Home, verb, input string, stdout, stderr io.Writer) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), far)
	defer cancel()
	command := home.Command(stage.Product, verb)
	bounded := exec.CommandContext(ctx, command.Path, command.Args[1:]...)
	bounded.Env, bounded.Dir = command.Env, command.Dir
	bounded.Stdin, bounded.Stdout, bounded.Stderr = strings.NewReader(input), stdout, stderr
	if err := bounded.Run(); err != nil && bounded.ProcessState == nil {
		t.Fatal(err)
	}
	return bounded.ProcessState.ExitCode()
}

// tunnels is a proxy that notes whom it is asked to connect with.
type tunnels struct {
	mu   sync.Mutex
	seen []string
}

func (p *tunnels) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r.Method+" "+r.Host)
	p.mu.Unlock()
	server, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, "", http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, sent, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, sent)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}

// take returns what was noted since it was taken last.
func (p *tunnels) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.seen
	p.seen = nil
	return seen
}

// Requests go through the proxy that the environment names, but to the hosts that
// it excepts, and the proxy sees no token.
func TestTheProxyAndItsExceptionsAreHonoured(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const token = "gho_proxied"
	s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	s.GitHub.Break(token, credentialstest.API, credentialstest.ServerError(503)) // so the registry is asked too
	proxy := new(tunnels)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	server := &http.Server{Handler: proxy}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	address := "http://" + listener.Addr().String()
	const api, registry = "CONNECT api.github.com:443", "CONNECT ghcr.io:443"
	for _, c := range []struct {
		name string
		env  map[string]string
		seen []string
	}{
		{"no proxy", nil, nil},
		{"a proxy", map[string]string{"HTTPS_PROXY": address}, []string{api, registry}},
		{"a proxy in small letters", map[string]string{"https_proxy": address}, []string{api, registry}},
		{"a proxy for what is not encrypted", map[string]string{"HTTP_PROXY": address}, nil},
		{"an exception of one host", map[string]string{"HTTPS_PROXY": address, "NO_PROXY": "ghcr.io"}, []string{api}},
		{"an exception of a domain", map[string]string{"HTTPS_PROXY": address, "NO_PROXY": "example.com, .github.com"}, []string{registry}},
		{"an exception in small letters", map[string]string{"HTTPS_PROXY": address, "no_proxy": "github.com,ghcr.io"}, nil},
		{"an exception of all", map[string]string{"HTTPS_PROXY": address, "NO_PROXY": "*"}, nil},
		{"an exception that only looks like it", map[string]string{"HTTPS_PROXY": address, "NO_PROXY": "hub.com,cr.io"}, []string{api, registry}},
	} {
		// One after the other: they share the proxy.
		t.Run(c.name, func(t *testing.T) {
			home := s.Home(t.TempDir())
			check(t, home.LogIn("github.com", "octocat", token))
			for name, value := range c.env {
				home.Setenv(name, value)
			}
			ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
			if seen := proxy.take(); !slices.Equal(seen, c.seen) {
				t.Errorf("the proxy saw %q, want %q", seen, c.seen)
			}
		})
	}
}

// A socket that gh's setting http_unix_socket names carries what is meant for the
// API, as it does for gh; the registry is asked as ever.
func TestGhsSocketCarriesWhatIsMeantForTheAPI(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	dir, err := os.MkdirTemp("", "socket") // short, for the socket's path
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "api")
	listener, err := net.Listen("unix", path)
	check(t, err)
	behind := credentialstest.NewGitHub()
	server := &http.Server{Handler: behind}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })

	for registry, host := range map[string]string{"ghcr.io": "github.com", "containers.acme.ghe.com": "acme.ghe.com", "docker.git.example.com": "git.example.com"} {
		token := "gho_by_socket_" + host
		behind.Add(token, credentialstest.Token{Login: "mona", Scopes: []string{"write:packages"}, Host: host})
		s.GitHub.Add(token, credentialstest.Token{Login: "mona", Scopes: []string{"write:packages"}, Host: host})
		home := s.Home(t.TempDir())
		check(t, home.LogIn(host, "mona", token))
		check(t, home.WriteFile(".config/gh/config.yml", "version: \"1\"\nhttp_unix_socket: "+path+"\n"))
		home.Setenv("GHCR_NO_MEMORY", "1")
		ask(t, home, "get", registry).wants(t, 0, credential(registry, "mona", token), "")
		if n := len(s.GitHub.RequestsWith(token)); n != 0 {
			t.Errorf("%s: %d requests went past the socket", registry, n)
		}

		// No server behind it answers.
		behind.Break(token, credentialstest.API, credentialstest.CloseEarly)
		ask(t, home, "get", registry).wants(t, 0, credential(registry, "mona", token), "")
		for _, request := range s.GitHub.RequestsWith(token) {
			if request.Place != credentialstest.Registry || !request.TLS {
				t.Errorf("%s: %s %s%s went past the socket", registry, request.Method, request.Host, request.Path)
			}
		}
	}

	// Without a socket there is no API, and that is said.
	check(t, server.Close())
	home := s.Home(t.TempDir())
	check(t, home.LogIn("github.com", "octocat", "gho_no_socket"))
	check(t, home.WriteFile(".config/gh/config.yml", "version: \"1\"\nhttp_unix_socket: "+path+"\n"))
	s.GitHub.Break("gho_no_socket", credentialstest.Registry, credentialstest.ServerError(503))
	ask(t, home, "get", "ghcr.io").wants(t, 1, notFound, "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n"+
		"  gh, octocat: could not be checked: API: stat "+path+": no such file or directory; registry: 503, not GitHub's own answer\n"+
		"    asked through the socket "+path+" of gh's http_unix_socket\n"+
		"docker-credential-ghcr: hint: try again when github.com can be reached\n")
}

// sudo -E brings along the address of another user's bus, which turns us away. That
// is no broken keyring, but none.
func TestTheBusOfAnotherUserIsNoKeyring(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	if os.Getuid() != 0 {
		missing(t, "only root can be two users: run as root")
	}
	program(t, "dbus-daemon", "apt-get install dbus")
	setpriv := program(t, "setpriv", "apt-get install util-linux")
	dir, err := os.MkdirTemp("", "bus")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o777))
	bus := exec.Command(setpriv, "--reuid=65534", "--regid=65534", "--clear-groups",
		"dbus-daemon", "--session", "--nofork", "--print-address=1", "--address=unix:path="+filepath.Join(dir, "bus"))
	addresses, err := bus.StdoutPipe()
	check(t, err)
	check(t, bus.Start())
	t.Cleanup(func() {
		_ = bus.Process.Kill()
		_ = bus.Wait()
	})
	var address string
	if _, err := fmt.Fscanln(addresses, &address); err != nil {
		t.Fatalf("dbus-daemon: %v", err)
	}
	home := s.Home(t.TempDir())
	home.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	ghLoginInKeyring(t, home)
	got := ask(t, home, "get", "ghcr.io")
	got.wants(t, 1, notFound, got.stderr)
	if !strings.Contains(got.stderr, "\n  gh, octocat: no keyring can be reached from here: ") ||
		!strings.Contains(got.stderr, "hint: run this where the keyring can be reached, or set GHCR_TOKEN to a token made at ") {
		t.Errorf("stderr is %q", got.stderr)
	}
}
