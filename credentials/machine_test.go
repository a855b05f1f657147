package credentials

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// inCI is whether the machine is CI's, before it is emptied.
var inCI = os.Getenv("CI") == "true"

// unavailable skips a test that needs something of the system's; the text says what and
// how to get it. CI's Linux has all of it.
func unavailable(t testing.TB, what string, err error) {
	t.Helper()
	if inCI && runtime.GOOS == "linux" {
		t.Fatalf("%s: %v", what, err)
	}
	t.Skipf("%s: %v", what, err)
}

// TestMain runs the tests on a machine without any login: no home but an empty
// one, no token, no keyring. As a child of a test it does what the test wants done
// in a process of its own.
func TestMain(m *testing.M) {
	if child := os.Getenv("CHILD_OF_TEST"); child != "" {
		children[child]()
		return
	}
	os.Exit(func() int {
		home, err := os.MkdirTemp("", "home")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(home)
		for name, value := range emptyMachine(home) {
			os.Setenv(name, value)
		}
		return m.Run()
	}())
}

// emptyMachine is the environment of somebody who has just moved in.
func emptyMachine(home string) map[string]string {
	env := map[string]string{
		"HOME":            home,
		"USERPROFILE":     home,
		"AppData":         filepath.Join(home, "AppData"),
		"LocalAppData":    filepath.Join(home, "LocalAppData"),
		"XDG_CONFIG_HOME": filepath.Join(home, "config"),
		"XDG_CACHE_HOME":  filepath.Join(home, "cache"),
		"GH_CONFIG_DIR":   filepath.Join(home, "gh"),
		// Without a home there is no other place for the cache either: /run is not a test's.
		"CACHE_DIRECTORY": "none",
		// A bus that cannot be, should the keyring of the machine be opened after all.
		"DBUS_SESSION_BUS_ADDRESS": "disabled:",
		// Here as there, no person could answer a question of the keyring's.
		"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22",
	}
	for _, name := range []string{
		"GHCR_TOKEN", "GHCR_TOKEN_FILE", "CREDENTIALS_DIRECTORY", "GHCR_USER", "GITHUB_SERVER_URL", "SUDO_UID", "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN",
		"GH_HOST", "GHCR_SCOPE", "GHCR_DEBUG", "GHCR_NO_MEMORY",
		"GITHUB_ACTIONS", "GITHUB_ACTOR", "CI",
		"DISPLAY", "WAYLAND_DISPLAY",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	} {
		env[name] = ""
	}
	return env
}

// machine is a computer of one test's own, with a pretend GitHub in reach.
type machine struct {
	*testing.T
	github  *credentialstest.GitHub
	keyring *credentialstest.Keyring
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	for name, value := range emptyMachine(t.TempDir()) {
		t.Setenv(name, value)
	}
	return &machine{t, credentialstest.NewGitHub(), &credentialstest.Keyring{NotFound: ErrNotInKeyring}}
}

// inBubble gives the test a machine whose clock runs only while everybody waits.
func inBubble(t *testing.T, test func(m *machine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		test(newMachine(t))
	})
}

// helper is the one that docker would start now.
func (m *machine) helper() *Helper {
	return &Helper{Transport: m.github.Transport(), Keyring: m.keyring, UserAgent: "docker-credential-ghcr/test"}
}

// reply is what a call of ours came to.
type reply struct {
	user, secret string
	err          error
	stderr       string
}

func (m *machine) get(serverURL string) reply {
	m.Helper()
	h, said := m.helper(), &bytes.Buffer{}
	h.Stderr = said
	r := reply{}
	r.user, r.secret, r.err = h.Get(serverURL)
	r.stderr = said.String()
	return r
}

// found: docker gets this, and nothing is printed on stderr.
func (m *machine) found(serverURL, user, secret string) {
	m.Helper()
	if got, want := m.get(serverURL), (reply{user: user, secret: secret}); got != want {
		m.Errorf("get %s: got %+v, want %+v", serverURL, got, want)
	}
}

// notFound: docker continues without, and nothing is printed on stderr.
func (m *machine) notFound(serverURL string) {
	m.Helper()
	if said := m.refused(serverURL); said != "" {
		m.Errorf("get %s: said %q", serverURL, said)
	}
}

// refused: docker goes on without; what the person was told is returned.
func (m *machine) refused(serverURL string) string {
	m.Helper()
	got := m.get(serverURL)
	if !protocol.IsErrCredentialsNotFound(got.err) || got.user != "" || got.secret != "" {
		m.Errorf("get %s: got %q, %q, %v", serverURL, got.user, got.secret, got.err)
	}
	return got.stderr
}

// says: docker goes on without, and the person reads exactly these lines.
func (m *machine) says(serverURL string, lines ...string) {
	m.Helper()
	if got, want := m.refused(serverURL), strings.Join(lines, "\n")+"\n"; got != want {
		m.Errorf("get %s said\n%s\nwant\n%s", serverURL, got, want)
	}
}

