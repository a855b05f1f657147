package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// state is what a machine has before setup. The token is the one of its docker login,
// "" for none.
type state struct {
	name   string
	scopes []string
	dead   bool
	// enter makes the home as the state has it.
	enter func(t *testing.T, b *bench, token string)
	// unreachable breaks what GitHub and its registry say about the token while setup
	// runs.
	unreachable bool
}

var reads, writes = []string{"read:packages"}, []string{"write:packages"}

var states = []state{
	{name: "no login", enter: func(*testing.T, *bench, string) {}},
	{name: "a login in config.json", scopes: writes, enter: inConfigFile},
	{name: "a login in config.json that only pulls", scopes: reads, enter: inConfigFile},
	{name: "a dead login in config.json", dead: true, enter: inConfigFile},
	{name: "a login in config.json, GitHub unreachable", scopes: writes, enter: inConfigFile, unreachable: true},
	{name: "a login in docker's store", scopes: writes, enter: inStore},
	{name: "a login in docker's store that only pulls", scopes: reads, enter: inStore},
	{name: "a login in docker's store, GitHub unreachable", scopes: writes, enter: inStore, unreachable: true},
	{name: "another helper for the registry", scopes: writes, enter: inOtherHelper},
	{name: "podman's file", scopes: writes, enter: inPodmansFile},
	{name: "podman's file, and config.json", scopes: writes, enter: func(t *testing.T, b *bench, token string) {
		inPodmansFile(t, b, token)
		inConfigFile(t, b, token)
	}},
	{name: "helm's file, and config.json", scopes: writes, enter: func(t *testing.T, b *bench, token string) {
		check(t, b.WriteFile(".config/helm/registry/config.json", authsOf(b.owner, token)))
		inConfigFile(t, b, token)
	}},
}

func authsOf(user, token string) string {
	return fmt.Sprintf(`{"auths": {"ghcr.io": {"auth": %q}}}`, inConfig(user, token))
}

func inConfigFile(t *testing.T, b *bench, token string) {
	t.Helper()
	check(t, b.WriteFile(".docker/config.json", authsOf(b.owner, token)))
}

func inPodmansFile(t *testing.T, b *bench, token string) {
	t.Helper()
	check(t, b.WriteFile("run/containers/auth.json", authsOf(b.owner, token)))
}

func inStore(t *testing.T, b *bench, token string) {
	t.Helper()
	storeOf(t, b, token)
	check(t, b.WriteFile(".docker/config.json", `{"credsStore": "holds"}`))
}

func inOtherHelper(t *testing.T, b *bench, token string) {
	t.Helper()
	storeOf(t, b, token)
	check(t, b.WriteFile(".docker/config.json", `{"credHelpers": {"ghcr.io": "holds"}}`))
}

// storeOf makes a program that keeps the login.
func storeOf(t *testing.T, b *bench, token string) {
	t.Helper()
	program := filepath.Join("stores", "docker-credential-holds")
	check(t, b.WriteFile(program, "#!/bin/sh\nread -r registry\n"+
		`if test "$1 $registry" = 'get ghcr.io'; then echo '{"ServerURL":"ghcr.io","Username":"`+b.owner+`","Secret":"`+token+`"}'; exit; fi`+
		"\necho credentials not found in native keychain\nexit 1\n"))
	check(t, os.Chmod(filepath.Join(b.Dir, program), 0o755))
}

// What docker and skopeo could pull and push before setup, they can afterwards, whatever
// the machine had and whatever setup says; and setup --dry-run ends as setup does.
func TestSetupIsNeverWorse(t *testing.T) {
	s := onlyOnStage(t)
	program(t, "/usr/bin/docker", "apt-get install docker.io")
	program(t, "skopeo", "apt-get install skopeo")
	for i, now := range states {
		t.Run(now.name, func(t *testing.T) {
			t.Parallel()
			b := &bench{s.Home(t.TempDir()), s, fmt.Sprintf("octo-worse-%d", i)}
			b.Setenv("PATH", searchPath(b)+":"+filepath.Join(b.Dir, "stores"))
			b.Setenv("XDG_RUNTIME_DIR", filepath.Join(b.Dir, "run"))
			check(t, os.MkdirAll(filepath.Join(b.Dir, "run"), 0o700))
			engine(t, b)
			private := b.repository(t, "app", false)
			b.put(t, private, "1")
			source := b.repository(t, "source", true)
			b.put(t, source, "1")
			b.does(t, "skopeo copy docker://$repository:1 oci:image", source)
			b.does(t, "/usr/bin/docker import layer.tar $repository:2", private)

			token := "ghp_worse_" + strings.NewReplacer(" ", "_", "'", "", ",", "", ".", "").Replace(now.name)
			s.GitHub.Add(token, credentialstest.Token{Login: b.owner, Scopes: now.scopes, Dead: now.dead})
			now.enter(t, b, token)
			before := b.abilities(t, private)
			if now.scopes != nil && !slices.ContainsFunc(slices.Collect(maps.Values(before)), func(o outcome) bool { return o.code == 0 }) {
				t.Fatalf("nothing worked before setup, so this shows nothing: %+v", before)
			}
			if now.unreachable {
				for _, place := range []credentialstest.Place{credentialstest.API, credentialstest.Registry} {
					s.GitHub.Break(token, place, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						w.WriteHeader(http.StatusServiceUnavailable)
					}))
				}
			}
			dry, real := words(t, b.Home, "setup", "--dry-run"), words(t, b.Home, "setup")
			if dry.code != real.code {
				t.Errorf("--dry-run exits with %d, setup with %d\n%s%s", dry.code, real.code, dry.stderr, real.stderr)
			}
			if now.unreachable {
				for _, place := range []credentialstest.Place{credentialstest.API, credentialstest.Registry} {
					s.GitHub.Break(token, place, nil)
				}
			}
			forget(t, b.Home)
			for what, could := range before {
				if can := b.can(t, what, private); could.code == 0 && can.code != 0 {
					t.Errorf("%s worked before setup, and now exits with %d\n%s\nsetup: %+v", what, can.code, can.said, real)
				}
			}
			if got := words(t, b.Home, "setup", "--undo"); got.code != 0 {
				t.Errorf("setup --undo: %+v", got)
			}
		})
	}
}

// searchPath is the PATH of a home.
func searchPath(b *bench) (path string) {
	for _, variable := range b.Env() {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	return path
}

// abilities are what each client does in each way, with what came of it.
func (b *bench) abilities(t *testing.T, repository string) map[string]outcome {
	t.Helper()
	all := map[string]outcome{}
	for _, template := range []string{
		"/usr/bin/docker push $repository:2", "/usr/bin/docker pull $repository:1",
		"skopeo copy oci:image docker://$repository:3", "skopeo copy docker://$repository:1 oci:pulled",
	} {
		all[template] = b.can(t, template, repository)
	}
	return all
}

func (b *bench) can(t *testing.T, template, repository string) outcome {
	t.Helper()
	return b.run(t, line(template, repository, ""))
}
