package e2e

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// A clock that is an hour off, ours or GitHub's, costs at most what is remembered,
// unless it makes a certificate worthless.
func TestClockOff(t *testing.T) {
	s := onlyOnStage(t)
	product := buildClockless(t)
	off := func(by string, arrange func(*testing.T, *stage.Home, *exec.Cmd)) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			command.Path = product
			command.Env = append(command.Env, clockIs+"="+by)
			arrange(t, home, command)
		}
	}
	nothing := func(*testing.T, *stage.Home, *exec.Cmd) {}
	remembered := func(api http.Handler) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			token := tokenIn(t, home)
			s.GitHub.Break(token, credentialstest.API, api)
			ask(t, home, "get", "ghcr.io")
			s.GitHub.Break(token, credentialstest.API, nil)
		}
	}
	ending := func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
		token := healthy
		token.Expires = time.Now().Add(30 * time.Minute)
		s.GitHub.Add(tokenIn(t, home), token)
	}
	dated := func(when time.Duration) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			s.GitHub.Break(tokenIn(t, home), credentialstest.API, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(when).UTC().Format(http.TimeFormat))
				credentialstest.Regular.ServeHTTP(w, r)
			}))
		}
	}
	dead := credentialstest.Status(401, `{"message": "Bad credentials"}`)
	troubles := []trouble{
		{"GitHub's is ahead", dated(time.Hour), given, requests{once, never}, promptly},
		{"GitHub's is behind", dated(-time.Hour), given, requests{once, never}, promptly},
	}
	for _, c := range []struct {
		by, address string
		until       time.Duration // of a certificate that is good for two days
		said        string
	}{
		{ahead, "127.0.0.30", 30 * time.Minute, "is after"},
		{behind, "127.0.0.31", 48*time.Hour - 30*time.Minute, "is before"},
	} {
		certificate, err := s.Authority.Issue(time.Now().Add(c.until), "api.github.com", "ghcr.io")
		check(t, err)
		server := &http.Server{
			Handler:   s.GitHub,
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
			ErrorLog:  log.New(io.Discard, "", 0),
		}
		listener, err := net.Listen("tcp", c.address+":443")
		check(t, err)
		go func() { _ = server.ServeTLS(listener, "", "") }()
		t.Cleanup(func() { _ = server.Close() })
		said := "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time … " + c.said + " …"
		troubles = append(troubles,
			trouble{c.by, off(c.by, nothing), given, requests{once, never}, promptly},
			trouble{c.by + ", with a good answer of a moment ago", off(c.by, remembered(nil)), given, requests{2, never}, promptly},
			trouble{c.by + ", with a rejection of a moment ago", off(c.by, remembered(dead)), given, requests{2, never}, promptly},
			trouble{c.by + ", and the token ends within the hour", off(c.by, ending), given, requests{once, never}, promptly},
			trouble{c.by + ", and the API's certificate is not good for so long", off(c.by, resolving(c.address+" api.github.com\n127.0.0.1 ghcr.io\n")), given, requests{never, once}, promptly},
			trouble{c.by + ", and nor is the registry's", off(c.by, resolving(c.address+" api.github.com ghcr.io\n")), unchecked(said, said), requests{}, promptly},
		)
	}
	meet(t, "Clocks an hour off", troubles)
}

// clockIs tells a product that buildClockless has built what time it is.
const (
	clockIs = "E2E_CLOCK"
	ahead   = "ahead"
	behind  = "behind"
)

// buildClockless builds the product with a standard library whose clock is an hour
// off if the environment says so. Neither a time namespace nor a library that is
// loaded before others moves the clock of a program of Go.
func buildClockless(t *testing.T) (path string) {
	t.Helper()
	goes := func(args ...string) string {
		command := exec.Command(program(t, "go", "https://go.dev/dl"), args...)
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		said, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, said)
		}
		return strings.TrimSpace(string(said))
	}
	dir := t.TempDir()
	library := filepath.Join(goes("env", "GOROOT"), "src", "time")
	source, err := os.ReadFile(filepath.Join(library, "time.go"))
	check(t, err)
	const reading = "sec, nsec, mono := runtimeNow()\n"
	if strings.Count(string(source), reading) != 1 {
		missing(t, fmt.Sprintf("%s reads the clock in another way than is known here: use the Go that go.mod names", runtime.Version()))
	}
	put := func(name, content string) string {
		path := filepath.Join(dir, name)
		check(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(library, "time.go"): put("time.go", strings.Replace(string(source), reading, reading+"\tsec += off()\n", 1)),
		filepath.Join(library, "off.go"): put("off.go", `package time

import "syscall"

func off() int64 {
	switch is, _ := syscall.Getenv("`+clockIs+`"); is {
	case "`+ahead+`":
		return 3600
	case "`+behind+`":
		return -3600
	}
	return 0
}
`),
	}})
	check(t, err)
	path = filepath.Join(dir, stage.Product)
	goes("build", "-C", "../..", "-trimpath", "-overlay", put("overlay.json", string(overlay)), "-o", path, "./cmd/"+stage.Product)
	return path
}
