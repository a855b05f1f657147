package dockerconfig

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// configOf parses a text as if it had been read; nil is no file.
func configOf(t testing.TB, text []byte) *Config {
	t.Helper()
	c := &Config{path: "config.json", before: text, absent: text == nil}
	if err := c.parse(); err != nil {
		t.Fatal(err)
	}
	return c
}

// written is the text that would be read after c was written, nil for no file.
func written(c *Config) []byte {
	if c.absent {
		return nil
	}
	return append([]byte{}, c.bytes()...)
}

// setUp does to a config what setup does to one that has no other helper or
// with --force.
func setUp(c *Config, r *Changes, registries ...string) {
	if !c.HasAuth() {
		c.SetCredsStore("pass", r)
	}
	for _, registry := range registries {
		c.SetHelper(registry, r)
	}
}

func TestDockerConfigPathIsDockersOwn(t *testing.T) {
	t.Parallel()
	env := func(value string) func(string) string {
		return func(name string) string {
			if name == "DOCKER_CONFIG" {
				return value
			}
			return ""
		}
	}
	home, dir := t.TempDir(), t.TempDir()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ variable, home, want string }{
		{"", home, filepath.Join(home, ".docker", "config.json")},
		{dir, home, filepath.Join(dir, "config.json")},
		{dir, "", filepath.Join(dir, "config.json")},
		{"relative", home, filepath.Join(here, "relative", "config.json")},
	} {
		if got, err := Path(env(test.variable), test.home); err != nil || got != test.want {
			t.Errorf("DOCKER_CONFIG=%q, home %q: got %s, %v, want %s", test.variable, test.home, got, err, test.want)
		}
	}
	if path, err := Path(env(""), ""); err == nil {
		t.Errorf("without a home: %s", path)
	}
}

func TestDockerConfigSaysWhereItIsBroken(t *testing.T) {
	t.Parallel()
	auth := base64.StdEncoding.EncodeToString([]byte("octocat"))
	for _, test := range []struct {
		name, text   string
		line, column int
		says         string
	}{
		{"a comment", "{\n  // mine\n  \"auths\": {}\n}", 2, 3, "invalid character '/'"},
		{"a block comment behind a value", "{\"a\": 1 /* one */}", 1, 9, "invalid character '/'"},
		{"a hash comment", "# mine\n{}", 1, 1, "invalid character '#'"},
		{"a trailing comma", "{\r\n\t\"auths\": {},\r\n}", 3, 1, "invalid character '}'"},
		{"characters, not bytes, are counted", "{\"käse\": «}", 1, 10, "invalid character"},
		{"cut off", "{\n\t\"auths\": {", 2, 12, "unexpected end"},
		{"cut off behind a line end", "{\n\t\"auths\": {\n", 3, 1, "unexpected end"},
		{"zero bytes", "\x00\x00", 1, 1, "invalid character"},
		{"single quotes", "{'auths': {}}", 1, 2, `invalid character '\''`},
		{"a raw line end in a string", "{\"a\": \"b\nc\"}", 1, 9, "in string literal"},
		{"a bad escape", `{"a": "\x"}`, 1, 9, "in string escape code"},
		{"a bad number", `{"a": 01}`, 1, 8, "invalid character '1'"},
		{"a byte order mark", "\xef\xbb\xbf{}", 1, 1, "byte order mark"},
		{"UTF-16", "\xff\xfe{\x00}\x00", 1, 1, "UTF-16"},
		{"top level an array", "\n []", 2, 2, "the top level is an array, not an object"},
		{"top level null", "null", 1, 1, "the top level is null, not an object"},
		{"credHelpers a string", "{\n\t\"credHelpers\": \"ghcr\"\n}", 2, 17, "credHelpers is a string, not an object"},
		{"credHelpers in capitals", `{"CREDHELPERS": []}`, 1, 17, "CREDHELPERS is an array, not an object"},
		{"a helper that is none", `{"credHelpers": {"ghcr.io": {}}}`, 1, 29, `credHelpers["ghcr.io"] is an object, not a string`},
		{"credsStore a number", `{"credsStore": 1}`, 1, 16, "credsStore is a number, not a string"},
		{"auths true", `{"auths": true}`, 1, 11, "auths is true, not an object"},
		{"an entry that is a string", `{"auths": {"ghcr.io": "x"}}`, 1, 23, `auths["ghcr.io"] is a string, not an object`},
		{"a password that is a number", `{"auths": {"ghcr.io": {"password": 7}}}`, 1, 36, `auths["ghcr.io"].password is a number, not a string`},
		{"auth that is not base64", `{"auths": {"a": {"auth": "!"}}}`, 1, 26, `auths["a"].auth is not the base64`},
		{"auth without a colon", `{"auths": {"a": {"auth": "` + auth + `"}}}`, 1, 26, `auths["a"].auth is not the base64`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config.json")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			err := edit(t, path, func(c *Config) error {
				t.Error("edited")
				return nil
			})
			var broken *Error
			if !errors.As(err, &broken) {
				t.Fatalf("got %v", err)
			}
			if broken.Line != test.line || broken.Column != test.column || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want it at %d:%d to say %s", err, test.line, test.column, test.says)
			}
			if !strings.HasPrefix(err.Error(), fmt.Sprintf("%s:%d:%d: ", path, test.line, test.column)) || broken.Fix == "" {
				t.Errorf("no place or no fix: %v (%s)", err, broken.Fix)
			}
			if text, _ := os.ReadFile(path); string(text) != test.text {
				t.Errorf("the file changed: %q", text)
			}
			if left := namesIn(t, filepath.Dir(path)); !slices.Equal(left, []string{"config.json"}) {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestDockerConfigErrorsDoNotQuoteSecrets(t *testing.T) {
	t.Parallel()
	const canary = "ghp_canaryNotAToken"
	auth := base64.StdEncoding.EncodeToString([]byte(canary))
	for _, text := range []string{
		`{"auths": {"ghcr.io": {"password": "` + canary + `\q"}}}`,
		`{"auths": {"ghcr.io": {"password": "` + canary,
		`{"auths": {"ghcr.io": {"auth": "` + auth + `"}}}`,
		`{"auths": {"ghcr.io": "` + canary + `"}}`,
		`{"auths": "` + canary + `"}`,
		`["` + canary + `"]`,
		canary,
	} {
		c := &Config{path: "config.json", before: []byte(text)}
		err := c.parse()
		if err == nil || strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), auth) {
			t.Errorf("%q: %v", text, err)
		}
	}
	c := configOf(t, []byte(`{"auths": {"ghcr.io": {"password": "`+canary+`"}}}`))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		if shown := fmt.Sprintf(verb+verb, c, c.Logins("ghcr.io")); strings.Contains(shown, canary) || strings.Contains(shown, fmt.Sprintf("%x", canary)) {
			t.Errorf("%s prints %s", verb, shown)
		}
	}
}

