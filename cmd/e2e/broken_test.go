package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// A trouble is something that is broken, and what docker and the person get then.
// A bus that hangs, a locked keyring and streams that nobody reads are in
// keyring_test.go and laws_test.go.
type trouble struct {
	name string
	// arrange breaks it, for the get that command is or for its home.
	arrange func(t *testing.T, home *stage.Home, command *exec.Cmd)
	// refused is what the person is told; nothing if docker gets the token all the
	// same. HOME stands for the home, … for what differs from machine to machine.
	refused string
	// asked is how often the API and the registry were asked with the token.
	asked requests
}

// healthy is a token with which nothing is the matter.
var healthy = credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}}

// password is another secret that nobody may be told.
const password = "hidden"

// requests are how many came in.
type requests struct{ api, registry int }

const (
	once  = 1
	never = 0
)

// meet runs docker's get through all troubles at the same time, since most of a
// trouble is waiting, and compares what came of each. Then the trouble is over:
// the next get has to give the token, as nothing was lost.
func meet(t *testing.T, troubles []trouble) {
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
		scenes[i] = scene{home, token, contentsOf(t, home), start(t, command, "ghcr.io")}
	}
	for i, c := range troubles {
		t.Run(c.name, func(t *testing.T) {
			scene := scenes[i]
			got := <-scene.outcome
			want := answer{0, credential("ghcr.io", "octocat", scene.token), ""}
			if c.refused != "" {
				want = answer{1, notFound, strings.ReplaceAll(c.refused, "HOME", scene.home.Dir)}
			}
			if got.code != want.code || got.stdout != want.stdout || !matches(got.stderr, want.stderr) {
				t.Errorf("got  %+v\nwant %+v", got, want)
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
			if strings.Contains(got.stderr, "rejected") {
				forget(t, scene.home)
			}
			check(t, os.RemoveAll(filepath.Join(scene.home.Dir, ".config/gh/hosts.yml")))
			check(t, scene.home.LogIn("github.com", "octocat", scene.token))
			ask(t, scene.home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", scene.token), "")
		})
	}
}

// matches compares with a text in which … stands for anything.
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

// tokenFor is a token that no other test has, nor the same test run again. It
// looks like what it is: a fake.
func tokenFor(name string) string {
	return fmt.Sprintf("gho_broken_%s_%d", strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name), tokensMade.Add(1))
}

var tokensMade atomic.Int64

// atOnce bounds how many programs run at the same time.
var atOnce = make(chan struct{}, 32)

// start runs a program in the background. One that hangs is killed when it is
// certain that it does, and its exit code is -1.
func start(t *testing.T, command *exec.Cmd, input string) <-chan answer {
	t.Helper()
	outcome, ended := make(chan answer, 1), make(chan struct{})
	t.Cleanup(func() { <-ended })
	go func() {
		defer close(ended)
		atOnce <- struct{}{}
		defer func() { <-atOnce }()
		outcome <- bounded(command, input, hangs)
	}()
	return outcome
}

// hangs is when a get is taken to hang: twice its own limit.
const hangs = time.Minute

