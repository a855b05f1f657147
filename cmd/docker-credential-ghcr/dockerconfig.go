package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/tailscale/hujson"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/busy"
)

// What does docker's config.json say?
//
// The file is held as a syntax tree that packs into the very bytes it was
// parsed from, and read as docker reads it, with encoding/json: names in any
// case, repeated objects merged, the last of repeated strings.

// ourHelper is our name in credHelpers: docker puts docker-credential- before it.
const ourHelper = "ghcr"

const dockerConfigLimit = 16 << 20

var (
	errDockerConfigIsDir    = errors.New("is a directory")
	errDockerConfigReadOnly = errors.New("is read-only")
)

// dockerConfigError says what is the matter with config.json, where, and what mends it.
type dockerConfigError struct {
	path         string
	line, column int // 0 when the matter is not in the text
	err          error
	remedy       string
}

func (e *dockerConfigError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("%s: %v", e.path, e.err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.path, e.line, e.column, e.err)
}

func (e *dockerConfigError) Unwrap() error { return e.err }

// dockerConfigPath is where docker looks for its config.json.
func dockerConfigPath(getenv func(string) string, home string) (string, error) {
	dir := getenv("DOCKER_CONFIG")
	if dir == "" {
		if home == "" {
			return "", errors.New("no home directory; set HOME or DOCKER_CONFIG")
		}
		dir = filepath.Join(home, ".docker")
	}
	return filepath.Abs(filepath.Join(dir, "config.json"))
}

// dockerConfig is docker's config.json as it was read, and as it is to be.
type dockerConfig struct {
	path string      // as docker names it
	file string      // what is read and replaced: path, behind its links
	info fs.FileInfo // nil when there was no file

	before []byte
	root   hujson.Value // always an object
	bare   bool         // the text to be has no object in it, only white space
	absent bool         // there is to be no file
}

// Format prints the path alone: the text holds other people's secrets.
func (c *dockerConfig) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.path) }

// readDockerConfig reads the file. No file, and a blank one, is a config
// without settings. What docker would not accept is an error: docker then goes
// on without any of the file's settings, ours included.
func readDockerConfig(path string) (*dockerConfig, error) {
	file, err := followDockerConfig(path)
	if err != nil {
		return nil, err
	}
	c := &dockerConfig{path: path, file: file}
	c.info, c.before, err = readRegularFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.absent = true
	case err != nil:
		return nil, c.failed(err)
	}
	return c, c.parse()
}

func readRegularFile(file string) (fs.FileInfo, []byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, nil, err
	case info.IsDir():
		return nil, nil, errDockerConfigIsDir
	case !info.Mode().IsRegular():
		return nil, nil, errors.New("is not a regular file")
	case info.Size() > dockerConfigLimit:
		return nil, nil, fmt.Errorf("is larger than %d MiB", dockerConfigLimit>>20)
	}
	var text []byte
	err = busy.Insist(func() (err error) { text, err = os.ReadFile(file); return err })
	return info, text, err
}

// followDockerConfig finds the file behind links, which need not exist: docker
// writes through a dangling link too.
func followDockerConfig(path string) (string, error) {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", &dockerConfigError{path: path, err: withoutPath(err), remedy: remedyFor(err, filepath.Dir(path))}
	}
	file := path
	for range 40 {
		dir, err := filepath.EvalSymlinks(filepath.Dir(file))
		if err != nil {
			if file == path {
				return path, nil // the directory is yet to be made
			}
			return "", &dockerConfigError{path: path,
				err:    fmt.Errorf("is a link to %s: %w", file, withoutPath(err)),
				remedy: "make the directory " + filepath.Dir(file)}
		}
		file = filepath.Join(dir, filepath.Base(file))
		target, err := os.Readlink(file)
		if err != nil {
			return file, nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		file = target
	}
	return "", &dockerConfigError{path: path, err: errors.New("too many links")}
}

func (c *dockerConfig) parse() error {
	switch {
	case len(bytes.Trim(c.before, " \t\r\n")) == 0:
		c.bare = true
		c.root = hujson.Value{Value: &hujson.Object{}, AfterExtra: c.before}
		return nil
	case bytes.HasPrefix(c.before, []byte("\xef\xbb\xbf")):
		return c.wrong(0, "begins with a byte order mark, which docker does not accept", "save the file as UTF-8 without one")
	case bytes.HasPrefix(c.before, []byte("\xff\xfe")), bytes.HasPrefix(c.before, []byte("\xfe\xff")):
		return c.wrong(0, "is UTF-16, which docker does not accept", "save the file as UTF-8")
	}
	// encoding/json judges the text, as it does in docker; hujson alone would
	// take comments and trailing commas.
	var syntax *json.SyntaxError
	if err := json.Unmarshal(c.before, new(json.RawMessage)); errors.As(err, &syntax) {
		at := int(syntax.Offset) - 1
		remedy := "correct the file"
		switch {
		case at == len(c.before)-1 && strings.Contains(syntax.Error(), "unexpected end"):
			at = len(c.before)
		case at >= 0 && (c.before[at] == '/' || c.before[at] == '#'):
			remedy = "remove the comment: docker accepts none"
		}
		return c.wrong(max(at, 0), syntax.Error(), remedy)
	}
	var err error
	if c.root, err = hujson.Parse(c.before); err != nil {
		return c.failed(errors.New("is not JSON")) // never its own words: they may quote a secret
	}
	return c.check()
}

