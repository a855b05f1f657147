package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

// storesIn puts programs on PATH, each a script of the shell.
func storesIn(t *testing.T, scripts map[string]string) (dir string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell; run this on Linux or macOS")
	}
	dir = t.TempDir()
	for store, script := range scripts {
		writeFile(t, filepath.Join(dir, "docker-credential-"+store), "#!/bin/sh\n"+script, 0o755)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+"/usr/bin"+string(filepath.ListSeparator)+"/bin")
	return dir
}

func found(t *testing.T, config string) (candidates []credentials.Candidate) {
	t.Helper()
	return slices.Collect(earlierLoginsIn(t.Context(), configOf(t, config), "ghcr.io"))
}

func storeAnswer(user, secret string) string {
	return fmt.Sprintf("read -r registry\ntest \"$1 $registry\" = 'get ghcr.io' && echo '{\"ServerURL\":\"ghcr.io\",\"Username\":%q,\"Secret\":%q}'\n", user, secret)
}

// The store that docker asks now comes first, then the plain-text logins.
func TestEarlierLoginsInDockersOrder(t *testing.T) {
	settingsIn(t)
	auth := func(secret string) string { return base64.StdEncoding.EncodeToString([]byte("octocat:" + secret)) }
	storesIn(t, map[string]string{
		"one": storeAnswer("octocat", "ghp_one"), "two": storeAnswer("hubot", "ghp_two"), "fails": "echo credentials not found in native keychain; exit 1",
		"broken": "echo ghp_secret >&2; exit 2", "identity": storeAnswer("<token>", "ghp_identity"), "named": storeAnswer("ghp_named", "ghp_named"), "empty": storeAnswer("octocat", ""),
	})
	for _, test := range []struct {
		name, config string
		want         []string // source, login and secret
	}{
		{"nothing", `{}`, nil},
		{"a store", `{"credsStore": "one"}`, []string{"docker-credential-one octocat ghp_one"}},
		{"a helper for the registry hides the store", `{"credsStore": "one", "credHelpers": {"ghcr.io": "two"}}`, []string{"docker-credential-two hubot ghp_two"}},
		{"our own name does not", `{"credsStore": "one", "credHelpers": {"ghcr.io": "ghcr"}}`, []string{"docker-credential-one octocat ghp_one"}},
		{"never ourselves", `{"credsStore": "ghcr"}`, nil},
		{"an empty store", `{"credsStore": "fails"}`, nil},
		{"a broken store", `{"credsStore": "broken"}`, nil},
		{"a store that is not there", `{"credsStore": "absent"}`, nil},
		{"an identity token is not GitHub's", `{"credsStore": "identity"}`, nil},
		{"no secret", `{"credsStore": "empty"}`, nil},
		{"a token as the user name is not shown", `{"credsStore": "named"}`, []string{"docker-credential-named  ghp_named"}},
		{"a name that leads elsewhere", `{"credsStore": "x/../../docker-credential-one"}`, nil},
		{"plain text, docker's own key first", `{"auths": {"https://ghcr.io/v1/": {"auth": "` + auth("ghp_b") + `"}, "ghcr.io": {"auth": "` + auth("ghp_a") + `"}}}`,
			[]string{"config.json octocat ghp_a", "config.json octocat ghp_b"}},
		{"the same secret once", `{"auths": {"https://ghcr.io/v1/": {"auth": "` + auth("ghp_a") + `"}, "ghcr.io": {"auth": "` + auth("ghp_a") + `"}}}`,
			[]string{"config.json octocat ghp_a"}},
		{"behind the store", `{"credsStore": "one", "auths": {"ghcr.io": {"auth": "` + auth("ghp_a") + `"}}}`,
			[]string{"docker-credential-one octocat ghp_one", "config.json octocat ghp_a"}},
	} {
		var got []string
		for _, c := range found(t, test.config) {
			got = append(got, fmt.Sprintf("%s %s %s", c.Source, c.Login, c.Token.Reveal()))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// After setup --force the helper that was named before is asked, not credsStore.
func TestTheReplacedHelperIsAsked(t *testing.T) {
	settingsIn(t)
	storesIn(t, map[string]string{"one": storeAnswer("octocat", "ghp_one"), "two": storeAnswer("hubot", "ghp_two")})
	config := configOf(t, `{"credsStore": "one", "credHelpers": {"ghcr.io": "two"}}`)
	if _, err := dockerconfig.Edit(config.Path(), recordsDir(), func(c *dockerconfig.Config, r *dockerconfig.Record) error {
		c.SetHelper("ghcr.io", &r.Changes)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	after, err := dockerconfig.Read(config.Path())
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Collect(earlierLoginsIn(t.Context(), after, "ghcr.io"))
	if len(got) != 1 || got[0].Token.Reveal() != "ghp_two" {
		t.Errorf("found %v", got)
	}
}

func TestNoMoreThanAFewPlainTextLoginsAreTried(t *testing.T) {
	settingsIn(t)
	var entries []string
	for i := range 150 {
		entries = append(entries, fmt.Sprintf(`"ghcr.io/%d": {"auth": %q}`, i, base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "octocat:ghp_%d", i))))
	}
	if got := found(t, `{"auths": {`+strings.Join(entries, ",")+`}}`); len(got) != maxEarlierLogins {
		t.Errorf("%d are tried", len(got))
	}
}

// A store must not see the token that is for us alone, may print only so much, and is
// ended with its children.
func TestAStoreIsBounded(t *testing.T) {
	settingsIn(t)
	t.Setenv("GHCR_TOKEN", "ghp_ours")
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	t.Setenv("SSH_CONNECTION", "1")
	dir := storesIn(t, map[string]string{
		"spy":     `echo "{\"Username\":\"octocat\",\"Secret\":\"ghp_seen${GHCR_TOKEN}\"}"`,
		"endless": "exec yes",
		"hangs":   "(sleep 600; true) & echo $! > \"$0.child\"; wait",
	})
	if got := found(t, `{"credsStore": "spy"}`); len(got) != 1 || got[0].Token.Reveal() != "ghp_seen" {
		t.Errorf("the spy: %v", got)
	}
	begun := time.Now()
	if got := found(t, `{"credsStore": "endless"}`); len(got) != 0 || time.Since(begun) > 2*time.Second {
		t.Errorf("an endless answer: %v, after %v", got, time.Since(begun))
	}
	begun = time.Now()
	got := found(t, `{"credsStore": "hangs"}`)
	if len(got) != 1 || got[0].Fault != credentials.Timeout || time.Since(begun) > 10*time.Second {
		t.Errorf("one that hangs: %v, after %v", got, time.Since(begun))
	}
	child := strings.TrimSpace(readFile(t, filepath.Join(dir, "docker-credential-hangs.child")))
	for range 100 {
		if state, err := os.ReadFile("/proc/" + child + "/stat"); err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	if runtime.GOOS == "linux" {
		t.Errorf("its child %s still runs", child)
	}
}

// A program that calls this one again gets no answer from itself.
func TestAStoreThatAsksUsIsNotAskedAgain(t *testing.T) {
	settingsIn(t)
	storesIn(t, map[string]string{"one": storeAnswer("octocat", "ghp_one")})
	t.Setenv(guard, "1")
	if got := found(t, `{"credsStore": "one"}`); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

func TestAnothersConfigNamesNoProgram(t *testing.T) {
	settingsIn(t)
	storesIn(t, map[string]string{"one": storeAnswer("octocat", "ghp_one")})
	path := filepath.Join(t.TempDir(), "config.json")
	writeFile(t, path, `{"credsStore": "one"}`, 0o666)
	config, err := dockerconfig.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Collect(earlierLoginsIn(context.Background(), config, "ghcr.io"))
	if len(got) != 1 || got[0].Fault != credentials.Broken || !got[0].Token.IsZero() {
		t.Errorf("found %v", got)
	}
}
