package main

import (
	"fmt"
	"runtime"
	"strings"
)

// How does a word stand in a command line that a person pastes? On Windows the
// shell is PowerShell.

// shellWord is a word as the shell reads it as one, and as what it is.
func shellWord(word string) string {
	plain := "/._-+:@,"
	if runtime.GOOS == "windows" {
		plain = `\._-+:`
	}
	special := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') && !strings.ContainsRune(plain, r)
	}
	if word != "" && !strings.ContainsFunc(word, special) {
		return word
	}
	return quoted(word)
}

func quoted(word string) string {
	if runtime.GOOS == "windows" {
		return "'" + strings.ReplaceAll(word, "'", "''") + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// shellPath is a path as a word, short for a person.
func shellPath(path string) string {
	if rest, ok := strings.CutPrefix(tilde(path), "~/"); ok {
		return "~/" + shellWord(rest)
	}
	return shellWord(path)
}

func addToPath(dir string) string {
	if runtime.GOOS == "windows" {
		return "$env:Path = " + quoted(dir+";") + " + $env:Path"
	}
	return fmt.Sprintf(`export PATH=%s:"$PATH"`, shellWord(dir))
}

// sent is a command that reads a word from standard input. PowerShell has no printf.
func sent(word, command string) string {
	if runtime.GOOS == "windows" {
		return quoted(word) + " | " + command
	}
	return "printf " + shellWord(word) + " | " + command
}

func unset(variable string) string {
	if runtime.GOOS == "windows" {
		return "Remove-Item Env:" + variable
	}
	return "unset " + variable
}
