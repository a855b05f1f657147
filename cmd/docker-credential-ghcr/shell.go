package main

import (
	"fmt"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How do we write a command line that a person pastes?

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