// bounded runs a program that is killed after the limit.
func bounded(command *exec.Cmd, input string, limit time.Duration) answer {
	var stdout, stderr bytes.Buffer
	if command.Stdin == nil {
		command.Stdin = strings.NewReader(input)
	}
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Start(); err != nil {
		return answer{-1, "", err.Error()}
	}
	timer := time.AfterFunc(limit, func() { _ = command.Process.Kill() })
	defer timer.Stop()
	_ = command.Wait()
	return answer{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// askedWith counts the requests that bore a token, none of which may have gone
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

// contentsOf are all files of a home but for what is remembered: what may not change.
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

func unchecked(api, registry string) string {
	return refusal("could not be checked: API: "+api+"; registry: "+registry, "try again when github.com can be reached")
}

// brokenServer is a way in which the API or the registry is broken, and what is
// made of it there.
type brokenServer struct {
	name          string
	how           http.Handler
	api, registry word
}

// word is what is made of an answer: the token is good; it is bad, in the words of
// the refusal, which begin with "rejected"; or, with any other text, nobody can say.
type word string

const good word = "good"

func (w word) condemns() bool { return strings.HasPrefix(string(w), "rejected") }

const (
	notOwn    = ", not GitHub's own answer"
	brokenOff = "net/http: HTTP/1.x transport connection broken: unexpected EOF"
	tooMany   = " You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)

// inClear is an address at which nobody may hear of a token: see TestBrokenServers.
const inClear = "127.0.0.3:80"

var brokenServers = []brokenServer{
	{"slow", credentialstest.Slow(2*time.Second, nil), good, good},
	{"hangs", credentialstest.Hang, "no answer in time", "no answer in time"},
	{"hangs in the body", credentialstest.HangInBody, "no answer in time", "no answer in time"},
	{"closes early", credentialstest.CloseEarly, "EOF", "EOF"},
	{"closes in the header", credentialstest.CloseInHeader, brokenOff, brokenOff},
	{"truncates", credentialstest.Truncated, "unexpected EOF", "unexpected EOF"},
	{"garbage", credentialstest.Garbage, "200" + notOwn, "200" + notOwn},
	{"a list", credentialstest.Status(200, `["octocat"]`), "200" + notOwn, "200" + notOwn},
	{"a number for a name", credentialstest.Status(200, `{"login": 1, "token": 1}`), "200" + notOwn, "200" + notOwn},
	{"null", credentialstest.Status(200, "null"), "200" + notOwn, "200" + notOwn},
	{"nothing", credentialstest.Status(200, ""), "200" + notOwn, "200" + notOwn},
	{"no content", credentialstest.Status(204, ""), "204" + notOwn, "204" + notOwn},
	{"huge", credentialstest.Huge, "the answer is too large", "the answer is too large"},
	{"500", credentialstest.ServerError(500), "500 Server Error", "500" + notOwn},
	{"502", credentialstest.ServerError(502), "502" + notOwn, "502" + notOwn},
	{"503", credentialstest.ServerError(503), "503" + notOwn, "503" + notOwn},
	{"404", credentialstest.Status(404, `{"message":"Not Found"}`), "404 Not Found", "404" + notOwn},
	{"rate limit", credentialstest.RateLimited, "403 API rate limit exceeded for user ID 1.", "403" + notOwn},
	{"rate limit as 429", credentialstest.Status(429, `{"message":"API rate limit exceeded"}`), "429 API rate limit exceeded", "429" + notOwn},
	{"secondary limit as 403", credentialstest.SecondaryLimit(403, time.Minute), "403" + tooMany, "403" + notOwn},
	{"secondary limit as 429", credentialstest.SecondaryLimit(429, time.Minute), "429" + tooMany, "429" + notOwn},
	{"single sign-on", credentialstest.SSORequired("acme"), "403 Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization.", "403" + notOwn},
	{"suspended", credentialstest.Forbidden("Sorry. Your account was suspended."), "rejected by GitHub: the account is suspended", "403" + notOwn},
	{"not for integrations", credentialstest.Forbidden("Resource not accessible by integration"), good, "403" + notOwn},
	{"locked out", credentialstest.Forbidden("Maximum number of login attempts exceeded. Please try again later."), "403 Maximum number of login attempts exceeded. Please try again later.", "403" + notOwn},
	{"forbidden", credentialstest.Forbidden("Forbidden"), "403 Forbidden", "403" + notOwn},
	{"forbidden by rules", credentialstest.Forbidden("Request forbidden by administrative rules."), "403 Request forbidden by administrative rules.", "403" + notOwn},
	{"denied", credentialstest.Denied(403, "DENIED", "denied"), "403 Forbidden", "rejected by the registry: expired or revoked"},
	{"permission denied", credentialstest.Denied(403, "DENIED", "permission_denied: read_package"), "403 Forbidden", "403 permission_denied: read_package"},
	{"unauthorized", credentialstest.Denied(401, "UNAUTHORIZED", "authentication required"), "rejected by GitHub: expired or revoked", "rejected by the registry: expired or revoked"},
	{"a proxy's page", credentialstest.ProxyPage, "200" + notOwn, "200" + notOwn},
	{"a proxy's 401", credentialstest.ProxyUnauthorized, "401" + notOwn, "401" + notOwn},
	{"a proxy's 403", credentialstest.ProxyDenied, "403" + notOwn, "403" + notOwn},
	{"redirects to another host", credentialstest.RedirectTo("https://gw.example.com/redirected"), "307" + notOwn, "307" + notOwn},
	{"redirects to http", credentialstest.RedirectTo("http://" + inClear + "/redirected"), "307" + notOwn, "307" + notOwn},
	{"redirects in a loop", credentialstest.RedirectTo("/user"), "307" + notOwn, "307" + notOwn},
}

// Whatever is the matter with a server, the other is asked, once; if neither can
// say, both are told. A redirect is followed by nobody, least of all with a token.
func TestBrokenServers(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	listener, err := net.Listen("tcp", inClear)
	check(t, err)
	server := &http.Server{Handler: s.GitHub}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })

	breaking := func(api, registry http.Handler) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			token := tokenIn(t, home)
			s.GitHub.Break(token, credentialstest.API, api)
			s.GitHub.Break(token, credentialstest.Registry, registry)
		}
	}
	var troubles []trouble
	for i, b := range brokenServers {
		troubles = append(troubles,
			trouble{"API: " + b.name, breaking(b.how, nil), refusedBy(b.api, good), askedOf(b.api)},
			trouble{"registry: " + b.name, breaking(nil, b.how), "", requests{once, never}},
			trouble{"both: " + b.name, breaking(b.how, b.how), refusedBy(b.api, b.registry), askedOf(b.api)},
		)
		// The pair differs from run to run of this loop, so that texts cannot be mixed up.
		other := brokenServers[(i+7)%len(brokenServers)]
		troubles = append(troubles, trouble{
			"API: " + b.name + ", registry: " + other.name, breaking(b.how, other.how), refusedBy(b.api, other.registry), askedOf(b.api),
		})
	}
	meet(t, troubles)
	for _, request := range s.GitHub.Requests() {
		if request.Path == "/redirected" {
			t.Errorf("a redirect was followed to %s", request.Host)
		}
	}
}

// refusedBy is what a person is told when API and registry say so of gh's token.
func refusedBy(api, registry word) string {
	const logIn = "run: gh auth login -h github.com -s write:packages"
	switch {
	case api.condemns():
		return refusal(string(api), logIn)
	case api == good || registry == good:
		return ""
	case registry.condemns():
		return refusal(string(registry), logIn)
	}
	return unchecked(string(api), string(registry))
}

func askedOf(api word) requests {
	if api == good || api.condemns() {
		return requests{once, never}
	}
	return requests{once, once}
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