func TestDockerConfigLookups(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		helper     string
		named      bool
		store      string
		auth       bool
	}{
		{"blank", " \r\n\t", "", false, "", false},
		{"empty", "{}", "", false, "", false},
		{"empty objects", `{"auths":{},"credHelpers":{},"credsStore":""}`, "", false, "", false},
		{"nulls", `{"auths":null,"credHelpers":null,"credsStore":null}`, "", false, "", false},
		{"another registry", `{"credHelpers":{"gcr.io":"gcloud"}}`, "", false, "", true},
		{"ours", `{"credHelpers":{"ghcr.io":"ghcr"}}`, "ghcr", true, "", true},
		{"escaped", `{"cred\u0048elpers":{"\u0067hcr.io":"gh\u0063r"}}`, "ghcr", true, "", true},
		{"any case of the key", `{"credhelpers":{"ghcr.io":"ghcr"},"CREDSSTORE":"pass"}`, "ghcr", true, "pass", true},
		{"but not of the registry", `{"credHelpers":{"GHCR.IO":"ghcr","https://ghcr.io":"ghcr"}}`, "", false, "", true},
		{"the last of repeated names", `{"credHelpers":{"ghcr.io":"a","ghcr.io":"b"}}`, "b", true, "", true},
		{"repeated objects merged", `{"credHelpers":{"ghcr.io":"a"},"credHelpers":{"x":"b"}}`, "a", true, "", true},
		{"forgotten by null", `{"credHelpers":{"ghcr.io":"a"},"credHelpers":null}`, "", false, "", false},
		{"but a string is not", `{"credsStore":"pass","credsStore":null}`, "", false, "pass", true},
		{"a helper that is null", `{"credHelpers":{"ghcr.io":null}}`, "", true, "", true},
		{"an entry without a secret", `{"auths":{"ghcr.io":{}}}`, "", false, "", true},
		{"not at the top level", `{"x":{"credHelpers":{"ghcr.io":"ghcr"},"credsStore":"pass"}}`, "", false, "", false},
	} {
		c := configOf(t, []byte(test.text))
		helper, named := c.Helper("ghcr.io")
		if helper != test.helper || named != test.named || c.CredsStore() != test.store || c.HasAuth() != test.auth {
			t.Errorf("%s: helper %q %v, store %q, auth %v", test.name, helper, named, c.CredsStore(), c.HasAuth())
		}
		checkAgainstDocker(t, c, []byte(test.text))
	}
	c := configOf(t, []byte(`{"credHelpers":{"a":"ghcr","b":"gh","c":"ghcr","a":"ghcr"},"credHelpers":{"c":"gh","d":"ghcr"}}`))
	if ours := c.Registries(); !slices.Equal(ours, []string{"a", "d"}) {
		t.Errorf("our registries: %v", ours)
	}
}

