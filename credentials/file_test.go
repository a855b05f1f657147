package credentials

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// Windows neither replaces nor removes a file that somebody reads; that is waited
// for.
func TestWhoReadsKeepsNobodyFromWriting(t *testing.T) {
	m := newMachine(t)
	m.settings("{}")
	settings, _ := SettingsPath()
	m.dockerLogin(github.DotCom, "octocat", "gho_example")
	logins, _ := loginsDir()
	cache := openCache(false)
	m.write(cache.path("key"), "")
	for _, test := range []struct {
		what, file string
		change     func() error
	}{
		{"settings are written", settings, func() error { return EditSettings(setUp("containers.git.example.com")) }},
		{"settings are dropped", settings, func() error { return EditSettings(func(s *Settings) error { clear(s.Registries); return nil }) }},
		{"a login is noted", filepath.Join(logins, github.DotCom), func() error { return writeLoginRecord(github.DotCom, loginRecord{User: "hubot"}) }},
		{"a login is dropped", filepath.Join(logins, github.DotCom), func() error { return removeLoginRecord(github.DotCom) }},
		{"an answer is remembered", cache.path("key"), func() error { return cache.replace("key", []byte("{}")) }},
	} {
		t.Run(test.what, func(t *testing.T) {
			reader, err := os.Open(test.file)
			if err != nil {
				t.Fatal(err)
			}
			closed := make(chan error, 1)
			time.AfterFunc(50*time.Millisecond, func() { closed <- reader.Close() })
			if err := test.change(); err != nil {
				t.Error(err)
			}
			if err := <-closed; err != nil {
				t.Error(err)
			}
		})
	}
}

func setUp(registry string) func(*Settings) error {
	return func(s *Settings) error {
		s.Registries = map[string]RegistrySettings{registry: {}}
		return nil
	}
}
