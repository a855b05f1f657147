package credentials

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func TestATokenFileIsReadAfreshAtEveryCall(t *testing.T) {
	m := newMachine(t)
	path := filepath.Join(t.TempDir(), "token")
	t.Setenv("GHCR_TOKEN_FILE", path)
	m.token("gho_one", "write:packages")
	m.token("gho_two", "write:packages")
	m.write(path, "gho_one\n")
	m.found("ghcr.io", "octocat", "gho_one")
	m.write(path, " gho_two\r\n")
	m.found("ghcr.io", "octocat", "gho_two")
	// It is for github.com's registries only, after GHCR_TOKEN and before gh's variables.
	t.Setenv("GH_HOST", "acme.ghe.com")
	m.notFound("containers.acme.ghe.com")
	allVariables(t)
	if got := sourcesOf(m.verdicts("ghcr.io")); len(got) < 3 || got[0] != "GHCR_TOKEN" || got[1] != TokenFile || got[2] != "GH_TOKEN" {
		t.Errorf("the order is %q", got)
	}
}

func TestTheCredentialOfAServiceIsRead(t *testing.T) {
	m := newMachine(t)
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	m.notFound("ghcr.io")
	m.token("gho_service", "write:packages")
	m.write(filepath.Join(dir, "ghcr-token"), "gho_service")
	m.found("ghcr.io", "octocat", "gho_service")
	t.Setenv("CREDENTIALS_DIRECTORY", ".")
	t.Chdir(dir)
	m.notFound("ghcr.io")
}

func TestEachFaultOfATokenFileHasItsFix(t *testing.T) {
	const page = "https://github.com/settings/tokens/new?scopes=write%3Apackages"
	for name, c := range map[string]struct {
		make  func(m *machine, path string)
		fault Fault
		fix   string
	}{
		"missing":    {func(*machine, string) {}, Missing, "put a token made at " + page + " into the file that GHCR_TOKEN_FILE names"},
		"empty":      {func(m *machine, path string) { m.write(path, "\n") }, Broken, "let GHCR_TOKEN_FILE name"},
		"two words":  {func(m *machine, path string) { m.write(path, "gho_one gho_two") }, Broken, "let GHCR_TOKEN_FILE name"},
		"too large":  {func(m *machine, path string) { m.write(path, strings.Repeat("x", maxTokenFile+1)) }, Broken, "let GHCR_TOKEN_FILE name"},
		"a folder":   {func(m *machine, path string) { m.write(filepath.Join(path, "x"), "") }, Broken, "let GHCR_TOKEN_FILE name"},
		"dead":       {func(m *machine, path string) { m.write(path, "ghp_dead") }, Rejected, "put a token made at " + page},
		"wrong kind": {func(m *machine, path string) { m.write(path, "github_pat_x") }, WrongKind, "put a token made at " + page},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			path := filepath.Join(t.TempDir(), "token")
			t.Setenv("GHCR_TOKEN_FILE", path)
			c.make(m, path)
			if v := m.only("ghcr.io"); v.Source != TokenFile || v.Fault != c.fault || !strings.HasPrefix(v.Fix.Advice, c.fix) {
				t.Errorf("got %+v", v)
			}
		})
	}
	m := newMachine(t)
	t.Chdir(t.TempDir())
	m.write("token", "gho_x")
	t.Setenv("GHCR_TOKEN_FILE", "token")
	if v := m.only("ghcr.io"); v.Fault != Broken || !v.Token.IsZero() {
		t.Errorf("a file in the working directory: %+v", v)
	}
}

func TestATokenFileThatEveryoneCanReadIsMarked(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	m := newMachine(t)
	path := filepath.Join(t.TempDir(), "token")
	t.Setenv("GHCR_TOKEN_FILE", path)
	m.token("gho_example", "write:packages")
	m.write(path, "gho_example")
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o440: false, 0o644: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if v := m.only("ghcr.io"); !v.Good() || v.Exposed != want || v.File != path {
			t.Errorf("%o: %+v", mode, v)
		}
	}
}

