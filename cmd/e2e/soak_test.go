package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

var (
	soak     = flag.Duration("soak", 0, "how long the soak goes on; 0 is a few hundred gets")
	soakSeed = flag.Uint64("seed", 0, "what the soak throws its dice with; 0 is 1, or the time for a long one")
)

// soaked is how the tokens of the soak begin. It is not to be seen but where a
// token belongs.
const soaked = canary + "_soak_"

// Gets under random faults, several in one home. Each ends in time
// with what docker's protocol knows, a bad token is never returned, one
// that can be checked is given, and no token is seen elsewhere.
func TestSoak(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const homes, atOnce = 150, 16
	seed := *soakSeed
	switch {
	case seed == 0 && *soak > 0:
		seed = uint64(time.Now().UnixNano())
	case seed == 0:
		seed = 1
	}
	t.Logf("-seed %d", seed)
	ends := time.Now().Add(*soak)
	goesOn := func(n uint64) bool {
		return !t.Failed() && (n <= homes || time.Now().Before(ends))
	}

	var last, gets, given atomic.Uint64
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for n := last.Add(1); goesOn(n); n = last.Add(1) {
				d := &dice{Rand: rand.New(rand.NewPCG(seed, n)), n: n}
				if err := d.home(s, &gets, &given); err != nil {
					t.Errorf("-seed %d, home %d: %v\n%s", seed, n, err, strings.Join(d.thrown, "\n"))
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		workers.Wait()
		close(done)
	}()
	for watching := true; watching; {
		check(t, notAmongArguments(soaked))
		select {
		case <-done:
			watching = false
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Logf("%d gets, %d of them with a token", gets.Load(), given.Load())
	if given.Load() < gets.Load()/10 || given.Load() > gets.Load()*9/10 {
		t.Error("the dice are loaded")
	}
}

// dice decide what is broken, and note it.
type dice struct {
	*rand.Rand
	n      uint64
	thrown []string
}

// in reports, and notes, whether one of so many throws is it.
func (d *dice) in(many int, what string) bool {
	hit := d.IntN(many) == 0
	if hit {
		d.thrown = append(d.thrown, what)
	}
	return hit
}

// home has a few gets in one home, with one token.
func (d *dice) home(s *stage.Stage, gets, given *atomic.Uint64) error {
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	token := soaked + strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprint(d.n))
	alive, narrow := true, false
	switch {
	case d.in(5, "the token is dead"):
		alive = false
	case d.in(5, "the token lacks the scope"):
		narrow = true
		s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"repo"}})
	default:
		s.GitHub.Add(token, healthy)
	}
	for n := range 1 + d.IntN(3) {
		gets.Add(1)
		g := d.get(s, dir, token, alive)
		got := bounded(g.command, "ghcr.io", hangs)
		d.thrown = append(d.thrown, fmt.Sprintf("  got %+v", got))
		err := g.form(got, token)
		switch {
		case err != nil:
		case got.code == 0 && !alive:
			err = errors.New("a dead token was given")
		case got.code == 0 && narrow && n == 0 && g.api == "":
			err = errors.New("a token without the scope was given")
		case got.code == 1 && alive && !narrow && n == 0 && g.api == "" && !g.hindered:
			err = errors.New("a good token was not given")
		}
		if err = errors.Join(err, notInMemory(dir)); err != nil {
			return err
		}
		if got.code == 0 {
			given.Add(1)
		}
	}
	return nil
}

// aGet is a get and what is broken for it.
type aGet struct {
	command  *exec.Cmd
	api      string // how the API is broken, if at all
	hindered bool   // something else may keep it from a good token
	ended    bool   // a signal may end it
	mute     bool   // it has no stderr
	traced   bool
}