func TestSetupWritesInTheFilesOwnManner(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, before, after string }{
		{"docker's manner", "{\n\t\"auths\": {\n\t\t\"x\": {}\n\t}\n}", "{\n\t\"auths\": {\n\t\t\"x\": {}\n\t},\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t}\n}"},
		{"two spaces", "{\n  \"credsStore\": \"pass\"\n}\n", "{\n  \"credsStore\": \"pass\",\n  \"credHelpers\": {\n    \"ghcr.io\": \"ghcr\"\n  }\n}\n"},
		{"minified", `{"credsStore":"pass"}`, `{"credsStore":"pass","credHelpers":{"ghcr.io":"ghcr"}}`},
		{"one line", `{"credsStore": "pass"}`, `{"credsStore": "pass", "credHelpers": {"ghcr.io": "ghcr"}}`},
		{"one line, spaced", `{ "credsStore": "pass", "a": 1 }`, `{ "credsStore": "pass", "a": 1, "credHelpers": { "ghcr.io": "ghcr" } }`},
		{"spaces before colons", "{\n \"credsStore\" : \"pass\"\n}", "{\n \"credsStore\" : \"pass\",\n \"credHelpers\" : {\n  \"ghcr.io\" : \"ghcr\"\n }\n}"},
		{"CRLF", "{\r\n\t\"credsStore\": \"pass\"\r\n}\r\n", "{\r\n\t\"credsStore\": \"pass\",\r\n\t\"credHelpers\": {\r\n\t\t\"ghcr.io\": \"ghcr\"\r\n\t}\r\n}\r\n"},
		{"uneven steps", "{\n   \"auths\": {\n     \"x\": {}\n   }\n}", "{\n   \"auths\": {\n     \"x\": {}\n   },\n   \"credHelpers\": {\n     \"ghcr.io\": \"ghcr\"\n   }\n}"},
		{"blank lines between", "{\n\n  \"auths\": {\"x\": {}},\n\n  \"a\": 1\n}", "{\n\n  \"auths\": {\"x\": {}},\n\n  \"a\": 1,\n  \"credHelpers\": {\n    \"ghcr.io\": \"ghcr\"\n  }\n}"},
		{"beside others", "{\n  \"credHelpers\": {\n    \"gcr.io\": \"gcloud\"\n  }\n}", "{\n  \"credHelpers\": {\n    \"gcr.io\": \"gcloud\",\n    \"ghcr.io\": \"ghcr\"\n  }\n}"},
		{"in place of another", `{"credHelpers":{"ghcr.io":"gh","x":"y"}}`, `{"credHelpers":{"ghcr.io":"ghcr","x":"y"}}`},
		{"empty credHelpers", "{\n\t\"credHelpers\": { },\n\t\"credsStore\": \"pass\"\n}", "{\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t},\n\t\"credsStore\": \"pass\"\n}"},
		{"credHelpers null", `{"credHelpers":null,"credsStore":"pass"}`, `{"credHelpers":{"ghcr.io":"ghcr"},"credsStore":"pass"}`},
		{"a store that is empty", `{"credsStore":""}`, `{"credsStore":"pass","credHelpers":{"ghcr.io":"ghcr"}}`},
		{"empty", "{}", "{\n\t\"credsStore\": \"pass\",\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t}\n}"},
		{"blank", "\n", "{\n\t\"credsStore\": \"pass\",\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t}\n}\n"},
		{"nothing to do", "{\"credHelpers\":{\"ghcr.io\":\"gh\\u0063r\"} }\n", "{\"credHelpers\":{\"ghcr.io\":\"gh\\u0063r\"} }\n"},
	} {
		c := configOf(t, []byte(test.before))
		setUp(c, &Changes{}, "ghcr.io")
		if got := string(c.bytes()); got != test.after {
			t.Errorf("%s:\n got %q\nwant %q", test.name, got, test.after)
		}
	}
	c := configOf(t, nil)
	setUp(c, &Changes{}, "ghcr.io")
	if got := string(c.bytes()); c.absent || got != "{\n\t\"credsStore\": \"pass\",\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t}\n}" {
		t.Errorf("without a file: %q, absent %v", got, c.absent)
	}
}

