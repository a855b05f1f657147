package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
	"golang.org/x/term"
)

// How do we print for a person?
//
// As gh does: a mark before a line says how things are, ✓ good, X bad, ! take care,
// - plain. Marks are coloured on a terminal, and not with NO_COLOR. In a pipe there is
// no colour and no folding. Much of the text comes from files and variables: see
// visible.

// mark is the sign before a line.
type mark string

const (
	good  mark = "✓"
	bad   mark = "X"
	care  mark = "!"
	plain mark = "-"
)

var colours = map[mark]string{good: "32", bad: "31", care: "33"}

// screen is where a person reads.
type screen struct {
	io.Writer
	colour bool
	// width is the columns of a terminal, 0 in a pipe.
	width int
}

func newScreen(w io.Writer) *screen {
	s := &screen{Writer: w}
	if isTerminal(w) {
		s.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		s.width, _, _ = term.GetSize(int(w.(*os.File).Fd()))
	}
	return s
}

// isTerminal reports whether a person can answer a question.
func (w world) isTerminal() bool { return isTerminal(w.stdin) && isTerminal(w.stderr) }

func isTerminal(end any) bool {
	file, ok := end.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// say prints a marked line, indented, folded to the terminal's width.
func (s *screen) say(indent int, m mark, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	sign := string(m)
	if c := colours[m]; c != "" && s.colour {
		sign = "\x1b[" + c + "m" + sign + "\x1b[0m"
	}
	s.fold(strings.Repeat(" ", indent)+sign+" ", indent+2, text)
}

// detail prints what belongs to the line before.
func (s *screen) detail(indent int, format string, args ...any) {
	s.fold(strings.Repeat(" ", indent+2), indent+2, fmt.Sprintf(format, args...))
}

// heading prints the title of the lines that follow.
func (s *screen) heading(text string) {
	text = visible(text)
	if s.colour {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	fmt.Fprintln(s, text)
}

// fold writes text after a prefix, and what does not fit into the width on the lines
// below, indented. It breaks only at spaces.
func (s *screen) fold(prefix string, indent int, text string) {
	var b strings.Builder
	b.WriteString(prefix)
	column := indent
	for i, word := range strings.Fields(text) {
		word = visible(word)
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case s.width > 0 && column+1+length > s.width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += length
	}
	fmt.Fprintln(s, b.String())
}

// confirm asks a person a question that only y or yes answers with yes.
func (w world) confirm(question string) bool {
	fmt.Fprintf(w.stderr, "%s [y/N] ", visible(question))
	line, err := bufio.NewReader(w.stdin).ReadString('\n')
	if err != nil {
		fmt.Fprintln(w.stderr)
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

// tilde shortens a path for a person.
func tilde(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == string(filepath.Separator) {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return "~" + string(filepath.Separator) + rest
	}
	return path
}

// whole prints what a person may paste: on a line of its own, never folded.
func (s *screen) whole(indent int, text string) {
	fmt.Fprintln(s, strings.Repeat(" ", indent+2)+visible(text))
}

// visible is the one filter for everything printed: what would move the cursor, colour
// the text, or change the order of letters is escaped, so a terminal shows it.
func visible(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r) || r == '\t':
			b.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// printJSON writes a value for programs. What a terminal would obey is escaped.
func printJSON(w io.Writer, value any) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		return err
	}
	_, err := io.WriteString(w, escapedJSON(out.String()))
	return err
}

func printFix(s *screen, d denial.Diagnosis) {
	s.whole(0, d.Fix.String())
	if d.Page != "" {
		s.whole(0, d.Page)
	}
}

// escapedJSON is JSON with the same characters escaped, in JSON's way. The encoder has
// escaped the control characters that ASCII has, except DEL.
func escapedJSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r) || r == '\n':
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
