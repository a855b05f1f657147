package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// notFound is what docker compares with, to the letter.
const notFound = "credentials not found in native keychain\n"

// mayRun are the programs of this machine that a transcript may run. The product
// looks for docker, gh and credential helpers, and says other things with them; a
// transcript that has them brings them.
var mayRun = []string{"sh", "cat", "grep", "rm", "sed", "sleep", "test", "touch", "dbus-daemon", "dbus-run-session", "dbus-send", "secret-tool"}

// installedGH is what setup and status find, to advise it. Nothing here runs it.
const installedGH = "#!/bin/sh\necho 'no transcript runs gh' >&2\nexit 99\n"

func TestTranscripts(t *testing.T) {
	s := onlyOnStage(t)
	machine := t.TempDir()
	path, err := stage.Programs(machine, slices.AppendSeq(slices.Clone(mayRun), maps.Keys(programs))...)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(machine, "gh"), []byte(installedGH), 0o755))
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("..", stage.Product, "testdata"),
		Setup: func(env *testscript.Env) error {
			home := s.Home(filepath.Join(env.WorkDir, "home"))
			for _, variable := range home.Env() {
				name, value, _ := strings.Cut(variable, "=")
				env.Setenv(name, value)
			}
			env.Setenv("PATH", path)
			// Programs built with -race else wait a second before they end.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			product, err := stage.Program(stage.Product)
			if err != nil {
				return err
			}
			env.Setenv("PROGRAMS", filepath.Dir(product))
			env.Values[homeKey{}] = home
			return os.MkdirAll(home.Dir, 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"found":        found,
			"refused":      refused,
			"not-found":    nothingFound,
			"silent":       silent,
			"gh-login":     ghLogin,
			"docker-login": dockerLogin,
			"begins":       begins,
			"config":       config,
			"keyring":      keyring,
			"github":       github,
			"alive":        alive,
			"image":        image,
			"job":          job,
			"allowed":      answers("allowed", 0),
			"denied":       answers("denied", 1),
			"unknown":      answers("unknown", 3),
		},
		Condition: func(part string) (bool, error) {
			if part != "keyring" {
				return false, fmt.Errorf("unknown condition %s", part)
			}
			// In CI it is to be here: see missing.
			_, bus := stage.Program("dbus-daemon")
			_, daemon := stage.Program("gnome-keyring-daemon")
			return os.Getenv("CI") == "true" || bus == nil && daemon == nil, nil
		},
		RequireUniqueNames: true,
	})
}

type homeKey struct{}

// found USER SECRET: docker gets these, and stderr is empty.
func found(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "found USER SECRET")
	var answer struct{ ServerURL, Username, Secret string }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &answer))
	if answer.Username != args[0] || answer.Secret != args[1] {
		ts.Fatalf("found %s with %s", answer.Username, answer.Secret)
	}
	only, err := json.Marshal(answer)
	ts.Check(err)
	streamIs(ts, "stdout", string(only)+"\n")
	streamIs(ts, "stderr", "")
}

// refused: docker reads "not found"; a person reads why, and how to fix it.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 0, "refused")
	streamIs(ts, "stdout", notFound)
	said := ts.ReadFile("stderr")
	if !strings.HasPrefix(said, stage.Product+": error: ") || !strings.Contains(said, "\n"+stage.Product+": hint: ") {
		ts.Fatalf("stderr does not say why and how to fix it")
	}
}

// not-found: docker reads "not found", and stderr is empty.
func nothingFound(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 0, "not-found")
	streamIs(ts, "stdout", notFound)
	streamIs(ts, "stderr", "")
}

// silent: nothing is printed.
func silent(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 0, "silent")
	streamIs(ts, "stdout", "")
	streamIs(ts, "stderr", "")
}

func streamIs(ts *testscript.TestScript, file, want string) {
	if got := ts.ReadFile(file); got != want {
		ts.Fatalf("%s is %q, want %q", file, got, want)
	}
}

// gh-login HOST LOGIN TOKEN: gh is logged in, its token in hosts.yml.
func ghLogin(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "gh-login HOST LOGIN TOKEN")
	ts.Check(ts.Value(homeKey{}).(*stage.Home).LogIn(args[0], args[1], args[2]))
}

