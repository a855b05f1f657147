package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// recipe is a home whose owner has a private package with an image of tag 1.
func recipe(t *testing.T, owner string) (s *stage.Stage, home *stage.Home, token, image string) {
	t.Helper()
	s = onlyOnStage(t)
	token = "gho_" + owner
	s.GitHub.Add(token, credentialstest.Token{Login: owner, Scopes: []string{"write:packages"}})
	s.GitHub.AddPackage("", credentialstest.Package{Owner: owner, Name: "app"})
	check(t, s.Images.Put("ghcr.io", owner+"/app", "1"))
	return s, s.Home(t.TempDir()), token, "ghcr.io/" + owner + "/app:1"
}

// Inside WSL, docker can run Windows' program, by its name with the ending.
func TestRecipeWindowsProgramInWSL(t *testing.T) {
	t.Parallel()
	_, home, token, image := recipe(t, "octowsl")
	startEngine(t, home)
	check(t, home.LogIn("github.com", "octowsl", token))
	product := program(t, stage.Product, "it is built before the tests")
	bin := filepath.Join(home.Dir, "windows")
	check(t, os.Mkdir(bin, 0o700))
	check(t, os.Symlink(product, filepath.Join(bin, "docker-credential-ghcr.exe")))
	home.Setenv("PATH", bin+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	check(t, home.WriteFile(".docker/config.json", `{"credHelpers": {"ghcr.io": "ghcr.exe"}}`))
	succeeds(t, home, []string{"docker", "pull", image})
}

// In a dev container, the editor's helper asks docker's configuration of the host: here, what the editor writes
// and a stand-in for its helper. After setup on the host, nothing is to be done inside.
func TestRecipeDevContainer(t *testing.T) {
	t.Parallel()
	s, host, token, image := recipe(t, "octodevcontainer")
	check(t, host.LogIn("github.com", "octodevcontainer", token))
	if got := words(t, host, "setup"); got.code != 0 {
		t.Fatalf("setup on the host: %+v", got)
	}
	inside := s.Home(t.TempDir())
	startEngine(t, inside)
	check(t, inside.WriteFile("bin/docker-credential-dev-containers-1", `#!/bin/sh
exec env -i `+strings.Join(quoted(host.Env()), " ")+` docker-credential-ghcr "$@"
`))
	check(t, os.Chmod(filepath.Join(inside.Dir, "bin", "docker-credential-dev-containers-1"), 0o700))
	inside.Setenv("PATH", filepath.Join(inside.Dir, "bin")+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	check(t, inside.WriteFile(".docker/config.json", `{"credsStore": "dev-containers-1"}`))
	succeeds(t, inside, []string{"docker", "pull", image})
}

func quoted(words []string) []string {
	var all []string
	for _, word := range words {
		all = append(all, "'"+strings.ReplaceAll(word, "'", `'\''`)+"'")
	}
	return all
}

// A user's podman reads docker's config.json, so setup is all it takes.
func TestRecipeRootlessPodman(t *testing.T) {
	t.Parallel()
	_, home, token, image := recipe(t, "octorootless")
	withPodman(t, home)
	check(t, home.LogIn("github.com", "octorootless", token))
	fails(t, home, []string{"podman", "pull", image})
	if got := words(t, home, "setup"); got.code != 0 {
		t.Fatalf("setup: %+v", got)
	}
	succeeds(t, home, []string{"podman", "pull", image})
}

// A service of the system has no HOME: it gets a file of its own and the token in its environment.
func TestRecipePodmanAsAService(t *testing.T) {
	t.Parallel()
	_, home, token, image := recipe(t, "octoservice")
	withPodman(t, home)
	check(t, home.WriteFile("etc/auth.json", `{"credHelpers": {"ghcr.io": "ghcr"}}`))
	pull := home.Command("podman", "pull", image)
	pull.Env = nil
	for _, variable := range home.Env() {
		if name, _, _ := strings.Cut(variable, "="); name != "HOME" && !strings.HasPrefix(name, "XDG_") {
			pull.Env = append(pull.Env, variable)
		}
	}
	pull.Env = append(pull.Env, "REGISTRY_AUTH_FILE="+filepath.Join(home.Dir, "etc", "auth.json"), "GHCR_TOKEN="+token)
	if said, err := pull.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

// withPodman keeps podman within the home.
func withPodman(t *testing.T, home *stage.Home) {
	t.Helper()
	program(t, "podman", "apt-get install podman")
	if os.Getuid() != 0 || !reallyRoot() {
		missing(t, "not root here: podman in a namespace needs it")
	}
	containersIn(t, home)
}