// check refuses what docker cannot decode into its own types, as far as they
// concern authentication.
func (c *dockerConfig) check() error {
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

func (c *dockerConfig) checkAuth(place string, entry hujson.Value) error {
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

func (c *dockerConfig) mistyped(v hujson.Value, place string, want hujson.Kind) error {
	return c.wrong(v.StartOffset, fmt.Sprintf("%s is %s, not %s", place, kindNames[v.Value.Kind()], kindNames[want]), "correct the file")
}

var kindNames = map[hujson.Kind]string{
	'{': "an object", '[': "an array", '"': "a string", '0': "a number", 't': "true", 'f': "false", 'n': "null",
}

// wrong is an error at a place in the text, counted as editors count: lines
// and characters, from one.
func (c *dockerConfig) wrong(offset int, what, remedy string) error {
	text := c.before[:min(offset, len(c.before))]
	lineStart := bytes.LastIndexByte(text, '\n') + 1
	return &dockerConfigError{
		path:   c.path,
		line:   bytes.Count(text, []byte("\n")) + 1,
		column: utf8.RuneCount(text[lineStart:]) + 1,
		err:    errors.New(what),
		remedy: remedy,
	}
}

func (c *dockerConfig) failed(err error) error {
	e := &dockerConfigError{path: c.path, err: withoutPath(err), remedy: remedyFor(err, filepath.Dir(c.file))}
	if c.file != c.path {
		e.err = fmt.Errorf("%w (the file is %s)", e.err, c.file)
	}
	return e
}

// withoutPath is an error without the path that the message names already.
func withoutPath(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

func remedyFor(err error, dir string) string {
	switch {
	case errors.Is(err, errDockerConfigIsDir):
		return "move the directory away"
	case errors.Is(err, errDockerConfigReadOnly):
		return "make the file writable"
	case isDiskFull(err):
		return "free some space where " + dir + " is"
	case errors.Is(err, syscall.EROFS):
		return dir + " cannot be written; change the file where it is made"
	case errors.Is(err, syscall.EBUSY):
		return "the file is mounted by itself; mount its directory, or change the file where it comes from"
	case errors.Is(err, fs.ErrPermission):
		return "run this as the owner of " + dir + ", or make directory and file yours"
	}
	return ""
}

func (c *dockerConfig) top() *hujson.Object { return c.root.Value.(*hujson.Object) }

// values are the values that docker reads under a top-level name, in order.
func (c *dockerConfig) values(name string) []*hujson.Value {
	var values []*hujson.Value
	for i := range c.top().Members {
		if m := &c.top().Members[i]; strings.EqualFold(memberName(*m), name) {
			values = append(values, &m.Value)
		}
	}
	return values
}

// objects are those of values that count: a null forgets what came before it.
func (c *dockerConfig) objects(name string) []*hujson.Object {
	var objects []*hujson.Object
	for _, v := range c.values(name) {
		if object, ok := v.Value.(*hujson.Object); ok {
			objects = append(objects, object)
		} else {
			objects = nil
		}
	}
	return objects
}

// helperFor is the credential helper that docker asks for the registry alone;
// the name is empty when the file forbids one.
func (c *dockerConfig) helperFor(registry string) (name string, ok bool) {
	if object, i := c.helperEntry(registry); object != nil {
		return stringOf(object.Members[i].Value), true
	}
	return "", false
}

func (c *dockerConfig) helperEntry(registry string) (*hujson.Object, int) {
	objects := c.objects("credHelpers")
	for o := len(objects) - 1; o >= 0; o-- {
		for i := len(objects[o].Members) - 1; i >= 0; i-- {
			if memberName(objects[o].Members[i]) == registry {
				return objects[o], i
			}
		}
	}
	return nil, 0
}

// asksUs reports whether docker asks us for the registry.
func (c *dockerConfig) asksUs(registry string) bool {
	helper, ok := c.helperFor(registry)
	if !ok {
		helper = c.credsStore()
	}
	return helper == ourHelper
}

// ourRegistries are those for which the file names us.
func (c *dockerConfig) ourRegistries() []string {
	var ours []string
	seen := map[string]bool{}
	for _, object := range c.objects("credHelpers") {
		for _, m := range object.Members {
			registry := memberName(m)
			if name, _ := c.helperFor(registry); name == ourHelper && !seen[registry] {
				seen[registry] = true
				ours = append(ours, registry)
			}
		}
	}
	return ours
}

// credsStore is the credential helper for all other registries, "" if none.
func (c *dockerConfig) credsStore() string {
	var store string
	for _, v := range c.values("credsStore") {
		if v.Value.Kind() == '"' {
			store = stringOf(*v)
		}
	}
	return store
}

// hasAuth is docker's own rule (ContainsAuth of its configfile package). While
// a file has no authentication, docker chooses a default store by itself.
func (c *dockerConfig) hasAuth() bool {
	return c.credsStore() != "" || c.hasMembers("credHelpers") || c.hasMembers("auths")
}

func (c *dockerConfig) hasMembers(name string) bool {
	for _, object := range c.objects(name) {
		if len(object.Members) > 0 {
			return true
		}
	}
	return false
}

// leftover is a secret in plain text that an earlier docker login left under auths.
type leftover struct {
	key    string // as the file spells the registry
	field  string // auth, password, identitytoken or registrytoken
	user   string // may be unknown
	secret func() string
}

// leftovers finds the registry's secrets under every spelling that some client
// looks up: with scheme, port or path, in capitals.
func (c *dockerConfig) leftovers(registry string) []leftover {
	var found []leftover
	for _, entry := range c.authEntries(registry) {
		var user string
		for _, m := range membersOf(*entry.value) {
			if strings.EqualFold(memberName(m), "username") {
				user = stringOf(m.Value)
			}
		}
		seen := map[string]bool{}
		for _, m := range membersOf(*entry.value) {
			owner, secret := secretIn(m)
			if secret == "" || seen[secret] {
				continue
			}
			seen[secret] = true
			if owner == "" {
				owner = user
			}
			found = append(found, leftover{
				key:    entry.key,
				field:  strings.ToLower(memberName(m)),
				user:   owner,
				secret: func() string { return secret },
			})
		}
	}
	return found
}

type authEntry struct {
	key   string
	value *hujson.Value
}

// authEntries are all entries for the registry, those included that docker no
// longer reads because the file repeats itself: the secret is there all the same.
func (c *dockerConfig) authEntries(registry string) []authEntry {
	var entries []authEntry
	for _, auths := range c.values("auths") {
		object, ok := auths.Value.(*hujson.Object)
		if !ok {
			continue
		}
		for i := range object.Members {
			m := &object.Members[i]
			if key := memberName(*m); registryOfAuthKey(key) == registry {
				entries = append(entries, authEntry{key, &m.Value})
			}
		}
	}
	return entries
}

func registryOfAuthKey(key string) string {
	key = strings.ToLower(key)
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	host, _, _ := strings.Cut(key, "/")
	return strings.TrimSuffix(host, ":443")
}

func isAuthField(name string) bool {
	switch strings.ToLower(name) {
	case "auth", "username", "password", "serveraddress", "identitytoken", "registrytoken":
		return true
	}
	return false
}

// secretIn is the secret that a member of an entry under auths holds, "" if none.
func secretIn(m hujson.ObjectMember) (user, secret string) {
	switch strings.ToLower(memberName(m)) {
	case "auth":
		user, secret, _ = decodeAuth(stringOf(m.Value))
	case "password", "identitytoken", "registrytoken":
		secret = stringOf(m.Value)
	}
	return user, secret
}

// decodeAuth reads docker's base64 of user:secret; none at all is in order.
func decodeAuth(auth string) (user, secret string, ok bool) {
	if auth == "" {
		return "", "", true
	}
	text, err := base64.StdEncoding.DecodeString(auth)
	if err != nil {
		return "", "", false
	}
	user, secret, ok = strings.Cut(string(text), ":")
	return user, strings.Trim(secret, "\x00"), ok && user != ""
}

func memberName(m hujson.ObjectMember) string { return stringOf(m.Name) }

// stringOf is a string value's text, "" for null.
func stringOf(v hujson.Value) string {
	if v.Value.Kind() != '"' {
		return ""
	}
	return v.Value.(hujson.Literal).String()
}

func membersOf(v hujson.Value) []hujson.ObjectMember {
	if object, ok := v.Value.(*hujson.Object); ok {
		return object.Members
	}
	return nil
}

// isKind: docker's decoder takes null for everything.
func isKind(v hujson.Value, kind hujson.Kind) bool {
	return v.Value.Kind() == kind || v.Value.Kind() == 'n'
}
