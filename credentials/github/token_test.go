package github

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	stdlog "log"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"text/template"
)

// As a child of a test, this binary does what the test wants done in a process of its
// own.
func TestMain(m *testing.M) {
	if child := os.Getenv("CHILD_OF_TEST"); child != "" {
		children[child]()
		return
	}
	os.Exit(m.Run())
}

// canary is the part of a token that must never be printed.
const canary = "CANARYsings"

func mustParse(t testing.TB, text string) Token {
	t.Helper()
	token, err := ParseToken(text)
	if err != nil {
		t.Fatalf("ParseToken(%q): %v", text, err)
	}
	return token
}

// shows reports whether a text gives the canary away, in a coat or without.
func shows(text string) bool {
	plainBytes := strings.Trim(fmt.Sprint([]byte(canary)), "[]")
	for _, coat := range []string{
		canary,
		hex.EncodeToString([]byte(canary)),
		base64.StdEncoding.EncodeToString([]byte(canary))[:12],
		plainBytes,
		strings.ReplaceAll(plainBytes, " ", ","),
		fmt.Sprintf("%#v", []byte(canary))[len("[]byte{"):20],
		strings.Trim(fmt.Sprintf("%b", []byte(canary)), "[]"),
		strings.Trim(fmt.Sprintf("%U", []rune(canary)), "[]"),
	} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(coat)) {
			return true
		}
	}
	return false
}

// holders are the ways in which a token may sit in other values.
type (
	exported   struct{ T Token }
	unexported struct{ t Token }
	embedded   struct{ Token }
	deep       struct {
		Exported   exported
		unexported unexported
		pointer    *unexported
		list       []Token
		byName     map[string]Token
		any        any
	}
	tokenError struct{ t Token }
)

func (tokenError) Error() string { return "the token is not good" }

func holding(t Token) map[string]any {
	list := []Token{t, t}
	return map[string]any{
		"the token":                  t,
		"a pointer to it":            &t,
		"an exported field":          exported{t},
		"an unexported field":        unexported{t},
		"an embedded field":          embedded{t},
		"a pointer to a struct":      &unexported{t},
		"a slice":                    list,
		"an array":                   [1]Token{t},
		"a slice of any":             []any{t, &t},
		"a map":                      map[string]Token{"a": t},
		"a map of structs":           map[string]unexported{"a": {t}},
		"a map of any":               map[string]any{"a": &unexported{t}},
		"everything":                 deep{exported{t}, unexported{t}, &unexported{t}, list, map[string]Token{"a": t}, t},
		"an error":                   tokenError{t},
		"its own method":             t.Reveal,
		"a function that returns it": func() Token { return t },
	}
}

func TestNoVerbOfFmtPrintsTheSecret(t *testing.T) {
	t.Parallel()
	for name, value := range holding(mustParse(t, "gho_"+canary)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, flags := range []string{"", "+", "#", "-60", "060", " ", "# ", "+#", ".3", "60.40"} {
				for _, verb := range "vTtbcdoOqxXUeEfFgGspwz" {
					format := "%" + flags + string(verb)
					if text := fmt.Sprintf(format, value); shows(text) {
						t.Errorf("%s prints %q", format, text)
					}
				}
			}
			for _, text := range []string{
				fmt.Sprint(value), fmt.Sprintln(value), fmt.Sprint(&value),
				fmt.Errorf("%v: %w", value, errors.New("no")).Error(),
				errors.Join(tokenError{}, fmt.Errorf("%v", value)).Error(),
			} {
				if shows(text) {
					t.Errorf("prints %q", text)
				}
			}
		})
	}
}

func TestNoEncoderWritesTheSecret(t *testing.T) {
	t.Parallel()
	encoders := map[string]func(any) string{
		"encoding/json": func(v any) string {
			text, err := json.Marshal(v)
			return fmt.Sprint(string(text), err)
		},
		"encoding/json, indented": func(v any) string {
			text, err := json.MarshalIndent(v, "", " ")
			return fmt.Sprint(string(text), err)
		},
		"encoding/xml": func(v any) string {
			text, err := xml.Marshal(v)
			return fmt.Sprint(string(text), err)
		},
		"encoding/gob": func(v any) string {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return fmt.Sprint(b.String(), err)
		},
		"text/template": func(v any) string {
			var b strings.Builder
			err := template.Must(template.New("").Parse("{{.}} {{print .}} {{printf `%#v` .}} {{js .}}")).Execute(&b, v)
			return fmt.Sprint(b.String(), err)
		},
		"html/template": func(v any) string {
			var b strings.Builder
			page := "<a href='{{.}}'>{{.}}</a><script>{{.}}</script>"
			err := htmltemplate.Must(htmltemplate.New("").Parse(page)).Execute(&b, v)
			return fmt.Sprint(b.String(), err)
		},
		"log": func(v any) string {
			var b strings.Builder
			stdlog.New(&b, "", 0).Print(v)
			return b.String()
		},
		"log/slog as text": func(v any) string {
			var b strings.Builder
			logger := slog.New(slog.NewTextHandler(&b, nil))
			logger.With("with", v).WithGroup("group").Info("message", "value", v, slog.Group("inner", slog.Any("v", v)))
			return b.String()
		},
		"log/slog as JSON": func(v any) string {
			var b strings.Builder
			logger := slog.New(slog.NewJSONHandler(&b, nil))
			logger.With("with", v).WithGroup("group").Info("message", "value", v, slog.Group("inner", slog.Any("v", v)))
			return b.String()
		},
	}
	for name, value := range holding(mustParse(t, "gho_"+canary)) {
		for encoder, encode := range encoders {
			t.Run(encoder+", "+name, func(t *testing.T) {
				t.Parallel()
				if text := encode(value); shows(text) {
					t.Errorf("writes %q", text)
				}
			})
		}
	}
}

