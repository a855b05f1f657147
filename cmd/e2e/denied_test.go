package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// scene is a state of GitHub's in which a push or a pull fails.
type scene struct {
	cause string // what check says of it
	name  string // tells the scenes of one cause apart
	pull  bool
	// secret begins the token; "" is none.
	secret string
	// login lets the client have the token by itself, as docker login does without a
	// credential helper. Else it asks the product for it.
	login bool
	// job runs all of it in a job, of repository 99 that is called like the image.
	job  bool
	play func(hub *credentialstest.GitHub, owner, token string)

	// What explain makes of the client's words if it is not the cause itself. Then
	// that is among what else the words can mean.
	docker, crane string
}

// hidden marks what explain says of a client that keeps the registry's words to
// itself: crane looks for a blob with HEAD, whose refusals have none. The most
// likely cause comes first, and the true one need not be named at all.
const hidden = "no-write-role, since the words are hidden"

var denied = []scene{
	{cause: "no-token", docker: "dead-credential"},
	{cause: "no-token", name: "pull", pull: true},
	{cause: "actions-no-token", job: true, docker: "dead-credential", crane: "no-token"},
	{cause: "dead-credential", secret: "gho_"},
	{cause: "dead-credential", name: "pull", secret: "ghp_", pull: true},
	{cause: "stale-login", secret: "gho_", login: true, docker: "dead-credential", crane: "dead-credential"},
	{cause: "stale-login", name: "pull", secret: "gho_", pull: true, login: true, docker: "dead-credential", crane: "dead-credential"},
	{cause: "missing-scope", secret: "gho_", play: person("repo")},
	{cause: "missing-scope", name: "login", secret: "gho_", login: true, play: person("repo"), crane: hidden},
	{cause: "missing-scope", name: "pull login", secret: "gho_", pull: true, login: true, play: and(person("repo"), private)},
	{cause: "fine-grained-token", secret: "github_pat_", play: person()},
	{cause: "fine-grained-token", name: "login", secret: "github_pat_", login: true, play: person(), docker: "missing-scope", crane: hidden},
	{cause: "refresh-token", secret: "ghr_", play: person()},
	{cause: "no-usable-token", secret: "two words "},
	{cause: "sso-not-authorized", secret: "ghp_", play: and(person("write:packages"), organization(credentialstest.Policy{SSO: true})), crane: hidden},
	{cause: "classic-token-forbidden", secret: "ghp_", play: and(person("write:packages"), organization(credentialstest.Policy{ForbidClassic: true})), crane: hidden},
	{cause: "oauth-app-restricted", secret: "gho_", play: and(person("write:packages"), organization(credentialstest.Policy{RestrictOAuthApps: true})), crane: hidden},
	{cause: "no-write-role", secret: "gho_", play: and(person("write:packages"), func(hub *credentialstest.GitHub, owner, token string) {
		hub.AddPackage("", credentialstest.Package{Owner: owner, Name: "app", OwnerKind: "Organization", Readers: []string{loginOf(token)}})
	})},
	{cause: "no-write-role", name: "unreadable", secret: "gho_", play: and(person("write:packages"), private)},
	{cause: "may-not-create", secret: "gho_", play: and(person("write:packages"), func(hub *credentialstest.GitHub, owner, _ string) { hub.AddOrganization("", owner) })},
	{cause: "not-linked", secret: "ghs_", job: true, play: and(workflow("write"), func(hub *credentialstest.GitHub, owner, _ string) {
		hub.AddPackage("", credentialstest.Package{Owner: owner, Name: "app", Public: true})
	}), docker: "no-write-role", crane: "no-write-role"},
	{cause: "recreated-repository", secret: "ghs_", job: true, play: and(recreated(true), workflow("write")), docker: "no-write-role", crane: "no-write-role"},
	{cause: "linked-elsewhere", secret: "ghs_", job: true, play: and(workflow("write"), func(hub *credentialstest.GitHub, owner, _ string) {
		hub.AddPackage("", credentialstest.Package{Owner: owner, Name: "app", Public: true, Repository: owner + "/other", RepositoryID: 7})
	}), docker: "no-write-role", crane: "no-write-role"},
	{cause: "actions-no-access", secret: "ghs_", job: true, play: and(recreated(false), workflow("write")), docker: "no-write-role", crane: "no-write-role"},
	{cause: "actions-no-permission", secret: "ghs_", job: true, play: workflow("read")},
	{cause: "actions-other-owner", secret: "ghs_", job: true, play: func(hub *credentialstest.GitHub, owner, token string) {
		hub.AddOrganization("", owner)
		workflow("write")(hub, "another-"+owner, token)
	}},
	{cause: "actions-not-readable", secret: "ghs_", job: true, pull: true, play: and(workflow("read"), private), docker: "not-readable", crane: "not-readable"},
	{cause: "not-readable", secret: "gho_", pull: true, play: and(person("write:packages"), private)},
	{cause: "owner-unknown", secret: "gho_", play: person("write:packages"), docker: "may-not-create", crane: "may-not-create"},
	{cause: "owner-unknown", name: "pull", secret: "gho_", pull: true, play: person("write:packages"), docker: "never-pushed", crane: "never-pushed"},
	{cause: "never-pushed", secret: "gho_", pull: true, play: and(person("write:packages"), func(hub *credentialstest.GitHub, owner, token string) {
		hub.AddPackage("", credentialstest.Package{Owner: owner, Name: "app", Readers: []string{loginOf(token)}})
	})},
	{cause: "upper-case", secret: "gho_", play: person("write:packages")},
	{cause: "rate-limited", secret: "gho_", pull: true, play: and(person("write:packages"), private, broken(credentialstest.SecondaryLimit(http.StatusTooManyRequests, time.Minute)))},
	{cause: "unreachable", secret: "gho_", pull: true, play: and(person("write:packages"), private, broken(credentialstest.ServerError(http.StatusServiceUnavailable)))},
	{cause: "unclear", secret: "gho_", play: and(person("write:packages"), private, broken(credentialstest.Denied(http.StatusForbidden, "DENIED", "storage quota exceeded"))), crane: hidden},
}

