package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

func TestOtherHelperIsRefused(t *testing.T) {
	t.Parallel()
	for text, refused := range map[string]bool{
		`{}`:                                   false,
		`{"credHelpers": {"ghcr.io": "ghcr"}}`: false,
		`{"credHelpers": {"ghcr.io": "ghcr-login"}}`: true,
		`{"credHelpers": {"ghcr.io": ""}}`:           true, // somebody switched helpers off
		`{"credHelpers": {"quay.io": "other"}}`:      false,
		`{"credsStore": "desktop"}`:                  false,
	} {
		err := refuseOtherHelper(configOf(t, text), "ghcr.io", false)
		if (err != nil) != refused {
			t.Errorf("%s: %v", text, err)
		}
		var m fixable
		if refused && (!errors.As(err, &m) || !strings.HasSuffix(m.fix, "setup --force")) {
			t.Errorf("%s: the fix is %q", text, m.fix)
		}
		if err := refuseOtherHelper(configOf(t, text), "ghcr.io", true); err != nil {
			t.Errorf("%s, with --force: %v", text, err)
		}
	}
}

func TestScopesThatSetupTakes(t *testing.T) {
	t.Parallel()
	for scope, ok := range map[string]bool{
		"": true, "write:packages": true, "read:packages": true,
		"packages": false, "delete:packages": false, "write:packages,repo": false, " read:packages": false, "READ:PACKAGES": false,
	} {
		var usage usageError
		if err := checkFlags(setupOptions{scope: scope}); (err == nil) != ok || err != nil && !errors.As(err, &usage) {
			t.Errorf("%q: %v", scope, err)
		}
	}
}

// The store is the one that docker's own code chooses, if its program is there.
func TestDefaultStore(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the programs that it makes are none on Windows; run it on another system")
	}
	for _, c := range []struct{ goos, programs, want string }{
		{"linux", "", ""},
		{"linux", "pass", ""},
		{"linux", "docker-credential-secretservice", "secretservice"},
		{"linux", "docker-credential-pass", ""},
		{"linux", "docker-credential-pass docker-credential-secretservice", "secretservice"},
		{"linux", "pass docker-credential-pass docker-credential-secretservice", "pass"},
		{"linux", "pass docker-credential-secretservice", ""}, // docker would choose pass, and fail
		{"linux", "docker-credential-desktop docker-credential-wincred", ""},
		{"darwin", "docker-credential-osxkeychain docker-credential-desktop", "osxkeychain"},
		{"darwin", "docker-credential-desktop pass docker-credential-pass", ""},
		{"windows", "docker-credential-wincred docker-credential-desktop", "wincred"},
		{"windows", "docker-credential-desktop", ""},
		{"freebsd", "docker-credential-secretservice docker-credential-pass pass", ""},
	} {
		dir := t.TempDir()
		for _, name := range strings.Fields(c.programs) {
			if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", dir)
		if got := defaultStore(c.goos); got != c.want {
			t.Errorf("%s, of %q: %q, want %q", c.goos, c.programs, got, c.want)
		}
	}
}

// Settings that no flag names stay. A setup that fails restores the settings.
func TestSaveSettings(t *testing.T) {
	settingsIn(t)
	save := func(registry string, o setupOptions) (revert func()) {
		t.Helper()
		revert, err := saveSettings(registry, o.scope, o.user)
		if err != nil {
			t.Fatal(err)
		}
		return revert
	}
	wants := func(registry string, want credentials.RegistrySettings, there bool) {
		t.Helper()
		s, err := credentials.ReadSettings()
		if got, ok := s.Registries[registry]; err != nil || ok != there || got != want {
			t.Errorf("%s has %+v, %v, %v", registry, got, ok, err)
		}
	}
	save("ghcr.io", setupOptions{})()
	wants("ghcr.io", credentials.RegistrySettings{}, false)
	save("ghcr.io", setupOptions{scope: "read:packages"})
	save("ghcr.io", setupOptions{user: "hubot"})
	both := credentials.RegistrySettings{Scope: "read:packages", User: "hubot"}
	wants("ghcr.io", both, true)
	save("ghcr.io", setupOptions{})
	wants("ghcr.io", both, true)
	save("ghcr.io", setupOptions{scope: "write:packages", user: "mona"})()
	wants("ghcr.io", both, true)
	// The name of an enterprise registry is a setting by itself.
	revert := save("containers.git.example.com", setupOptions{})
	wants("containers.git.example.com", credentials.RegistrySettings{}, true)
	revert()
	wants("containers.git.example.com", credentials.RegistrySettings{}, false)
	wants("ghcr.io", both, true)

	if err := dropSettings([]string{"ghcr.io", "containers.git.example.com"}); err != nil {
		t.Error(err)
	}
	wants("ghcr.io", credentials.RegistrySettings{}, false)
	path, err := credentials.SettingsPath()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("settings that say nothing are kept in a file")
	}
}

// The record says why a plain-text login was removed.
func TestTheRecordSaysWhyALoginWasRemoved(t *testing.T) {
	t.Parallel()
	login := func(key, secret string) dockerconfig.Login {
		return dockerconfig.Login{Key: key, Secret: func() string { return secret }}
	}
	p := &leftoverPlan{moved: []dockerconfig.Login{login("ghcr.io", "a")}, rejected: []dockerconfig.Login{login("https://ghcr.io", "b")}}
	record := &dockerconfig.Record{}
	p.apply(configOf(t, `{"auths": {"ghcr.io": {"password": "a"}, "https://ghcr.io": {"password": "b"}}}`), "ghcr.io", record)
	want := []dockerconfig.RemovedLogin{{Key: "https://ghcr.io", Why: "GitHub rejected it"}, {Key: "ghcr.io", Why: movedTo("ghcr.io")}}
	if !slices.Equal(record.Removed, want) {
		t.Errorf("removed %v, want %v", record.Removed, want)
	}
	got := printed(func(s *terminal.Screen) { p.print(s, "ghcr.io", true) })
	if !strings.Contains(got, "would be removed") {
		t.Errorf("a dry run says\n%s", got)
	}
}

func TestUsersThatSetupTakes(t *testing.T) {
	t.Parallel()
	for user, ok := range map[string]bool{"": true, "octocat": true, "mona_acme": true, "we ird": false, "a/b": false, "\x1b[31m": false} {
		var usage usageError
		if err := checkFlags(setupOptions{user: user}); (err == nil) != ok || err != nil && !errors.As(err, &usage) {
			t.Errorf("%q: %v", user, err)
		}
	}
}
