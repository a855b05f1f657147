package github

import (
	"strings"
	"unicode"
)

// Printable makes a stranger's text fit for one line on a terminal.
func Printable(text string) string { return shortened(oneLine(text)) }

func oneLine(text string) string {
	return withoutCommands(strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)))
}

// withoutCommands breaks what GitHub's runner obeys in the output of a job.
func withoutCommands(text string) string {
	text = strings.ReplaceAll(text, "##[", "# #[")
	if rest, ok := strings.CutPrefix(text, "::"); ok {
		return ": :" + rest
	}
	return text
}

func shortened(text string) string {
	const most = 400
	if runes := []rune(text); len(runes) > most {
		return strings.TrimSpace(string(runes[:most])) + "…"
	}
	return text
}

const (
	maxScope = 64
	maxLogin = 100
)

// IsLogin accepts what GitHub can have for a login, managed users' suffix
// (octocat_acme) included.
func IsLogin(s string) bool {
	return isWord(strings.TrimSuffix(s, "[bot]"), maxLogin, "_-")
}

// isWord reports whether s has only ASCII letters, digits and the other characters
// that are allowed. Every get asks this; compiling patterns for it took longer than
// everything else that it does.
func isWord(s string, most int, allowed string) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') && !strings.ContainsRune(allowed, r)
	})
}
