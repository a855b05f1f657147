package dockerconfig

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// HelperName is our name in credHelpers: docker puts docker-credential- before it.
const HelperName = "ghcr"

// Config is docker's config.json as it was read and as it will be written. It is a
// syntax tree that packs into the same bytes it was parsed from. It is read as
// docker reads it, with encoding/json: names in any case, repeated objects merged,
// the last of repeated strings.
type Config struct {
	path string      // as docker names it
	file string      // what is read and replaced: path, behind its links
	info fs.FileInfo // nil if there is no file

	before   []byte
	trailing []byte // text after the JSON, which docker ignores
	root     hujson.Value
	blank    bool // the new text has no object in it, only white space
	absent   bool // there will be no file
}

// Format prints only the path: the text has other people's secrets in it.
func (c *Config) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.path) }

// Path is the file as docker names it.
func (c *Config) Path() string { return c.path }

// Exists reports whether there is a file.
func (c *Config) Exists() bool { return c.info != nil }

// Trusted reports whether only this user, or root, can have written the file. If
// not, nothing that it names may be run.
func (c *Config) Trusted() bool { return c.info == nil || isTrusted(c.info) }

// Read reads the file. No file and a blank file are a config without settings. A
// text that docker does not accept is an error: docker then ignores the whole file.
func Read(path string) (*Config, error) {
	file, err := followLinks(path)
	if err != nil {
		return nil, err
	}
	c := &Config{path: path, file: file}
	c.info, c.before, err = readRegular(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.info, c.absent = nil, true
	case err != nil:
		return nil, c.failed(err)
	}
	return c, c.parse()
}

// Parse reads a text of the same form that is in no file, such as a variable's. name
// is what errors call it.
func Parse(name string, text []byte) (*Config, error) {
	c := &Config{path: name, before: text}
	return c, c.parse()
}

func (c *Config) parse() error {
	switch {
	case len(bytes.Trim(c.before, " \t\r\n")) == 0:
		c.blank = true
		c.root = hujson.Value{Value: &hujson.Object{}, AfterExtra: c.before}
		return nil
	case bytes.HasPrefix(c.before, []byte("\xef\xbb\xbf")):
		return c.wrong(0, "begins with a byte order mark, which docker does not accept", "save the file as UTF-8 without one")
	case bytes.HasPrefix(c.before, []byte("\xff\xfe")), bytes.HasPrefix(c.before, []byte("\xfe\xff")):
		return c.wrong(0, "is UTF-16, which docker does not accept", "save the file as UTF-8")
	}
	text, err := c.firstValue()
	if err != nil {
		return err
	}
	if c.root, err = hujson.Parse(text); err != nil {
		return c.failed(errors.New("is not JSON")) // its own words may quote a secret
	}
	return c.check()
}

// firstValue is the text that docker decodes: it stops after the first JSON value.
// encoding/json decides what is JSON, as it does in docker; hujson also accepts
// comments and trailing commas.
func (c *Config) firstValue() ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(c.before))
	if err := decoder.Decode(new(json.RawMessage)); err == nil {
		end := decoder.InputOffset()
		if rest := c.before[end:]; len(bytes.Trim(rest, " \t\r\n")) > 0 {
			c.trailing = rest
			return c.before[:end], nil
		}
		return c.before, nil
	}
	var syntax *json.SyntaxError
	if !errors.As(json.Unmarshal(c.before, new(json.RawMessage)), &syntax) {
		return nil, c.failed(errors.New("is not JSON"))
	}
	at := int(syntax.Offset) - 1
	fix := "correct the file"
	switch {
	case at == len(c.before)-1 && strings.Contains(syntax.Error(), "unexpected end"):
		at = len(c.before)
	case at >= 0 && (c.before[at] == '/' || c.before[at] == '#'):
		fix = "remove the comment: docker does not accept comments"
	}
	return nil, c.wrong(max(at, 0), syntax.Error(), fix)
}