type play = func(hub *credentialstest.GitHub, owner, token string)

func and(all ...play) play {
	return func(hub *credentialstest.GitHub, owner, token string) {
		for _, one := range all {
			one(hub, owner, token)
		}
	}
}

func loginOf(token string) string { return "user-" + token[strings.LastIndex(token, "_")+1:] }

// person makes the token one of a person's, who is not the owner.
func person(scopes ...string) play {
	return func(hub *credentialstest.GitHub, _, token string) {
		hub.Add(token, credentialstest.Token{Login: loginOf(token), Scopes: scopes})
	}
}

// workflow makes the token one of a job's.
func workflow(packages string) play {
	return func(hub *credentialstest.GitHub, owner, token string) {
		hub.Add(token, credentialstest.Token{Job: &credentialstest.Job{Repository: owner + "/app", RepositoryID: 99, Packages: packages}})
	}
}

func private(hub *credentialstest.GitHub, owner, _ string) {
	hub.AddPackage("", credentialstest.Package{Owner: owner, Name: "app", OwnerKind: "Organization"})
}

func organization(policy credentialstest.Policy) play {
	return func(hub *credentialstest.GitHub, owner, token string) {
		hub.AddOrganization("", owner, loginOf(token))
		hub.SetPolicy("", owner, policy)
	}
}

// recreated deletes the repository that pushed the package and makes it again. Its
// number is no other's, since packages that are linked to it may lose the link.
func recreated(public bool) play {
	return func(hub *credentialstest.GitHub, owner, _ string) {
		const before = 4203
		hub.AddRepository("", credentialstest.Repository{FullName: owner + "/app", ID: before})
		hub.AddPackage("", credentialstest.Package{Owner: owner, Name: "app", Public: public, Repository: owner + "/app", RepositoryID: before, KeepsLink: true})
		hub.RecreateRepository("", credentialstest.Repository{FullName: owner + "/app", ID: 99})
	}
}

func broken(how http.Handler) play {
	return func(hub *credentialstest.GitHub, _, token string) { hub.Break(token, credentialstest.Images, how) }
}

// In whatever way a real client is denied, check names the cause, and explain reads
// it from what the client said.
func TestRealClientsAreDeniedForTheCauseThatIsNamed(t *testing.T) {
	t.Run("crane", func(t *testing.T) {
		t.Parallel()
		onlyOnStage(t)
		program(t, "crane", "it is built from tools/crane, which wants the network once")
		for i, c := range denied {
			testDenied(t, c, fmt.Sprintf("craned%d", i), "", c.crane, func(home *stage.Home, image string) []string {
				if c.pull {
					return []string{"crane", "pull", image, filepath.Join(home.Dir, "image.tar")}
				}
				layer := filepath.Join(home.Dir, "layer.tar")
				check(t, os.WriteFile(layer, layerTar(t), 0o600))
				return []string{"crane", "append", "-f", layer, "-t", image}
			})
		}
	})
	t.Run("docker", func(t *testing.T) {
		t.Parallel()
		engine := onlyOnStage(t).Home(t.TempDir())
		startEngine(t, engine)
		load := engine.Command("docker", "import", "-", "layer")
		load.Stdin = bytes.NewReader(layerTar(t))
		if said, err := load.CombinedOutput(); err != nil {
			t.Fatalf("docker import: %v\n%s", err, said)
		}
		for i, c := range denied {
			testDenied(t, c, fmt.Sprintf("dockered%d", i), variableOf(engine, "DOCKER_HOST"), c.docker, func(_ *stage.Home, image string) []string {
				if c.pull {
					return []string{"docker", "pull", image}
				}
				if c.cause != "upper-case" {
					succeeds(t, engine, []string{"docker", "tag", "layer", image})
				}
				return []string{"docker", "push", image}
			})
		}
	})
}

