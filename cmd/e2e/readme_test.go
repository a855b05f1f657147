package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// Each output that the README shows is what the program prints in that situation.
func TestSampleOutputsInTheREADMEAreReal(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	samples := sampleOutputs(t)
	for _, c := range []struct {
		command string // as the README has it
		run     func(t *testing.T, home *stage.Home) string
	}{
		{"docker-credential-ghcr setup", func(t *testing.T, home *stage.Home) string {
			first, _, _ := strings.Cut(words(t, home, "setup").stdout, "\n")
			return first + "\n"
		}},
		{"docker push ghcr.io/octocat/app", func(t *testing.T, home *stage.Home) string {
			const token = "gho_readme_lacks_scope"
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"gist", "read:org", "repo"}})
			check(t, home.LogIn("github.com", "octocat", token))
			return ask(t, home, "get", "ghcr.io").stderr
		}},
		{"docker-credential-ghcr check ghcr.io/octocat/app", func(t *testing.T, home *stage.Home) string {
			const owner, token = "recreated-in-readme", "gho_readme_check"
			s.GitHub.Add(token, credentialstest.Token{Login: owner, Scopes: []string{"repo", "write:packages"}})
			s.GitHub.AddRepository("", credentialstest.Repository{FullName: owner + "/app", ID: 99})
			s.GitHub.AddPackage("", credentialstest.Package{Owner: owner, Name: "app", Repository: owner + "/app", RepositoryID: 42, Versions: 1})
			check(t, home.LogIn("github.com", owner, token))
			return strings.ReplaceAll(words(t, home, "check", "ghcr.io/"+owner+"/app").stdout, owner, "octocat")
		}},
		{"docker-credential-ghcr status", func(t *testing.T, home *stage.Home) string {
			const token = "gho_readme_status"
			s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"gist", "read:org", "repo", "write:packages"}})
			check(t, home.LogIn("github.com", "octocat", token))
			words(t, home, "setup")
			home.Setenv("GITHUB_TOKEN", "github_pat_readme")
			program, err := stage.Program(stage.Product)
			check(t, err)
			return strings.ReplaceAll(words(t, home, "status").stdout, filepath.Dir(program), "~/.local/bin")
		}},
	} {
		t.Run(c.command, func(t *testing.T) {
			shown, ok := samples[c.command]
			if !ok {
				t.Fatalf("the README shows no output of %s", c.command)
			}
			if got := c.run(t, s.Home(t.TempDir())); got != shown {
				t.Errorf("the README shows\n%s\nand the program prints\n%s", shown, got)
			}
		})
		delete(samples, c.command)
	}
	for command := range samples {
		t.Errorf("no test compares the output of %s", command)
	}
}

// sampleOutputs are the outputs in the README's console blocks, by command.
func sampleOutputs(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	check(t, err)
	samples := map[string]string{}
	for _, block := range strings.Split(string(text), "\n```") {
		block, isConsole := strings.CutPrefix(block, "console\n")
		if !isConsole {
			continue
		}
		command := ""
		for line := range strings.Lines(block + "\n") {
			if typed, ok := strings.CutPrefix(line, "$ "); ok {
				command = strings.TrimSpace(typed)
			} else if !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "" {
				samples[command] += line
			}
		}
	}
	return samples
}
