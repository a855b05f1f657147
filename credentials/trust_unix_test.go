//go:build unix

package credentials

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// deciding are the files that decide where a token goes or what is believed of it.
func (m *machine) deciding() map[string]string {
	settings, err := SettingsPath()
	if err != nil {
		m.Fatal(err)
	}
	logins, err := loginsDir()
	if err != nil {
		m.Fatal(err)
	}
	return map[string]string{
		"hosts.yml":  m.hostsPath(),
		"config.yml": filepath.Join(filepath.Dir(m.hostsPath()), "config.yml"),
		"settings":   settings,
		"record":     filepath.Join(logins, github.DotCom),
	}
}

// untrusted makes a file one that another user could have written.
var untrusted = map[string]struct {
	spoil func(m *machine, path string)
	says  string
}{
	"of another user":              {func(m *machine, path string) { m.giveAway(path) }, "belongs to another user (id 54321)"},
	"in a directory of another":    {func(m *machine, path string) { m.giveAway(filepath.Dir(path)) }, "belongs to another user (id 54321)"},
	"that everyone may write":      {func(m *machine, path string) { m.chmod(path, 0o666) }, "every user can write to"},
	"in a directory of everyone's": {func(m *machine, path string) { m.chmod(filepath.Dir(path), 0o777) }, "every user can write to"},
}

func (m *machine) giveAway(path string) {
	m.Helper()
	if err := os.Lchown(path, 54321, 54321); err != nil {
		m.Skipf("only root can give files away: %v", err)
	}
}

func (m *machine) chmod(path string, mode os.FileMode) {
	m.Helper()
	if err := os.Chmod(path, mode); err != nil {
		m.Fatal(err)
	}
}

func TestAFileThatAnotherUserCouldHaveWrittenIsNotBelieved(t *testing.T) {
	for how, c := range untrusted {
		for _, name := range []string{"hosts.yml", "config.yml", "settings", "record"} {
			t.Run(name+" "+how, func(t *testing.T) {
				m := newMachine(t)
				m.ghLogin(github.DotCom, "octocat", "gho_"+canary)
				path := m.deciding()[name]
				if name != "hosts.yml" {
					m.write(path, "{}")
				}
				c.spoil(m, path)
				said := m.refused("ghcr.io")
				v := m.verdicts("ghcr.io")[0]
				if !strings.Contains(said, c.says) || v.Fault != OtherOwner || !strings.HasPrefix(v.Fix.Advice, "read /") {
					t.Errorf("said %s, got %+v", said, v)
				}
				if name != "record" { // which is followed by gh's login
					m.wantAsked(0, 0)
				}
			})
		}
	}
}

// A group may write: with a umask of 002 every file is so.
func TestAFileThatAGroupMayWriteIsBelieved(t *testing.T) {
	m := newMachine(t)
	m.ghLogin(github.DotCom, "octocat", "gho_example")
	m.token("gho_example", "write:packages")
	m.chmod(m.hostsPath(), 0o664)
	m.chmod(filepath.Dir(m.hostsPath()), 0o775)
	m.found("ghcr.io", "octocat", "gho_example")
}

// What another user planted in the cache neither saves a dead token nor condemns a good
// one, and where the cache is another's nothing is written.
func TestACacheThatAnotherUserCouldHaveWrittenIsOff(t *testing.T) {
	for how, spoil := range map[string]func(m *machine, path string){
		"a file of another":      (*machine).giveAway,
		"a file of everyone's":   func(m *machine, path string) { m.chmod(path, 0o666) },
		"a directory of another": func(m *machine, path string) { m.giveAway(filepath.Dir(path)) },
		"everyone's directory":   func(m *machine, path string) { m.chmod(filepath.Dir(path), 0o777) },
	} {
		t.Run(how, func(t *testing.T) {
			m := newMachine(t)
			m.token("gho_good", "write:packages")
			for _, secret := range []string{"gho_good", "gho_dead"} {
				m.variable(secret)
				m.get("ghcr.io")
			}
			good, err := os.ReadFile(m.cachePath("gho_good"))
			if err != nil {
				t.Fatal(err)
			}
			m.write(m.cachePath("gho_dead"), string(good))
			spoil(m, m.cachePath("gho_dead"))
			m.variable("gho_dead")
			if said := m.refused("ghcr.io"); !strings.Contains(said, "rejected by GitHub") {
				t.Errorf("said %s", said)
			}
		})
	}
}

