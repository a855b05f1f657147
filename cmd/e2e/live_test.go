package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// The program that is meant for the real GitHub runs here against the pretend one, so
// that it is tested itself.
func TestLiveKeepsItsPromises(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const person, narrow, inJob = "ghp_live_person", "ghp_live_narrow", "ghs_live_job"
	s.GitHub.Add(person, credentialstest.Token{Login: "octolive", Scopes: []string{"delete:packages", "write:packages"}})
	s.GitHub.Add(narrow, credentialstest.Token{Login: "octolive", Scopes: []string{"read:packages"}})
	s.GitHub.Add(inJob, credentialstest.Token{Job: &credentialstest.Job{Repository: "OctoLive/app", RepositoryID: 11, Packages: "write"}})
	s.GitHub.AddPackage("", credentialstest.Package{Owner: "livepublic", Name: "image", OwnerKind: "Organization", Public: true})
	check(t, s.Images.Put("ghcr.io", "livepublic/image", "1"))
	program := buildLive(t)

	for _, c := range []struct {
		name string
		env  map[string]string
		who  string
		want []string // rows of the table
	}{
		{
			name: "a person's token",
			env:  map[string]string{"GHCR_TOKEN": person, "LIVE_NARROW_TOKEN": narrow},
			who:  person,
			want: []string{"| get | ok | as octolive,", "| refuse a token without the scope | ok |"},
		},
		{
			name: "a job's token",
			env: map[string]string{"GITHUB_TOKEN": inJob, "GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "octolive",
				"GITHUB_REPOSITORY": "OctoLive/app", "GITHUB_REPOSITORY_ID": "11"},
			who:  inJob,
			want: []string{"| get | ok | as octolive,", "| refuse a token without the scope | left out |"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			home := liveHome(t, s, c.env)
			startEngine(t, home)
			summary := filepath.Join(home.Dir, "summary")
			home.Setenv("GITHUB_STEP_SUMMARY", summary)
			out, err := runLive(home, program)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Log(out)
			for _, want := range append(c.want,
				"| check that a package that does not exist may be pushed | ok | allowed",
				"| push with docker | ok |",
				"| private pull with docker | ok |",
				"| check that the package may be pushed | ok | allowed",
				"| check that the package may be pulled | ok | allowed",
				"| explain what docker says of a denied push | ok | denied: denied → ",
				"| check that another's package may not be pushed | ok | denied, ",
				"| public pull with a dead token | ok |",
				"| refuse a dead token | ok |",
				"| delete the package octolive/docker-credential-ghcr-live-",
				"| POST /token | 200, expires_in 300",
				`| the exchange with the user name "x" | 200`,
				"| the push probe on an absent package | 202",
			) {
				if !strings.Contains(out, want) {
					t.Errorf("the table lacks: %s", want)
				}
			}
			said, err := os.ReadFile(summary)
			check(t, err)
			if !strings.Contains(out, string(said)) || len(said) == 0 {
				t.Error("the summary is not the table")
			}
			for _, token := range c.env {
				if strings.HasPrefix(token, "gh") && strings.Contains(out, token) {
					t.Error("a token is printed")
				}
			}
			onlyItsOwnPackage(t, s, c.who)
		})
	}
}

// onlyItsOwnPackage wants nothing to be left of what the run made, and nothing else to have been written to.
func onlyItsOwnPackage(t *testing.T, s *stage.Stage, token string) {
	t.Helper()
	for _, p := range s.GitHub.Packages("") {
		if strings.EqualFold(p.Owner, "octolive") && strings.Contains(p.Name, "absent") {
			t.Errorf("left behind: %s/%s", p.Owner, p.Name)
		}
	}
	deleted := 0
	for _, r := range s.GitHub.RequestsWith(token) {
		if r.Method == "DELETE" && r.Place == credentialstest.API {
			deleted++
			name := r.Path[strings.LastIndex(r.Path, "/")+1:]
			if _, there := s.GitHub.Package("", "octolive/"+name); there || r.Status != 204 {
				t.Errorf("not deleted: %s, %d", name, r.Status)
			}
		}
	}
	if deleted != 1 {
		t.Errorf("%d packages were deleted, want 1", deleted)
	}
}

// A promise that is not kept is a row that says so, and a failure.
func TestLiveFailsWhenAPromiseIsNotKept(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	s.GitHub.Add("ghp_live_wrong", credentialstest.Token{Login: "octolivewrong", Scopes: []string{"delete:packages", "write:packages"}})
	home := liveHome(t, s, map[string]string{"GHCR_TOKEN": "ghp_live_wrong", "DOCKER_HOST": "unix:///nonexistent"})
	// Another's package that may be pushed after all.
	out, err := runLive(home, buildLive(t), "-foreign", "ghcr.io/octolivewrong/app")
	if err == nil {
		t.Error("it should fail")
	}
	for _, want := range []string{"| check that another's package may not be pushed | FAILED | should be denied: allowed", "| push with docker | left out | no docker"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table lacks: %s\n%s", want, out)
		}
	}
}

// What could not be deleted is not made.
func TestLiveRefusesATokenThatCannotCleanUp(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	program := buildLive(t)
	s.GitHub.Add("ghp_live_undeletable", credentialstest.Token{Login: "octoundeletable", Scopes: []string{"write:packages"}})
	s.GitHub.Add("github_pat_live", credentialstest.Token{Login: "octoundeletable"})
	for token, want := range map[string]string{
		"ghp_live_undeletable": "lacks the scope delete:packages",
		"github_pat_live":      "names no scopes",
		"ghp_live_unknown":     "GitHub does not take the token",
		"":                     "no token: set GHCR_TOKEN",
	} {
		out, err := runLive(liveHome(t, s, map[string]string{"GHCR_TOKEN": token}), program)
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("%q: %v, %s; want %q", token, err, out, want)
		}
	}
	for _, r := range s.GitHub.RequestsWith("ghp_live_undeletable") {
		if r.Method != "GET" {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
}

func liveHome(t *testing.T, s *stage.Stage, env map[string]string) *stage.Home {
	t.Helper()
	home := s.Home(t.TempDir())
	for name, value := range env {
		home.Setenv(name, value)
	}
	return home
}

func runLive(home *stage.Home, program string, flags ...string) (string, error) {
	product, err := stage.Program(stage.Product)
	if err != nil {
		return "", err
	}
	command := home.Command(program, append([]string{"-program", product, "-public", "ghcr.io/livepublic/image:1", "-foreign", "ghcr.io/livepublic/image"}, flags...)...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err = command.Run()
	return out.String(), err
}

func buildLive(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "live")
	command := exec.Command("go", "build", "-o", path, "./live")
	command.Env = append(os.Environ(), "GOPROXY=off")
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return path
}
