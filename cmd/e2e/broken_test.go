package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// A trouble is something that is broken, and what comes of a get then.
type trouble struct {
	name string
	// arrange breaks it, for the get that command is or for its home.
	arrange func(t *testing.T, home *stage.Home, command *exec.Cmd)
	// want is what docker and the person get. TOKEN means the answer with the
	// token, HOME for the home, … for what differs from machine to machine.
	want answer
	// asked is how often the API and the registry were asked with the token.
	asked requests
	// longest is the sum of the deadlines that run out. A get that takes longer, and
	// the allowance, is killed, and fails.
	longest time.Duration
}

// given is a get in whose way nothing stands, and noneFound one without any token.
var given, noneFound = answer{0, "TOKEN", ""}, answer{1, notFound, ""}

// noToken is what docker and the person are told of gh's token.
func noToken(reason, hint string) answer { return answer{1, notFound, refusal(reason, hint)} }

// The deadlines that are promised.
const (
	promptly      = 0
	apiLimit      = 5 * time.Second
	registryLimit = 5 * time.Second
	keyringLimit  = 3 * time.Second
	prompterLimit = 20 * time.Second // where somebody can answer the keyring's question
	stdinLimit    = 10 * time.Second
	lockLimit     = apiLimit + registryLimit + time.Second
	sayLimit      = time.Second      // for whoever reads stderr
	answerLife    = 10 * time.Second // for which a good answer counts
	wholeLimit    = 30 * time.Second
	allowance     = 10 * time.Second // for a machine that does much else
	hangs         = wholeLimit + allowance
)

// saidLate is what is said of a deadline that ran out.
var saidLate = regexp.MustCompile(`(no answer|did not answer|nothing came) .*?\b(in time|within)\b`)

// healthy is a valid token.
var healthy = credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}}

// password is another secret that must never be printed.
const password = "hidden"

// requests are how many came in.
type requests struct{ api, registry int }

const (
	once  = 1
	never = 0
)

// meet runs docker's get through all troubles at the same time, and beside other
// tests, since most of a trouble is waiting, and compares what came of each. Then
// the trouble is over: the next get has to give the token, as nothing was lost.
// README.md has them below the heading, if there is one.
func meet(t *testing.T, heading string, troubles []trouble) {
	t.Helper()
	s := onlyOnStage(t)
	type scene struct {
		home    *stage.Home
		token   string
		before  map[string]string
		outcome <-chan answer
	}
	scenes := make([]scene, len(troubles))
	for i, c := range troubles {
		token := tokenFor(t.Name() + c.name)
		s.GitHub.Add(token, healthy)
		home := s.Home(t.TempDir())
		check(t, home.LogIn("github.com", "octocat", token))
		check(t, home.WriteFile(".docker/config.json", `{"credHelpers": {"ghcr.io": "ghcr"}}`))
		check(t, home.WriteFile(".config/docker-credential-ghcr/config.json", "{}"))
		command := home.Command(stage.Product, "get")
		c.arrange(t, home, command)
		scenes[i] = scene{home, token, contentsOf(t, home), start(t, command, c.longest+allowance)}
	}
	t.Parallel() // only now: what was started goes on while others have the turn
	for i, c := range troubles {
		t.Run(c.name, func(t *testing.T) {
			scene := scenes[i]
			got, want := <-scene.outcome, c.want
			if want.stdout == given.stdout {
				want.stdout = credential("ghcr.io", "octocat", scene.token)
			}
			want.stderr = strings.ReplaceAll(want.stderr, "HOME", scene.home.Dir)
			if got.code != want.code || !matches(got.stdout, want.stdout) || !matches(got.stderr, want.stderr) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if late := saidLate.FindString(got.stderr); late != "" && c.longest == promptly {
				t.Errorf("%q is said, and no deadline should have run out", late)
			}
			if strings.Contains(got.stderr, scene.token) || strings.Contains(got.stderr, password) {
				t.Errorf("a secret is in %q", got.stderr)
			}
			if asked := askedWith(t, s, scene.token); asked != c.asked {
				t.Errorf("asked were %+v, want %+v", asked, c.asked)
			}
			if got := contentsOf(t, scene.home); !maps.Equal(got, scene.before) {
				t.Errorf("the home was changed\nfrom %q\nto   %q", scene.before, got)
			}
			memoryIsWhole(t, scene.home, scene.token)

			s.GitHub.Break(scene.token, credentialstest.API, nil)
			s.GitHub.Break(scene.token, credentialstest.Registry, nil)
			if strings.Contains(got.stderr, "rejected") || c.want == noneFound {
				forget(t, scene.home)
			}
			check(t, os.RemoveAll(filepath.Join(scene.home.Dir, ".config/gh/hosts.yml")))
			check(t, scene.home.LogIn("github.com", "octocat", scene.token))
			ask(t, scene.home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", scene.token), "")
		})
	}
	if heading != "" {
		var rows []string
		for _, c := range troubles {
			rows = append(rows, c.row())
		}
		compareFaults(t, heading, rows)
	}
}

// matches compares with a text in which … matches anything.
func matches(text, pattern string) bool {
	parts := strings.Split(pattern, "…")
	if len(parts) == 1 {
		return text == pattern
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	for _, part := range parts[1:] {
		_, after, found := strings.Cut(rest, part)
		ok, rest = ok && found, after
	}
	return ok && (rest == "" || parts[len(parts)-1] == "")
}

// tokenFor is a token that no other test has, nor the same test run again. Its letters
// make no words: a text that repeats a part of a token is not shown.
func tokenFor(name string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", name, tokensMade.Add(1)))
	return "gho_" + hex.EncodeToString(sum[:18])
}

var tokensMade atomic.Int64

// atOnce bounds how many programs run at the same time.
var atOnce = make(chan struct{}, 100)

// start asks the product in the background.
func start(t *testing.T, command *exec.Cmd, limit time.Duration) <-chan answer {
	t.Helper()
	outcome, ended := make(chan answer, 1), make(chan struct{})
	t.Cleanup(func() { <-ended })
	go func() {
		defer close(ended)
		atOnce <- struct{}{}
		defer func() { <-atOnce }()
		outcome <- bounded(command, "ghcr.io", limit)
	}()
	return outcome
}

// bounded runs a program that is killed after the limit, which is a failure. One
// that another signal has ended has the exit code that shells give it.
func bounded(command *exec.Cmd, input string, limit time.Duration) answer {
	var stdout, stderr bytes.Buffer
	if command.Stdin == nil {
		command.Stdin = strings.NewReader(input)
	}
	if command.Stdout == nil {
		command.Stdout = &stdout
	}
	if command.Stderr == nil {
		command.Stderr = &stderr
	}
	if err := command.Start(); err != nil {
		return answer{-1, "", err.Error()}
	}
	late := time.AfterFunc(limit, func() { _ = command.Process.Kill() })
	_ = command.Wait()
	got := answer{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		got.code = 128 + int(status.Signal())
	}
	if !late.Stop() {
		got.code, got.stderr = -1, fmt.Sprintf("%skilled: it took more than %v\n", got.stderr, limit)
	}
	return got
}

// askedWith counts the requests that had a token, none of which may have gone
// elsewhere or in clear.
func askedWith(t *testing.T, s *stage.Stage, token string) (asked requests) {
	t.Helper()
	for _, request := range s.GitHub.RequestsWith(token) {
		switch {
		case request.TLS && request.Host == "api.github.com" && request.Path == "/user":
			asked.api++
		case request.TLS && request.Host == "ghcr.io" && request.Path == "/token":
			asked.registry++
		default:
			t.Errorf("the token was sent with %s %s%s, TLS %t", request.Method, request.Host, request.Path, request.TLS)
		}
	}
	return asked
}

// contentsOf are all files of a home except the cache: what must not change.
func contentsOf(t *testing.T, home *stage.Home) map[string]string {
	t.Helper()
	contents := make(map[string]string)
	check(t, filepath.WalkDir(home.Dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name() == ".cache":
			return fs.SkipDir
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		contents[path] = info.Mode().String()
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			contents[path] += " " + string(content)
			return err
		}
		return nil
	}))
	return contents
}

