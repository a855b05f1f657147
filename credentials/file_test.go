package credentials

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Windows neither replaces nor removes a file that somebody reads; that is waited
// for.
func TestWhoReadsKeepsNobodyFromWriting(t *testing.T) {
	m := newMachine(t)
	m.settings("{}")
	settings, _ := SettingsPath()
	m.dockerLogin(githubCom, "octocat", "gho_example")
	logins, _ := loginsDir()
	memory := openMemory(false)
	m.write(memory.path("key"), "")
	for _, test := range []struct {
		what, file string
		change     func() error
	}{
		{"settings are written", settings, func() error { return EditSettings(setUp("containers.git.example.com")) }},
		{"settings are dropped", settings, func() error { return EditSettings(func(s *Settings) error { clear(s.Registries); return nil }) }},
		{"a login is noted", filepath.Join(logins, githubCom), func() error { return writeLoginRecord(githubCom, loginRecord{User: "hubot"}) }},
		{"a login is dropped", filepath.Join(logins, githubCom), func() error { return removeLoginRecord(githubCom) }},
		{"an answer is remembered", memory.path("key"), func() error { return memory.replace("key", []byte("{}")) }},
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
