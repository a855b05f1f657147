package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// The program for Windows, on a Windows that is wine's: its Credential Manager, its
// list of trusted certificates, its locks, its paths. What is tested elsewhere is
// not tested again, but what Windows could do otherwise. The parts share a user,
// and each leaves what it found.
func TestOnWindows(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	w := startWindows(t)
	good := credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}}

	t.Run("without a login nothing is said", func(t *testing.T) {
		w.ask(t, "get", "ghcr.io\r\n").wants(t, 1, notFound, "")
		w.ask(t, "list", "").wants(t, 0, "{}\n", "")
		w.ask(t, "erase", "ghcr.io").wants(t, 0, "", "")
	})

	t.Run("gh's token in its file", func(t *testing.T) {
		const token = "gho_windows_file"
		s.GitHub.Add(token, good)
		w.logIn(t, "octocat", token)
		w.ask(t, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
		w.ask(t, "get", "https://ghcr.io/").wants(t, 0, credential("https://ghcr.io/", "octocat", token), "") // remembered
		wantRequests(t, token, 1)
		w.ask(t, "get", "docker.io").wants(t, 1, notFound, "")
		nowhereBelow(t, filepath.Join(w.Home, "AppData", "Local"), token)
	})

	t.Run("gh's token in the Credential Manager", func(t *testing.T) {
		const token = "gho_windows_manager"
		s.GitHub.Add(token, good)
		w.logIn(t, "octocat", "")
		w.furnish(t, token, "keep", "gh:github.com", "octocat")
		w.ask(t, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
		w.furnish(t, "", "drop", "gh:github.com", "octocat")
		got := w.ask(t, "get", "ghcr.io")
		got.wants(t, 1, notFound, "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n"+
			"  gh, octocat: gh is logged in, but the keyring holds no token of this account\n"+
			"docker-credential-ghcr: hint: run: gh auth login -h github.com -s write:packages\n")
		nowhereBelow(t, w.Home, token)
	})

	t.Run("gh itself logs in", func(t *testing.T) {
		const token = "gho_windows_gh"
		program(t, "gh.exe", "it is built from tools/gh unless the tests are run with -short, and wants the network once")
		s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"gist", "read:org", "repo", "write:packages"}})
		w.gh(t, token, "auth", "login", "--hostname", "github.com", "--with-token")
		nowhereBelow(t, w.Home, token)
		w.ask(t, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
		w.gh(t, "", "auth", "logout", "--hostname", "github.com")
		w.ask(t, "get", "ghcr.io").wants(t, 1, notFound, "")
	})

	t.Run("docker login and docker logout", func(t *testing.T) {
		const token = "ghp_windows_docker_login"
		s.GitHub.Add(token, good)
		w.ask(t, "store", login("ghcr.io", "octocat", token)).wants(t, 0, "", "")
		w.ask(t, "list", "").wants(t, 0, `{"ghcr.io":"octocat"}`+"\n", "")
		w.ask(t, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
		nowhereBelow(t, w.Home, token)
		w.ask(t, "erase", "ghcr.io").wants(t, 0, "", "")
		w.ask(t, "get", "ghcr.io").wants(t, 1, notFound, "")
		w.ask(t, "list", "").wants(t, 0, "{}\n", "")
	})

	t.Run("dead tokens are refused, in the words of PowerShell", func(t *testing.T) {
		const token = "gho_windows_dead"
		w.logIn(t, "octocat", token)
		dead := w.ask(t, "get", "ghcr.io", "GH_TOKEN="+token+"_too")
		dead.wants(t, 1, notFound, "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n"+
			"  GH_TOKEN: rejected by GitHub: expired or revoked\n"+
			"  gh, octocat: rejected by GitHub: expired or revoked\n"+
			"docker-credential-ghcr: hint: run: $env:GH_TOKEN=''; gh auth login -h github.com -s write:packages\n")
		w.ask(t, "get", "ghcr.io", "GH_TOKEN="+token+"_too").wants(t, 1, notFound, dead.stderr)
		wantRequests(t, token, 1)
		wantRequests(t, token+"_too", 1)
	})

	t.Run("of many that ask at once one asks GitHub", func(t *testing.T) {
		const token = "gho_windows_burst"
		s.GitHub.Add(token, good)
		w.logIn(t, "octocat", token)
		answers := make([]answer, 10)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = w.ask(t, "get", "ghcr.io") })
		}
		all.Wait()
		for _, got := range answers {
			got.wants(t, 0, credential("ghcr.io", "octocat", token), "")
		}
		wantRequests(t, token, 1)
	})

	for name, before := range map[string]string{
		"no config.json": "",
		"LF":             "{\n\t\"auths\": {},\n\t\"credsStore\": \"wincred\",\n\t\"unknown\": [1e2]\n}\n",
		"CRLF":           "{\r\n  \"auths\": {},\r\n  \"credsStore\": \"wincred\",\r\n  \"unknown\": [1e2]\r\n}\r\n",
	} {
		t.Run("setup and back, "+name, func(t *testing.T) {
			const token = "gho_windows_setup"
			s.GitHub.Add(token, good)
			w.logIn(t, "octocat", token)
			config := filepath.Join(w.Home, ".docker", "config.json")
			if before != "" {
				w.write(t, config, before)
			}
			if got := w.ask(t, "setup", ""); got.code != 0 || got.stderr != "" ||
				!strings.HasPrefix(got.stdout, `✓ ~\.docker\config.json: docker uses docker-credential-ghcr for ghcr.io`+"\n") ||
				!strings.Contains(got.stdout, "(docker gets this one)") {
				t.Errorf("setup: %+v", got)
			}
			during, err := os.ReadFile(config)
			check(t, err)
			lineEnd := "\n"
			if strings.Contains(before, "\r\n") {
				lineEnd = "\r\n"
			}
			if text := string(during); !strings.Contains(text, lineEnd) || !strings.Contains(text, `"ghcr.io": "ghcr"`) ||
				strings.Count(text, "\n") != strings.Count(text, lineEnd) || lineEnd == "\n" && strings.Contains(text, "\r") {
				t.Errorf("config.json is now %q", during)
			}
			if got := w.ask(t, "status", ""); got.code != 0 || !strings.Contains(got.stdout, `✓ docker uses `) {
				t.Errorf("status: %+v", got)
			}
			if got := w.ask(t, "setup", "", "--undo"); got.code != 0 || got.stderr != "" {
				t.Errorf("setup --undo: %+v", got)
			}
			after, err := os.ReadFile(config)
			if before == "" && !os.IsNotExist(err) || before != "" && string(after) != before {
				t.Errorf("config.json is %q, %v, and was %q", after, err, before)
			}
			if left, _ := os.ReadDir(filepath.Dir(config)); before == "" && len(left) != 0 || len(left) > 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}

	t.Run("the Credential Manager keeps the contract of keyrings", func(t *testing.T) {
		got := w.run(t, "", func() *exec.Cmd { return w.Command(stage.Furnish+".test", "-test.v") })
		if got.code != 0 || !strings.Contains(got.stdout, "\n--- PASS: TestCredentialManagerKeepsTheContract") {
			t.Errorf("%+v", got)
		}
	})
}

// windows is one that trusts the stage.
type windows struct{ *stage.Wine }

func startWindows(t *testing.T) windows {
	t.Helper()
	if testing.Short() {
		t.Skip("programs for Windows are not built with -short; run it without")
	}
	switch _, err := stage.FindWine(); {
	case errors.Is(err, errors.ErrUnsupported):
		t.Skip(err) // in CI too
	case err != nil:
		missing(t, "no wine64 here: apt-get install wine64")
	}
	program(t, "ld", "apt-get install binutils")
	wine, err := stage.StartWine()
	check(t, err)
	t.Cleanup(wine.Close)
	w := windows{wine}
	w.furnish(t, string(theStage.Authority.PEM()), "trust")
	return w
}

func (w windows) furnish(t *testing.T, input string, args ...string) {
	t.Helper()
	w.succeeds(t, input, func() *exec.Cmd { return w.Command(stage.Furnish, args...) })
}

func (w windows) gh(t *testing.T, input string, args ...string) {
	t.Helper()
	w.succeeds(t, input, func() *exec.Cmd {
		command := w.Command("gh", args...)
		command.Env = append(command.Env, "GH_TELEMETRY=0")
		return command
	})
}

func (w windows) succeeds(t *testing.T, input string, program func() *exec.Cmd) {
	t.Helper()
	if got := w.run(t, input, program); got.code != 0 {
		t.Fatalf("%s: %+v", program(), got)
	}
}

// logIn leaves what gh auth login leaves, until the end of the test. Without a
// token that is in the Credential Manager.
func (w windows) logIn(t *testing.T, user, token string) {
	t.Helper()
	hosts := fmt.Sprintf("github.com:\r\n    users:\r\n        %s:\r\n    user: %[1]s\r\n", user)
	if token != "" {
		hosts += "    oauth_token: " + token + "\r\n"
	}
	w.write(t, filepath.Join(w.Home, "AppData", "Roaming", "GitHub CLI", "hosts.yml"), hosts)
}

// write leaves a file until the end of the test.
func (w windows) write(t *testing.T, path, content string) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(path), 0o700))
	check(t, os.WriteFile(path, []byte(content), 0o600))
	t.Cleanup(func() { _ = os.Remove(path) })
}

