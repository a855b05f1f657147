package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestHoldsLogin(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]bool{
		`{"auths": {"ghcr.io": {"auth": "aHVudGVyOjI="}}}`:              true,
		`{"auths": {"https://GHCR.io/v2/": {"auth": "aHVudGVyOjI="}}}`:  true,
		`{"auths": {"ghcr.io:443": {"identitytoken": "hunter2"}}}`:      true,
		`{"auths": {"ghcr.io/octocat/app": {"auth": "aHVudGVyOjI="}}}`:  true,
		`{"auths": {"ghcr.io": {}}}`:                                    false, // docker's mark
		`{"auths": {"ghcr.io": null}}`:                                  false,
		`{"auths": {"ghcr.io": "odd"}}`:                                 false,
		`{"auths": {"ghcr.io.example.com": {"auth": "aHVudGVyOjI="}}}`:  false,
		`{"auths": {"evilghcr.io": {"auth": "aHVudGVyOjI="}}}`:          false,
		`{"auths": {"registry.example.com": {"auth": "aHVudGVyOjI="}}}`: false,
		`{"credHelpers": {"ghcr.io": "ghcr"}}`:                          false,
		`{"auths": [`:                                                   false,
		`null`:                                                          false,
		``:                                                              false,
	} {
		if got := holdsLogin([]byte(content), "ghcr.io"); got != want {
			t.Errorf("%s: %v", content, got)
		}
	}
}

func TestAsksUs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for content, want := range map[string]bool{
		`{"credHelpers": {"ghcr.io": "ghcr"}}`:         true,
		`{"credHelpers": {"ghcr.io": "other"}}`:        false,
		`{"credHelpers": {"https://ghcr.io": "ghcr"}}`: false, // no client looks that up
		`{"credsStore": "ghcr"}`:                       false, // podman does not read it
		`{`:                                            false,
	} {
		file := filepath.Join(dir, "auth.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := asksUs(file, "ghcr.io"); got != want {
			t.Errorf("%s: %v", content, got)
		}
	}
	if asksUs(filepath.Join(dir, "absent"), "ghcr.io") || asksUs(dir, "ghcr.io") {
		t.Error("what is no file asks us")
	}
}

// What is found is reported once each, and only what blocks means that docker
// does not ask.
func TestInspectVariables(t *testing.T) {
	t.Setenv("DOCKER_AUTH_CONFIG", `{"auths": {"ghcr.io": {"auth": "aHVudGVyOjI="}}}`)
	t.Setenv("REGISTRY_AUTH_FILE", filepath.Join(t.TempDir(), "absent"))
	var w wiring
	w.inspectVariables("ghcr.io")
	if len(w.Findings) != 2 || w.Findings[0].ID != "docker-auth-config" || w.Findings[0].Severity != blocks ||
		w.Findings[1].ID != "registry-auth-file" || w.Findings[1].Severity != shadow {
		t.Errorf("found %+v", w.Findings)
	}
	w = wiring{}
	w.inspectVariables("containers.acme.ghe.com")
	if len(w.Findings) != 1 {
		t.Errorf("found %+v for another registry", w.Findings)
	}
}

func TestNarrowPath(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("programs share one PATH there")
	}
	for dir, want := range map[string]int{
		"/usr/local/bin": 0, "/usr/bin/": 0, "/home/octocat/.local/bin": 1, "/opt/homebrew/bin": 1,
	} {
		var w wiring
		w.inspectNarrowPath(dir)
		if len(w.Findings) != want {
			t.Errorf("%s: %+v", dir, w.Findings)
		}
		for _, f := range w.Findings {
			if f.Severity != note {
				t.Errorf("%s: %s is %s, not %s", dir, f.ID, f.Severity, note)
			}
		}
	}
}

func TestAddToPathIsOneWordToAShell(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("PowerShell quotes otherwise")
	}
	if got, want := addToPath("/home/the cat/bin"), `export PATH="/home/the cat/bin":"$PATH"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestSetupCommand(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"docker-credential-ghcr setup":                                                setupCommand("ghcr.io", ""),
		"docker-credential-ghcr setup --force":                                        setupCommand("ghcr.io", "--force"),
		"docker-credential-ghcr setup --registry containers.acme.ghe.com":             setupCommand("containers.acme.ghe.com", ""),
		"docker-credential-ghcr setup --registry containers.acme.ghe.com --user mona": setupCommand("containers.acme.ghe.com", "--user mona"),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestReadBoundedReadsSmallFilesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := readBounded(dir); err == nil {
		t.Error("read a directory")
	}
	large := filepath.Join(dir, "large")
	f, err := os.Create(large)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(dockerConfigLimit + 1); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := readBounded(large); err == nil {
		t.Error("read a file without end")
	}
}