// The laws of the edit, over every text that docker accepts.
func checkEditLaws(t testing.TB, text []byte) {
	t.Helper()
	const registry = "ghcr.io"
	before := configOf(t, text)
	checkAgainstDocker(t, before, text)
	if name, _ := before.Helper(registry); strings.ContainsRune(name, utf8.RuneError) {
		return // no name of any program, and a record in JSON cannot hold it
	}
	if text != nil && !bytes.Equal(before.bytes(), text) {
		t.Fatalf("unedited text packs as %q", before.bytes())
	}

	var record Changes
	c := configOf(t, text)
	setUp(c, &record, registry)
	after := written(c)
	set := configOf(t, after)
	checkAgainstDocker(t, set, after)
	if helper, _ := set.Helper(registry); helper != HelperName {
		t.Fatalf("docker does not ask us:\n%s", after)
	}
	if before.HasAuth() && set.CredsStore() != before.CredsStore() || !before.HasAuth() && set.CredsStore() != "pass" {
		t.Fatalf("the store is %q, was %q", set.CredsStore(), before.CredsStore())
	}
	if got, want := withoutOurs(t, after), withoutOurs(t, text); !reflect.DeepEqual(got, want) {
		t.Fatalf("more than our keys differ:\n got %v\nwant %v", got, want)
	}

	again := record.clone(t)
	setUp(set, &again, registry)
	if !bytes.Equal(written(set), after) || !reflect.DeepEqual(again.clone(t), record.clone(t)) {
		t.Fatalf("the second time changes something: %q, %v", written(set), again)
	}

	// An entry of ours that setup found there has no record: undo removes it.
	if slices.Contains(before.Registries(), registry) {
		plain := configOf(t, after)
		plain.Undo([]string{registry}, &Changes{})
		if name, _ := plain.Helper(registry); name == HelperName {
			t.Fatal("an entry of ours that setup found there stays")
		}
		return
	}

	// With the record, which has been on disk, the bytes are back.
	undone := configOf(t, after)
	stored := record.clone(t)
	undone.Undo([]string{registry}, &stored)
	if got := written(undone); !bytes.Equal(got, text) || (got == nil) != (text == nil) {
		t.Fatalf("undone:\n got %q\nwant %q\nvia  %q", got, text, after)
	}
	if !reflect.DeepEqual(stored, Changes{}) {
		t.Fatalf("the record keeps %+v", stored)
	}

	// Without it our entry is gone, and nothing else.
	if _, named := before.Helper(registry); !named {
		plain := configOf(t, after)
		plain.Undo([]string{registry}, &Changes{})
		checkAgainstDocker(t, plain, written(plain))
		if helper, named := plain.Helper(registry); named {
			t.Fatalf("without a record %q is left", helper)
		}
		if plain.CredsStore() != set.CredsStore() {
			t.Fatalf("without a record the store became %q", plain.CredsStore())
		}
		if got, want := withoutOurs(t, written(plain)), withoutOurs(t, text); !reflect.DeepEqual(got, want) {
			t.Fatalf("without a record more than our keys differ:\n got %v\nwant %v", got, want)
		}
	} else {
		foreign := configOf(t, text)
		foreign.Undo([]string{registry}, &Changes{})
		if !bytes.Equal(written(foreign), text) {
			t.Fatalf("undo removed another's helper: %q", written(foreign))
		}
	}

	// Several registries, taken back in any order and in any number of runs.
	others := []string{"containers.a.ghe.com", registry, "containers.example.com"}
	if slices.Contains(before.Registries(), others[0]) || slices.Contains(before.Registries(), others[2]) {
		return
	}
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}} {
		var record Changes
		current := text
		for _, name := range others {
			c := configOf(t, current)
			setUp(c, &record, name)
			current = written(c)
		}
		for _, i := range order {
			c := configOf(t, current)
			record = record.clone(t)
			c.Undo([]string{others[i]}, &record)
			current = written(c)
		}
		if !bytes.Equal(current, text) || (current == nil) != (text == nil) {
			t.Fatalf("three registries undone in the order %v:\n got %q\nwant %q", order, current, text)
		}
	}

	checkUndoAfterRewrite(t, after, record.clone(t))
}

// checkUndoAfterRewrite lets another program write the file anew, as docker
// does, with a change of its own.
func checkUndoAfterRewrite(t testing.TB, after []byte, record Changes) {
	t.Helper()
	var values map[string]any
	if err := json.Unmarshal(after, &values); err != nil || hasFoldedRepeats(values) {
		return // docker would not have written it so
	}
	values["currentContext"] = "another"
	rewritten, err := json.MarshalIndent(values, "", "\t")
	if err != nil {
		return // a number that Go cannot hold
	}
	c := configOf(t, rewritten)
	before := c.CredsStore()
	was, recorded := record.Helpers["ghcr.io"]
	c.Undo([]string{"ghcr.io"}, &record)
	got := written(c)
	if name, named := c.Helper("ghcr.io"); recorded && named && (was == "" || name == HelperName) {
		t.Fatalf("still %q after a rewrite: %s", name, got)
	}
	if c.CredsStore() == "" && c.HasAuth() && before != "" {
		t.Fatalf("the default store is gone though something may be in it: %s", got)
	}
	if !reflect.DeepEqual(withoutOurs(t, got), withoutOurs(t, rewritten)) {
		t.Fatalf("undo after a rewrite changed more than ours:\n%s\n%s", rewritten, got)
	}
}

func hasFoldedRepeats(values map[string]any) bool {
	seen := map[string]bool{}
	for name := range values {
		for _, ours := range []string{"auths", "credHelpers", "credsStore"} {
			if strings.EqualFold(name, ours) {
				if seen[ours] {
					return true
				}
				seen[ours] = true
			}
		}
	}
	return false
}

// clone is the record after it was written to a file and read again.
func (r Changes) clone(t testing.TB) Changes {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var clone Changes
	if err := json.Unmarshal(text, &clone); err != nil {
		t.Fatal(err)
	}
	return clone
}

// dockersView is how docker's own types decode the file (cli/config/configfile).
type dockersView struct {
	Auths map[string]struct {
		Auth          string `json:"auth"`
		Username      string `json:"username"`
		Password      string `json:"password"`
		ServerAddress string `json:"serveraddress"`
		IdentityToken string `json:"identitytoken"`
		RegistryToken string `json:"registrytoken"`
	} `json:"auths"`
	CredsStore  string            `json:"credsStore"`
	CredHelpers map[string]string `json:"credHelpers"`
}