func testDenied(t *testing.T, c scene, owner, dockerHost, explained string, line func(home *stage.Home, image string) []string) {
	t.Run(strings.TrimSpace(c.cause+" "+c.name), func(t *testing.T) {
		s := onlyOnStage(t)
		home := s.Home(t.TempDir())
		home.Setenv("DOCKER_HOST", dockerHost)
		token := ""
		if c.secret != "" {
			token = c.secret + "denied_" + owner
			home.Setenv("GHCR_TOKEN", token)
		}
		config := `{"credHelpers": {"ghcr.io": "ghcr"}}`
		if c.login {
			config = `{"auths": {"ghcr.io": {"auth": "` + base64.StdEncoding.EncodeToString([]byte("octocat:"+token)) + `"}}}`
		}
		check(t, home.WriteFile(".docker/config.json", config))
		if c.job {
			setJob(home, owner+"/app", 99)
		}
		if c.play != nil {
			c.play(s.GitHub, owner, token)
		}
		image := "ghcr.io/" + owner + "/app"
		if c.cause == "upper-case" {
			image = "ghcr.io/" + strings.ToUpper(owner[:1]) + owner[1:] + "/app"
		}

		args := []string{"check", "--json", image}
		if c.pull {
			args = append(args, "--pull")
		}
		said, _ := home.Command(stage.Product, args...).Output()
		var checked struct{ Diagnosis struct{ Cause string } }
		check(t, json.Unmarshal(said, &checked))
		if checked.Diagnosis.Cause != c.cause {
			t.Errorf("check names %q:\n%s", checked.Diagnosis.Cause, said)
		}

		words := line(home, image)
		said, err := home.Command(words[0], words[1:]...).CombinedOutput()
		if err == nil {
			t.Fatalf("%s: succeeded", strings.Join(words, " "))
		}
		if tags := s.Images.Tags("ghcr.io", owner+"/app"); len(tags) > 0 {
			t.Errorf("pushed are %v", tags)
		}
		explain := home.Command(stage.Product, "explain", "--json")
		explain.Stdin = bytes.NewReader(said)
		meaning, _ := explain.Output()
		var e struct {
			Cause string
			Or    []struct{ Cause string }
		}
		check(t, json.Unmarshal(meaning, &e))
		first, _, isHidden := strings.Cut(explained, ", ")
		if first == "" {
			first = c.cause
		}
		if e.Cause != first {
			t.Errorf("explain names %q, want %q, for\n%s", e.Cause, first, said)
		}
		meant := []string{e.Cause}
		for _, other := range e.Or {
			meant = append(meant, other.Cause)
		}
		if !isHidden && !slices.Contains(meant, inWords(c.cause)) {
			t.Errorf("explain names %v for\n%s", meant, said)
		}
	})
}

// inWords is what of a cause can be seen in a registry's words. It does not know
// what the package is linked to, nor where a login is from.
func inWords(cause string) string {
	switch cause {
	case "not-linked", "recreated-repository", "linked-elsewhere":
		return "actions-no-access"
	case "actions-no-token":
		return "no-token"
	case "stale-login":
		return "dead-credential"
	}
	return cause
}

// setJob makes what is started there run in a job of GitHub Actions.
func setJob(home *stage.Home, repository string, id int) {
	home.Setenv("GITHUB_ACTIONS", "true")
	home.Setenv("GITHUB_ACTOR", "octocat")
	home.Setenv("GITHUB_REPOSITORY", repository)
	home.Setenv("GITHUB_REPOSITORY_ID", fmt.Sprint(id))
	home.Setenv("GITHUB_STEP_SUMMARY", filepath.Join(home.Dir, "summary"))
}

func variableOf(home *stage.Home, name string) (value string) {
	for _, variable := range home.Env() {
		if v, ok := strings.CutPrefix(variable, name+"="); ok {
			value = v
		}
	}
	return value
}

