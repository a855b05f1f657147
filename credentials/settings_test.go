package credentials

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func TestTheScopeThatIsRequired(t *testing.T) {
	const both = `{"registries":{"ghcr.io":{"scope":"read:packages"},"docker.pkg.github.com":{"scope":"write:packages"}}}`
	for _, test := range []struct{ name, variable, settings, serverURL, want string }{
		{"nothing is set", "", "", "ghcr.io", "write:packages"},
		{"the variable", "read:packages", "", "ghcr.io", "read:packages"},
		{"the variable with white space", " read:packages\n", "", "ghcr.io", "read:packages"},
		{"the variable with nothing but white space", " \n", "", "ghcr.io", "write:packages"},
		{"the settings", "", both, "ghcr.io", "read:packages"},
		{"the settings of the other registry", "", both, "docker.pkg.github.com", "write:packages"},
		{"settings without a scope", "", `{"registries":{"ghcr.io":{}}}`, "ghcr.io", "write:packages"},
		{"settings of no registry", "", `{}`, "ghcr.io", "write:packages"},
		{"settings with more than we know", "", `{"registries":{"ghcr.io":{"scope":"read:packages","x":1}},"y":[]}`, "ghcr.io", "read:packages"},
		{"the variable before the settings", "write:packages", both, "ghcr.io", "write:packages"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GHCR_SCOPE", test.variable)
			if test.settings != "" {
				m.settings(test.settings)
			}
			s := m.search(test.serverURL)
			if s.Scope != github.Scope(test.want) {
				t.Errorf("got %q, want %q", s.Scope, test.want)
			}
			m.ghLogin(github.DotCom, "octocat", "gho_read")
			m.token("gho_read", "read:packages")
			if test.want == "read:packages" {
				m.found(test.serverURL, "octocat", "gho_read")
			} else {
				m.refused(test.serverURL)
			}
		})
	}
}

func TestTheScopeThatACallerNeeds(t *testing.T) {
	const write = `{"registries":{"ghcr.io":{"scope":"write:packages"}}}`
	for _, test := range []struct{ name, variable, settings, want string }{
		{"nothing is set", "", "", "read:packages"},
		{"the variable asks for more", "write:packages", "", "write:packages"},
		{"the settings ask for more", "", write, "write:packages"},
		{"the variable before the settings", "read:packages", write, "read:packages"},
		{"a variable that is no scope", "packages", "", "write:packages"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GHCR_SCOPE", test.variable)
			if test.settings != "" {
				m.settings(test.settings)
			}
			s, err := (&Helper{Scope: github.ReadPackages}).Search("ghcr.io")
			if err != nil || s.Scope != github.Scope(test.want) {
				t.Errorf("got %v, %v, want %q", s, err, test.want)
			}
		})
	}
}

// brokenSettings are settings that a person asked for and that cannot be read.
func brokenSettings(m *machine) map[string]func() {
	path, err := SettingsPath()
	if err != nil {
		m.Fatal(err)
	}
	return map[string]func(){
		"not JSON":              func() { m.settings("registries: ghcr.io\n") },
		"nothing at all":        func() { m.settings("") },
		"half of it":            func() { m.settings(`{"registries":{"ghcr.io":{"scope":"read:pack`) },
		"a list":                func() { m.settings("[]") },
		"a scope of no meaning": func() { m.settings(`{"registries":{"ghcr.io":{"scope":"repo"}}}`) },
		"a scope of no meaning for another registry": func() { m.settings(`{"registries":{"containers.example.com":{"scope":"packages"}}}`) },
		"a directory":               func() { m.write(filepath.Join(path, "x"), "") },
		"a link that leads nowhere": func() { m.link(path) },
		"2 MiB":                     func() { m.settings(strings.Repeat(" ", 2<<20)) },
	}
}

// symlink makes a symbolic link, where there are such: wine says yes and makes none.
func (m *machine) symlink(to, path string) {
	m.Helper()
	err := os.Symlink(to, path)
	if err == nil {
		_, err = os.Readlink(path)
	}
	if err != nil {
		unavailable(m, "needs symbolic links; turn on the developer mode of Windows, or use another system (wine 8 has none)", err)
	}
}

