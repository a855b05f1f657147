//go:build unix

package credentials

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/internal/trusted"
)

// pipe makes a pipe whose other end is not open.
func (m *machine) pipe(path string) {
	m.Helper()
	m.write(path, "")
	os.Remove(path)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		unavailable(m, "needs named pipes; set TMPDIR to a folder on a file system that has them", err)
	}
}

func TestAPipeIsNeverWaitedFor(t *testing.T) {
	m := newMachine(t)
	m.write(filepath.Join(filepath.Dir(m.hostsPath()), "config.yml"), "version: \"1\"\n")
	m.pipe(m.hostsPath())
	m.says("ghcr.io",
		"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
		"  gh: "+m.hostsPath()+" is not a regular file",
		"docker-credential-ghcr: hint: fix what is named above, then try again",
	)
}

func TestAPipeInThePlaceOfSettingsOrARecordIsAFault(t *testing.T) {
	m := newMachine(t)
	dir, err := loginsDir()
	if err != nil {
		t.Fatal(err)
	}
	m.pipe(filepath.Join(dir, github.DotCom))
	if v := m.only("ghcr.io"); v.Source != DockerLogin || v.Fault != Broken || v.Reason != filepath.Join(dir, github.DotCom)+" is not a regular file" {
		t.Errorf("got %+v", v)
	}
	path, err := SettingsPath()
	if err != nil {
		t.Fatal(err)
	}
	m.pipe(path)
	if v := m.only("ghcr.io"); v.Source != SettingsFile || v.Reason != path+" is not a regular file" {
		t.Errorf("got %+v", v)
	}
}

// odds are what may stand where a file of memory, or a lock, would be written.
var odds = map[string]func(m *machine, path string){
	"a pipe":                    (*machine).pipe,
	"a directory":               func(m *machine, path string) { m.write(filepath.Join(path, "x"), "") },
	"a link that leads nowhere": (*machine).link,
	"a link to a file of somebody's": func(m *machine, path string) {
		m.link(path)
		target, err := os.Readlink(path)
		if err != nil {
			m.Fatal(err)
		}
		m.write(target, "kept")
	},
	"a link to a pipe": func(m *machine, path string) {
		m.link(path)
		target, err := os.Readlink(path)
		if err != nil {
			m.Fatal(err)
		}
		m.pipe(target)
	},
}

// behind checks that nothing was made or changed where a link leads.
func behind(t *testing.T, target string, was []byte) {
	t.Helper()
	if info, err := os.Lstat(target); err == nil && !info.Mode().IsRegular() {
		return // a pipe still
	}
	is, err := os.ReadFile(target)
	if string(is) != string(was) || (was == nil) != errors.Is(err, os.ErrNotExist) {
		t.Errorf("behind the link is now %q, %v, before it was %q", is, err, was)
	}
}

func TestWhatStandsInMemorysPlaceIsNeitherWaitedForNorWrittenThrough(t *testing.T) {
	for _, place := range []string{"memory", "lock"} {
		for odd, stand := range odds {
			t.Run(odd+" as the "+place, func(t *testing.T) {
				m := newMachine(t)
				m.variable("gho_dead")
				path := m.cachePath("gho_dead")
				if place == "lock" {
					path = lockOf(path)
				}
				stand(m, path)
				target, _ := os.Readlink(path)
				was, _ := trusted.Read(target)
				for range 2 {
					m.refused("ghcr.io")
				}
				if target != "" {
					behind(t, target, was)
				}
				// All but a directory makes room for what is to be remembered.
				if odd == "a directory" && place == "memory" {
					m.wantAsked(2, 0)
				} else {
					m.wantAsked(1, 0)
				}
				for left := range tree(t, filepath.Dir(path)) {
					if strings.HasSuffix(left, ".new") {
						t.Errorf("left is %s", left)
					}
				}
			})
		}
	}
}

func TestWhatStandsInTheSettingsLocksPlaceIsNeitherWaitedForNorWrittenThrough(t *testing.T) {
	for odd, stand := range odds {
		t.Run(odd, func(t *testing.T) {
			m := newMachine(t)
			path, err := SettingsPath()
			if err != nil {
				t.Fatal(err)
			}
			stand(m, path+".lock")
			target, _ := os.Readlink(path + ".lock")
			was, _ := trusted.Read(target)
			for _, scope := range []github.Scope{github.ReadPackages, github.WritePackages} {
				err := EditSettings(func(s *Settings) error {
					s.Registries = map[string]RegistrySettings{"ghcr.io": {Scope: scope}}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				if s, err := ReadSettings(); s.Registries["ghcr.io"].Scope != scope {
					t.Errorf("got %v, %v", s, err)
				}
			}
			if target != "" {
				behind(t, target, was)
			}
		})
	}
}
