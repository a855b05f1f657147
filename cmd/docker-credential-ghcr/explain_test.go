package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
)

func TestWhatExplainReadsAndHowItEnds(t *testing.T) {
	t.Parallel()
	const known = "denied: permission_denied: write_package"
	for name, c := range map[string]struct {
		stdin string
		args  []string
		code  int
		says  string
	}{
		"on standard input":             {known, nil, 0, `X "permission_denied: write_package": `},
		"as an argument":                {"", []string{known}, 0, `X "permission_denied: write_package": `},
		"as several":                    {"", strings.Fields(known), 0, `X "permission_denied: write_package": `},
		"an argument before stdin":      {"unauthorized", []string{known}, 0, `X "permission_denied: write_package": `},
		"with the image":                {"", []string{"ghcr.io/acme/app:", known}, 0, "run: docker-credential-ghcr check ghcr.io/acme/app\n"},
		"without an image":              {"", []string{known}, 0, "run: docker-credential-ghcr check ghcr.io/OWNER/IMAGE\n"},
		"nothing known":                 {"all is well", nil, 1, "hint: run: docker-credential-ghcr check ghcr.io/OWNER/IMAGE\n"},
		"nothing known of an image":     {"ghcr.io/acme/app failed", nil, 1, "hint: run: docker-credential-ghcr check ghcr.io/acme/app\n"},
		"nothing at all":                {"", nil, 1, "error: the text has no known denial of a registry\n"},
		"about another registry":        {"quay.io/acme/app: unauthorized", nil, 1, "error: this is about quay.io, not about a GitHub registry\n"},
		"about a misspelled registry":   {"ghrc.io/acme/app: unauthorized", nil, 1, "hint: did you mean ghcr.io?\n"},
		"words that are not for us":     {"", []string{"--yaml"}, 2, "Usage:"},
		"at the end of a very long log": {strings.Repeat("\n", 2*denial.MaxText) + known, nil, 0, `X "permission_denied: write_package": `},
	} {
		got := call(strings.NewReader(c.stdin), append([]string{"explain"}, c.args...)...)
		if got.code != c.code || !strings.Contains(got.stdout+got.stderr, c.says) || (got.code == 0) != (got.stderr == "") || (got.code == 0) == (got.stdout == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := call(iotest.ErrReader(errors.New("input/output error")), "explain"); got.code != 1 || !strings.Contains(got.stderr, "input/output error") {
		t.Errorf("of what cannot be read: %+v", got)
	}
}

func TestTheEndIsRead(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "abcd", "abcde", strings.Repeat("abcdefg", 100_000)} {
		got, err := readEnd(iotest.HalfReader(strings.NewReader(text)), 4)
		if want := text[max(0, len(text)-4):]; got != want || err != nil {
			t.Errorf("of %d bytes: got %q, %v, want %q", len(text), got, err, want)
		}
	}
}

func TestAnotherRegistryIsNamedInJSON(t *testing.T) {
	t.Parallel()
	got := call(strings.NewReader("quay.io/acme/app: unauthorized"), "explain", "--json")
	var e denial.Explanation
	if err := json.Unmarshal([]byte(got.stdout), &e); err != nil || got.code != 1 || got.stderr != "" {
		t.Fatalf("%v: %+v", err, got)
	}
	if e.Cause != "other-registry" || e.Registry != "quay.io" || e.Check != "" {
		t.Errorf("%+v", e)
	}
}