func TestTheAccountOfADirectoryGoesBeforeThatOfSetup(t *testing.T) {
	m := newMachine(t)
	m.hosts("github.com:\n    users:\n        octocat:\n            oauth_token: gho_o\n        hubot:\n            oauth_token: gho_h\n    user: octocat\n    oauth_token: gho_o\n")
	m.github.Add("gho_h", credentialstest.Token{Login: "hubot", Scopes: []string{"write:packages"}})
	m.token("gho_o", "write:packages")
	m.settings(`{"registries":{"ghcr.io":{"user":"octocat"}}}`)
	t.Setenv("GHCR_USER", "hubot")
	m.found("ghcr.io", "hubot", "gho_h")
	if got := m.list()["ghcr.io"]; got != "hubot" {
		t.Errorf("list names %q", got)
	}
	t.Setenv("GHCR_USER", "nobody")
	if v := m.only("ghcr.io"); v.Fault != Missing || !strings.Contains(v.Reason, "GHCR_USER") {
		t.Errorf("got %+v", v)
	}
	t.Setenv("GHCR_USER", "we ird")
	if v := m.only("ghcr.io"); v.Source != SettingsFile || v.Reason != "GHCR_USER: it is not a GitHub login" {
		t.Errorf("got %+v", v)
	}
}

func TestWhereTheCacheIs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("services of systemd are Linux's")
	}
	for _, test := range []struct {
		home, service string
		user          int
		want          string
	}{
		{"/home/me/.cache", "/var/cache/x", 1000, "/home/me/.cache/docker-credential-ghcr"},
		{"", "/var/cache/x", 1000, "/var/cache/x/docker-credential-ghcr"},
		{"", "/var/cache/x:/var/cache/y", 0, "/var/cache/x/docker-credential-ghcr"},
		{"", "", 0, "/run/docker-credential-ghcr"},
		{"", "", 1000, ""},
		{".cache", "/var/cache/x", 0, ""},
		{"", "cache", 1000, ""},
	} {
		if got := cacheDir(test.home, test.service, test.user); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

// The registry vouches before the API has nothing left for others who use the account.
func TestNearTheLimitTheRegistryIsAskedFirst(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "write:packages")
		limits := func(remaining string) {
			m.github.Break("", credentialstest.API, withHeaders(map[string]string{
				"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": remaining,
				"X-RateLimit-Reset": strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10),
			}))
		}
		limits("400")
		m.found("ghcr.io", "octocat", "gho_example")
		m.wantAsked(1, 0)
		time.Sleep(time.Minute)
		m.found("ghcr.io", "octocat", "gho_example")
		m.wantAsked(1, 1)
		// What is known of the scopes still counts.
		m.Setenv("GHCR_SCOPE", "read:packages")
		m.found("ghcr.io", "octocat", "gho_example")
		time.Sleep(time.Minute)
		m.registryDown()
		limits("5000")
		m.found("ghcr.io", "octocat", "gho_example")
		m.wantAsked(2, 2)
		// After the hour the API is asked again.
		m.up()
		limits("400")
		time.Sleep(time.Minute)
		m.found("ghcr.io", "octocat", "gho_example")
		time.Sleep(2 * time.Hour)
		m.found("ghcr.io", "octocat", "gho_example")
		m.wantAsked(4, 2)
	})
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "write:packages")
		limits := map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Reset": strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10)}
		// A limit without a number of remaining requests says nothing.
		m.github.Break("", credentialstest.API, withoutRemaining(limits))
		m.found("ghcr.io", "octocat", "gho_example")
		time.Sleep(time.Minute)
		m.found("ghcr.io", "octocat", "gho_example")
		m.wantAsked(2, 0)
		// The registry's no alone is not enough while the API can be asked.
		limits["X-RateLimit-Remaining"] = "400"
		m.github.Break("", credentialstest.API, withHeaders(limits))
		time.Sleep(time.Minute)
		m.found("ghcr.io", "octocat", "gho_example")
		m.github.Break("", credentialstest.Registry, credentialstest.Denied(403, "DENIED", "denied"))
		time.Sleep(time.Minute)
		m.found("ghcr.io", "octocat", "gho_example")
		m.wantAsked(4, 1)
	})
	if got := (github.Answer{Limit: 60, Remaining: 5, Resets: time.Now().Add(time.Hour)}); !got.IsNearLimit(time.Now()) || got.IsNearLimit(time.Now().Add(2*time.Hour)) {
		t.Error("the limit is not seen")
	}
}

// withoutRemaining is withHeaders where a proxy has removed one header.
func withoutRemaining(headers map[string]string) http.Handler {
	inner := withHeaders(headers)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		inner.ServeHTTP(recorder, r)
		maps.Copy(w.Header(), recorder.Header())
		w.Header().Del("X-RateLimit-Remaining")
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes())
	})
}

// withHeaders lets GitHub answer as always, except for some headers.
func withHeaders(headers map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		credentialstest.Regular.ServeHTTP(recorder, r)
		maps.Copy(w.Header(), recorder.Header())
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes())
	})
}
