package main

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

// shellWords are the words that a shell of POSIX reads in a line without any
// expansion; ok is false if it would expand something, or wait for more.
func shellWords(line string) (words []string, ok bool) {
	var word strings.Builder
	begun := false
	for len(line) > 0 {
		c := line[0]
		line = line[1:]
		switch {
		case c == '\'':
			quoted, rest, closed := strings.Cut(line, "'")
			if !closed {
				return nil, false
			}
			word.WriteString(quoted)
			line, begun = rest, true
		case c == '\\' && line != "":
			word.WriteByte(line[0])
			line, begun = line[1:], true
		case c == ' ':
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		case strings.IndexByte("\\|&;<>()$`\"*?[]#~=%!{}^\t\n\r", c) >= 0 || c >= 0x80 || c < ' ':
			return nil, false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words, true
}

// FuzzShellWord: a shell reads the word as it was.
func FuzzShellWord(f *testing.F) {
	for _, word := range []string{"", "/usr/local/bin", "/home/the cat/bin", "it's", "''", `\`, "$(reboot)", "`x`", "a\nb", "-x", "~", "a=b", "*", "é", "\xff", "https://ghcr.io/v1/", "ghcr.io:443"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		written := shell.Shell("linux").Word(word)
		if words, ok := shellWords("run " + written + " x"); !ok || !slices.Equal(words, []string{"run", word, "x"}) {
			t.Errorf("%q is written %s, and read %q, %v", word, written, words, ok)
		}
	})
}

func TestCommandLinesAreThoseOfTheSystem(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ got, want string }{
		{shell.Shell("linux").Word(`a\b`), `'a\b'`},
		{shell.Shell("windows").Word(`C:\a\b-c.exe`), `C:\a\b-c.exe`},
		{shell.Shell("windows").Word("the cat's"), "'the cat''s'"},
		{shell.Shell("windows").Word("a,b"), "'a,b'"}, // two words to PowerShell
		{shell.Shell("windows").Word("@a"), "'@a'"},
		{shell.Shell("windows").Word(""), "''"},
		{shortWord(shell.Shell("windows"), `C:\the cat\x`), `'C:\the cat\x'`},
		{shell.Shell("linux").AddToPath("/home/the cat/bin"), `export PATH='/home/the cat/bin':"$PATH"`},
		{shell.Shell("darwin").AddToPath("/opt/bin"), `export PATH=/opt/bin:"$PATH"`},
		{shell.Shell("windows").AddToPath(`C:\the cat's`), `$env:Path = 'C:\the cat''s;' + $env:Path`},
		{shell.Shell("freebsd").Send("ghcr.io", "x erase"), "printf ghcr.io | x erase"},
		{shell.Shell("windows").Send("ghcr.io", "x erase"), "'ghcr.io' | x erase"},
		{shell.Shell("linux").Unset("GH_TOKEN"), "unset GH_TOKEN"},
		{shell.Shell("windows").Unset("GH_TOKEN"), "Remove-Item Env:GH_TOKEN"},
	} {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
}

func TestPathsAreWordsOfCommands(t *testing.T) {
	home := t.TempDir()
	for _, variable := range []string{"HOME", "USERPROFILE"} {
		t.Setenv(variable, home)
	}
	if runtime.GOOS == "windows" {
		t.Skip("the paths here are another system's; run it on another than Windows")
	}
	for path, want := range map[string]string{
		"/usr/bin/x":                     "/usr/bin/x",
		"/home/the cat/x":                "'/home/the cat/x'",
		filepath.Join(home, "bin", "x"):  "~/bin/x",
		filepath.Join(home, "a b", "$x"): "~/'a b/$x'",
	} {
		if got := shortWord(shell.Shell("linux"), path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// A command with something hidden in it would not be the one that is pasted.
func TestOnlyWhatCanBeSeenIsACommand(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"ghcr.io": "run: docker logout ghcr.io", "the 家": "run: docker logout 'the 家'",
		"\x1b[31m": "else", "a\tb": "else", "a\nb": "else", "\u009b": "else", "\u202e": "else", "\xff": "else",
	} {
		if got := toRun("docker logout "+shell.Shell("linux").Word(word), "else"); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}
