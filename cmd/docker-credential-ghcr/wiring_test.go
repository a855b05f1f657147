package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestHasLogin(t *testing.T) {
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
		if got := hasLogin([]byte(content), "ghcr.io"); got != want {
			t.Errorf("%s: %v", content, got)
		}
	}
}

func TestFileAsksUs(t *testing.T) {
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
		if got := fileNamesUs(file, "ghcr.io"); got != want {
			t.Errorf("%s: %v", content, got)
		}
	}
	if fileNamesUs(filepath.Join(dir, "absent"), "ghcr.io") || fileNamesUs(dir, "ghcr.io") {
		t.Error("what is not a file uses docker-credential-ghcr")
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
	const dock, sudo = "programs that are started from the Dock do not look into ", "sudo docker does not look into "
	for _, test := range []struct{ goos, dir, want string }{
		{"linux", "/usr/local/bin", ""},
		{"linux", "/usr/local/sbin", ""},
		{"linux", "/usr/bin/", ""},
		{"linux", "/home/octocat/.local/bin", sudo},
		{"darwin", "/usr/local/bin", ""},
		{"darwin", "/usr/local/sbin", dock},
		{"darwin", "/opt/homebrew/bin", dock},
		{"windows", "/opt/homebrew/bin", ""}, // programs share one PATH there
	} {
		if runtime.GOOS == "windows" && test.goos != "windows" {
			continue // paths differ here
		}
		var w wiring
		w.inspectNarrowPath(test.goos, test.dir, true)
		var got []string
		for _, f := range w.Findings {
			got = append(got, f.Problem)
			if f.Severity != note {
				t.Errorf("%s: %s is %s, not %s", test.dir, f.ID, f.Severity, note)
			}
		}
		if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || got[0] != test.want+test.dir) {
			t.Errorf("%s, %s: %q", test.goos, test.dir, got)
		}
	}
}

// Who does not need sudo for docker is not told about sudo's PATH.
func TestSudoMattersOnlyToWhoNeedsIt(t *testing.T) {
	t.Parallel()
	var w wiring
	w.inspectNarrowPath("linux", "/home/octocat/bin", false)
	if len(w.Findings) > 0 {
		t.Errorf("found %+v", w.Findings)
	}
}

func TestHelmRegistryFile(t *testing.T) {
	t.Parallel()
	home, other := filepath.FromSlash("/home/octocat"), filepath.FromSlash("/other")
	tail := filepath.FromSlash("/registry/config.json")
	for _, test := range []struct {
		goos, variable, value, want string
	}{
		{"linux", "", "", filepath.Join(home, ".config", "helm") + tail},
		{"linux", "XDG_CONFIG_HOME", other, filepath.Join(other, "helm") + tail},
		{"linux", "HELM_CONFIG_HOME", other, other + tail},
		{"linux", "HELM_REGISTRY_CONFIG", other, other},
		{"darwin", "", "", filepath.Join(home, "Library", "Preferences", "helm") + tail},
		{"darwin", "XDG_CONFIG_HOME", other, filepath.Join(other, "helm") + tail},
		{"windows", "APPDATA", other, filepath.Join(other, "helm") + tail},
		{"windows", "HELM_REGISTRY_CONFIG", other, other},
	} {
		getenv := func(name string) string {
			if name == test.variable {
				return test.value
			}
			return ""
		}
		if got := helmRegistryFile(test.goos, getenv, home); got != test.want {
			t.Errorf("%s, %s=%s: %s, want %s", test.goos, test.variable, test.value, got, test.want)
		}
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
