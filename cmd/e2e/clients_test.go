package e2e

import (
	"encoding/base64"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// situation is what a client finds when it wants to push or pull.
type situation struct {
	name, key string
	token     *credentialstest.Token // gh's; nil is no login
	leftover  bool                   // config.json holds a login in plain text too, with a dead token
	refusal   string                 // the lines between error and hint, and the hint; %s is the login
}

// live is whether the token will do.
func (s situation) live() bool { return s.token != nil && s.refusal == "" }

const rejected = "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n" +
	"  gh, %s: rejected by GitHub: expired or revoked\n" +
	"docker-credential-ghcr: hint: run: gh auth login -h github.com -s write:packages\n"

var situations = []situation{
	{name: "good", key: "good", token: &credentialstest.Token{Scopes: []string{"gist", "repo", "write:packages"}}},
	{name: "none", key: "none"},
	{name: "dead", key: "dead", token: &credentialstest.Token{Dead: true}, refusal: rejected},
	{name: "without the scope", key: "scope", token: &credentialstest.Token{Scopes: []string{"gist", "repo"}},
		refusal: "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n" +
			"  gh, %s: lacks write:packages (has gist, repo)\n" +
			"docker-credential-ghcr: hint: run: gh auth refresh -h github.com -s write:packages\n"},
	{name: "dead, and one in config.json", key: "leftover", token: &credentialstest.Token{Dead: true}, leftover: true,
		refusal: "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n" +
			"  gh, %[1]s: rejected by GitHub: expired or revoked\n" +
			"  config.json, %[1]s: rejected by GitHub: expired or revoked\n" +
			"docker-credential-ghcr: hint: run: gh auth login -h github.com -s write:packages\n"},
}

// bench is where one client works: a home, and packages of its own on the stage.
type bench struct {
	*stage.Home
	stage *stage.Stage
	owner string
}

// Every real client pushes and pulls in every situation, and README.md says what
// came of it. Whatever it says, these hold: a token that we refuse is not sent to the
// registry, people are told why and how to fix it, and a public image is pulled all
// the same. With a good token, or without any, we say nothing.
func TestClients(t *testing.T) {
	s := onlyOnStage(t)
	for _, c := range realClients {
		t.Run(c.key(), func(t *testing.T) {
			t.Parallel()
			if c.cannot != "" {
				compare(t, c.name, []string{"| " + c.name + " | " + c.cannot + " | | | | |"})
				return
			}
			for _, p := range c.parts {
				if testing.Short() && p.module != "" {
					t.Skip(p.program + " is not built with -short; run it without")
				}
				program(t, p.program, p.howToGetIt())
			}
			if c.root && !reallyRoot() {
				missing(t, "not root here: "+c.name+" needs it")
			}
			b := &bench{s.Home(t.TempDir()), s, "octo-" + c.key()}
			if c.prepare != nil {
				c.prepare(t, b)
			}
			client, rows := c.title(t), []string(nil)
			for _, now := range situations {
				rows = append(rows, c.meets(t, b, now).line(client))
				client = ""
			}
			compare(t, c.name, rows)
		})
	}
}

// meets lets the client push, pull and pull something public.
func (c realClient) meets(t *testing.T, b *bench, now situation) row {
	t.Helper()
	private, public := b.repository(t, "app-"+now.key, false), b.repository(t, "public-"+now.key, true)
	c.fill(t, b, private, public)
	token, leftover := b.enter(t, now)

	before := len(b.stage.GitHub.Requests())
	push := b.run(t, line(c.push, private, public))
	if asked := b.askedAbout(token); c.atOnce && now.live() && asked != 1 {
		t.Errorf("%s: GitHub was asked %d times for one push", c.name, asked)
	}
	pull := b.run(t, line(c.pull, private, public))
	publicPull := b.run(t, line(c.pull, public, public))
	sent := b.sent(t, before, token, leftover)

	expected, shown := theToken, true
	switch {
	case now.leftover && c.sendsLeftover:
		expected, shown = theLeftover, false
	case !now.live():
		expected = nothing
	}
	if !slices.Equal(sent, []string{expected}) {
		t.Errorf("%s, token %s: the registry was sent %q, want %q", c.name, now.name, sent, expected)
	}
	for _, o := range []struct {
		outcome
		what string
		ok   bool
	}{{push, "push", now.live()}, {pull, "pull", now.live()}, {publicPull, "public pull", shown}} {
		if (o.code == 0) != o.ok {
			t.Errorf("%s, token %s: %s exits with %d\n%s", c.name, now.name, o.what, o.code, o.said)
		}
		o.tells(t, now, b.owner)
	}
	return row{now.name, b.brief(push), b.brief(pull), b.brief(publicPull), sent}
}

// repository makes a package exist, and names it as clients do.
func (b *bench) repository(t *testing.T, name string, public bool) string {
	t.Helper()
	b.stage.GitHub.AddPackage("", credentialstest.Package{Owner: b.owner, Name: name, Public: public})
	return "ghcr.io/" + b.owner + "/" + name
}

// fill puts something to pull into the repositories.
func (c realClient) fill(t *testing.T, b *bench, repositories ...string) {
	t.Helper()
	token := "gho_clients_fill_" + b.owner
	b.stage.GitHub.Add(token, credentialstest.Token{Login: b.owner, Scopes: []string{"write:packages"}})
	check(t, b.LogIn("github.com", b.owner, token))
	check(t, b.WriteFile(".docker/config.json", `{"credHelpers": {"ghcr.io": "ghcr"}}`))
	for _, repository := range repositories {
		if c.stock == nil {
			b.put(t, repository, "1")
			continue
		}
		c.stock(t, b, repository)
	}
	if c.local != nil {
		c.local(t, b, repositories[0])
	}
}

// put leaves an image in the registry, past all checks.
func (b *bench) put(t *testing.T, repository, tag string) {
	t.Helper()
	registry, name, _ := strings.Cut(repository, "/")
	check(t, b.stage.Images.Put(registry, name, tag))
}

// enter makes the home as the situation has it, and returns the tokens there.
func (b *bench) enter(t *testing.T, now situation) (token, leftover string) {
	t.Helper()
	check(t, os.RemoveAll(filepath.Join(b.Dir, ".config", "gh")))
	config := `{"credHelpers": {"ghcr.io": "ghcr"}}`
	if now.token != nil {
		token = "gho_clients_" + now.key + "_" + b.owner
		known := *now.token
		known.Login = b.owner
		b.stage.GitHub.Add(token, known)
		check(t, b.LogIn("github.com", b.owner, token))
	}
	if now.leftover {
		leftover = "ghp_clients_leftover_" + b.owner
		config = `{"credHelpers": {"ghcr.io": "ghcr"}, "auths": {"ghcr.io": {"auth": "` +
			base64.StdEncoding.EncodeToString([]byte(b.owner+":"+leftover)) + `"}}}`
	}
	check(t, b.WriteFile(".docker/config.json", config))
	return token, leftover
}

// outcome is what became of one run of a client.
type outcome struct {
	code int
	said string
}

func (b *bench) run(t *testing.T, line []string) outcome {
	t.Helper()
	command := b.Command(line[0], line[1:]...)
	said, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return outcome{command.ProcessState.ExitCode(), string(said)}
}

// tells checks that people see our refusal whole, or nothing of us.
func (o outcome) tells(t *testing.T, now situation, login string) {
	t.Helper()
	if now.refusal == "" {
		if strings.Contains(o.said, stage.Product+":") {
			t.Errorf("token %s: said\n%s", now.name, o.said)
		}
		return
	}
	if want := fmt.Sprintf(now.refusal, login); !strings.Contains(o.said, want) {
		t.Errorf("token %s: did not say\n%sbut\n%s", now.name, want, o.said)
	}
}

const (
	nothing     = "nothing"
	theToken    = "the token"
	theLeftover = "the one in config.json"
)

// sent is which credentials the registry was shown since.
func (b *bench) sent(t *testing.T, since int, token, leftover string) []string {
	t.Helper()
	var sent []string
	for _, request := range b.stage.GitHub.Requests()[since:] {
		var what string
		switch {
		case request.Place == credentialstest.API:
			continue
		case request.Secret == "":
			asked, _ := url.ParseQuery(request.Query + "&" + request.Body)
			if request.Place != credentialstest.Registry || !strings.Contains(asked.Get("scope"), ":"+b.owner+"/") {
				continue // asks for no bearer, or is another client's
			}
			what = nothing
		case request.Secret == token:
			what = theToken
			if request.Username != b.owner {
				t.Errorf("the token was sent as that of %q", request.Username)
			}
		case request.Secret == leftover:
			what = theLeftover
		default:
			continue
		}
		if !slices.Contains(sent, what) {
			sent = append(sent, what)
		}
	}
	return sent
}

// askedAbout counts how often GitHub was asked about a token.
func (b *bench) askedAbout(token string) (times int) {
	for _, request := range b.stage.GitHub.RequestsWith(token) {
		if request.Place == credentialstest.API {
			times++
		}
	}
	return times
}

// tools are the modules of tools/ that the chosen tests want. All those of
// TestClients take ten minutes to build the first time.
func tools() []string {
	wanted := []string{"crane", "gh", codec}
	if *realKubelet {
		wanted = []string{"kubelet"}
	}
	for _, c := range realClients {
		if !chosen("TestClients", c.key()) {
			continue
		}
		for _, p := range c.parts {
			if p.module != "" && !slices.Contains(wanted, p.module) {
				wanted = append(wanted, p.module)
			}
		}
	}
	return wanted
}

// chosen reports whether -run chooses the test.
func chosen(test ...string) bool {
	patterns := strings.Split(flag.Lookup("test.run").Value.String(), "/")
	for i, name := range test {
		if i == len(patterns) {
			break
		}
		if matches, err := regexp.MatchString(patterns[i], name); err == nil && !matches {
			return false
		}
	}
	return true
}