// link makes a symbolic link that leads nowhere.
func (m *machine) link(path string) {
	m.Helper()
	m.write(path, "")
	os.Remove(path)
	m.symlink(filepath.Join(m.TempDir(), "nowhere"), path)
}

// damage makes the settings, or the variable that goes before them, unreadable.
func damage(m *machine) map[string]func() {
	ways := brokenSettings(m)
	ways["a scope of no meaning in GHCR_SCOPE"] = func() { m.Setenv("GHCR_SCOPE", "packages") }
	ways["a token in GHCR_SCOPE"] = func() { m.Setenv("GHCR_SCOPE", "ghp_"+canary) }
	return ways
}

// blames is how a refusal begins to name what is damaged.
func blames(way string) string {
	if strings.Contains(way, "GHCR_SCOPE") {
		return "settings: GHCR_SCOPE: the scope is neither write:packages nor read:packages"
	}
	path, _ := SettingsPath()
	return "settings: " + path
}

func TestUnderBrokenSettingsAVariableIsJudgedByTheStricterScope(t *testing.T) {
	for way := range damage(newMachine(t)) {
		t.Run(way, func(t *testing.T) {
			m := newMachine(t)
			m.dockerLogin(github.DotCom, "octocat", "gho_behind")
			m.ghKeyringLogin(github.DotCom, "octocat", "gho_behind")
			opened := m.opened()
			damage(m)[way]()
			m.token("gho_writes", "write:packages")
			m.token("gho_reads", "read:packages")
			m.token("gho_behind", "write:packages")
			m.variable("gho_writes")
			m.found("ghcr.io", "octocat", "gho_writes")
			m.variable("gho_reads")
			lines := strings.Split(m.refused("ghcr.io"), "\n")
			if len(lines) != 5 || lines[1] != "  GH_TOKEN: lacks write:packages (has read:packages)" || !strings.HasPrefix(lines[2], "  "+blames(way)) {
				t.Errorf("said %q", lines)
			}
			if calls := m.keyring.Calls()[opened:]; len(calls) > 0 {
				t.Errorf("used the keyring %q", calls)
			}
		})
	}
}

func TestUnderBrokenSettingsNothingBehindThemIsHandedOut(t *testing.T) {
	for way := range damage(newMachine(t)) {
		t.Run(way, func(t *testing.T) {
			m := newMachine(t)
			m.dockerLogin(github.DotCom, "octocat", "gho_example")
			m.ghKeyringLogin(github.DotCom, "octocat", "gho_example")
			m.token("gho_example", "write:packages")
			opened := m.opened()
			damage(m)[way]()
			lines := strings.Split(m.refused("ghcr.io"), "\n")
			if len(lines) != 4 || !strings.HasPrefix(lines[1], "  "+blames(way)) || lines[2] != "docker-credential-ghcr: hint: fix what is named above, then try again" || shows(lines[1]) {
				t.Errorf("said %q", lines)
			}
			if v := m.only("ghcr.io"); v.Source != SettingsFile || v.Fault != Broken || !v.Token.IsZero() {
				t.Errorf("got %+v", v)
			}
			m.wantAsked(0, 0)
			if calls := m.keyring.Calls()[opened:]; len(calls) > 0 {
				t.Errorf("used the keyring %q", calls)
			}
		})
	}
}

func TestUnderBrokenSettingsNothingIsStored(t *testing.T) {
	for way := range damage(newMachine(t)) {
		t.Run(way, func(t *testing.T) {
			m := newMachine(t)
			m.token("gho_example", "write:packages")
			damage(m)[way]()
			err := m.store("ghcr.io", "octocat", "gho_example")
			want, _ := strings.CutPrefix(blames(way), "settings: ")
			if err == nil || !strings.HasPrefix(err.Error(), "the token was not kept: "+want) || shows(err.Error()) || !strings.HasSuffix(err.Error(), "\nhint: fix what is named above, then try again") {
				t.Errorf("got %v", err)
			}
			m.wantAsked(0, 0)
			if m.opened() > 0 {
				t.Errorf("used the keyring %q", m.keyring.Calls())
			}
		})
	}
}

