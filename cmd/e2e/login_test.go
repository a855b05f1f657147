package e2e

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// pusher is a real program that pushes and pulls.
type pusher struct {
	push, pull func(image string) []string
}

// The main job, with real parts only: gh logs in and keeps its token in a real
// keyring; crane and docker push and pull. Then the token is revoked.
func TestRealClientsUseTheLoginOfGh(t *testing.T) {
	t.Run("crane", func(t *testing.T) {
		t.Parallel()
		home := onlyOnStage(t).Home(t.TempDir())
		program(t, "crane", "it is built from tools/crane, which wants the network once")
		layer := filepath.Join(home.Dir, "layer.tar")
		check(t, os.WriteFile(layer, layerTar(t), 0o600))
		testLoginOfGh(t, home, "octocrane", pusher{
			push: func(image string) []string { return []string{"crane", "append", "-f", layer, "-t", image} },
			pull: func(image string) []string {
				return []string{"crane", "pull", image, filepath.Join(home.Dir, "image.tar")}
			},
		})
	})
	t.Run("docker", func(t *testing.T) {
		t.Parallel()
		home := onlyOnStage(t).Home(t.TempDir())
		startEngine(t, home)
		for _, tag := range []string{"1", "2"} {
			load := home.Command("docker", "import", "-", "ghcr.io/octodock/app:"+tag)
			load.Stdin = bytes.NewReader(layerTar(t))
			if said, err := load.CombinedOutput(); err != nil {
				t.Fatalf("docker import: %v\n%s", err, said)
			}
		}
		testLoginOfGh(t, home, "octodock", pusher{
			push: func(image string) []string { return []string{"docker", "push", image} },
			pull: func(image string) []string { return []string{"docker", "pull", image} },
		})
		testDockerLogin(t, home)
	})
}

func testLoginOfGh(t *testing.T, home *stage.Home, login string, c pusher) {
	s := onlyOnStage(t)
	program(t, "gh", "it is built from tools/gh unless the tests are run with -short, and wants the network once")
	startKeyring(t, home)
	check(t, home.WriteFile(".docker/config.json", `{"credHelpers": {"ghcr.io": "ghcr"}}`))
	token := "gho_real_parts_" + login
	s.GitHub.Add(token, credentialstest.Token{Login: login, Scopes: []string{"gist", "read:org", "repo", "write:packages"}})

	logIn := home.Command("gh", "auth", "login", "--hostname", "github.com", "--with-token")
	logIn.Env = append(logIn.Env, "GH_TELEMETRY=0")
	logIn.Stdin = strings.NewReader(token)
	if said, err := logIn.CombinedOutput(); err != nil {
		t.Fatalf("gh auth login: %v\n%s", err, said)
	}
	nowhereBelow(t, filepath.Join(home.Dir, ".config"), token)

	private, public := login+"/app", login+"/public"
	s.GitHub.AddPackage("", credentialstest.Package{Owner: login, Name: "public", Public: true})
	check(t, s.Images.Put("ghcr.io", public, "1"))

	succeeds(t, home, c.push("ghcr.io/"+private+":1"))
	if tags := s.Images.Tags("ghcr.io", private); len(tags) != 1 {
		t.Fatalf("pushed are %v", tags)
	}
	succeeds(t, home, c.pull("ghcr.io/"+private+":1"))
	succeeds(t, home, c.pull("ghcr.io/"+public+":1"))

	s.GitHub.Revoke(token)
	forget(t, home)
	before := time.Now()
	fails(t, home, c.push("ghcr.io/"+private+":2"),
		"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
		"gh, "+login+": rejected by GitHub: expired or revoked",
		"docker-credential-ghcr: hint: run: gh auth login -h github.com -s write:packages")
	if tags := s.Images.Tags("ghcr.io", private); len(tags) != 1 {
		t.Errorf("pushed are %v", tags)
	}
	succeeds(t, home, c.pull("ghcr.io/"+public+":1"))
	for _, request := range s.GitHub.RequestsWith(token) {
		if request.Time.After(before) && request.Place != credentialstest.API {
			t.Errorf("the dead token was sent with %s https://%s%s", request.Method, request.Host, request.Path)
		}
	}
}

// docker login goes on where the token of gh is dead, and docker logout ends it.
func testDockerLogin(t *testing.T, home *stage.Home) {
	s := onlyOnStage(t)
	const token = "ghp_real_parts_docker_login"
	s.GitHub.Add(token, credentialstest.Token{Login: "octodock", Scopes: []string{"write:packages"}})
	logIn := home.Command("docker", "login", "--username", "octodock", "--password-stdin", "ghcr.io")
	logIn.Stdin = strings.NewReader(token)
	if said, err := logIn.CombinedOutput(); err != nil {
		t.Fatalf("docker login: %v\n%s", err, said)
	}
	nowhereBelow(t, home.Dir, token)
	succeeds(t, home, []string{"docker", "push", "ghcr.io/octodock/app:2"})
	succeeds(t, home, []string{"docker", "login", "ghcr.io"}) // with what get gives, which is then stored
	succeeds(t, home, []string{"docker", "logout", "ghcr.io"})
	fails(t, home, []string{"docker", "push", "ghcr.io/octodock/app:2"}, "gh, octodock: rejected by GitHub")
}

// forget is the passing of the ten seconds for which a good answer counts.
func forget(t *testing.T, home *stage.Home) {
	t.Helper()
	check(t, os.RemoveAll(filepath.Join(home.Dir, ".cache", stage.Product)))
}

// succeeds runs a client that must succeed.
func succeeds(t *testing.T, home *stage.Home, line []string) {
	t.Helper()
	if said, err := home.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(line, " "), err, said)
	}
}

// fails runs a client that must fail, and say something.
func fails(t *testing.T, home *stage.Home, line []string, words ...string) {
	t.Helper()
	said, err := home.Command(line[0], line[1:]...).CombinedOutput()
	if err == nil {
		t.Errorf("%s: succeeded", strings.Join(line, " "))
	}
	for _, word := range words {
		if !strings.Contains(string(said), word) {
			t.Errorf("%s did not say %q but\n%s", strings.Join(line, " "), word, said)
		}
	}
}

// layerTar is a file system with one file.
func layerTar(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	content := t.Name()
	check(t, w.WriteHeader(&tar.Header{Name: "content", Mode: 0o644, Size: int64(len(content))}))
	_, err := w.Write([]byte(content))
	check(t, err)
	check(t, w.Close())
	return b.Bytes()
}
