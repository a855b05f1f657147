package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Root at work in a user's home leaves nothing there that locks the user out.
func TestHostileRoot(t *testing.T) {
	const never = "a file or directory of root's is left in the home; the user is locked out"
	var attacks []attack
	for _, args := range []string{"get", "status", "list", "erase", "setup", "setup --scope read:packages", "setup --dry-run", "setup --undo", "revoke --yes", "check ghcr.io/octocat/app"} {
		meet := func(t *testing.T, v *victim, sudo, before bool) {
			v.becomes(t, self)
			if before {
				check(t, v.WriteFile(".docker/config.json", "{\"auths\": {\"registry.example.com\": {\"auth\": \"YTpi\"}}}"))
				v.give(t, ".docker", self)
				v.runs(t, promptly, "", "setup")
				v.works(t)
			}
			v.uid = root
			if sudo {
				v.Setenv("SUDO_UID", fmt.Sprint(self))
				v.Setenv("SUDO_GID", fmt.Sprint(self))
			}
			v.runs(t, apiLimit+registryLimit, "ghcr.io", strings.Fields(args)...)
			v.ownsAll(t, self)
			v.uid = self
			v.Setenv("SUDO_UID", "")
			v.stage.GitHub.Add(v.token, healthy)
			forgetAll(t, v)
			v.works(t)
			for _, then := range [][]string{{"setup"}, {"setup", "--undo"}} {
				if got := v.runs(t, apiLimit+registryLimit, "", then...); got.code != 0 {
					t.Errorf("the user's own %v: %+v", then, got)
				}
			}
			v.ownsAll(t, self)
		}
		attacks = append(attacks, attack{"root runs `" + args + "` in a user's home", never, func(t *testing.T, v *victim) {
			meet(t, v, false, false)
			for name, with := range map[string][2]bool{"by sudo": {true, false}, "after setup": {false, true}, "by sudo, after setup": {true, true}} {
				t.Run(name, func(t *testing.T) { meet(t, newVictim(t, v.stage), with[0], with[1]) })
			}
		}})
	}
	withstand(t, "Root in a user's home", attacks)
}

// forgetAll removes the answers that are in the cache.
func forgetAll(t *testing.T, v *victim) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(v.Dir, cacheDir, "*.json"))
	check(t, err)
	for _, path := range paths {
		check(t, os.Remove(path))
	}
}

// ownsAll checks that all files of the home belong to one user.
func (v *victim) ownsAll(t *testing.T, uid int) {
	t.Helper()
	check(t, filepath.WalkDir(v.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if owner := info.Sys().(*syscall.Stat_t).Uid; int(owner) != uid {
			t.Errorf("%s belongs to user %d", path, owner)
		}
		return nil
	}))
}
