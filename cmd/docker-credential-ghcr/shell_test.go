package main

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
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
	if runtime.GOOS == "windows" {
		f.Skip("PowerShell quotes otherwise")
	}
	f.Fuzz(func(t *testing.T, word string) {
		if words, ok := shellWords("run " + shellWord(word) + " x"); !ok || !slices.Equal(words, []string{"run", word, "x"}) {
			t.Errorf("%q is written %s, and read %q, %v", word, shellWord(word), words, ok)
		}
	})
}

func TestPathsAreWordsOfCommands(t *testing.T) {
	home := t.TempDir()
	for _, variable := range []string{"HOME", "USERPROFILE"} {
		t.Setenv(variable, home)
	}
	if runtime.GOOS == "windows" {
		if got, want := addToPath(`C:\the cat's`), `$env:Path = 'C:\the cat''s;' + $env:Path`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return
	}
	for path, want := range map[string]string{
		"/usr/bin/x":                     "/usr/bin/x",
		"/home/the cat/x":                "'/home/the cat/x'",
		filepath.Join(home, "bin", "x"):  "~/bin/x",
		filepath.Join(home, "a b", "$x"): "~/'a b/$x'",
	} {
		if got := shellPath(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if got, want := addToPath("/home/the cat/bin"), `export PATH='/home/the cat/bin':"$PATH"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