// The README's table of causes has every cause that is played: by real clients above,
// or by a transcript, which alone has what a client prints only in places that cannot
// be built here, such as a cluster.
func TestRealClientsAreDeniedForEveryCause(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	check(t, err)
	_, table, ok := strings.Cut(string(readme), "\n### Causes\n")
	table, _, _ = strings.Cut(table, "\n## ")
	if !ok {
		t.Fatal("no table of causes")
	}
	var documented, played []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(table, -1) {
		documented = append(documented, row[1])
	}
	for _, c := range denied {
		played = append(played, c.cause)
		if !slices.Contains(documented, c.cause) {
			t.Errorf("%s is played, but not documented", c.cause)
		}
	}
	transcripts, err := filepath.Glob(filepath.Join("..", stage.Product, "testdata", "*.txt"))
	check(t, err)
	var scripts strings.Builder
	for _, path := range transcripts {
		script, err := os.ReadFile(path)
		check(t, err)
		scripts.Write(script)
	}
	for _, cause := range documented {
		inTranscript := regexp.MustCompile(`\b` + cause + `\b`).MatchString(scripts.String())
		if !slices.Contains(played, cause) && !inTranscript {
			t.Errorf("%s is documented, but neither a real client nor a transcript plays it", cause)
		}
	}
}

// check asks what is documented and nothing else, and leaves all as it was.
func TestCheckLeavesNoTrace(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const owner, token = "traceless", "gho_traceless"
	s.GitHub.Add(token, credentialstest.Token{Login: owner, Scopes: []string{"repo", "write:packages"}})
	s.GitHub.AddRepository("", credentialstest.Repository{FullName: owner + "/app", ID: 42})
	s.GitHub.AddPackage("", credentialstest.Package{Owner: owner, Name: "app", Repository: owner + "/app", RepositoryID: 42, Versions: 1})
	check(t, s.Images.Put("ghcr.io", owner+"/app", "1"))
	home := s.Home(t.TempDir())
	check(t, home.LogIn("github.com", owner, token))
	before := held(t, s, owner)

	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"check", "ghcr.io/traceless/app"}, []string{
			"GET api.github.com/user",
			"GET ghcr.io/token?scope=repository%3Atraceless%2Fapp%3Apull%2Cpush&service=ghcr.io",
			"POST ghcr.io/v2/traceless/app/blobs/uploads/", "DELETE ghcr.io/v2/traceless/app/blobs/uploads/ID",
			"GET api.github.com/users/traceless", "GET api.github.com/users/traceless/packages/container/app", "GET api.github.com/repos/traceless/app",
		}},
		{[]string{"check", "ghcr.io/traceless/new/app"}, []string{
			"GET api.github.com/user",
			"GET ghcr.io/token?scope=repository%3Atraceless%2Fnew%2Fapp%3Apull%2Cpush&service=ghcr.io",
			"POST ghcr.io/v2/traceless/new/app/blobs/uploads/", "DELETE ghcr.io/v2/traceless/new/app/blobs/uploads/ID",
			"GET api.github.com/users/traceless", "GET api.github.com/users/traceless/packages/container/new%2Fapp",
		}},
		{[]string{"check", "--pull", "ghcr.io/traceless/app:1"}, []string{
			"GET api.github.com/user",
			"GET ghcr.io/token?scope=repository%3Atraceless%2Fapp%3Apull&service=ghcr.io",
			"GET ghcr.io/v2/traceless/app/manifests/1",
			"GET api.github.com/users/traceless", "GET api.github.com/users/traceless/packages/container/app", "GET api.github.com/repos/traceless/app",
		}},
	} {
		begun := len(s.GitHub.Requests())
		succeeds(t, home, append([]string{stage.Product}, c.args...))
		var sent []string
		for _, r := range s.GitHub.Requests()[begun:] {
			ours := r.Secret == token || r.Place == credentialstest.Images && strings.HasPrefix(r.Path, "/v2/"+owner+"/")
			if !ours {
				continue // another test's
			}
			line := r.Method + " " + r.Host + r.Path
			if r.Query != "" {
				line += "?" + r.Query
			}
			if r.Method == http.MethodDelete {
				line = line[:strings.LastIndex(line, "/")] + "/ID"
			}
			sent = append(sent, line)
			if !r.TLS || r.Body != "" || !strings.HasPrefix(r.UserAgent, stage.Product+"/") || r.Place == credentialstest.Images && r.Secret == token {
				t.Errorf("sent %+v", r)
			}
		}
		if !slices.Equal(sent, c.want) {
			t.Errorf("%v sent\n%s\nwant\n%s", c.args, strings.Join(sent, "\n"), strings.Join(c.want, "\n"))
		}
	}
	if after := held(t, s, owner); !reflect.DeepEqual(after, before) {
		t.Errorf("left behind: %+v, before %+v", after, before)
	}
}