// checkAgainstDocker holds what we read against docker's decoder.
func checkAgainstDocker(t testing.TB, c *Config, text []byte) {
	t.Helper()
	var view dockersView
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&view); err != nil && err != io.EOF {
		t.Fatalf("docker does not take what we took: %v\n%s", err, text)
	}
	for registry, want := range view.CredHelpers {
		if got, ok := c.Helper(registry); !ok || got != want {
			t.Fatalf("docker asks %q for %q, we read %q, %v", want, registry, got, ok)
		}
	}
	if _, named := view.CredHelpers["ghcr.io"]; !named {
		if name, ok := c.Helper("ghcr.io"); ok {
			t.Fatalf("docker uses no helper for ghcr.io, we read %q", name)
		}
	}
	if c.CredsStore() != view.CredsStore {
		t.Fatalf("docker reads the store %q, we %q", view.CredsStore, c.CredsStore())
	}
	if auth := view.CredsStore != "" || len(view.CredHelpers) > 0 || len(view.Auths) > 0; c.HasAuth() != auth {
		t.Fatalf("docker sees authentication: %v, we: %v", auth, c.HasAuth())
	}
}

// withoutOurs decodes a text, order and repeated names kept, and leaves out
// what is ours to change.
func withoutOurs(t testing.TB, text []byte) any {
	t.Helper()
	if len(bytes.TrimSpace(text)) == 0 {
		return []member{}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	top := ordered(t, d).([]member)
	top = slices.DeleteFunc(top, func(m member) bool {
		return strings.EqualFold(m.name, "credsStore") && (m.value == "pass" || m.value == "" || m.value == nil)
	})
	for i := range top {
		if helpers, ok := top[i].value.([]member); ok && strings.EqualFold(top[i].name, "credHelpers") {
			top[i].value = slices.DeleteFunc(helpers, func(m member) bool { return m.name == "ghcr.io" })
		}
	}
	return slices.DeleteFunc(top, func(m member) bool {
		return strings.EqualFold(m.name, "credHelpers") && (m.value == nil || reflect.DeepEqual(m.value, []member{}))
	})
}

type member struct {
	name  string
	value any
}

func ordered(t testing.TB, d *json.Decoder) any {
	t.Helper()
	next := func() json.Token {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	switch token := next(); token {
	case json.Delim('{'):
		members := []member{}
		for d.More() {
			name := next().(string)
			members = append(members, member{name, ordered(t, d)})
		}
		next()
		return members
	case json.Delim('['):
		values := []any{}
		for d.More() {
			values = append(values, ordered(t, d))
		}
		next()
		return values
	default:
		return token
	}
}

func collectedConfigs(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "config", "*.json"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d collected files, %v", len(files), err)
	}
	configs := map[string][]byte{"no file": nil, "an empty file": {}, "white space": []byte(" \r\n\t")}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		var compact, wide bytes.Buffer
		if err := errors.Join(json.Compact(&compact, text), json.Indent(&wide, text, " ", "    ")); err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		configs[name] = text
		configs[name+", CRLF"] = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
		configs[name+", no final newline"] = bytes.TrimRight(text, "\n")
		configs[name+", minified"] = compact.Bytes()
		configs[name+", indented"] = wide.Bytes()
	}
	return configs
}

func TestSetupAndUndoKeepEveryByteOfCollectedFiles(t *testing.T) {
	t.Parallel()
	for name, text := range collectedConfigs(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkEditLaws(t, text)
		})
	}
}

