// Package terminal prints for a person.
//
// As gh does: a mark before a line says how things are, ✓ good, X bad, ! take care,
// - plain. Marks are coloured on a terminal, and not with NO_COLOR. In a pipe there is
// no colour and no folding. Much of the text comes from files and variables: see
// [Visible].
package terminal

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

	"golang.org/x/term"
)

// Mark is the sign before a line.
type Mark string

const (
	Good  Mark = "✓"
	Bad   Mark = "X"
	Care  Mark = "!"
	Plain Mark = "-"
)

var colours = map[Mark]string{Good: "32", Bad: "31", Care: "33"}

// Screen is where a person reads.
type Screen struct {
	io.Writer
	colour bool
	// width is the columns of a terminal, 0 in a pipe.
	width int
}

// NewScreen is the screen that writes to w. Colour and folding need a terminal there.
func NewScreen(w io.Writer) *Screen {
	s := &Screen{Writer: w}
	if IsTerminal(w) {
		s.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		s.width, _, _ = term.GetSize(int(w.(*os.File).Fd()))
	}
	return s
}

// IsTerminal reports whether one end of the program is a terminal.
func IsTerminal(end any) bool {
	file, ok := end.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// Say prints a marked line, indented, folded to the terminal's width.
func (s *Screen) Say(indent int, m Mark, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	sign := string(m)
	if c := colours[m]; c != "" && s.colour {
		sign = "\x1b[" + c + "m" + sign + "\x1b[0m"
	}
	s.fold(strings.Repeat(" ", indent)+sign+" ", indent+2, text)
}

// Detail prints what belongs to the line before.
func (s *Screen) Detail(indent int, format string, args ...any) {
	s.fold(strings.Repeat(" ", indent+2), indent+2, fmt.Sprintf(format, args...))
}

// Heading prints the title of the lines that follow.
func (s *Screen) Heading(text string) {
	text = Visible(text)
	if s.colour {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	fmt.Fprintln(s, text)
}

// fold writes text after a prefix, and what does not fit into the width on the lines
// below, indented. It breaks only at spaces.
func (s *Screen) fold(prefix string, indent int, text string) {
	var b strings.Builder
	b.WriteString(prefix)
	column := indent
	for i, word := range strings.Fields(text) {
		word = Visible(word)
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

// Confirm asks a person a question that only y or yes answers with yes.
func Confirm(stdin io.Reader, stderr io.Writer, question string) bool {
	fmt.Fprintf(stderr, "%s [y/N] ", Visible(question))
	line, err := bufio.NewReader(stdin).ReadString('\n')
	if err != nil {
		fmt.Fprintln(stderr)
	}
	answer := strings.ToLower(strings.TrimSpace(line))
	return answer == "y" || answer == "yes"
}

// Tilde shortens a path for a person.
func Tilde(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == string(filepath.Separator) {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return "~" + string(filepath.Separator) + rest
	}
	return path
}

// Whole prints what a person may paste: on a line of its own, never folded.
func (s *Screen) Whole(indent int, text string) {
	fmt.Fprintln(s, strings.Repeat(" ", indent+2)+Visible(text))
}

// Visible is the one filter for everything printed: what would move the cursor, colour
// the text, or change the order of letters is escaped, so a terminal shows it.
func Visible(text string) string {
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

// PrintJSON writes a value for programs. What a terminal would obey is escaped.
func PrintJSON(w io.Writer, value any) error {
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
