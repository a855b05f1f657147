package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

// docker logout runs our erase: it must not be the fix if that would remove the
// login that docker gets.
func TestTheFixForALeftoverKeepsWhatDockerLoginGave(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{"HOME", "USERPROFILE"} {
		t.Setenv(name, home)
	}
	for _, name := range []string{"XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, filepath.Join(home, "config"))
	}
	path := filepath.Join(home, "config.json")
	if got := logoutFix("ghcr.io", path, "github.com"); got != "run: docker logout ghcr.io" {
		t.Errorf("without a login in the keyring: %q", got)
	}
	if got := logoutFix("ghcr.io/\u202e", path, "github.com"); !strings.HasPrefix(got, `remove auths["ghcr.io/\u202e"] from `) {
		t.Errorf("of a key that cannot be shown: %q", got)
	}
	settings, err := credentials.SettingsPath()
	if err != nil {
		t.Fatal(err)
	}
	logins := filepath.Join(filepath.Dir(settings), "logins")
	if err := os.MkdirAll(logins, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(logins, "github.com"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := logoutFix("ghcr.io", path, "github.com"); strings.Contains(got, "logout") || !strings.Contains(got, `auths["ghcr.io"]`) {
		t.Errorf("with a login in the keyring: %q", got)
	}
}

func TestATokenIsNoArgument(t *testing.T) {
	t.Parallel()
	const secret = "ghp_0123456789abcdef"
	for _, args := range [][]string{
		{"revoke", "GH_TOKEN=" + secret}, {"revoke", "--registry", secret}, {"check", "https://u:" + secret + "@ghcr.io/o/a"},
		{"check", "ghcr.io/o/" + secret}, {"setup", "--user", secret}, {secret},
	} {
		got := call(strings.NewReader(""), args...)
		if got.code != 2 || strings.Contains(got.stdout+got.stderr, secret) || !strings.Contains(got.stderr, "never an argument") {
			t.Errorf("%s: %+v", args[0], got)
		}
	}
}

func TestComplaintsOfOthersAreNotBlamedOnGitHub(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"push access denied for docker.io/library/app: denied: requested access to the resource is denied": "Docker Hub",
		`failed to solve: failed to compute cache key: "/package.json": not found`:                         "the text has no known denial",
	} {
		if got := call(strings.NewReader(text), "explain"); got.code != 1 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: %+v", text, got)
		}
	}
	// As docker prints it, among its other lines.
	const text = "The push refers to repository [ghcr.io/octocat/app]\n5f70: Pushed\ndenied\n"
	if got := call(strings.NewReader(text), "explain"); got.code != 0 || !strings.Contains(got.stdout, `"denied"`) {
		t.Errorf("%+v", got)
	}
}