// memoryIsWhole checks that what is remembered can be read, holds no token, and
// that nothing half written was left.
func memoryIsWhole(t *testing.T, home *stage.Home, token string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(memoryOf(home), "*"))
	check(t, err)
	for _, path := range paths {
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			continue // put there by the test
		}
		content, err := os.ReadFile(path)
		check(t, err)
		switch kind := filepath.Ext(path); {
		case kind != ".json" && kind != ".lock":
			t.Errorf("%s was left", path)
		case kind == ".json" && !json.Valid(content):
			t.Errorf("%s holds %q", path, content)
		case bytes.Contains(content, []byte(token)):
			t.Errorf("the token is in %s", path)
		}
	}
}

func memoryOf(home *stage.Home) string { return filepath.Join(home.Dir, ".cache", stage.Product) }

// refusal is what a person is told of gh's token.
func refusal(reason, hint string) string {
	return "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n  gh, octocat: " + reason + "\ndocker-credential-ghcr: hint: " + hint + "\n"
}

// What is said of a token that GitHub rejects.
const (
	rejectedByGitHub = "rejected by GitHub: expired or revoked"
	logIn            = "run: gh auth login -h github.com -s write:packages"
)

func unchecked(api, registry string) answer {
	return noToken("could not be checked: API: "+api+"; registry: "+registry, "try again when github.com can be reached")
}

// tokenIn is the token that the test gave to a home.
func tokenIn(t *testing.T, home *stage.Home) string {
	t.Helper()
	hosts, err := os.ReadFile(filepath.Join(home.Dir, ".config/gh/hosts.yml"))
	check(t, err)
	words := strings.Fields(string(hosts))
	return words[slices.Index(words, "oauth_token:")+1]
}

// inShell lets a shell do something before it becomes the program.
func inShell(command *exec.Cmd, before string) {
	command.Args = append([]string{"/bin/sh", "-c", "set -e; " + before + "\nexec \"$@\"", "sh", command.Path}, command.Args[1:]...)
	command.Path = "/bin/sh"
}

// serveRaw answers one thing after the other, whatever it hears, and then listens
// until it is left.
func serveRaw(listener net.Listener, answers []string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			for _, answer := range answers {
				if _, err := conn.Read(make([]byte, 4096)); err != nil {
					return
				}
				_, _ = io.WriteString(conn, answer)
			}
			_, _ = io.Copy(io.Discard, conn)
		}()
	}
}
