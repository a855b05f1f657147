package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// Paths in a home.
const (
	hostsFile    = ".config/gh/hosts.yml"
	ghConfigFile = ".config/gh/config.yml"
	ourConfigDir = ".config/" + stage.Product
	settingsFile = ourConfigDir + "/settings.json"
	cacheDir     = ".cache/" + stage.Product
)

// Files that decide where a token goes, or whether it is valid, count only if no other
// user can have written them.
func TestHostileOwners(t *testing.T) {
	const (
		notSent  = "the token goes to that host"
		notHeard = "the socket hears the token"
		notUsed  = "the token in it is sent or handed out"
	)
	// put writes a file, and lets somebody own it.
	put := func(t *testing.T, v *victim, path, content string, owner int, mode fs.FileMode) {
		check(t, v.WriteFile(path, content))
		v.give(t, path, owner)
		v.mode(t, path, mode)
	}
	var attacks []attack
	add := func(name, never string, meet func(t *testing.T, v *victim)) {
		attacks = append(attacks, attack{name, never, func(t *testing.T, v *victim) {
			v.becomes(t, self)
			meet(t, v)
		}})
	}
	for _, who := range []struct {
		name  string
		owner int
		mode  fs.FileMode
		word  string
	}{
		{"belongs to another user", stranger, 0o644, "another user"},
		{"may be written by everyone", self, 0o666, ""},
		{"may be written by everyone, and is root's", root, 0o646, ""},
	} {
		add("hosts.yml with `api_host` "+who.name, notSent, func(t *testing.T, v *victim) {
			put(t, v, hostsFile, viaGateway(v.token), who.owner, who.mode)
			v.refused(t, who.word)
			v.unsent(t, v.token)
			put(t, v, hostsFile, viaGateway(v.token), self, 0o600)
			v.gets(t, "ghcr.io")
			if v.sentTo("gw.example.com", v.token) != 1 {
				t.Error("the gateway is not asked once the file is the user's own")
			}
		})
		add("hosts.yml "+who.name, notUsed, func(t *testing.T, v *victim) {
			v.give(t, hostsFile, who.owner)
			v.mode(t, hostsFile, who.mode)
			v.refused(t, who.word)
			status := v.runs(t, apiLimit+registryLimit, "", "status", "--json")
			for _, c := range theReport(t, status).Candidates {
				if c.Used || c.Verdict == "missing" || c.Fix.Command+c.Fix.Advice == "" {
					t.Errorf("status says %+v", c)
				}
			}
			v.unsent(t, v.token)
			v.give(t, hostsFile, self)
			v.mode(t, hostsFile, 0o600)
			v.works(t)
		})
		add("gh's config.yml with a socket "+who.name, notHeard, func(t *testing.T, v *victim) {
			socket := filepath.Join(v.Dir, "api.sock")
			e := eavesdrop(t, socket, self)
			put(t, v, ghConfigFile, socketOf(socket), who.owner, who.mode)
			v.gets(t, "ghcr.io")
			v.runs(t, apiLimit+registryLimit, "", "status")
			v.runs(t, apiLimit+registryLimit, "", "revoke", "--yes")
			e.hears(t, 0)
			v.stage.GitHub.Add(v.token, healthy)
			put(t, v, ghConfigFile, socketOf(socket), self, 0o600)
			v.works(t)
			e.hears(t, 1)
		})
		add("our settings with a lower scope "+who.name, "a token without the scope is handed out", func(t *testing.T, v *victim) {
			v.stage.GitHub.Add(v.token, credentialstest.Token{Login: "octocat", Scopes: []string{"read:packages"}})
			put(t, v, settingsFile, `{"registries": {"ghcr.io": {"scope": "read:packages"}}}`, who.owner, who.mode)
			v.give(t, ourConfigDir, who.owner)
			v.mode(t, ourConfigDir, 0o755)
			v.refused(t, who.word)
			v.give(t, ourConfigDir, self)
			v.mode(t, settingsFile, 0o600)
			v.works(t)
		})
		add("a file of tokens "+who.name, notUsed, func(t *testing.T, v *victim) {
			other := tokenFor("hostile")
			v.stage.GitHub.Add(other, healthy)
			put(t, v, "token", other, who.owner, who.mode)
			v.Setenv("GHCR_TOKEN_FILE", filepath.Join(v.Dir, "token"))
			if got := v.gets(t, "ghcr.io"); strings.Contains(got.stdout, other) {
				t.Errorf("got %+v", got)
			}
			v.unsent(t, other)
			v.give(t, "token", self)
			v.mode(t, "token", 0o600)
			v.gets(t, "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", other), "")
		})
	}
	for _, c := range []struct {
		name  string
		owner int
		mode  fs.FileMode
	}{{"belongs to another user", stranger, 0o755}, {"may be written by everyone", self, 0o777}} {
		add("gh's directory "+c.name, notSent, func(t *testing.T, v *victim) {
			put(t, v, hostsFile, viaGateway(v.token), self, 0o600)
			check(t, os.Chown(filepath.Join(v.Dir, ".config/gh"), c.owner, c.owner))
			v.mode(t, ".config/gh", c.mode)
			v.gets(t, "ghcr.io")
			if v.sentTo("gw.example.com", v.token) != 0 {
				t.Error("the gateway is asked")
			}
		})
	}
	add("a home in a shared directory, .config of another user", notSent+"; "+notHeard, func(t *testing.T, v *victim) {
		shared := openDir(t)
		check(t, os.Chmod(shared, 0o777|fs.ModeSticky))
		check(t, os.Rename(filepath.Join(v.Dir, ".config"), filepath.Join(shared, ".config")))
		v.Dir = shared
		v.Setenv("HOME", shared)
		v.Setenv("XDG_CONFIG_HOME", "")
		v.Setenv("XDG_CACHE_HOME", "")
		socket := filepath.Join(shared, "evil.sock")
		e := eavesdrop(t, socket, stranger)
		put(t, v, hostsFile, viaGateway(v.token), stranger, 0o644)
		put(t, v, ghConfigFile, socketOf(socket), stranger, 0o644)
		v.give(t, ".config", stranger)
		v.mode(t, ".config", 0o755)
		v.mode(t, ".config/gh", 0o755)
		v.Setenv("GH_TOKEN", v.token)
		v.gets(t, "ghcr.io")
		e.hears(t, 0)
		if v.sentTo("gw.example.com", v.token) != 0 {
			t.Error("the gateway is asked")
		}
	})
	add("a link from gh's directory to another user's files", notSent, func(t *testing.T, v *victim) {
		other := openDir(t)
		check(t, os.WriteFile(filepath.Join(other, "hosts.yml"), []byte(viaGateway(v.token)), 0o644))
		check(t, os.Lchown(filepath.Join(other, "hosts.yml"), stranger, stranger))
		check(t, os.RemoveAll(filepath.Join(v.Dir, ".config/gh")))
		check(t, os.Symlink(other, filepath.Join(v.Dir, ".config/gh")))
		v.give(t, ".config", self)
		v.refused(t, "another user")
		v.unsent(t, v.token)
	})
	add("a socket of another user's, which the user's own config.yml names", notHeard, func(t *testing.T, v *victim) {
		socket := filepath.Join(openDir(t), "api.sock")
		e := eavesdrop(t, socket, stranger)
		put(t, v, ghConfigFile, socketOf(socket), self, 0o600)
		v.gets(t, "ghcr.io")
		v.runs(t, apiLimit+registryLimit, "", "status")
		e.hears(t, 0)
	})
	add("a link of the user's to a socket of another user's", notHeard, func(t *testing.T, v *victim) {
		socket := filepath.Join(openDir(t), "api.sock")
		e := eavesdrop(t, socket, stranger)
		check(t, os.Symlink(socket, filepath.Join(v.Dir, "link.sock")))
		v.give(t, "link.sock", self)
		put(t, v, ghConfigFile, socketOf(filepath.Join(v.Dir, "link.sock")), self, 0o600)
		v.gets(t, "ghcr.io")
		e.hears(t, 0)
	})
	add("a socket in a directory that everyone may write", notHeard, func(t *testing.T, v *victim) {
		dir := openDir(t)
		check(t, os.Chmod(dir, 0o777))
		e := eavesdrop(t, filepath.Join(dir, "api.sock"), stranger)
		put(t, v, ghConfigFile, socketOf(filepath.Join(dir, "api.sock")), self, 0o600)
		v.gets(t, "ghcr.io")
		e.hears(t, 0)
	})

	// readable lets others read the files of the cache, or write them.
	readable := func(t *testing.T, v *victim, mode fs.FileMode) {
		paths, err := filepath.Glob(filepath.Join(v.Dir, cacheDir, "*"))
		check(t, err)
		if len(paths) == 0 {
			t.Fatal("nothing is in the cache")
		}
		for _, path := range paths {
			check(t, os.Chmod(path, mode))
		}
	}
	// Somebody else's cache says that a dead token is good, or a good one dead.
	for _, c := range []struct {
		name    string
		arrange func(t *testing.T, v *victim)
	}{
		{"the cache belongs to another user", func(t *testing.T, v *victim) {
			readable(t, v, 0o644)
			v.give(t, cacheDir, stranger)
			v.mode(t, cacheDir, 0o755)
		}},
		{"the cache belongs to another user, who lets everyone write", func(t *testing.T, v *victim) {
			readable(t, v, 0o666)
			v.give(t, cacheDir, stranger)
			v.mode(t, cacheDir, 0o777)
		}},
		{"everyone may write the cache's directory", func(t *testing.T, v *victim) { v.mode(t, cacheDir, 0o777) }},
		{"the cache's files belong to another user", func(t *testing.T, v *victim) {
			readable(t, v, 0o644)
			v.give(t, cacheDir, stranger)
			check(t, os.Chown(filepath.Join(v.Dir, cacheDir), self, self))
		}},
		{"everyone may write the cache's files", func(t *testing.T, v *victim) {
			readable(t, v, 0o666)
		}},
		{"the cache is a link to another user's", func(t *testing.T, v *victim) {
			readable(t, v, 0o666)
			other := filepath.Join(openDir(t), "cache")
			check(t, os.Rename(filepath.Join(v.Dir, cacheDir), other))
			check(t, os.Symlink(other, filepath.Join(v.Dir, cacheDir)))
			paths, err := filepath.Glob(filepath.Join(other, "*"))
			check(t, err)
			for _, path := range append(paths, other) {
				check(t, os.Chown(path, stranger, stranger))
			}
			check(t, os.Chmod(other, 0o777))
		}},
	} {
		add(c.name, "a dead token is handed out because the cache says that it is valid", func(t *testing.T, v *victim) {
			v.works(t) // and is kept in the cache for ten seconds
			v.stage.GitHub.Revoke(v.token)
			c.arrange(t, v)
			if got := v.gets(t, "ghcr.io"); got.code == 0 {
				t.Errorf("got %+v", got)
			}
		})
		add(c.name+", a rejection in it", "a valid token is refused because the cache says that it is dead", func(t *testing.T, v *victim) {
			v.stage.GitHub.Revoke(v.token)
			v.refused(t)
			v.stage.GitHub.Add(v.token, healthy)
			c.arrange(t, v)
			v.works(t)
		})
	}
	add("a record of a docker login belongs to another user", "`get` opens a keyring because of it; `list` shows its name", func(t *testing.T, v *victim) {
		check(t, os.Remove(filepath.Join(v.Dir, hostsFile)))
		put(t, v, ourConfigDir+"/logins/github.com", `{"user": "evil"}`, stranger, 0o644)
		v.give(t, ourConfigDir, stranger)
		v.mode(t, ourConfigDir, 0o755)
		v.mode(t, ourConfigDir+"/logins", 0o755)
		if got := v.runs(t, promptly, "", "list"); strings.Contains(got.stdout, "evil") {
			t.Errorf("list says %+v", got)
		}
	})
	add("a user sets SUDO_UID to the owner of another user's file", notUsed, func(t *testing.T, v *victim) {
		v.give(t, hostsFile, stranger)
		v.mode(t, hostsFile, 0o644)
		v.Setenv("SUDO_UID", fmt.Sprint(stranger))
		v.refused(t, "another user")
		v.unsent(t, v.token)
	})
	add("root, in a user's home without sudo", notUsed, func(t *testing.T, v *victim) {
		v.uid = root
		v.refused(t, "another user")
		v.unsent(t, v.token)
	})
	add("root, in the home of a user who is not the one of SUDO_UID", notUsed, func(t *testing.T, v *victim) {
		v.uid = root
		v.Setenv("SUDO_UID", fmt.Sprint(stranger))
		v.refused(t, "another user")
		v.unsent(t, v.token)
	})
	withstand(t, "Files of other users", attacks)
}

