package main

import (
	"fmt"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

// How do we write a command that a person pastes?

// shell is the command language of a system, by the system's name in runtime.GOOS. On
// Windows it is PowerShell.
type shell string

const ourShell = shell(runtime.GOOS)

// word is a word that the shell reads as one word, unchanged.
func (s shell) word(word string) string {
	plain := "/._-+:@,"
	if s == "windows" {
		plain = `\._-+:`
	}
	special := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') && !strings.ContainsRune(plain, r)
	}
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return s.quoted(word)
}

func (s shell) quoted(word string) string {
	if s == "windows" {
		return "'" + strings.ReplaceAll(word, "'", "''") + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// path is a path as a word, shortened for a person.
func (s shell) path(path string) string {
	if rest, ok := strings.CutPrefix(tilde(path), "~/"); ok {
		return "~/" + s.word(rest)
	}
	return s.word(path)
}

func (s shell) addToPath(dir string) string {
	if s == "windows" {
		return "$env:Path = " + s.quoted(dir+";") + " + $env:Path"
	}
	return fmt.Sprintf(`export PATH=%s:"$PATH"`, s.word(dir))
}

// sent is a command that reads a word from standard input. PowerShell has no printf.
func (s shell) sent(word, command string) string {
	if s == "windows" {
		return s.quoted(word) + " | " + command
	}
	return "printf " + s.word(word) + " | " + command
}

func (s shell) unset(variable string) string {
	if s == "windows" {
		return "Remove-Item Env:" + variable
	}
	return "unset " + variable
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
	byHand := fmt.Sprintf("remove auths[%q] from %s", key, tilde(path))
	if credentials.KeepsDockerLogin(host) {
		return byHand
	}
	return toRun("docker logout "+ourShell.word(key), byHand)
}

// loginFix is how a person logs in to the host of a search.
func loginFix(search *credentials.Search) credentials.Fix {
	earlier := credentials.Verdict{Candidate: credentials.Candidate{Source: credentials.DockerConfig}}
	return search.FixFor(earlier, credentials.Missing, search.Scope)
}

// notOnPath is the problem that docker does not find the program in a directory.
func notOnPath(dir string) string {
	return fmt.Sprintf("docker does not find docker-credential-ghcr: %s is not on PATH", tilde(dir))
}

func addToPath(dir string) string {
	return toRun(ourShell.addToPath(dir), "put "+tilde(dir)+" on PATH")
}

// setupCommand is the command that sets a registry up.
func setupCommand(registry, flag string) string {
	command := "docker-credential-ghcr setup"
	if registry != "ghcr.io" {
		command += " --registry " + registry
	}
	return strings.TrimSpace(command + " " + flag)
}
