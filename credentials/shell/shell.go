// Package shell writes the commands that a person pastes.
package shell

import (
	"fmt"
	"runtime"
	"strings"
)

// Shell is the command language of a system, by the system's name in runtime.GOOS. On
// Windows it is PowerShell.
type Shell string

// Ours is the one of this system.
const Ours = Shell(runtime.GOOS)

// Unlock unlocks the keyring. GNOME's asks for its password on the terminal, so it
// serves over ssh too.
func (s Shell) Unlock() string {
	switch s {
	case "darwin":
		return "security unlock-keychain"
	case "windows":
		return "control /name Microsoft.CredentialManager"
	}
	return "gnome-keyring-daemon --replace --unlock --components=secrets"
}

// Without runs a command without some variables.
func (s Shell) Without(names []string, command string) string {
	if len(names) == 0 {
		return command
	}
	if s == "windows" {
		return "$env:" + strings.Join(names, "=''; $env:") + "=''; " + command
	}
	return "env -u " + strings.Join(names, " -u ") + " " + command
}

// InTurn runs a second command if the first one succeeds. The PowerShell that
// comes with Windows does not know &&.
func (s Shell) InTurn(first, second string) string {
	if s == "windows" {
		return first + "; if ($?) { " + second + " }"
	}
	return first + " && " + second
}

// Set sets a variable.
func (s Shell) Set(name, value string) string {
	if s == "windows" {
		return "$env:" + name + " = " + s.quoted(value)
	}
	return "export " + name + "=" + s.Word(value)
}

// Unset removes a variable.
func (s Shell) Unset(name string) string {
	if s == "windows" {
		return "Remove-Item Env:" + name
	}
	return "unset " + name
}

// Word is a word that the shell reads as one word, unchanged.
func (s Shell) Word(word string) string {
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

func (s Shell) quoted(word string) string {
	if s == "windows" {
		return "'" + strings.ReplaceAll(word, "'", "''") + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// AddToPath puts a directory first on PATH.
func (s Shell) AddToPath(dir string) string {
	if s == "windows" {
		return "$env:Path = " + s.quoted(dir+";") + " + $env:Path"
	}
	return fmt.Sprintf(`export PATH=%s:"$PATH"`, s.Word(dir))
}

// Send is a command that reads a word from standard input. PowerShell has no printf.
func (s Shell) Send(word, command string) string {
	if s == "windows" {
		return s.quoted(word) + " | " + command
	}
	return "printf " + s.Word(word) + " | " + command
}