func TestAMaskedTokenShowsItsPrefixOnly(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string]string{
		"gho_" + canary:                     "gho_****",
		"ghp_" + canary:                     "ghp_****",
		"ghs_" + canary:                     "ghs_****",
		"ghu_" + canary:                     "ghu_****",
		"ghr_" + canary:                     "ghr_****",
		"github_pat_" + canary:              "github_pat_****",
		"ghs_1_" + canary + ".b_c.d":        "ghs_****",
		canary:                              "****",
		"secret_" + canary:                  "****",
		strings.Repeat("0123456789", 4):     "****",
		"github_" + canary:                  "****",
		"gho" + canary:                      "****",
		"GHO_" + canary:                     "****",
		"gho_":                              "gho_****",
		"ghp_gho_" + canary:                 "ghp_****",
		"github_pat_11_" + canary + "_rest": "github_pat_****",
	} {
		token := mustParse(t, secret)
		for _, verb := range []string{"%v", "%s", "%+v", "%#v", "%q", "%x", "%X", "%d"} {
			if got := fmt.Sprintf(verb, token); got != want {
				t.Errorf("%s of %s is %q, want %q", verb, secret, got, want)
			}
		}
		text, err := json.Marshal(token)
		if string(text) != inJSON(want) || err != nil {
			t.Errorf("JSON of %s is %s, %v", secret, text, err)
		}
	}
	if got := (Token{}).String(); got != "(no token)" {
		t.Errorf("no token is %q", got)
	}
}

// children are what the test binary does as a child of a test.
var children = map[string]func(){
	"panic with a token":         func() { panic(canaryToken()) },
	"panic with a pointer":       func() { t := canaryToken(); panic(&t) },
	"panic with a struct":        func() { panic(exported{canaryToken()}) },
	"panic with a hidden field":  func() { panic(unexported{canaryToken()}) },
	"panic with a list":          func() { panic([]Token{canaryToken()}) },
	"panic with an error":        func() { panic(tokenError{canaryToken()}) },
	"panic with a wrapped error": func() { panic(fmt.Errorf("%w: %v", tokenError{canaryToken()}, canaryToken())) },
	"panic while a token is in use": func() {
		t := canaryToken()
		defer fmt.Fprint(os.Stderr, t)
		list := []Token{t}
		_ = list[len(t.String())]
	},
}

func canaryToken() Token {
	token, err := ParseToken("gho_" + canary)
	if err != nil {
		panic("no canary")
	}
	return token
}

// child is this test binary, about to do something else.
func child(t *testing.T, what string, env ...string) *exec.Cmd {
	t.Helper()
	if children[what] == nil {
		t.Fatalf("no child does %q", what)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self)
	command.Env = append(os.Environ(), "CHILD_OF_TEST="+what, "GOTRACEBACK=all", "GORACE=atexit_sleep_ms=0")
	command.Env = append(command.Env, env...)
	return command
}

func TestAPanicDoesNotPrintTheSecret(t *testing.T) {
	t.Parallel()
	for name := range children {
		if !strings.HasPrefix(name, "panic") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, err := child(t, name).CombinedOutput()
			if err == nil || !strings.Contains(string(output), "goroutine 1") {
				t.Fatalf("did not panic: %v, %s", err, output)
			}
			if shows(string(output)) {
				t.Errorf("prints\n%s", output)
			}
		})
	}
}