func TestNoSettingsAreNoTrouble(t *testing.T) {
	for name, prepare := range map[string]func(*machine){
		"no file": func(*machine) {},
		"no home": func(m *machine) {
			for _, name := range []string{"HOME", "USERPROFILE", "AppData", "XDG_CONFIG_HOME"} {
				m.Setenv(name, "")
			}
		},
		"a home that is no folder": func(m *machine) {
			m.write(filepath.Join(os.Getenv("HOME"), "null"), "")
			m.Setenv("HOME", filepath.Join(os.Getenv("HOME"), "null"))
			for _, name := range []string{"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "GH_CONFIG_DIR"} {
				m.Setenv(name, "")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			prepare(m)
			m.notFound("ghcr.io")
			t.Setenv("GH_TOKEN", "gho_example")
			m.token("gho_example", "write:packages")
			m.found("ghcr.io", "octocat", "gho_example")
		})
	}
}

func TestSettingsAreEditedWholeOrNotAtAll(t *testing.T) {
	set := func(registry string, settings RegistrySettings) func(*Settings) error {
		return func(s *Settings) error {
			if s.Registries == nil {
				s.Registries = map[string]RegistrySettings{}
			}
			s.Registries[registry] = settings
			return nil
		}
	}
	clear := func(s *Settings) error { s.Registries = nil; return nil }
	refuse := errors.New("no")
	const (
		reading = "{\n  \"registries\": {\n    \"ghcr.io\": {\n      \"scope\": \"read:packages\"\n    }\n  }\n}\n"
		kept    = `{"registries":{"ghcr.io":{"scope":"read:packages"}}} ` + "\n"
	)
	for _, test := range []struct {
		name   string
		before string
		edit   func(*Settings) error
		after  string // "" is no file
		fails  bool
	}{
		{"into no file", "", set("ghcr.io", RegistrySettings{Scope: github.ReadPackages}), reading, false},
		{"without a change", kept, set("ghcr.io", RegistrySettings{Scope: github.ReadPackages}), kept, false},
		{"without a change of no file", "", clear, "", false},
		{"to nothing", kept, clear, "", false},
		{"by one who refuses", kept, func(*Settings) error { return refuse }, kept, true},
		{"by one who changes and refuses", kept, func(s *Settings) error { s.Registries = nil; return refuse }, kept, true},
		{"of a broken file", "broken", clear, "broken", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			if test.before != "" {
				m.settings(test.before)
			}
			if err := EditSettings(test.edit); (err != nil) != test.fails {
				t.Errorf("got %v", err)
			}
			path, _ := SettingsPath()
			content, err := os.ReadFile(path)
			if string(content) != test.after || (err != nil) != (test.after == "") {
				t.Errorf("the file is %q, %v, want %q", content, err, test.after)
			}
		})
	}
}

// settingsBehindALink are settings as people have them who keep such files elsewhere.
func (m *machine) settingsBehindALink(content string) (path, elsewhere string) {
	m.Helper()
	path, err := SettingsPath()
	if err != nil {
		m.Fatal(err)
	}
	m.link(path)
	if elsewhere, err = os.Readlink(path); err != nil {
		m.Fatal(err)
	}
	m.write(elsewhere, content)
	return path, elsewhere
}

func TestSettingsBehindALinkAreEditedWhereTheyAre(t *testing.T) {
	m := newMachine(t)
	path, elsewhere := m.settingsBehindALink("{}\n")
	edit := func(registries map[string]RegistrySettings) {
		t.Helper()
		if err := EditSettings(func(s *Settings) error { s.Registries = registries; return nil }); err != nil {
			t.Error(err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("the link is now %v, %v", info, err)
		}
	}
	edit(map[string]RegistrySettings{"ghcr.io": {Scope: github.ReadPackages}})
	if content, err := os.ReadFile(elsewhere); !strings.Contains(string(content), "read:packages") {
		t.Errorf("the file is %q, %v", content, err)
	}
}

func TestSettingsThatManyEditAtOnceLoseNothing(t *testing.T) {
	newMachine(t)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			err := EditSettings(func(s *Settings) error {
				if s.Registries == nil {
					s.Registries = map[string]RegistrySettings{}
				}
				s.Registries[fmt.Sprintf("containers.host%d.example.com", n)] = RegistrySettings{}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s, err := ReadSettings(); err != nil || len(s.Registries) != 20 {
		t.Errorf("got %v, %v", s, err)
	}
}