// A socket gets everything in clear.
func TestASocketIsUsedOnlyIfItsPlaceIsSafe(t *testing.T) {
	for name, c := range map[string]struct {
		setting func(socket string) string
		spoil   func(m *machine, socket string)
		says    string
	}{
		"a name in the working directory": {func(string) string { return "api.sock" }, nil, "is not an absolute path"},
		"an abstract name":                {func(string) string { return `"@ghapi"` }, nil, "is not an absolute path"},
		"of another user":                 {nil, (*machine).giveAway, "belongs to another user"},
		"that everyone may write":         {nil, func(m *machine, socket string) { m.chmod(socket, 0o777) }, "every user can write"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			dir, err := os.MkdirTemp("", "s") // t.TempDir is too long a name for a socket
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(dir) })
			t.Chdir(dir)
			socket := filepath.Join(dir, "api.sock")
			listener, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				_ = http.Serve(listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the socket got a request") }))
			}()
			setting := socket
			if c.setting != nil {
				setting = c.setting(socket)
			}
			m.chmod(socket, 0o700)
			if c.spoil != nil {
				c.spoil(m, socket)
			}
			m.write(filepath.Join(filepath.Dir(m.hostsPath()), "config.yml"), "http_unix_socket: "+setting+"\n")
			m.ghLogin(github.DotCom, "octocat", "gho_example")
			m.registryDown()
			if said := m.refused("ghcr.io"); !strings.Contains(said, c.says) {
				t.Errorf("said %s", said)
			}
			if m.asked(credentialstest.API) != 0 {
				t.Error("the API was asked by another way")
			}
		})
	}
}

// null is no socket, and neither is a file of that name in the working directory.
func TestASocketThatIsNullIsNone(t *testing.T) {
	for _, setting := range []string{"null", "~", "", `""`} {
		m := newMachine(t)
		m.write(filepath.Join(filepath.Dir(m.hostsPath()), "config.yml"), "http_unix_socket: "+setting+"\n")
		m.ghLogin(github.DotCom, "octocat", "gho_example")
		m.token("gho_example", "write:packages")
		m.found("ghcr.io", "octocat", "gho_example")
	}
}

// As root in another user's home, what is made belongs to that user, and no cache is
// made that would lock the user out.
func TestRootLeavesNothingBehindInAnotherUsersHome(t *testing.T) {
	m := newMachine(t)
	home := t.TempDir()
	m.giveAway(home)
	for name, dir := range map[string]string{"HOME": "", "XDG_CONFIG_HOME": ".config", "XDG_CACHE_HOME": ".cache"} {
		t.Setenv(name, filepath.Join(home, dir))
	}
	t.Setenv("SUDO_UID", "54321")
	t.Setenv("CACHE_DIRECTORY", t.TempDir())
	m.variable("gho_dead")
	m.refused("ghcr.io")
	if err := EditSettings(func(s *Settings) error {
		s.Registries = map[string]RegistrySettings{"ghcr.io": {Scope: github.ReadPackages}}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	m.dockerLogin(github.DotCom, "octocat", "gho_login")
	seen := 0
	err := filepath.WalkDir(home, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		seen++
		if owner := ownerOf(t, path); owner != 54321 {
			t.Errorf("%s belongs to %d", strings.TrimPrefix(path, home), owner)
		}
		return nil
	})
	if err != nil || seen < 5 {
		t.Errorf("saw %d files, %v", seen, err)
	}
}

func ownerOf(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}