// docker-login KEY USER SECRET: an earlier docker login, without any credential
// helper, left this in config.json.
func dockerLogin(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 3, "docker-login KEY USER SECRET")
	ts.Check(leaveDockerLogin(ts.Value(homeKey{}).(*stage.Home), args[0], args[1], args[2]))
}

// begins FILE: these are the first lines of stdout.
func begins(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "begins FILE")
	if got, want := ts.ReadFile("stdout"), ts.ReadFile(args[0]); !strings.HasPrefix(got, want) {
		ts.Fatalf("stdout is %q, and does not begin with %q", got, want)
	}
}

// config FILE: docker's config.json is this, except for the final newline, which
// docker writes none of and no file of a transcript is without.
func config(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 1, "config FILE")
	path := ts.MkAbs("home/.docker/config.json")
	if got, want := ts.ReadFile(path), ts.ReadFile(args[0]); got != strings.TrimSuffix(want, "\n") {
		ts.Fatalf("%s is %q, want %q", path, got, want)
	}
}

// keyring starts a real one, unlocked and empty.
func keyring(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 0, "keyring")
	home := ts.Value(homeKey{}).(*stage.Home)
	ring, err := home.StartKeyring()
	ts.Check(err)
	ts.Defer(ring.Close)
	for _, variable := range home.Env() {
		if name, value, _ := strings.Cut(variable, "="); name == "DBUS_SESSION_BUS_ADDRESS" || name == "XDG_RUNTIME_DIR" {
			ts.Setenv(name, value)
		}
	}
}

// github moves the pretend GitHub:
//
//	github token SECRET login=NAME [scopes=A,B] [host=HOST] [expires=TIME] [suspended=true]
//	github revoke SECRET
//	github break SECRET PLACE HOW
//	github requests SECRET [PLACE] N     as many were made with it
//
// Without scopes= GitHub does not mention any, with an empty list it says so.
func github(ts *testscript.TestScript, neg bool, args []string) {
	hub := theStage.GitHub
	usage(ts, !neg && len(args) >= 2, "github token|revoke|break|requests SECRET …")
	secret, more := args[1], args[2:]
	switch args[0] {
	case "token":
		hub.Add(secret, token(ts, more))
	case "revoke":
		hub.Revoke(secret)
	case "break":
		usage(ts, len(more) == 2, "github break SECRET PLACE HOW")
		how, known := faults[more[1]]
		usage(ts, known, "github break SECRET PLACE HOW, with a HOW of the table")
		hub.Break(secret, credentialstest.Place(more[0]), how)
	case "requests":
		usage(ts, len(more) == 1 || len(more) == 2, "github requests SECRET [PLACE] N")
		want, err := strconv.Atoi(more[len(more)-1])
		ts.Check(err)
		var got int
		for _, request := range hub.RequestsWith(secret) {
			if len(more) == 1 || request.Place == credentialstest.Place(more[0]) {
				got++
			}
		}
		if got != want {
			ts.Fatalf("%d requests", got)
		}
	default:
		githubOwns(ts, args)
	}
}

func token(ts *testscript.TestScript, properties []string) credentialstest.Token {
	var t credentialstest.Token
	for _, property := range properties {
		name, value, _ := strings.Cut(property, "=")
		switch name {
		case "login":
			t.Login = value
		case "host":
			t.Host = value
		case "scopes":
			t.Scopes = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
			if t.Scopes == nil {
				t.Scopes = []string{}
			}
		case "suspended":
			t.Suspended = value == "true"
		case "expires":
			t.Expires = expiry(ts, value)
		default:
			ts.Fatalf("a token has no %s", name)
		}
	}
	return t
}

// expiry is a time, or one so far from now.
func expiry(ts *testscript.TestScript, value string) time.Time {
	if ahead, err := time.ParseDuration(value); err == nil {
		return time.Now().Add(ahead)
	}
	at, err := time.Parse(time.RFC3339, value)
	ts.Check(err)
	return at
}

func usage(ts *testscript.TestScript, ok bool, how string) {
	if !ok {
		ts.Fatalf("usage: %s", how)
	}
}
