package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
)

// The texts that clients compare with, to the letter.
const (
	notFound    = "credentials not found in native keychain\n"
	noServerURL = "no credentials server URL\n"
	noUsername  = "no credentials username\n"
)

// nowhere is a proxy that leads nowhere, so that no request leaves the machine.
const nowhere = "http://127.0.0.1:1"

// moveIn empties the home, the environment and the keyring.
func moveIn(t interface {
	Setenv(name, value string)
	TempDir() string
}) {
	home := t.TempDir()
	for _, name := range []string{
		"GHCR_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN",
		"GH_HOST", "GHCR_SCOPE", "GHCR_DEBUG", "GITHUB_ACTIONS", "GITHUB_ACTOR", "DISPLAY", "WAYLAND_DISPLAY", "NO_PROXY", "no_proxy",
	} {
		t.Setenv(name, "")
	}
	for name, folder := range map[string]string{
		"HOME": "", "USERPROFILE": "", "XDG_CONFIG_HOME": "config", "XDG_CACHE_HOME": "cache", "GH_CONFIG_DIR": "gh", "AppData": "AppData", "LocalAppData": "LocalAppData",
	} {
		t.Setenv(name, filepath.Join(home, folder))
	}
	t.Setenv("GHCR_NO_MEMORY", "1")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")
	t.Setenv("HTTPS_PROXY", nowhere)
	t.Setenv("https_proxy", nowhere)
}

// TestMain sends whatever is asked nowhere: net/http reads the environment once, and
// here it is set before any test can have it read.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"HTTPS_PROXY": nowhere, "https_proxy": nowhere, "NO_PROXY": "", "no_proxy": ""} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

type outcome struct {
	code           int
	stdout, stderr string
}

func call(stdin io.Reader, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := run(args, world{stdin, &stdout, &stderr})
	return outcome{code, stdout.String(), stderr.String()}
}

