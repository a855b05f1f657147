package e2e

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// An attack is something that somebody else has put around the program.
type attack struct {
	name string
	// never is what must not happen then, for README.md.
	never string
	// meet carries it out, and checks that too.
	meet func(t *testing.T, v *victim)
}

// A victim has a home, and a good token in it with which gh is logged in.
type victim struct {
	*stage.Home
	stage *stage.Stage
	token string
	// uid is the user that programs run as.
	uid int
}

// Users who exist only in these tests.
const (
	self     = 1001
	stranger = 1002
	root     = 0
)

// withstand carries out all attacks at the same time. README.md has them below the
// heading.
func withstand(t *testing.T, heading string, attacks []attack) {
	t.Helper()
	s := onlyOnStage(t)
	t.Parallel()
	var rows []string
	for _, a := range attacks {
		rows = append(rows, tableRow(a.name, a.never))
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.meet(t, newVictim(t, s))
		})
	}
	if heading != "" {
		compareTable(t, heading, tableRow("attack", "what must not happen"), rows)
	}
}

// newVictim furnishes a home in a folder that other users can enter.
func newVictim(t *testing.T, s *stage.Stage) *victim {
	t.Helper()
	v := &victim{Home: s.Home(filepath.Join(openDir(t), "octocat")), stage: s, token: tokenFor("hostile")}
	check(t, os.Mkdir(v.Dir, 0o700))
	s.GitHub.Add(v.token, healthy)
	check(t, v.LogIn("github.com", "octocat", v.token))
	return v
}

// openDir is a temporary folder whose name is short, which a socket needs, and which
// other users can enter, too.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hostile")
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	check(t, os.Chmod(dir, 0o755))
	return dir
}

// becomes makes a user of the victim, to whom all of the home belongs from now on.
// Only root can do so.
func (v *victim) becomes(t *testing.T, uid int) {
	t.Helper()
	if os.Getuid() != 0 {
		missing(t, "only root can be two users: run as root")
	}
	// Else other users cannot start it.
	for _, path := range []string{program(t, stage.Product, "it is built before the tests"), v.stage.CAFile} {
		check(t, os.Chmod(filepath.Dir(path), 0o711))
	}
	v.uid = uid
	v.give(t, "", uid)
}

// give changes the owner of a file of the home, and of all below it.
func (v *victim) give(t *testing.T, path string, uid int) {
	t.Helper()
	check(t, filepath.WalkDir(filepath.Join(v.Dir, path), func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, uid, uid))
	}))
}

// mode changes the mode of a file of the home.
func (v *victim) mode(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	check(t, os.Chmod(filepath.Join(v.Dir, path), mode))
}

// command is the product, as the victim starts it.
func (v *victim) command(args ...string) *exec.Cmd {
	command := v.Command(stage.Product, args...)
	if v.uid != root {
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(v.uid), Gid: uint32(v.uid)}}
	}
	return command
}

// runs starts the product, which has an end within the limit.
func (v *victim) runs(t *testing.T, limit time.Duration, input string, args ...string) answer {
	t.Helper()
	got := bounded(v.command(args...), input, limit+allowance)
	if got.code == -1 {
		t.Errorf("%s: %s", strings.Join(args, " "), got.stderr)
	}
	return got
}

func (v *victim) gets(t *testing.T, registry string) answer {
	t.Helper()
	return v.runs(t, apiLimit+registryLimit, registry, "get")
}

// works checks that docker gets the token.
func (v *victim) works(t *testing.T) {
	t.Helper()
	v.gets(t, "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", v.token), "")
}

// refused checks that docker gets no token, and that the person reads these words.
func (v *victim) refused(t *testing.T, words ...string) {
	t.Helper()
	got := v.gets(t, "ghcr.io")
	if got.code != 1 || got.stdout != notFound {
		t.Errorf("got %+v, want a refusal", got)
	}
	for _, word := range words {
		if !strings.Contains(got.stderr, word) {
			t.Errorf("%q is not said in %q", word, got.stderr)
		}
	}
}

// sentTo counts the requests that carried the secret to a host.
func (v *victim) sentTo(host, secret string) (n int) {
	for _, request := range v.stage.GitHub.RequestsWith(secret) {
		if request.Host == host {
			n++
		}
	}
	return n
}

// unsent checks that a secret was sent nowhere.
func (v *victim) unsent(t *testing.T, secret string) {
	t.Helper()
	for _, request := range v.stage.GitHub.RequestsWith(secret) {
		t.Errorf("the token was sent with %s %s%s", request.Method, request.Host, request.Path)
	}
}

// An eavesdropper serves HTTP without TLS on a unix socket, and keeps what it hears.
type eavesdropper struct {
	mu    sync.Mutex
	heard []string
}

func (e *eavesdropper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	e.heard = append(e.heard, r.Header.Get("Authorization"))
	e.mu.Unlock()
	w.Header().Set("X-GitHub-Request-Id", "0:0:0:0")
	w.Header().Set("X-OAuth-Scopes", "write:packages")
	_, _ = io.WriteString(w, `{"login": "octocat"}`)
}

// eavesdrop listens at an address of unix sockets.
func eavesdrop(t *testing.T, address string, owner int) *eavesdropper {
	t.Helper()
	listener, err := net.Listen("unix", address)
	check(t, err)
	if !strings.HasPrefix(address, "@") && os.Getuid() == 0 {
		// Whoever owns it, the victim's group can connect: else nothing is shown.
		check(t, errors.Join(os.Chmod(address, 0o770), os.Chown(address, owner, self)))
	}
	e := new(eavesdropper)
	server := &http.Server{Handler: e}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return e
}

func (e *eavesdropper) hears(t *testing.T, want int) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.heard) != want {
		t.Errorf("the socket heard %q, want %d requests", e.heard, want)
	}
}

// socketOf is gh's setting for a socket.
func socketOf(value string) string {
	return fmt.Sprintf("version: \"1\"\nhttp_unix_socket: %s\n", value)
}

// viaGateway is gh's file when an administrator has it ask another host than
// github.com's own API.
func viaGateway(token string) string {
	return "github.com:\n    users:\n        octocat:\n            oauth_token: " + token + "\n    user: octocat\n    oauth_token: " + token + "\n    api_host: gw.example.com\n"
}