func TestSetupAndUndoKeepEveryByteOfGeneratedFiles(t *testing.T) {
	t.Parallel()
	for seed := range int64(1000) {
		checkEditLaws(t, generatedConfig(rand.New(rand.NewSource(seed))))
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func TestSetupAndUndoKeepEveryByteOfALargeFile(t *testing.T) {
	t.Parallel()
	text := []byte("{\n\t\"auths\": {")
	for i := 0; len(text) < 5<<20; i++ {
		text = fmt.Appendf(text, "\n\t\t\"registry-%d.example.com\": {\"unknown\": [%d.50, \"\\u00e9\", {}]},", i, i)
	}
	text = append(text, "\n\t\t\"last\": {}\n\t}\n}"...)
	var record Changes
	c := configOf(t, text)
	setUp(c, &record, "ghcr.io")
	after := c.bytes()
	if len(after) <= len(text) || !bytes.HasPrefix(after, text[:len(text)-2]) {
		t.Fatal("more than an addition at the end")
	}
	c = configOf(t, after)
	c.Undo([]string{"ghcr.io"}, &record)
	if !bytes.Equal(c.bytes(), text) {
		t.Fatal("undo does not give the same bytes back")
	}
}

func FuzzEdit(f *testing.F) {
	for _, text := range collectedConfigs(f) {
		f.Add(text)
	}
	for seed := range int64(50) {
		f.Add(generatedConfig(rand.New(rand.NewSource(seed))))
	}
	f.Add([]byte("{}//"))
	f.Add([]byte(`{"credHelpers":{"ghcr.io":"gh"},"credHelpers":{"ghcr.io":"ghcr"},"credHelpers":null,"K":"\u212a"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := &Config{path: "config.json", before: text}
		if c.parse() != nil {
			return
		}
		if len(text) == 0 {
			text = []byte{}
		}
		checkEditLaws(t, text)
		for _, l := range c.Logins("ghcr.io") {
			c.RemoveLogin(l)
		}
		if left := configOf(t, c.bytes()).Logins("ghcr.io"); len(left) > 0 {
			t.Fatalf("a secret under %q stays", left[0].Key)
		}
	})
}

// generatedConfig is a valid file in some manner of writing, with docker's keys
// and others in any order and number, or, now and then, no file.
func generatedConfig(r *rand.Rand) []byte {
	g := generator{Rand: r}
	switch {
	case r.Intn(40) == 0:
		return nil
	case r.Intn(40) == 0:
		return []byte(g.blank())
	case r.Intn(3) == 0:
		g.wild = true
	}
	g.eol = []string{"", "\n", "\n", "\r\n"}[r.Intn(4)]
	g.step = []string{"\t", "  ", "    ", " ", ""}[r.Intn(5)]
	g.colon = []string{":", ": ", " : ", ":  "}[r.Intn(4)]
	g.pad = []string{"", " "}[r.Intn(2)]
	text := g.object(0, g.topMember)
	return []byte(g.blank() + text + []string{"", "\n", "\r\n", "\n\n"}[r.Intn(4)])
}

type generator struct {
	*rand.Rand
	wild                  bool // white space anywhere
	eol, step, colon, pad string
}

func (g generator) blank() string {
	if !g.wild {
		return ""
	}
	return strings.Repeat(" ", g.Intn(2)) + strings.Repeat("\t", g.Intn(2)) + strings.Repeat("\r\n", g.Intn(2)) + strings.Repeat("\n", g.Intn(2))
}

func (g generator) pick(from ...string) string { return from[g.Intn(len(from))] }

func (g generator) object(depth int, member func(depth int) (name, value string)) string {
	n := g.Intn(5)
	if n == 0 {
		return "{" + g.pick("", " ", "\n", g.eol+strings.Repeat(g.step, depth)) + g.blank() + "}"
	}
	before, after := g.pad, g.pad
	if g.eol != "" {
		before, after = g.eol+strings.Repeat(g.step, depth+1), g.eol+strings.Repeat(g.step, depth)
	}
	var b strings.Builder
	b.WriteString("{")
	for i := range n {
		if i > 0 {
			b.WriteString(g.blank() + ",")
		}
		name, value := member(depth + 1)
		b.WriteString(before + g.blank() + name + g.blank() + g.colon + g.blank() + value)
	}
	return b.String() + g.blank() + after + "}"
}

func (g generator) topMember(depth int) (string, string) {
	switch g.Intn(8) {
	case 0, 1:
		name := g.pick(`"credHelpers"`, `"credHelpers"`, `"credHelpers"`, `"CredHelpers"`, `"cred\u0048elpers"`, `"credHelper\u017f"`)
		if g.Intn(6) == 0 {
			return name, "null"
		}
		return name, g.object(depth, func(int) (string, string) {
			return g.pick(`"ghcr.io"`, `"gcr.io"`, `"GHCR.IO"`, `"gh\u0063r.io"`, `"containers.example.com"`),
				g.pick(`"ghcr"`, `"gcloud"`, `"desk\u0074op"`, `""`, `null`)
		})
	case 2:
		return g.pick(`"credsStore"`, `"credsStore"`, `"credsstore"`), g.pick(`"desktop"`, `"pass"`, `"p\u0061ss"`, `""`, `null`)
	case 3, 4:
		if g.Intn(6) == 0 {
			return `"auths"`, "null"
		}
		return g.pick(`"auths"`, `"Auths"`), g.object(depth, func(depth int) (string, string) {
			return g.pick(`"ghcr.io"`, `"https://ghcr.io/v1/"`, `"GHCR.IO"`, `"x.example.com"`), g.object(depth, func(int) (string, string) {
				return g.pick(`"auth"`, `"Auth"`), g.pick(`""`, `"b2N0b2NhdDpub3Rob25l"`, `null`)
			})
		})
	}
	return g.pick(`"psFormat"`, `"unknown"`, `"unknown"`, `"caf\u00e9"`, `"café"`, `""`, `"\u0000"`), g.value(depth)
}

func (g generator) value(depth int) string {
	switch g.Intn(7 - min(depth, 2)) {
	case 0:
		return g.pick("true", "false", "null")
	case 1:
		return g.pick("0", "-0.0", "1e400", "12345678901234567890123456789", "1.10", "-1E-7")
	case 2, 3:
		return g.pick(`""`, `"\u00e9\/\ud83d\udc33"`, `"\ud800"`, `"a\"b\\c"`, `"// not a comment"`, "\"\xff\"", `"{\"credHelpers\":{}}"`)
	case 4:
		return "[" + g.blank() + g.value(depth+1) + g.blank() + "," + g.pad + g.value(depth+1) + "]"
	}
	if depth > 4 {
		return "[]"
	}
	return g.object(depth, func(depth int) (string, string) {
		return g.pick(`"credHelpers"`, `"a"`, `"ghcr.io"`), g.value(depth)
	})
}

func TestUndoTakesBackOnlyWhatStillIsOurs(t *testing.T) {
	t.Parallel()
	empty, none := " ", ""
	for _, test := range []struct {
		name, text string
		record     Changes
		want       string
	}{
		{"the user chose another helper since", `{"credHelpers":{"ghcr.io":"gh"}}`,
			Changes{Helpers: map[string]string{"ghcr.io": ""}, CredHelpers: &none}, `{"credHelpers":{"ghcr.io":"gh"}}`},
		{"another helper was there before", `{"credHelpers":{"ghcr.io":"ghcr"}}`,
			Changes{Helpers: map[string]string{"ghcr.io": `"g\u0068"`}}, `{"credHelpers":{"ghcr.io":"g\u0068"}}`},
		{"credHelpers got another member since", `{"credHelpers":{"ghcr.io":"ghcr","gcr.io":"gcloud"}}`,
			Changes{Helpers: map[string]string{"ghcr.io": ""}, CredHelpers: &none}, `{"credHelpers":{"gcr.io":"gcloud"}}`},
		{"the store may hold something", `{"auths":{"quay.io":{}},"credsStore":"pass","credHelpers":{"ghcr.io":"ghcr"}}`,
			Changes{Helpers: map[string]string{"ghcr.io": ""}, CredHelpers: &none, CredsStore: "pass"}, `{"auths":{"quay.io":{}},"credsStore":"pass"}`},
		{"the store is another since", `{"credsStore":"desktop","credHelpers":{"ghcr.io":"ghcr"}}`,
			Changes{Helpers: map[string]string{"ghcr.io": ""}, CredHelpers: &none, CredsStore: "pass"}, `{"credsStore":"desktop"}`},
		{"the store was empty", `{"credsStore":"pass","credHelpers":{"ghcr.io":"ghcr"}}`,
			Changes{Helpers: map[string]string{"ghcr.io": ""}, CredHelpers: &none, CredsStore: "pass", CredsStoreWas: `""`}, `{"credsStore":""}`},
		{"the object was empty, but is not now", `{"credHelpers":{"ghcr.io":"ghcr"},"a":1}`,
			Changes{Helpers: map[string]string{"ghcr.io": ""}, CredHelpers: &none, Object: &empty}, `{"a":1}`},
		{"another registry of ours stays", `{"credsStore":"pass","credHelpers":{"a":"ghcr","ghcr.io":"ghcr"}}`,
			Changes{Helpers: map[string]string{"a": "", "ghcr.io": ""}, CredHelpers: &none, CredsStore: "pass"}, `{"credsStore":"pass","credHelpers":{"a":"ghcr"}}`},
		{"there was no file, but docker wrote to it", "{\n\t\"auths\": {},\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t}\n}",
			Changes{Helpers: map[string]string{"ghcr.io": ""}, CredHelpers: &none, File: "absent"}, "{\n\t\"auths\": {}\n}"},
		{"a damaged record writes nothing odd", `{"credHelpers":{"ghcr.io":"ghcr"}}`,
			Changes{Helpers: map[string]string{"ghcr.io": `"a","b":"c"`}, CredHelpers: new(`"x"`), Object: new("//")}, `{"credHelpers":{}}`},
		{"a damaged record of an empty object", `{"credHelpers":{"ghcr.io":"ghcr"}}`,
			Changes{Helpers: map[string]string{"ghcr.io": ""}, CredHelpers: &none, Object: new("//")}, `{}`},
		{"no record, repeated entries", `{"credHelpers":{"ghcr.io":"ghcr", "x":"y" ,"ghcr.io":"ghcr"}}`, Changes{}, `{"credHelpers":{"x":"y" }}`},
		{"no record, nothing of ours", ` { "credHelpers" : { } } `, Changes{}, ` { "credHelpers" : { } } `},
	} {
		c := configOf(t, []byte(test.text))
		c.Undo([]string{"ghcr.io"}, &test.record)
		if got := string(c.bytes()); got != test.want || c.absent {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestLeftoversAreFoundInEverySpelling(t *testing.T) {
	t.Parallel()
	auth := base64.StdEncoding.EncodeToString([]byte("octocat:ghp_leftover"))
	for key, found := range map[string]bool{
		"ghcr.io": true, "https://ghcr.io": true, "https://ghcr.io/": true, "https://ghcr.io/v1/": true, "https://ghcr.io/v2/": true,
		"http://ghcr.io": true, "ghcr.io:443": true, "https://ghcr.io:443": true, "ghcr.io/owner": true, "ghcr.io/owner/image": true,
		"GHCR.IO": true, "HTTPS://Ghcr.io/V1/": true,
		"ghcr.io.example.com": false, "evilghcr.io": false, "https://example.com/ghcr.io": false, "ghcr.io:5000": false,
		"ftp://ghcr.io": false, "ghcr.io.": false, "user@ghcr.io": false, "docker.pkg.github.com": false, "": false,
	} {
		name, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		c := configOf(t, fmt.Appendf(nil, `{"auths":{%s:{"auth":%q}}}`, name, auth))
		left := c.Logins("ghcr.io")
		if !found {
			if len(left) > 0 {
				t.Errorf("%q is taken for ghcr.io", key)
			}
			continue
		}
		if len(left) != 1 || left[0].Key != key || left[0].Field != "auth" || left[0].User != "octocat" || left[0].Secret() != "ghp_leftover" {
			t.Errorf("%q: %v", key, left)
			continue
		}
		c.RemoveLogin(left[0])
		if got, want := string(c.bytes()), fmt.Sprintf(`{"auths":{%s:{}}}`, name); got != want {
			t.Errorf("removed: %s, want %s", got, want)
		}
	}
}

func TestLeftoversOfEveryKind(t *testing.T) {
	t.Parallel()
	encoded := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, test := range []struct {
		name, entry string
		want        []string // field, user and secret
		after       string
	}{
		{"an empty marker", `{}`, nil, `{}`},
		{"null", `null`, nil, `null`},
		{"a user alone", `{"username":"octocat"}`, nil, `{"username":"octocat"}`},
		{"user and password", `{"username":"octocat","password":"ghp_p"}`, []string{"password octocat ghp_p"}, `{}`},
		{"password before user", `{"Password":"ghp_p","USERNAME":"octocat"}`, []string{"password octocat ghp_p"}, `{}`},
		{"the same twice", `{"username":"octocat","password":"ghp_p","auth":"` + encoded("octocat:ghp_p") + `"}`, []string{"password octocat ghp_p"}, `{}`},
		{"a colon in the secret", `{"auth":"` + encoded("octocat:a:b") + `"}`, []string{"auth octocat a:b"}, `{}`},
		{"zero bytes behind", `{"auth":"` + encoded("octocat:ghp_p\x00\x00") + `"}`, []string{"auth octocat ghp_p"}, `{}`},
		{"identity token", `{"auth":"` + encoded("<token>:") + `","identitytoken":"t"}`, []string{"identitytoken  t"}, `{}`},
		{"registry token", `{"registrytoken":"t"}`, []string{"registrytoken  t"}, `{}`},
		{"what is not docker's stays", `{"auth":"` + encoded("octocat:p") + `","email":"octocat@example.com"}`, []string{"auth octocat p"}, `{"email":"octocat@example.com"}`},
		{"two of them", `{"username":"octocat","password":"a","identitytoken":"b"}`, []string{"password octocat a", "identitytoken octocat b"}, `{}`},
		{"written over lines", "{\n\t\"auth\": \"" + encoded("octocat:p") + "\"\n}", []string{"auth octocat p"}, `{}`},
		{"no secret", `{"auth":"` + encoded("octocat:") + `"}`, nil, `{"auth":"` + encoded("octocat:") + `"}`},
	} {
		c := configOf(t, []byte(`{"auths":{"ghcr.io":`+test.entry+`},"x":1}`))
		var got []string
		left := c.Logins("ghcr.io")
		for _, l := range left {
			got = append(got, l.Field+" "+l.User+" "+l.Secret())
			c.RemoveLogin(l)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if got, want := string(c.bytes()), `{"auths":{"ghcr.io":`+test.after+`},"x":1}`; got != want {
			t.Errorf("%s: left %s, want %s", test.name, got, want)
		}
	}

	// One of two goes: the user name stays with the other.
	c := configOf(t, []byte(`{"auths":{"ghcr.io":{"username":"octocat","password":"a","identitytoken":"b"},"ghcr.io":{"password":"a"},"https://ghcr.io":{"password":"a"}}}`))
	c.RemoveLogin(c.Logins("ghcr.io")[0])
	if got, want := string(c.bytes()), `{"auths":{"ghcr.io":{"username":"octocat","identitytoken":"b"},"ghcr.io":{},"https://ghcr.io":{"password":"a"}}}`; got != want {
		t.Errorf("one of two removed: %s, want %s", got, want)
	}
}

func TestUndoDoesNotBringSecretsBack(t *testing.T) {
	t.Parallel()
	auth := base64.StdEncoding.EncodeToString([]byte("octocat:ghp_leftover"))
	text := "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {\n\t\t\t\"auth\": \"" + auth + "\"\n\t\t}\n\t}\n}"
	c := configOf(t, []byte(text))
	var record Changes
	setUp(c, &record, "ghcr.io")
	c.RemoveLogin(c.Logins("ghcr.io")[0])
	stored, err := json.Marshal(record)
	if err != nil || strings.Contains(string(stored), auth) || strings.Contains(string(stored), "ghp_") {
		t.Errorf("the record says %s, %v", stored, err)
	}
	c = configOf(t, c.bytes())
	c.Undo([]string{"ghcr.io"}, &record)
	if got, want := string(c.bytes()), "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {}\n\t}\n}"; got != want {
		t.Errorf("undone: %q, want %q", got, want)
	}
}

func namesIn(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