// What people really have keeps working: files that their group may write, root's
// files, links, sudo.
func TestOwnersWhoAreTrusted(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for name, arrange := range map[string]func(t *testing.T, v *victim){
		"umask 002": func(t *testing.T, v *victim) {
			v.mode(t, hostsFile, 0o664)
			v.mode(t, ghConfigFile, 0o664)
			for _, dir := range []string{".config/gh", ".config", ""} {
				v.mode(t, dir, 0o775)
			}
		},
		"setgid directories": func(t *testing.T, v *victim) {
			v.mode(t, ".config/gh", 0o775|fs.ModeSetgid)
			v.mode(t, ".config", 0o775|fs.ModeSetgid)
		},
		"files of root's": func(t *testing.T, v *victim) {
			v.give(t, ".config/gh", root)
			v.mode(t, ".config/gh", 0o755)
			v.mode(t, hostsFile, 0o644)
			v.mode(t, ghConfigFile, 0o644)
		},
		"a link to a file of one's own": func(t *testing.T, v *victim) {
			dotfiles := filepath.Join(v.Dir, "dotfiles")
			check(t, os.Rename(filepath.Join(v.Dir, ".config/gh"), dotfiles))
			check(t, os.Symlink(dotfiles, filepath.Join(v.Dir, ".config/gh")))
			check(t, os.Rename(filepath.Join(dotfiles, "hosts.yml"), filepath.Join(dotfiles, "hosts")))
			check(t, os.Symlink("hosts", filepath.Join(dotfiles, "hosts.yml")))
			v.give(t, "", self)
		},
		"a home of one's own in a shared sticky directory": func(t *testing.T, v *victim) {
			check(t, os.Chmod(filepath.Dir(v.Dir), 0o777|fs.ModeSticky))
		},
		"sudo in the user's home": func(t *testing.T, v *victim) {
			v.uid = root
			v.Setenv("SUDO_UID", fmt.Sprint(self))
		},
		"root in root's home": func(t *testing.T, v *victim) { v.becomes(t, root) },
		"a systemd credential of root's": func(t *testing.T, v *victim) {
			check(t, os.Remove(filepath.Join(v.Dir, hostsFile)))
			check(t, v.WriteFile("credentials/ghcr-token", v.token+"\n"))
			v.give(t, "credentials", root)
			// systemd gives the service's user an ACL; here the group serves.
			check(t, os.Chown(filepath.Join(v.Dir, "credentials/ghcr-token"), root, self))
			v.mode(t, "credentials/ghcr-token", 0o440)
			v.mode(t, "credentials", 0o755)
			v.Setenv("CREDENTIALS_DIRECTORY", filepath.Join(v.Dir, "credentials"))
		},
		"a socket of root's": func(t *testing.T, v *victim) {
			socket := filepath.Join(openDir(t), "api.sock")
			e := eavesdrop(t, socket, root)
			check(t, v.WriteFile(ghConfigFile, socketOf(socket)))
			v.give(t, ".config/gh", self)
			t.Cleanup(func() { e.hears(t, 1) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, s)
			v.becomes(t, self)
			arrange(t, v)
			v.works(t)
		})
	}
}