func TestWhatAClientReadsWhenThereIsNoToken(t *testing.T) {
	long := strings.Repeat("x", maxInput+1)
	tooLong := "docker-credential-ghcr: error: standard input is longer than 65536 bytes\n"
	for _, test := range []struct {
		name  string
		verb  string
		input string
		want  outcome
	}{
		{"get of ours", "get", "ghcr.io", outcome{1, notFound, ""}},
		{"get of ours, with a line's end", "get", "ghcr.io\n", outcome{1, notFound, ""}},
		{"get of another's", "get", "https://index.docker.io/v1/", outcome{1, notFound, ""}},
		{"get of nothing", "get", "", outcome{1, noServerURL, ""}},
		{"get of white space", "get", " \r\n\t", outcome{1, noServerURL, ""}},
		{"get of two lines", "get", "ghcr.io\nevil.example", outcome{1, notFound, ""}},
		{"get of two lines that make one name", "get", "ghcr\n.io", outcome{1, notFound, ""}},
		{"get of a null byte", "get", "ghcr.io\x00", outcome{1, notFound, ""}},
		{"get of what is no text", "get", "\xff\xfe", outcome{1, notFound, ""}},
		{"get of too much", "get", long, outcome{1, notFound, tooLong}},
		{"store of nothing", "store", "", outcome{1, "EOF\n", ""}},
		{"store without a registry", "store", `{"Username":"octocat","Secret":"x"}`, outcome{1, noServerURL, ""}},
		{"store without a user", "store", `{"ServerURL":"ghcr.io","Secret":"x"}`, outcome{1, noUsername, ""}},
		{"store of an empty password", "store", `{"ServerURL":"ghcr.io","Username":"octocat"}`, outcome{1, "the password was not kept: the value is empty\nhint: use the token itself as the password; a new one is made at https://github.com/settings/tokens/new?scopes=write%3Apackages\n", ""}},
		{"store of too much", "store", long, outcome{1, "standard input is longer than 65536 bytes\n", ""}},
		{"erase of ours", "erase", "ghcr.io", outcome{0, "", ""}},
		{"erase of another's", "erase", "docker.io", outcome{0, "", ""}},
		{"erase of nothing", "erase", "", outcome{0, "", ""}},
		{"erase of two lines", "erase", "ghcr.io\nx", outcome{0, "", ""}},
		{"erase of too much", "erase", long, outcome{0, "", tooLong}},
		{"list", "list", "unused", outcome{0, "{}\n", ""}},
		{"list of nothing", "list", "", outcome{0, "{}\n", ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			moveIn(t)
			if got := call(strings.NewReader(test.input), test.verb); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestAVerbTakesNoArguments(t *testing.T) {
	moveIn(t)
	for _, verb := range []string{"get", "store", "erase", "list", "version", "--version", "-v"} {
		want := outcome{1, "Usage: docker-credential-ghcr <store|get|erase|list|version>\n", ""}
		if got := call(strings.NewReader("ghcr.io"), verb, "ghcr.io"); got != want {
			t.Errorf("%s: got %+v, want %+v", verb, got, want)
		}
	}
}

func TestTheVersionIsSaidAsDockersLibrarySaysIt(t *testing.T) {
	moveIn(t)
	want := outcome{0, "docker-credential-ghcr (github.com/docker-credential-ghcr/docker-credential-ghcr) " + version() + "\n", ""}
	for _, word := range []string{"version", "--version", "-v"} {
		if got := call(nil, word); got != want {
			t.Errorf("%s: got %+v, want %+v", word, got, want)
		}
	}
}

func TestStandardInputThatBreaksOffIsNoRegistry(t *testing.T) {
	moveIn(t)
	broken := iotest.ErrReader(errors.New("input/output error"))
	for verb, want := range map[string]outcome{
		"get":   {1, notFound, "docker-credential-ghcr: error: standard input: input/output error\n"},
		"store": {1, "standard input: input/output error\n", ""},
		"erase": {0, "", "docker-credential-ghcr: error: standard input: input/output error\n"},
	} {
		if got := call(io.MultiReader(strings.NewReader("ghcr.io"), broken), verb); got != want {
			t.Errorf("%s: got %+v, want %+v", verb, got, want)
		}
	}
}

func TestStandardInputThatNeverEndsIsGivenUp(t *testing.T) {
	const why = "nothing came on standard input within 10s; registry clients send the registry's name there\n"
	for verb, want := range map[string]outcome{
		"get":   {1, notFound, "docker-credential-ghcr: error: " + why},
		"store": {1, why, ""},
		"erase": {0, "", "docker-credential-ghcr: error: " + why},
	} {
		t.Run(verb, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				moveIn(t)
				stdin, never := io.Pipe()
				defer never.Close()
				begun := time.Now()
				if got := call(stdin, verb); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				if took := time.Since(begun); took != stdinLimit {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestStandardInputIsNotWaitedForWhereNobodyReadsIt(t *testing.T) {
	moveIn(t)
	stdin, never := io.Pipe()
	defer never.Close()
	if got, want := call(stdin, "list"), (outcome{0, "{}\n", ""}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// full is where nothing can be written.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAnAnswerThatCannotBeWrittenIsAFailure(t *testing.T) {
	moveIn(t)
	for _, verb := range []string{"get", "store", "list", "version"} {
		if code := run([]string{verb}, world{strings.NewReader("ghcr.io"), full{}, full{}}); code != 1 {
			t.Errorf("%s: exit status %d", verb, code)
		}
	}
}

// The answer does not depend on whether anyone reads stderr.
func TestTheAnswerDoesNotDependOnWhoReadsStderr(t *testing.T) {
	for name, open := range map[string]func() (stderr io.Writer, end func() error){
		"cannot be written": func() (io.Writer, func() error) { return full{}, func() error { return nil } },
		"is not read": func() (io.Writer, func() error) {
			reader, stderr := io.Pipe()
			return stderr, reader.Close
		},
	} {
		for _, test := range []struct {
			line, scope, input string
			want               outcome
		}{
			{"get", "packages", "ghcr.io", outcome{1, notFound, ""}},
			{"get", "", "ghcr.io", outcome{1, notFound, ""}},
			{"get", "", strings.Repeat("x", maxInput+1), outcome{1, notFound, ""}},
			{"erase", "", strings.Repeat("x", maxInput+1), outcome{0, "", ""}},
			{"list", "", "", outcome{0, "{\"ghcr.io\":\"octocat\"}\n", ""}},
		} {
			t.Run(name+", "+test.line, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					moveIn(t)
					t.Setenv("GHCR_SCOPE", test.scope)
					t.Setenv("GHCR_DEBUG", "1")
					if test.line == "list" {
						writeFile(t, filepath.Join(os.Getenv("GH_CONFIG_DIR"), "hosts.yml"), "github.com:\n    user: octocat\n", 0o600)
					}
					var stdout bytes.Buffer
					stderr, end := open()
					defer end()
					begun := time.Now()
					code := run([]string{test.line}, world{strings.NewReader(test.input), &stdout, stderr})
					if got := (outcome{code, stdout.String(), ""}); got != test.want {
						t.Errorf("got %+v, want %+v", got, test.want)
					}
					// Whoever does not read is waited for once, not at each line.
					if took := time.Since(begun); took > sayLimit {
						t.Errorf("took %v", took)
					}
				})
			})
		}
	}
}

// lateReader is where the registry's name comes late.
type lateReader struct {
	wait time.Duration
	io.Reader
}

func (l *lateReader) Read(p []byte) (int, error) {
	time.Sleep(l.wait)
	l.wait = 0
	return l.Reader.Read(p)
}

// firstWrite is what was written first, whoever else writes later.
type firstWrite struct {
	once sync.Once
	text string
}

func (w *firstWrite) Write(p []byte) (int, error) {
	w.once.Do(func() { w.text = string(p) })
	return len(p), nil
}

func TestOneLimitIsForStandardInputAndTheVerbTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moveIn(t)
		t.Setenv("GHCR_NO_MEMORY", "")
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		// Of each token another process asks already, and comes to no end.
		for name, secret := range map[string]string{"GHCR_TOKEN": "gho_one", "GH_TOKEN": "gho_two", "GITHUB_TOKEN": "gho_three"} {
			t.Setenv(name, secret)
			path := filepath.Join(cache, programName, fmt.Sprintf("%x.lock", sha256.Sum256([]byte("github.com\x00"+secret))))
			writeFile(t, path, "", 0o600)
			other := flock.New(path)
			if locked, err := other.TryLock(); !locked || err != nil {
				t.Fatalf("locked %v, %v", locked, err)
			}
			defer func() { _ = other.Unlock() }()
		}
		begun := time.Now()
		var stdout bytes.Buffer
		var stderr firstWrite
		code := run([]string{"get"}, world{&lateReader{stdinLimit - time.Second, strings.NewReader("ghcr.io")}, &stdout, &stderr})
		if took := time.Since(begun); took != verbLimit {
			t.Errorf("took %v", took)
		}
		time.Sleep(time.Minute) // for the verb, which was given up and went on
		want := outcome{1, notFound, "docker-credential-ghcr: error: no answer within 30s\n"}
		if got := (outcome{code, stdout.String(), stderr.text}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func TestAPasswordInAnAddressIsNotRepeated(t *testing.T) {
	const address = "https://octocat:ghp_inside@ghcr.io"
	for _, debug := range []string{"", "1"} {
		moveIn(t)
		t.Setenv("GHCR_DEBUG", debug)
		for verb, input := range map[string]string{
			"get": address, "erase": address, "store": `{"ServerURL":"` + address + `","Username":"octocat","Secret":"ghp_given"}`,
		} {
			got := call(strings.NewReader(input), verb)
			if text := got.stdout + got.stderr; strings.Contains(text, "ghp_") || verb != "erase" && got.code != 1 {
				t.Errorf("%s: %+v", verb, got)
			}
		}
	}
}

func TestASecretInTheWrongVariableIsNotRepeated(t *testing.T) {
	moveIn(t)
	t.Setenv("GHCR_SCOPE", "ghp_inside")
	t.Setenv("GHCR_DEBUG", "1")
	for verb, input := range map[string]string{
		"get": "ghcr.io", "list": "", "erase": "ghcr.io", "store": `{"ServerURL":"ghcr.io","Username":"octocat","Secret":"ghp_given"}`,
	} {
		if got := call(strings.NewReader(input), verb); strings.Contains(got.stdout+got.stderr, "ghp_") {
			t.Errorf("%s: %+v", verb, got)
		}
	}
}

// FuzzInput: whatever a client sends, it gets one of the protocol's answers, and
// without a token none that gives one.
func FuzzInput(f *testing.F) {
	for _, input := range []string{
		"", "ghcr.io", "ghcr.io\r\n", "https://ghcr.io/v2/", "docker.io", "http://ghcr.io", "ghcr.io\nevil", "\x00", "\xff", "containers.git.example.com",
		`{"ServerURL":"ghcr.io","Username":"octocat","Secret":"gho_example"}`, `{"ServerURL":"docker.io","Username":"a","Secret":"b"}` + "\n",
		`{"ServerURL":"ghcr.io","Username":"<token>","Secret":"a b"}`, `{"ServerURL":1}`, `{"serverurl":"ghcr.io","username":"a","secret":"github_pat_x"}`, `[]`, `null`, `{`,
		`{"ServerURL":"ghcr.io","Username":"a"}{"Secret":"x"}`, "{\n\"ServerURL\": \"ghcr.io\"\n}\n", strings.Repeat("ghcr.io\n", 3),
		"https://octocat:gho_example_of_a_secret@ghcr.io", `{"ServerURL":"https://octocat:x@ghcr.io","Username":"gho_example_of_a_secret","Secret":"gho_example_of_a_secret"}`,
	} {
		f.Add(input)
	}
	moveIn(f)
	verbs := []string{"get", "store", "erase"}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		verbs = []string{"get", "erase"} // a keyring is always there, and it is the person's own
	}
	f.Fuzz(func(t *testing.T, input string) {
		for _, verb := range verbs {
			got := call(strings.NewReader(input), verb)
			switch known := got.stdout == notFound || got.stdout == noServerURL; {
			case verb == "get" && (got.code != 1 || !known):
				t.Errorf("get: %+v", got)
			case verb == "erase" && (got.code != 0 || got.stdout != ""):
				t.Errorf("erase: %+v", got)
			case verb == "store" && (got.code != 1 || got.stdout == "" || !strings.HasSuffix(got.stdout, "\n") || got.stderr != ""):
				// There is no keyring, so nothing is ever kept.
				t.Errorf("store: %+v", got)
			}
			if got.stderr != "" && !strings.HasPrefix(got.stderr, "docker-credential-ghcr: error: ") {
				t.Errorf("%s said %q", verb, got.stderr)
			}
			if strings.ContainsAny(got.stdout+got.stderr, "\x00\x1b\r\x7f") {
				t.Errorf("%s: not fit for a terminal: %+v", verb, got)
			}
			var given struct{ Secret string }
			if json.Unmarshal([]byte(input), &given) == nil && len(given.Secret) > 20 && strings.Contains(got.stdout+got.stderr, given.Secret) {
				t.Errorf("%s repeats the secret: %+v", verb, got)
			}
		}
	})
}
