package main

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
)

// settingsIn keeps our settings, and with them the records, in a directory of its own.
func settingsIn(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, variable := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(variable, dir)
	}
	return dir
}

// What setup keeps for a registry is dropped only if no other config.json needs it.
func TestOthersWhoNeedWhatSetupKeeps(t *testing.T) {
	dir := settingsIn(t)
	mine, other := filepath.Join(dir, "mine", "config.json"), filepath.Join(dir, "other", "config.json")
	for _, path := range []string{mine, other} {
		writeFile(t, path, "{}", 0o600)
		if _, err := dockerconfig.Edit(path, recordsDir(), func(c *dockerconfig.Config, r *dockerconfig.Record) error {
			c.SetHelper("ghcr.io", &r.Changes)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	// Whatever else mine says, what setup did to it is what is undone.
	writeFile(t, mine, `{"credsStore": "ghcr", "credHelpers": {"ghcr.io": "ghcr"}}`, 0o600)
	for _, test := range []struct{ content, want string }{
		{`{"credHelpers": {"ghcr.io": "ghcr"}}`, "ghcr.io"},
		{`{"credHelpers": {"ghcr.io": "other"}}`, ""},
		{`{"credHelpers": {"ghcr.io": "other"}, "credsStore": "ghcr"}`, "containers.acme.ghe.com"},
		{`{"credsStore": "ghcr"}`, "containers.acme.ghe.com ghcr.io"},
		{`{"credsStore": "pass"}`, ""},
		{``, ""},
		{`{"credHelpers": {`, "ghcr.io"}, // somebody is editing it
	} {
		writeFile(t, other, test.content, 0o600)
		kept := namedElsewhere(mine, []string{"ghcr.io", "containers.acme.ghe.com"})
		if got := strings.Join(slices.Sorted(maps.Keys(kept)), " "); got != test.want {
			t.Errorf("%s uses docker-credential-ghcr for %q, want %q", test.content, got, test.want)
		}
		for _, why := range kept {
			if !strings.Contains(why, filepath.Join("other", "config.json")) {
				t.Errorf("%s: %s", test.content, why)
			}
		}
	}
	if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	if kept := namedElsewhere(mine, []string{"ghcr.io"}); len(kept) > 0 {
		t.Errorf("without the other file: %v", kept)
	}
}

// setup writes a registry's own name. Other keys with our name are somebody else's.
func TestUndoKeepsWhatSetupNeverWrites(t *testing.T) {
	settingsIn(t)
	path := filepath.Join(t.TempDir(), "config.json")
	const text = `{"credHelpers": {"https://ghcr.io": "ghcr", "GHCR.io": "ghcr", "ghcr.io/acme": "ghcr", "*": "ghcr", "": "ghcr", "ghcr.io:443": "ghcr", "http://ghcr.io": "ghcr", "quay.io": "ghcr", "ghcr.io": "ghcr"}}`
	writeFile(t, path, text, 0o600)
	t.Setenv("DOCKER_CONFIG", filepath.Dir(path))
	if err := undo(world{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard}, "", false); err != nil {
		t.Fatal(err)
	}
	if got, want := readFile(t, path), strings.Replace(text, `, "ghcr.io": "ghcr"`, "", 1); got != want {
		t.Errorf("left %s, want %s", got, want)
	}
}
