package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// After setup on a config.json that docker itself wrote, docker uses us for everything that
// it does with ghcr.io, and keeps our entry when it writes the file. After setup
// --undo all is as it was.
func TestSetupServesDocker(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const ofGH, ofElsewhere, ofLogin = "gho_setup_docker", "gho_setup_docker_elsewhere", "ghp_setup_docker_login"
	packages := []string{"write:packages"}
	s.GitHub.Add(ofGH, credentialstest.Token{Login: "octosetup", Scopes: packages})
	s.GitHub.Add(ofLogin, credentialstest.Token{Login: "octosetup", Scopes: packages})
	s.GitHub.Add(ofElsewhere, credentialstest.Token{Login: "mona_acme", Scopes: packages, Host: "acme.ghe.com"})
	home := s.Home(t.TempDir())
	startEngine(t, home)
	startKeyring(t, home)
	check(t, home.LogIn("github.com", "octosetup", ofGH))
	image := home.Command("docker", "import", "-", "ghcr.io/octosetup/app:1")
	image.Stdin = bytes.NewReader(layerTar(t))
	if said, err := image.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v\n%s", err, said)
	}
	push, pull := []string{"docker", "push", "ghcr.io/octosetup/app:1"}, []string{"docker", "pull", "ghcr.io/octosetup/app:1"}

	dockerLogIn(t, home, "containers.acme.ghe.com", "mona_acme", ofElsewhere)
	succeeds(t, home, []string{"docker", "context", "create", "far", "--docker", "host=tcp://127.0.0.1:1"})
	succeeds(t, home, []string{"docker", "context", "use", "far"})
	before := readConfig(t, home)
	calls := recordCalls(t, home)
	fails(t, home, push, "denied")
	calls(t, "")

	if got := words(t, home, "setup"); got.code != 0 {
		t.Fatalf("setup: %+v", got)
	}
	sameConfigBut(t, readConfig(t, home), before, `{"credHelpers": {"ghcr.io": "ghcr"}}`)
	succeeds(t, home, push)
	calls(t, "get")
	succeeds(t, home, pull)
	calls(t, "get")

	succeeds(t, home, []string{"docker", "login", "ghcr.io"})
	calls(t, "get store")
	dockerLogIn(t, home, "ghcr.io", "octosetup", ofLogin)
	calls(t, "store")
	status(t, home, "docker login")
	succeeds(t, home, push)
	calls(t, "get")
	dockerLogIn(t, home, "containers.acme.ghe.com", "mona_acme", ofElsewhere)
	calls(t, "")
	sameConfigBut(t, readConfig(t, home), before, `{"credHelpers": {"ghcr.io": "ghcr"}, "auths": {"ghcr.io": {}}}`)
	succeeds(t, home, []string{"docker", "logout", "ghcr.io"})
	calls(t, "erase erase")
	status(t, home, "gh")
	succeeds(t, home, push)
	calls(t, "get")

	if got := words(t, home, "setup", "--undo"); got.code != 0 {
		t.Fatalf("setup --undo: %+v", got)
	}
	// docker has written the file since, in its own manner, as it was before.
	if after := readConfig(t, home); after != before {
		t.Errorf("config.json was\n%s\nand is\n%s", before, after)
	}
	fails(t, home, push, "denied")
	calls(t, "")
}

// The command that is named for a login in plain text removes it, however docker
// or another program once spelled the registry.
func TestDockerLogoutRemovesLeftovers(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	program(t, "docker", "apt-get install docker.io")
	for _, key := range []string{
		"ghcr.io", "GHCR.IO", "ghcr.io:443", "ghcr.io/octocat", "https://ghcr.io", "https://ghcr.io/",
		"https://ghcr.io/v1/", "https://ghcr.io/v2/", "http://ghcr.io", "https://GHCR.io:443/v2",
	} {
		home := s.Home(t.TempDir())
		home.Setenv("DOCKER_HOST", "unix:///nonexistent")
		if got := words(t, home, "setup"); got.code != 0 {
			t.Fatalf("setup: %+v", got)
		}
		check(t, leaveDockerLogin(home, key, "octocat", "hunter2"))
		fix := finding(t, home, "leftover-login")
		command, ok := strings.CutPrefix(fix, "run: ")
		if !ok {
			t.Errorf("%s: the fix is %q", key, fix)
			continue
		}
		succeeds(t, home, []string{"sh", "-c", command})
		if fix := finding(t, home, "leftover-login"); fix != "" {
			t.Errorf("%s: after %q it still is: %q", key, command, fix)
		}
		if strings.Contains(readConfig(t, home), inConfig("octocat", "hunter2")) {
			t.Errorf("%s: the secret is still there", key)
		}
	}
}

// finding is the fix that status shows for a finding, "" if there is none.
func finding(t *testing.T, home *stage.Home, id string) string {
	t.Helper()
	for _, f := range theReport(t, words(t, home, "status", "--json")).Wiring.Findings {
		if f.ID == id {
			return f.Remedy
		}
	}
	return ""
}

// status wants docker to get a token from a source.
func status(t *testing.T, home *stage.Home, source string) {
	t.Helper()
	for _, c := range theReport(t, words(t, home, "status", "--json")).Candidates {
		if c.Used && c.Source != source {
			t.Errorf("docker gets the token of %s, not of %s", c.Source, source)
		}
	}
}

func dockerLogIn(t *testing.T, home *stage.Home, registry, login, token string) {
	t.Helper()
	command := home.Command("docker", "login", "--username", login, "--password-stdin", registry)
	command.Stdin = strings.NewReader(token)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("docker login %s: %v\n%s", registry, err, said)
	}
}

// recordCalls puts a program before ours that writes down how it is called, and
// returns what wants the calls since the last time.
func recordCalls(t *testing.T, home *stage.Home) (calls func(t *testing.T, want string)) {
	t.Helper()
	log := filepath.Join(home.Dir, "calls")
	check(t, home.WriteFile("recorder/"+stage.Product, "#!/bin/sh\nprintf '%s ' \"$1\" >> '"+log+"'\nexec '"+program(t, stage.Product, "")+"' \"$@\"\n"))
	check(t, os.Chmod(filepath.Join(home.Dir, "recorder", stage.Product), 0o755))
	home.Setenv("PATH", filepath.Join(home.Dir, "recorder")+":"+os.Getenv("PATH"))
	return func(t *testing.T, want string) {
		t.Helper()
		text, err := os.ReadFile(log)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		_ = os.Remove(log)
		if got := strings.TrimSpace(string(text)); got != want {
			t.Errorf("docker called us with %q, want %q", got, want)
		}
	}
}

func readConfig(t *testing.T, home *stage.Home) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(home.Dir, ".docker", "config.json"))
	check(t, err)
	return string(text)
}

// sameConfigBut wants no other difference than that what is in added has come.
func sameConfigBut(t *testing.T, after, before, added string) {
	t.Helper()
	want := parseConfig(t, before)
	for name, members := range parseConfig(t, added) {
		object, ok := want[name].(map[string]any)
		if !ok {
			object = make(map[string]any)
			want[name] = object
		}
		for key, value := range members.(map[string]any) {
			object[key] = value
		}
	}
	got, err := json.Marshal(parseConfig(t, after))
	check(t, err)
	wanted, err := json.Marshal(want)
	check(t, err)
	if string(got) != string(wanted) {
		t.Errorf("config.json is\n%s\nwant\n%s", got, wanted)
	}
}

func parseConfig(t *testing.T, text string) map[string]any {
	t.Helper()
	var config map[string]any
	check(t, json.Unmarshal([]byte(text), &config))
	return config
}
