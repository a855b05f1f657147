package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

// How do we write a command that a person pastes?

// shortWord is a path as a word, shortened for a person.
func shortWord(s shell.Shell, path string) string {
	if rest, ok := strings.CutPrefix(terminal.Tilde(path), "~/"); ok {
		return "~/" + s.Word(rest)
	}
	return s.Word(path)
}

// toRun is the advice to run a command, or another advice if the command has something
// in it that cannot be shown and so cannot be pasted.
func toRun(command, otherwise string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if !utf8.ValidString(command) || strings.ContainsFunc(command, hidden) {
		return otherwise
	}
	return "run: " + command
}

// logoutFix is how a plain-text login is removed. docker logout would also remove what
// docker login gave us.
func logoutFix(key, path, host string) string {
	byHand := fmt.Sprintf("remove auths[%q] from %s", key, terminal.Tilde(path))
	if credentials.KeepsDockerLogin(host) {
		return byHand
	}
	return toRun("docker logout "+shell.Ours.Word(key), byHand)
}

// loginFix is how a person logs in to the host of a search.
func loginFix(search *credentials.Search) credentials.Fix {
	earlier := credentials.Verdict{Candidate: credentials.Candidate{Source: credentials.DockerConfig}}
	return search.FixFor(earlier, credentials.Missing, search.Scope)
}

// notOnPath is the problem that docker does not find the program in a directory.
func notOnPath(dir string) string {
	return fmt.Sprintf("docker does not find docker-credential-ghcr: %s is not on PATH", terminal.Tilde(dir))
}

func addToPath(dir string) string {
	return toRun(shell.Ours.AddToPath(dir), "put "+terminal.Tilde(dir)+" on PATH")
}

// setupCommand is the command that sets a registry up.
func setupCommand(registry, flag string) string {
	command := "docker-credential-ghcr setup"
	if registry != "ghcr.io" {
		command += " --registry " + registry
	}
	return strings.TrimSpace(command + " " + flag)
}
