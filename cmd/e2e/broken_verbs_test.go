package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// The other verbs, and what is not ours, where whatever they could ask hangs. They
// ask what they must and nothing else.
func TestBrokenOtherVerbs(t *testing.T) {
	onlyOnStage(t)
	asking := func(verb, input string, bus func(*testing.T) string, arrange ...func(*testing.T, *stage.Home, *exec.Cmd)) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			token := tokenIn(t, home)
			theStage.GitHub.Break(token, credentialstest.API, credentialstest.Hang)
			theStage.GitHub.Break(token, credentialstest.Registry, credentialstest.Hang)
			command.Args[1] = verb
			command.Stdin = strings.NewReader(strings.ReplaceAll(input, "SECRET", token))
			command.Env = append(command.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+bus(t))
			for _, a := range arrange {
				a(t, home, command)
			}
		}
	}
	mute := func(t *testing.T, _ *stage.Home, command *exec.Cmd) {
		reader, writer, err := os.Pipe()
		check(t, err)
		t.Cleanup(func() { _, _ = reader.Close(), writer.Close() })
		command.Stdin = reader
	}
	// kept has a record say that the keyring holds what docker login gave.
	kept := func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
		check(t, home.WriteFile(".config/docker-credential-ghcr/logins/github.com", `{"user":"octocat"}`))
	}
	// without a login of gh's, and without a bus.
	without := func(t *testing.T, home *stage.Home, command *exec.Cmd) {
		check(t, os.Remove(filepath.Join(home.Dir, ".config/gh/hosts.yml")))
		check(t, os.MkdirAll(filepath.Join(home.Dir, ".config/docker-credential-ghcr/logins"), 0o700))
		command.Env = append(command.Env, "DBUS_SESSION_BUS_ADDRESS=")
	}
	meet(t, "Other verbs, and other registries", []trouble{
		{"get of another registry", asking("get", "registry.example.com", untouchedSocket, kept), noneFound, requests{}, promptly},
		{"list", asking("list", "", untouchedSocket, kept, mute), answer{0, `{"ghcr.io":"octocat"}` + "\n", ""}, requests{}, promptly},
		{"version", asking("version", "", untouchedSocket, mute), answer{0, "docker-credential-ghcr (github.com/docker-credential-ghcr/docker-credential-ghcr) v…", ""}, requests{}, promptly},
		{"erase, where docker login gave nothing", asking("erase", "ghcr.io", untouchedSocket), answer{0, "", ""}, requests{}, promptly},
		{"erase of what docker login gave", asking("erase", "ghcr.io", hungSocket, kept), answer{0, "",
			"docker-credential-ghcr: warning: the login for ghcr.io is still in the keyring, run docker logout again: the keyring did not answer within 3s\n"}, requests{}, keyringLimit},
		{"erase, and nothing comes on stdin", asking("erase", "", untouchedSocket, kept, mute), answer{0, "",
			"docker-credential-ghcr: error: nothing came on standard input within 10s; registry clients send the registry's name there\n"}, requests{}, stdinLimit},
		{"store of gh's own token", asking("store", login("ghcr.io", "octocat", "SECRET"), untouchedSocket), answer{0, "", ""}, requests{}, promptly},
		{"store, and no keyring", asking("store", login("ghcr.io", "octocat", "SECRET"), hungSocket, without), answer{1,
			"the token was not kept, and is never kept in a plain file: no keyring can be reached from here: there is no D-Bus session\nhint: set GHCR_TOKEN instead of docker login\n", ""}, requests{once, once}, apiLimit + registryLimit},
	})
}
