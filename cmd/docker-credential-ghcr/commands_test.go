package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func runCommand(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(args, world{strings.NewReader(""), &out, &err})
	return code, out.String(), err.String()
}

func TestHelpPrintsTheUsageOnce(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}} {
		code, stdout, stderr := runCommand(args...)
		if code != 0 || stderr != "" {
			t.Errorf("%q: exit status %d, stderr %q", args, code, stderr)
		}
		if n := strings.Count(stdout, "Usage:"); n != 1 {
			t.Errorf("%q prints the usage %d times:\n%s", args, n, stdout)
		}
		for _, name := range []string{"setup", "status", "check", "explain", "revoke", "get", "store", "erase", "list", "version"} {
			if !strings.Contains(stdout, name) {
				t.Errorf("%q does not name %s", args, name)
			}
		}
	}
}

func TestUnknownCommandsGetTheNearestOne(t *testing.T) {
	t.Parallel()
	for typed, near := range map[string]string{
		"chekc": "check", "stat": "status", "Setup": "setup", "revok": "revoke", "explian": "explain",
		"login": "", "doctor": "", "gte": "",
	} {
		for _, args := range [][]string{{typed}, {"help", typed}} {
			code, stdout, stderr := runCommand(args...)
			first, _, _ := strings.Cut(stderr, "\n")
			want := "docker-credential-ghcr: error: unknown command \"" + typed + "\""
			if near != "" {
				want += "; did you mean " + near + "?"
			}
			if code != 2 || stdout != "" || first != want {
				t.Errorf("%q: exit status %d, stdout %q, stderr %q, want %q", args, code, stdout, first, want)
			}
		}
	}
}

func TestErrorsDoNotCommandTheTerminal(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	complain(world{stderr: &stderr}, fixable{errors.New("\x1b]0;evil\a"), "\x1b]0;evil\a"})
	if got := stderr.String(); strings.Count(got, `\u001b]0;evil\u0007`) != 2 || strings.ContainsAny(got, "\x1b\a") {
		t.Errorf("%q", got)
	}
}