func TestParseTokenRefusesWhatCannotBeATokenWithoutRepeatingIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "is empty"},
		{"white space", " \t\r\n", "is empty"},
		{"a blank inside", "gho_" + canary + " x", "has a blank, control or non-ASCII character inside"},
		{"two lines", "gho_" + canary + "\ngho_x", "has a blank, control or non-ASCII character inside"},
		{"a carriage return", "gho_" + canary + "\rx", "has a blank, control or non-ASCII character inside"},
		{"a null byte", "gho_" + canary + "\x00x", "has a blank, control or non-ASCII character inside"},
		{"an escape sequence", "gho_" + canary + "\x1b[2Jx", "has a blank, control or non-ASCII character inside"},
		{"a delete character", "gho_" + canary + "\x7fx", "has a blank, control or non-ASCII character inside"},
		{"a letter beyond ASCII", "gho_" + canary + "é", "has a blank, control or non-ASCII character inside"},
		{"a zero width space", "gho_" + canary + "\u200bx", "has a blank, control or non-ASCII character inside"},
		{"bytes that are no text", "gho_" + canary + "\xff", "has a blank, control or non-ASCII character inside"},
		{"a byte too many", "gho_" + strings.Repeat("x", maxToken-3), "is longer than 8192 bytes"},
		{"a whole file", strings.Repeat(canary+"\n", 10_000), "is longer than 8192 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			token, err := ParseToken(test.text)
			if err == nil || err.Error() != test.want {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if !token.IsZero() || token.Reveal() != "" {
				t.Error("gives a token nevertheless")
			}
		})
	}
}

func TestParseTokenTakesEverythingElseAndTrimsIt(t *testing.T) {
	t.Parallel()
	longest := "ghs_" + strings.Repeat("4x", maxToken/2-2)
	for text, want := range map[string]string{
		"gho_x":             "gho_x",
		" \t\r\ngho_x\r\n ": "gho_x",
		"gho_x\u00a0":       "gho_x",
		longest:             longest,
		" " + longest:       longest,
		"hunter2":           "hunter2",
		"ghp_-._~+/9=":      "ghp_-._~+/9=",
	} {
		if got := mustParse(t, text); got.Reveal() != want || got.IsZero() {
			t.Errorf("ParseToken(%.20q) = %.20q", text, got.Reveal())
		}
	}
}

func TestThePrefixTellsTheKind(t *testing.T) {
	t.Parallel()
	hexadecimal := strings.Repeat("0123456789abcdefABCD", 2)
	for secret, want := range map[string]Kind{
		"gho_x":                        OAuthToken,
		"ghp_x":                        Classic,
		"github_pat_x":                 FineGrained,
		"ghs_x":                        Installation,
		"ghs_123_eyJhbGciOi.eyJ_.s_-x": Installation,
		"ghu_x":                        AppUser,
		"ghr_x":                        AppRefresh,
		"gho_":                         OAuthToken,
		hexadecimal:                    Unprefixed,
		hexadecimal[1:]:                UnknownKind,
		hexadecimal + "0":              UnknownKind,
		hexadecimal + "01":             UnknownKind,
		"g" + hexadecimal[1:]:          UnknownKind,
		"gho":                          UnknownKind,
		"GHO_x":                        UnknownKind,
		"xgho_x":                       UnknownKind,
		"ghx_x":                        UnknownKind,
		"github_path_x":                UnknownKind,
		"v1." + hexadecimal:            UnknownKind,
		"hunter2":                      UnknownKind,
	} {
		if got := mustParse(t, secret).Kind(); got != want {
			t.Errorf("%s is a %s, want %s", secret, got, want)
		}
	}
	if got := (Token{}).Kind(); got != UnknownKind {
		t.Errorf("no token is a %s", got)
	}
}

func TestEqualTokensAreEqual(t *testing.T) {
	t.Parallel()
	a, b := mustParse(t, "gho_a"), mustParse(t, "gho_b")
	for _, test := range []struct {
		name  string
		x, y  Token
		equal bool
	}{
		{"a token and itself", a, a, true},
		{"the same secret twice", a, mustParse(t, " gho_a\n"), true},
		{"two secrets", a, b, false},
		{"a secret and its beginning", a, mustParse(t, "gho_"), false},
		{"a secret in capitals", a, mustParse(t, "GHO_A"), false},
		{"a token and none", a, Token{}, false},
		{"none and none", Token{}, Token{}, true},
	} {
		if got := test.x.Equal(test.y); got != test.equal {
			t.Errorf("%s: %v", test.name, got)
		}
		if got := test.y.Equal(test.x); got != test.equal {
			t.Errorf("%s, the other way round: %v", test.name, got)
		}
	}
}

func TestAKeyBelongsToOneTokenOfOneHostAndTellsNeither(t *testing.T) {
	t.Parallel()
	keys := map[string]string{}
	for _, host := range []string{"github.com", "acme.ghe.com", ""} {
		for _, secret := range []string{"gho_" + canary, "gho_b", "hub.comgho_b"} {
			token := mustParse(t, secret)
			key := token.Key(host)
			if key != token.Key(host) {
				t.Errorf("the key of %s at %s changes", secret, host)
			}
			if other, taken := keys[key]; taken {
				t.Errorf("%s at %s has the key of %s", secret, host, other)
			}
			keys[key] = secret + " at " + host
			if raw, err := hex.DecodeString(key); err != nil || len(raw) != 32 || shows(key) {
				t.Errorf("the key of %s at %s is %q", secret, host, key)
			}
		}
	}
}
