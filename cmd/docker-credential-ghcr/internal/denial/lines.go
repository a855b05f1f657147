package denial

import (
	"strings"
	"unicode/utf8"
)

// MaxText is how much of a text is read, in bytes from its end: logs end with what
// went wrong.
const MaxText = 256 << 10

// line is a line of a text, without colours, quoting and time stamps.
type line struct {
	text string
	// low is text in lower case, byte for byte.
	low string
	// joined is the number of the last line of what belongs together: a refusal of
	// this program has several lines. Else it is the line's own number.
	joined int
}

// linesOf makes any log plain: a terminal's with colours, one in JSON or logfmt with
// quotes and line breaks escaped, GitHub's with a time before each line.
func linesOf(text string) []line {
	text = text[max(0, len(text)-MaxText):]
	text = strings.ToValidUTF8(text, "?")
	text = unescape(withoutColours(text))
	var lines []line
	for raw := range strings.Lines(text) {
		plain := withoutTime(strings.TrimRight(raw, " \t\r\n"))
		lines = append(lines, line{plain, lowerASCII(plain), len(lines)})
	}
	if len(lines) == 0 {
		lines = []line{{}}
	}
	const begins, ends, most = "docker-credential-ghcr: error:", "docker-credential-ghcr: hint:", 40
	for n := range lines {
		if !strings.Contains(lines[n].low, begins) {
			continue
		}
		for end := n; end < len(lines) && end < n+most; end++ {
			if strings.Contains(lines[end].low, ends) {
				for k := n; k <= end; k++ {
					lines[k].joined = end
				}
				break
			}
		}
	}
	return lines
}

// lowerASCII keeps every byte in its place, which strings.ToLower does not.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// colours are what terminals obey, and what is left of it where the first byte got
// lost.
var colours = pattern(`\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\\+u001[bB]\[[0-9;]*m|\\(?:x1b|033|e)\[[0-9;]*m|\[(?:[0-9]{1,2};){0,4}[0-9]{1,2}m`)

func withoutColours(text string) string {
	if !strings.Contains(text, "[") && !strings.Contains(text, "\x1b") {
		return text
	}
	return colours().ReplaceAllString(text, "")
}

// unescape undoes what JSON, logfmt and addresses do to a text, however often they
// did it. What Go's fmt makes of an address's %2F is undone, too.
func unescape(text string) string {
	text = replaced(text,
		"%!A(MISSING)", ":", "%!F(MISSING)", "/", "%!C(MISSING)", ",", "%!D(MISSING)", "=", "%!(MISSING)", "%",
		"%3A", ":", "%3a", ":", "%2F", "/", "%2f", "/", "%2C", ",", "%2c", ",", "%40", "@", "%20", " ",
	)
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			next := strings.IndexByte(text[i:], '\\')
			if next < 0 {
				next = len(text) - i
			}
			b.WriteString(text[i : i+next])
			i += next
			continue
		}
		end := i
		for end < len(text) && text[end] == '\\' {
			end++
		}
		said, length := unescaped(text[end:])
		if length == 0 {
			said = text[i:end]
		}
		b.WriteString(said)
		i = end + length
	}
	return b.String()
}

// unescaped returns what an escape means whose backslashes are before text, and how
// much of text belongs to it; 0 if it is none.
func unescaped(text string) (said string, length int) {
	switch {
	case text == "":
		return "", 0
	case text[0] == '"' || text[0] == '/' || text[0] == '\'' || text[0] == '`':
		return text[:1], 1
	case text[0] == 'n' || text[0] == 'r':
		return "\n", 1
	case text[0] == 't':
		return " ", 1
	}
	for _, known := range []struct{ code, said string }{{"u003c", "<"}, {"u003e", ">"}, {"u0026", "&"}, {"u0027", "'"}, {"u003d", "="}, {"u002f", "/"}} {
		if len(text) >= len(known.code) && strings.EqualFold(text[:len(known.code)], known.code) {
			return known.said, len(known.code)
		}
	}
	return "", 0
}

// replaced replaces pairs of old and new, if there is one at all.
func replaced(text string, pairs ...string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// timeStamp is what GitHub Actions and other logs write before a line.
var timeStamp = pattern(`^\s?[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?\s`)

func withoutTime(text string) string {
	if len(text) < 20 || !strings.Contains(text[:6], "2") {
		return text
	}
	if at := timeStamp().FindStringIndex(text); at != nil {
		return text[at[1]:]
	}
	return text
}

// shown is a stranger's word in a form that can be printed: short, and of
// characters that nothing obeys.
func shown(word string, most int) string {
	var b strings.Builder
	for _, r := range word {
		if b.Len() >= most {
			break
		}
		if r >= ' ' && r < utf8.RuneSelf && r != '\x7f' {
			b.WriteRune(r)
		}
	}
	return b.String()
}