// ask runs a word of the product, with variables NAME=VALUE and more words.
func (w windows) ask(t *testing.T, word, input string, more ...string) answer {
	t.Helper()
	words, variables := []string{word}, []string(nil)
	for _, text := range more {
		if strings.Contains(text, "=") {
			variables = append(variables, text)
		} else {
			words = append(words, text)
		}
	}
	return w.run(t, input, func() *exec.Cmd {
		command := w.Command(stage.Product, words...)
		command.Env = append(command.Env, variables...)
		return command
	})
}

// run runs a program, anew if wine failed to: under load it does so once in a
// thousand times, with words of its own, or before the program says any.
func (w windows) run(t *testing.T, input string, program func() *exec.Cmd) (got answer) {
	t.Helper()
	for range 3 {
		var stdout, stderr bytes.Buffer
		command := program()
		command.Stdin, command.Stdout, command.Stderr = strings.NewReader(input), &stdout, &stderr
		if err := command.Run(); err != nil && command.ProcessState == nil {
			t.Error(err)
			return answer{}
		}
		got = answer{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
		if !strings.Contains(got.stderr, "wine client error:") && got != (answer{code: 1}) {
			break
		}
		t.Logf("once more, since wine failed: %+v", got)
	}
	return got
}

func wantRequests(t *testing.T, token string, want int) {
	t.Helper()
	if got := theStage.GitHub.RequestsWith(token); len(got) != want {
		t.Errorf("%d requests with %s: %v", len(got), token, got)
	}
}
