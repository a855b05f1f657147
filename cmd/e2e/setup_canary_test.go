package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// setup and status handle secrets that others left about, and show and keep none:
// not on the screen, not in JSON, not in the dry run, not in the settings nor in
// the record from which --undo restores the file. Nor in base64, as docker has them.
func TestCanaryIsNotSeenBySetup(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	good := credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}}
	leave := func(t *testing.T, home *stage.Home, token string) {
		check(t, leaveDockerLogin(home, "ghcr.io", "octocat", token))
		check(t, leaveDockerLogin(home, "https://ghcr.io/v2/", "octocat", token))
		check(t, leaveDockerLogin(home, "registry.example.com", "octocat", token))
	}
	login := `{"auths": {"ghcr.io": {"auth": "` + inConfig("octocat", canary) + `"}}}`
	for name, arrange := range map[string]func(t *testing.T, home *stage.Home, token string){
		"rejected, in plain text": leave,
		"good, in plain text":     func(t *testing.T, home *stage.Home, token string) { s.GitHub.Add(token, good); leave(t, home, token) },
		"good, in plain text, with a keyring": func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, good)
			leave(t, home, token)
			startKeyring(t, home)
		},
		"the user name too, with a keyring": func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, good)
			check(t, leaveDockerLogin(home, "ghcr.io", token, token))
			startKeyring(t, home)
		},
		"needless, in plain text": func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, good)
			leave(t, home, token)
			check(t, home.LogIn("github.com", "octocat", token))
		},
		"unclear, in plain text": func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, good)
			s.GitHub.Break(token, credentialstest.API, credentialstest.Forbidden("no: "+token))
			s.GitHub.Break(token, credentialstest.Registry, credentialstest.Denied(403, "UNKNOWN", "no: "+token))
			leave(t, home, token)
		},
		"of two words, in plain text": func(t *testing.T, home *stage.Home, token string) { leave(t, home, token+" "+token) },
		"in all fields": func(t *testing.T, home *stage.Home, token string) {
			check(t, home.WriteFile(".docker/config.json",
				`{"auths": {"ghcr.io": {"auth": "`+inConfig("octocat", token)+`", "identitytoken": "`+token+`", "registrytoken": "`+token+`", "password": "`+token+`"}}}`))
		},
		"in a file that is broken": func(t *testing.T, home *stage.Home, token string) {
			check(t, home.WriteFile(".docker/config.json", `{"auths": {"ghcr.io": {"auth": "`+inConfig("octocat", token)+`", "password": `+token+`}}}`))
		},
		"where the type is wrong": func(t *testing.T, home *stage.Home, token string) {
			check(t, home.WriteFile(".docker/config.json", `{"auths": {"ghcr.io": "`+token+`"}}`))
		},
		"in base64 that is none": func(t *testing.T, home *stage.Home, token string) {
			check(t, home.WriteFile(".docker/config.json", `{"auths": {"ghcr.io": {"auth": "`+token+`"}}}`))
		},
		"of gh": func(t *testing.T, home *stage.Home, token string) {
			s.GitHub.Add(token, good)
			check(t, home.LogIn("github.com", "octocat", token))
		},
		"in a variable": func(_ *testing.T, home *stage.Home, token string) { home.Setenv("GHCR_TOKEN", token) },
		"of other clients": func(t *testing.T, home *stage.Home, _ string) {
			home.Setenv("DOCKER_AUTH_CONFIG", login)
			check(t, home.WriteFile(".config/containers/auth.json", login))
			check(t, home.WriteFile(".config/helm/registry/config.json", login))
		},
		"of a store": func(t *testing.T, home *stage.Home, token string) {
			check(t, home.WriteFile("stores/docker-credential-talks", `#!/bin/sh
echo "`+token+`" >&2
echo '{"ServerURL": "ghcr.io", "Username": "`+token+`", "Secret": "`+token+`"}'
`))
			check(t, os.Chmod(filepath.Join(home.Dir, "stores/docker-credential-talks"), 0o755))
			home.Setenv("PATH", filepath.Join(home.Dir, "stores")+":"+filepath.Dir(program(t, stage.Product, ""))+":"+os.Getenv("PATH"))
			check(t, home.WriteFile(".docker/config.json", `{"credsStore": "talks"}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := s.Home(t.TempDir())
			home.Setenv("GHCR_DEBUG", "1")
			arrange(t, home, canary+strings.Map(onlyLetters, name))
			for _, line := range []string{
				"setup --dry-run", "status", "setup --scope read:packages", "setup", "status", "status --json",
				"setup --undo --dry-run", "setup --undo", "status --json",
			} {
				got := words(t, home, strings.Fields(line)...)
				unseen(t, line, got.stdout+got.stderr)
				if strings.Contains(got.stdout+got.stderr, inConfig("octocat", canary)) {
					t.Errorf("a token is in %s, in base64:\n%s%s", line, got.stdout, got.stderr)
				}
				for _, ours := range []string{".config/" + stage.Product, ".cache"} {
					if dir := filepath.Join(home.Dir, ours); isThere(dir) {
						nowhereBelow(t, dir, canary)
						nowhereBelow(t, dir, inConfig("octocat", canary))
					}
				}
			}
			// Where they were put they may be.
			for _, path := range []string{".docker", ".config/gh", ".config/containers", ".config/helm", "stores"} {
				check(t, os.RemoveAll(filepath.Join(home.Dir, path)))
			}
			nowhereBelow(t, home.Dir, canary)
			nowhereBelow(t, home.Dir, inConfig("octocat", canary))
		})
	}
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