// verdicts are those of all candidates.
func (m *machine) verdicts(serverURL string) []Verdict {
	m.Helper()
	s := m.search(serverURL)
	var all []Verdict
	for v := range s.Verdicts(m.Context()) {
		all = append(all, v)
	}
	return all
}

// only is the one verdict that there must be.
func (m *machine) only(serverURL string) Verdict {
	m.Helper()
	all := m.verdicts(serverURL)
	if len(all) != 1 {
		m.Fatalf("got verdicts %+v, want one", all)
	}
	return all[0]
}

func (m *machine) store(serverURL, user, secret string) error {
	m.Helper()
	h, said := m.helper(), &bytes.Buffer{}
	h.Stderr = said
	err := h.Add(&protocol.Credentials{ServerURL: serverURL, Username: user, Secret: secret})
	if said.Len() > 0 {
		m.Errorf("store %s said %q on stderr", serverURL, said)
	}
	return err
}

// erase returns what the person was told; docker is never told of a failure.
func (m *machine) erase(serverURL string) string {
	m.Helper()
	h, said := m.helper(), &bytes.Buffer{}
	h.Stderr = said
	if err := h.Delete(serverURL); err != nil {
		m.Errorf("erase %s: %v", serverURL, err)
	}
	return said.String()
}

func (m *machine) list() map[string]string {
	m.Helper()
	h := m.helper()
	h.Stderr = mustNotWrite{m.T}
	logins, err := h.List()
	if err != nil || logins == nil {
		m.Errorf("list: got %v, %v", logins, err)
	}
	return logins
}

// write makes a file, and its folder.
func (m *machine) write(path, content string) {
	m.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		m.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) hostsPath() string { return filepath.Join(os.Getenv("GH_CONFIG_DIR"), "hosts.yml") }

// hosts is gh's hosts.yml from now on.
func (m *machine) hosts(yaml string) {
	m.Helper()
	m.write(m.hostsPath(), yaml)
}

// ghLogin is a login of gh's in clear text.
func (m *machine) ghLogin(host, user, secret string) {
	m.Helper()
	m.hosts(host + ":\n    user: " + user + "\n    oauth_token: " + secret + "\n")
}

// ghKeyringLogin is a login of gh's with the token in the keyring.
func (m *machine) ghKeyringLogin(host, user, secret string) {
	m.Helper()
	m.hosts(host + ":\n    users:\n        " + user + ":\n    user: " + user + "\n")
	m.keep("gh:"+host, user, secret)
	m.keep("gh:"+host, "", secret)
}

// dockerLogin is what docker login left.
func (m *machine) dockerLogin(host, user, secret string) {
	m.Helper()
	token, err := github.ParseToken(secret)
	if err == nil {
		err = writeDockerLogin(m.Context(), newLimitedKeyring(m.keyring, quiet), host, user, token)
	}
	if err != nil {
		m.Fatal(err)
	}
}

func (m *machine) keep(service, user, secret string) {
	m.Helper()
	if err := m.keyring.Set(service, user, secret); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) settings(json string) {
	m.Helper()
	path, err := SettingsPath()
	if err != nil {
		m.Fatal(err)
	}
	m.write(path, json)
}

// token makes GitHub know an OAuth token of octocat's with these scopes.
func (m *machine) token(secret string, scopes ...string) {
	if scopes == nil {
		scopes = []string{}
	}
	m.github.Add(secret, credentialstest.Token{Login: "octocat", Scopes: scopes})
}

// asked counts the requests to a place.
func (m *machine) asked(place credentialstest.Place) int {
	n := 0
	for _, r := range m.github.Requests() {
		if r.Place == place {
			n++
		}
	}
	return n
}

// wantAsked checks how many requests there were to the API and to registries.
func (m *machine) wantAsked(api, registry int) {
	m.Helper()
	if a, r := m.asked(credentialstest.API), m.asked(credentialstest.Registry); a != api || r != registry {
		m.Errorf("asked the API %d times and the registry %d times, want %d and %d", a, r, api, registry)
	}
}

// opened counts the uses of the keyring since a number of them.
func (m *machine) opened() int { return len(m.keyring.Calls()) }

// files reads everything below the home.
func (m *machine) files() map[string]string {
	m.Helper()
	return tree(m.T, os.Getenv("HOME"))
}

// tree reads every file below a folder.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		found[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func quiet(string, ...any) {}

// mustNotWrite fails the test that has something written.
type mustNotWrite struct{ t *testing.T }

func (w mustNotWrite) Write(p []byte) (int, error) {
	w.t.Errorf("said %q", p)
	return len(p), nil
}

// log is a writer for several goroutines.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// inJSON is a text as JSON has it.
func inJSON(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}
