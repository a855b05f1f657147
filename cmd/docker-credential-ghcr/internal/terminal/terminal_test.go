package terminal

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Folding breaks between words and nowhere else; in a pipe there is none.
func TestFold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		width      int
		text, want string
	}{
		{0, "gh, octocat: a line without end, which stays as it is", "  ✓ gh, octocat: a line without end, which stays as it is\n"},
		{20, "one two three four five", "  ✓ one two three\n    four five\n"},
		{12, "one two", "  ✓ one two\n"},
		{11, "one two", "  ✓ one two\n"},
		{10, "one two", "  ✓ one\n    two\n"},
		{10, "a-word-too-long-for-it and on", "  ✓ a-word-too-long-for-it\n    and on\n"},
		{8, "ümläüt ümläüt", "  ✓ ümläüt\n    ümläüt\n"},
		{1, "one two", "  ✓ one\n    two\n"},
		{20, "", "  ✓ \n"},
	} {
		var out strings.Builder
		s := &Screen{Writer: &out, width: c.width}
		s.Say(2, Good, "%s", c.text)
		if out.String() != c.want {
			t.Errorf("%q in %d columns:\n%swant\n%s", c.text, c.width, out.String(), c.want)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("gh, octocat: lacks write:packages (has gist, read:org, repo)", 40)
	f.Add("  blanks   between\tand\nbehind ", 3)
	f.Add("\x1b[31mred \u202eder\xff", 9)
	f.Fuzz(func(t *testing.T, text string, width int) {
		var out strings.Builder
		(&Screen{Writer: &out, width: width % 200}).fold("  X ", 4, text)
		folded := out.String()
		if got, want := strings.Fields(folded), strings.Fields("X "+text); strings.Join(got, " ") != Visible(strings.Join(want, " ")) {
			t.Fatalf("%q has become %q", text, folded)
		}
		if strings.ContainsFunc(folded, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Fatalf("a terminal is told %q", folded)
		}
		for line := range strings.Lines(folded) {
			words := strings.Fields(strings.TrimPrefix(line, "  X "))
			if w := width % 200; w > 0 && len(words) > 1 && utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > w {
				t.Fatalf("%q is longer than %d", line, w)
			}
		}
	})
}

func TestColourIsInMarksOnly(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := &Screen{Writer: &out, colour: true}
	s.Say(0, Bad, "rejected")
	s.Say(0, Plain, "available")
	s.Detail(0, "expires")
	s.Whole(0, "run: it")
	if want := "\x1b[31mX\x1b[0m rejected\n- available\n  expires\n  run: it\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// Whatever is shown goes to the terminal as what can be seen.
func TestATerminalIsNotCommanded(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"octocat, ümläüt, 家":     "octocat, ümläüt, 家",
		"\x1b[31mred\a\x7f":      `\u001b[31mred\u0007\u007f`,
		"\u009b31m":              `\u009b31m`,
		"\x9b31m":                "\ufffd31m",
		"a\u202eb\u2066c":        `a\u202eb\u2066c`,
		"\U000e0041":             `\U000e0041`,
		"a\r\nb":                 `a\u000d\u000ab`,
		"\t\"ghcr.io\": \"\\u\"": "\t\"ghcr.io\": \"\\u\"",
	} {
		if got := Visible(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	for name, print := range map[string]func(*Screen, string){
		"a line":     func(s *Screen, text string) { s.Say(0, Care, "%s", text) },
		"a detail":   func(s *Screen, text string) { s.Detail(0, "%s", text) },
		"a command":  func(s *Screen, text string) { s.Whole(0, text) },
		"a heading":  (*Screen).Heading,
		"a question": func(s *Screen, text string) { Confirm(strings.NewReader("\n"), s, text) },
	} {
		if got := printed(func(s *Screen) { print(s, "\x1b]0;evil\a") }); !strings.Contains(got, `\u001b]0;evil\u0007`) || strings.ContainsAny(got, "\x1b\a") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Only y and yes are a yes.
func TestConfirm(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{
		"y\n": true, "Y\n": true, "yes\n": true, " YES \r\n": true, "y": true,
		"\n": false, "": false, "n\n": false, "no\n": false, "yep\n": false, "n\ny\n": false, "\x1b[A\n": false,
	} {
		var said strings.Builder
		if got := Confirm(strings.NewReader(answer), &said, "Run it now?"); got != want {
			t.Errorf("%q: %v", answer, got)
		}
		if !strings.HasPrefix(said.String(), "Run it now? [y/N] ") {
			t.Errorf("asked %q", said.String())
		}
	}
}

func TestNobodySitsAtAPipe(t *testing.T) {
	t.Parallel()
	if IsTerminal(strings.NewReader("")) || IsTerminal(new(strings.Builder)) {
		t.Error("a pipe is a terminal")
	}
}

func TestTilde(t *testing.T) {
	home := t.TempDir()
	variable := "HOME"
	if runtime.GOOS == "windows" {
		variable = "USERPROFILE"
	}
	t.Setenv(variable, home)
	for path, want := range map[string]string{
		filepath.Join(home, ".docker", "config.json"): filepath.Join("~", ".docker", "config.json"),
		home:          home,
		home + "2":    home + "2",
		"config.json": "config.json",
	} {
		if got := Tilde(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	root := string(filepath.Separator)
	t.Setenv(variable, root)
	if got := Tilde(root + "etc"); got != root+"etc" {
		t.Errorf("in a home at the root: %s", got)
	}
}

// printed is what print prints in a pipe.
func printed(print func(*Screen)) string {
	var out strings.Builder
	print(NewScreen(&out))
	return out.String()
}

// What a terminal would obey is escaped in JSON, too, and the value stays the same.
func TestJSONDoesNotCommandATerminal(t *testing.T) {
	t.Parallel()
	const value = "ümläüt <a> \x1b[31m \x7f \u009b \u202e \U000e0041 \U0001f433 \t"
	var out strings.Builder
	if err := PrintJSON(&out, map[string]string{"a": value}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(out.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
		t.Errorf("printed %q", out.String())
	}
	var read map[string]string
	if err := json.Unmarshal([]byte(out.String()), &read); err != nil || read["a"] != value {
		t.Errorf("read %q, %v", read["a"], err)
	}
}