// get throws for one get.
func (d *dice) get(s *stage.Stage, dir, token string, alive bool) (g aGet) {
	home := s.Home(dir)
	g.command = home.Command(stage.Product, "get")
	set := func(name, value string) { g.command.Env = append(g.command.Env, name+"="+value) }

	d.thrown = append(d.thrown, "get")
	api, registry := d.server("API", alive), d.server("registry", alive)
	g.api = api.name
	s.GitHub.Break(token, credentialstest.API, api.how)
	s.GitHub.Break(token, credentialstest.Registry, registry.how)

	hosts := filepath.Join(dir, ".config/gh/hosts.yml")
	_ = os.RemoveAll(hosts)
	switch {
	case d.in(4, "in a variable"):
		set("GHCR_TOKEN", token)
	case d.in(8, "in a variable of two lines"):
		set("GH_TOKEN", token+"\n"+token)
		g.hindered = true
	case d.in(8, "in a broken file"):
		_ = home.WriteFile(".config/gh/hosts.yml", [...]string{
			"github.com:\n\toauth_token: " + token,
			"github.com:\n    oauth_token: \"" + token,
			"github.com:\n    user: octocat\n    oauth_token: [" + token + "]\n",
			token + ": " + token + ": " + token,
			token,
		}[d.IntN(5)])
		g.hindered = true
	default:
		_ = home.LogIn("github.com", "octocat", token)
	}
	switch memory := filepath.Join(dir, ".cache", stage.Product); {
	case d.in(8, "no memory"):
		set("GHCR_NO_MEMORY", "1")
	case d.in(12, "memory is a file"):
		_ = os.RemoveAll(memory)
		_ = home.WriteFile(".cache/"+stage.Product, "")
	case d.in(8, "memory is broken"):
		paths, _ := filepath.Glob(filepath.Join(memory, "*.json"))
		for _, path := range paths {
			_ = os.Truncate(path, int64(d.IntN(100)))
		}
	}
	switch {
	case d.in(15, "a proxy that is not there"):
		set("HTTPS_PROXY", "http://octocat:"+token+"@127.0.0.1:1")
		g.hindered = true
	case d.in(15, "a certificate of an unknown authority"):
		set("SSL_CERT_FILE", os.DevNull)
		g.hindered = true
	case d.in(15, "a keyring that is not there"):
		set("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(dir, "bus"))
	}
	if g.traced = d.in(2, "traced"); g.traced {
		set("GHCR_DEBUG", "1")
	}
	if runtime.GOOS == "windows" {
		return g
	}
	switch sh := func(before string) { inShell(g.command, before) }; {
	case d.in(15, "few descriptors"):
		sh(fmt.Sprint("ulimit -n ", 7+d.IntN(6)))
		g.hindered = true
	case d.in(15, "no stderr"):
		sh("exec 2>&-")
		g.mute = true
	case d.in(15, "ended midway"):
		sh(fmt.Sprintf("{ sleep 0.0%d; kill $$; } >/dev/null 2>&1 </dev/null &", d.IntN(40)))
		g.ended = true
	}
	return g
}

// server throws for how it is broken. A dead token is not vouched for
// by a fault.
func (d *dice) server(place string, alive bool) brokenServer {
	if d.IntN(2) == 0 {
		return brokenServer{}
	}
	b := brokenServers[d.IntN(len(brokenServers))]
	waits := b.name == "slow" || strings.HasPrefix(b.name, "hangs")
	if waits && d.IntN(3) > 0 || !alive && b.api == good && b.name != "slow" {
		return brokenServer{}
	}
	d.thrown = append(d.thrown, place+": "+b.name)
	return b
}

// form checks that docker and the person get what they know.
func (g aGet) form(got answer, token string) error {
	if strings.Contains(got.stderr, soaked) {
		return errors.New("the token is on stderr")
	}
	var said strings.Builder
	for line := range strings.Lines(got.stderr) {
		if !g.traced || !strings.HasPrefix(line, stage.Product+": debug: ") {
			said.WriteString(line)
		}
	}
	reason := strings.HasPrefix(said.String(), stage.Product+": error: ") && strings.Contains(said.String(), "\n"+stage.Product+": hint: ") &&
		strings.HasSuffix(said.String(), "\n")
	switch {
	case got.code == 0:
		var answered struct{ ServerURL, Username, Secret string }
		decoder := json.NewDecoder(strings.NewReader(got.stdout))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&answered); err != nil {
			return err
		}
		if answered.ServerURL != "ghcr.io" || answered.Secret != token || answered.Username != "octocat" && answered.Username != "x-access-token" {
			return errors.New("another answer was given")
		}
		if decoder.More() || said.Len() > 0 {
			return errors.New("more than an answer was given")
		}
	case got.code == 1 && got.stdout == notFound && (reason || g.mute && got.stderr == ""):
	case got.code == 128+int(syscall.SIGTERM) && g.ended && (got.stdout == "" || got.stdout == notFound || strings.Contains(got.stdout, token)):
	default:
		return errors.New("docker does not know this")
	}
	return nil
}

// notInMemory looks for tokens in what is remembered in a home.
func notInMemory(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, ".cache", stage.Product, "*"))
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Contains(content, []byte(soaked)) {
			return fmt.Errorf("the token is in %s", path)
		}
	}
	return err
}

// notAmongArguments looks for a secret in the arguments of all processes.
func notAmongArguments(secret string) error {
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range paths {
		if line, err := os.ReadFile(path); err == nil && bytes.Contains(line, []byte(secret)) {
			return fmt.Errorf("a token is among the arguments %q", line)
		}
	}
	return err
}