// held is what GitHub and its registry hold of an owner's.
func held(t *testing.T, s *stage.Stage, owner string) any {
	t.Helper()
	packages := slices.DeleteFunc(s.GitHub.Packages(""), func(p credentialstest.Package) bool { return p.Owner != owner })
	request := httptest.NewRequest(http.MethodGet, "https://ghcr.io/v2/_catalog?n=10000", nil)
	answer := httptest.NewRecorder()
	s.Images.ServeHTTP(answer, request)
	var catalog struct{ Repositories []string }
	check(t, json.Unmarshal(answer.Body.Bytes(), &catalog))
	tags := map[string][]string{}
	for _, repository := range catalog.Repositories {
		if strings.HasPrefix(repository, owner+"/") {
			tags[repository] = s.Images.Tags("ghcr.io", repository)
		}
	}
	if len(packages) == 0 || len(tags) == 0 {
		t.Fatalf("nothing is held: %v, %v", packages, tags)
	}
	return []any{packages, tags}
}

// An upload's address on another host, or without TLS, is not gone to.
func TestABearerIsForItsRegistryAlone(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const token = "gho_bearer_away"
	s.GitHub.Add(token, credentialstest.Token{Login: "bearer-away", Scopes: []string{"write:packages"}})
	home := s.Home(t.TempDir())
	check(t, home.LogIn("github.com", "bearer-away", token))
	for _, location := range []string{"https://gw.example.com/bearer-away", "http://ghcr.io/bearer-away", "//gw.example.com/bearer-away", "https://user@ghcr.io/bearer-away"} {
		s.GitHub.Break(token, credentialstest.Images, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusAccepted)
		}))
		succeeds(t, home, []string{stage.Product, "check", "ghcr.io/bearer-away/app"})
	}
	for _, r := range s.GitHub.Requests() {
		if strings.HasSuffix(r.Path, "/bearer-away") && r.Place != credentialstest.API {
			t.Errorf("sent %s %s%s with %q", r.Method, r.Host, r.Path, r.Secret)
		}
	}
}

// The canary law over the words that a person types about a denial: whatever the
// servers repeat, and whatever explain is given, no token comes out.
func TestCanaryIsNotSeenByCheckAndExplain(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	echo := func(token string) {
		s.GitHub.Break(token, credentialstest.API, credentialstest.At("/app", credentialstest.Forbidden("no: "+token)))
		s.GitHub.Break(token, credentialstest.Images, credentialstest.Denied(http.StatusForbidden, "DENIED", "no: "+token))
	}
	good := func(token string) {
		s.GitHub.Add(token, credentialstest.Token{Login: "canary", Scopes: []string{"write:packages"}})
	}
	for name, known := range map[string]func(token string){
		"good": good,
		"dead": func(string) {},
		"without scope": func(token string) {
			s.GitHub.Add(token, credentialstest.Token{Login: "canary", Scopes: []string{"repo"}})
		},
		"repeated by servers": func(token string) { good(token); echo(token) },
		"repeated by the exchange": func(token string) {
			good(token)
			s.GitHub.Break(token, credentialstest.Registry, credentialstest.Denied(http.StatusForbidden, "DENIED", "no: "+token))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := canary + "check" + strings.Map(onlyLetters, name)
			known(token)
			home := s.Home(t.TempDir())
			home.Setenv("GHCR_TOKEN", token)
			home.Setenv("GHCR_DEBUG", "1")
			setJob(home, "canary/app", 42)
			for _, args := range [][]string{
				{"check", "canary/app"}, {"check", "--json", "canary/app"}, {"check", "--pull", "canary/app"}, {"check", "--pull", "--json", "canary/app:1"},
				{"explain", "denied: denied of " + token}, {"explain", "--json", "ghcr.io/" + token + "/app: no usable GitHub token for " + token},
				{"explain", token},
			} {
				said, _ := home.Command(stage.Product, args...).CombinedOutput()
				if len(said) == 0 {
					t.Errorf("%s says nothing", args[0])
				}
				unseen(t, strings.Join(args[:1], " "), string(said))
			}
			nowhereBelow(t, home.Dir, canary)
			if summary, err := os.ReadFile(filepath.Join(home.Dir, "summary")); err != nil || len(summary) == 0 {
				t.Errorf("no summary: %v", err)
			}
		})
	}
}
