package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// Twenty setups at once, each for another registry and with settings: none loses
// what another has done, in docker's file or in ours.
func TestTwentySetupsAtOnce(t *testing.T) {
	t.Parallel()
	home := onlyOnStage(t).Home(t.TempDir())
	const before = "{\n  \"detachKeys\": \"ctrl-e,e\"\n}\n"
	check(t, home.WriteFile(".docker/config.json", before))
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			got := words(t, home, "setup", "--scope", "read:packages", "--registry", fmt.Sprintf("tenant%d.ghe.com", i))
			if got.code != 0 || got.stderr != "" {
				t.Errorf("setup: %+v", got)
			}
		})
	}
	all.Wait()
	config := readConfig(t, home)
	settings, err := os.ReadFile(filepath.Join(home.Dir, ".config/docker-credential-ghcr/settings.json"))
	check(t, err)
	for i := range 20 {
		if entry := fmt.Sprintf(`"containers.tenant%d.ghe.com": "ghcr"`, i); !strings.Contains(config, entry) {
			t.Errorf("config.json has no %s", entry)
		}
		if entry := fmt.Sprintf(`"containers.tenant%d.ghe.com": {`, i); !strings.Contains(string(settings), entry) {
			t.Errorf("settings.json has no %s", entry)
		}
	}
	if n := strings.Count(string(settings), `"scope": "read:packages"`); n != 20 {
		t.Errorf("settings.json has %d scopes", n)
	}
	if got := words(t, home, "setup", "--undo"); got.code != 0 {
		t.Errorf("setup --undo: %+v", got)
	}
	if after := readConfig(t, home); after != before {
		t.Errorf("config.json is %q", after)
	}
}

// Twenty times the same setup at once is once.
func TestTheSameSetupAtOnce(t *testing.T) {
	t.Parallel()
	home := onlyOnStage(t).Home(t.TempDir())
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got := words(t, home, "setup"); got.code != 0 || got.stderr != "" {
				t.Errorf("setup: %+v", got)
			}
		})
	}
	all.Wait()
	if config := readConfig(t, home); config != "{\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t}\n}" {
		t.Errorf("config.json is %q", config)
	}
	if got := words(t, home, "setup", "--undo"); got.code != 0 {
		t.Errorf("setup --undo: %+v", got)
	}
	if files, _ := os.ReadDir(filepath.Join(home.Dir, ".docker")); len(files) > 0 {
		t.Errorf("left over are %v", files)
	}
}

// docker login writes config.json while setup asks GitHub about a login in it:
// setup changes what docker has written.
func TestDockerLoginWhileSetupAsks(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	program(t, "docker", "apt-get install docker.io")
	const leftover, elsewhere = "ghp_at_once_leftover", "gho_at_once_elsewhere"
	s.GitHub.Add(elsewhere, credentialstest.Token{Login: "mona_acme", Scopes: []string{"write:packages"}, Host: "acme.ghe.com"})
	asked, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s.GitHub.Break(leftover, credentialstest.API, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(asked) })
		<-goOn
		credentialstest.ServerError(http.StatusInternalServerError).ServeHTTP(w, r)
	}))
	s.GitHub.Break(leftover, credentialstest.Registry, credentialstest.ServerError(http.StatusInternalServerError))

	home := s.Home(t.TempDir())
	home.Setenv("DOCKER_HOST", "unix:///nonexistent")
	check(t, leaveDockerLogin(home, "ghcr.io", "octocat", leftover))
	var setup sync.WaitGroup
	setup.Go(func() {
		// What cannot be checked is not risked without --force.
		if got := words(t, home, "setup", "--force"); got.code != 0 {
			t.Errorf("setup: %+v", got)
		}
	})
	<-asked
	dockerLogIn(t, home, "containers.acme.ghe.com", "mona_acme", elsewhere)
	close(goOn)
	setup.Wait()
	sameConfigBut(t, readConfig(t, home), `{"auths": {"ghcr.io": {"auth": "`+inConfig("octocat", leftover)+`"}}}`,
		`{"auths": {"containers.acme.ghe.com": {"auth": "`+inConfig("mona_acme", elsewhere)+`"}}, "credHelpers": {"ghcr.io": "ghcr"}}`)
}

// setup writes config.json while docker login is under way, which has read it
// before and writes it after: no lock could help, for docker takes none. status
// says so, and setup fixes it.
func TestSetupWhileDockerLogsIn(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	program(t, "docker", "apt-get install docker.io")
	const elsewhere = "gho_meanwhile_elsewhere"
	s.GitHub.Add(elsewhere, credentialstest.Token{Login: "mona_acme", Scopes: []string{"write:packages"}, Host: "acme.ghe.com"})
	home := s.Home(t.TempDir())
	home.Setenv("DOCKER_HOST", "unix:///nonexistent")
	home.Setenv("PATH", filepath.Join(home.Dir, "stores")+":"+filepath.Dir(program(t, stage.Product, ""))+":"+os.Getenv("PATH"))
	check(t, home.WriteFile("stores/docker-credential-waits", "#!/bin/sh\ntouch storing\nuntil test -e go-on; do sleep 0.05; done\n"))
	check(t, os.Chmod(filepath.Join(home.Dir, "stores/docker-credential-waits"), 0o755))
	const before = `{"credHelpers": {"containers.acme.ghe.com": "waits"}}`
	check(t, home.WriteFile(".docker/config.json", before))

	var docker sync.WaitGroup
	docker.Go(func() { dockerLogIn(t, home, "containers.acme.ghe.com", "mona_acme", elsewhere) })
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(home.Dir, "storing")); err == nil {
			break
		}
		if time.Since(begun) > time.Minute {
			t.Error("docker did not come to its credential helper")
			break
		}
	}
	if got := words(t, home, "setup"); got.code != 0 {
		t.Errorf("setup: %+v", got)
	}
	sameConfigBut(t, readConfig(t, home), before, `{"credHelpers": {"ghcr.io": "ghcr"}}`)
	check(t, home.WriteFile("go-on", ""))
	docker.Wait()

	const ofDocker = `{"auths": {"containers.acme.ghe.com": {}}}`
	sameConfigBut(t, readConfig(t, home), before, ofDocker)
	if fix := finding(t, home, "not-set-up"); fix != "run: docker-credential-ghcr setup" {
		t.Errorf("the fix is %q", fix)
	}
	if got := words(t, home, "setup"); got.code != 0 {
		t.Errorf("setup: %+v", got)
	}
	sameConfigBut(t, readConfig(t, home), before, `{"auths": {"containers.acme.ghe.com": {}}, "credHelpers": {"ghcr.io": "ghcr"}}`)
}