// editable is an error if the file has text that an edit could not keep in place.
func (c *Config) editable() error {
	if len(c.trailing) == 0 {
		return nil
	}
	space := len(c.trailing) - len(bytes.TrimLeft(c.trailing, " \t\r\n"))
	return c.wrong(len(c.before)-len(c.trailing)+space, "there is text after the end of the JSON, which docker ignores", "remove that text")
}

// check refuses what docker cannot decode into its own types, as far as it concerns
// authentication.
func (c *Config) check() error {
	if kind := c.root.Value.Kind(); kind != '{' {
		return c.mistyped(c.root, "the top level", '{')
	}
	for _, m := range c.top().Members {
		switch key := memberName(m); {
		case strings.EqualFold(key, "credsStore"):
			if !isKind(m.Value, '"') {
				return c.mistyped(m.Value, key, '"')
			}
		case strings.EqualFold(key, "credHelpers"):
			if !isKind(m.Value, '{') {
				return c.mistyped(m.Value, key, '{')
			}
			for _, helper := range membersOf(m.Value) {
				if !isKind(helper.Value, '"') {
					return c.mistyped(helper.Value, fmt.Sprintf("%s[%q]", key, memberName(helper)), '"')
				}
			}
		case strings.EqualFold(key, "auths"):
			if !isKind(m.Value, '{') {
				return c.mistyped(m.Value, key, '{')
			}
			for _, entry := range membersOf(m.Value) {
				if err := c.checkAuth(fmt.Sprintf("%s[%q]", key, memberName(entry)), entry.Value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *Config) checkAuth(place string, entry hujson.Value) error {
	if !isKind(entry, '{') {
		return c.mistyped(entry, place, '{')
	}
	for _, m := range membersOf(entry) {
		field := strings.ToLower(memberName(m))
		if !isAuthField(field) {
			continue
		}
		if !isKind(m.Value, '"') {
			return c.mistyped(m.Value, place+"."+field, '"')
		}
		if _, _, ok := decodeAuth(stringOf(m.Value)); field == "auth" && !ok {
			return c.wrong(m.Value.StartOffset, place+".auth is not the base64 of user:secret, so docker ignores the whole file", "remove it")
		}
	}
	return nil
}

func (c *Config) mistyped(v hujson.Value, place string, want hujson.Kind) error {
	return c.wrong(v.StartOffset, fmt.Sprintf("%s is %s, not %s", place, kindNames[v.Value.Kind()], kindNames[want]), "correct the file")
}

var kindNames = map[hujson.Kind]string{
	'{': "an object", '[': "an array", '"': "a string", '0': "a number", 't': "true", 'f': "false", 'n': "null",
}

// wrong is an error at a place in the text, counted as editors count: lines and
// characters, from one.
func (c *Config) wrong(offset int, what, fix string) error {
	text := c.before[:min(offset, len(c.before))]
	lineStart := bytes.LastIndexByte(text, '\n') + 1
	return &Error{
		Path:   c.path,
		Line:   bytes.Count(text, []byte("\n")) + 1,
		Column: utf8.RuneCount(text[lineStart:]) + 1,
		Err:    errors.New(what),
		Fix:    fix,
	}
}

func (c *Config) failed(err error) error {
	e := &Error{Path: c.path, Err: withoutPath(err), Fix: fixFor(err, filepath.Dir(c.file))}
	if c.file != c.path {
		e.Err = fmt.Errorf("%w (the file is %s)", e.Err, c.file)
	}
	return e
}

func (c *Config) top() *hujson.Object { return c.root.Value.(*hujson.Object) }

// bytes is the text as edited.
func (c *Config) bytes() []byte {
	if c.blank {
		return append(bytes.Clone(c.root.BeforeExtra), c.root.AfterExtra...)
	}
	return append(c.root.Pack(), c.trailing...)
}

// Changed reports whether there is anything to write.
func (c *Config) Changed() bool {
	return c.absent != (c.info == nil) || !bytes.Equal(c.before, c.bytes())
}
