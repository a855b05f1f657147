package credentials

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// search prepares the search for a registry.
func (m *machine) search(registry string) *Search {
	m.Helper()
	s, err := m.helper().Search(registry)
	if err != nil {
		m.Fatalf("%s: %v", registry, err)
	}
	return s
}

func forget(t *testing.T, s *Search, token github.Token) {
	t.Helper()
	if err := s.Forget(t.Context(), token); err != nil {
		t.Error(err)
	}
}

func TestWhatIsHeldOfATokenIsDropped(t *testing.T) {
	cached := func(m *machine, secret string) bool {
		_, err := os.Stat(m.cachePath(secret))
		return err == nil
	}
	t.Run("what docker login gave", func(t *testing.T) {
		m := newMachine(t)
		m.token("ghp_kept", "write:packages")
		m.dockerLogin(github.DotCom, "octocat", "ghp_kept")
		m.found("ghcr.io", "octocat", "ghp_kept")
		s := m.search("ghcr.io")
		forget(t, s, mustParse(t, "ghp_kept"))
		if cached(m, "ghp_kept") || m.keyring.Len() != 0 {
			t.Errorf("left are %d items", m.keyring.Len())
		}
		m.notFound("ghcr.io")
	})
	t.Run("whatever names it", func(t *testing.T) {
		// The same token leaked and came back on standard input.
		m := newMachine(t)
		m.dockerLogin(github.DotCom, "octocat", "ghp_kept")
		s := m.search("docker.pkg.github.com")
		forget(t, s, mustParse(t, "ghp_kept"))
		if m.keyring.Len() != 0 {
			t.Error("the item is left")
		}
	})
	t.Run("of that token only", func(t *testing.T) {
		m := newMachine(t)
		m.token("ghp_kept", "write:packages")
		m.token("gho_gh", "write:packages")
		m.dockerLogin(github.DotCom, "octocat", "ghp_kept")
		m.ghLogin(github.DotCom, "octocat", "gho_gh")
		m.verdicts("ghcr.io")
		hosts, err := os.ReadFile(m.hostsPath())
		if err != nil {
			t.Fatal(err)
		}
		s := m.search("ghcr.io")
		forget(t, s, mustParse(t, "gho_gh"))
		after, _ := os.ReadFile(m.hostsPath())
		if cached(m, "gho_gh") || !cached(m, "ghp_kept") || m.keyring.Len() != 1 || string(hosts) != string(after) {
			t.Error("too much was dropped, or too little")
		}
		m.found("ghcr.io", "octocat", "ghp_kept")
	})
	t.Run("without a keyring opened in vain", func(t *testing.T) {
		m := newMachine(t)
		s := m.search("ghcr.io")
		forget(t, s, mustParse(t, "ghp_any"))
		if m.opened() != 0 {
			t.Errorf("opened: %v", m.keyring.Calls())
		}
	})
}

func TestTheFixOfAFaultThatTheRegistryFound(t *testing.T) {
	m := newMachine(t)
	for source, want := range map[Source]Fix{
		GH:          {Command: "gh auth refresh -h github.com -s write:packages"},
		DockerLogin: {Advice: "make a token at https://github.com/settings/tokens/new?scopes=write%3Apackages and run: docker login ghcr.io"},
		"GH_TOKEN":  {Advice: "put a token into GH_TOKEN that was made at https://github.com/settings/tokens/new?scopes=write%3Apackages"},
	} {
		s := m.search("ghcr.io")
		v := Verdict{Candidate: Candidate{Source: source, Token: mustParse(t, "gho_example")}}
		if got := s.FixFor(v, LacksScope, github.WritePackages); got != want {
			t.Errorf("%s: got %+v, want %+v", source, got, want)
		}
	}
}

// People give docker login their password. A hash of one could be guessed.
func TestAPasswordLeavesNoHashBehind(t *testing.T) {
	m := newMachine(t)
	if err := m.store("ghcr.io", "octocat", "hunter2"); err == nil {
		t.Error("a password was kept")
	}
	t.Setenv("GH_TOKEN", "hunter2")
	m.refused("ghcr.io")
	for path := range m.files() {
		t.Errorf("left is %s", path)
	}
}

// An earlier login may have the token as its user name.
func TestNoTraceShowsATokenThatIsAUserName(t *testing.T) {
	m := newMachine(t)
	t.Setenv("GHCR_DEBUG", "1")
	var said bytes.Buffer
	h := m.helper()
	h.Stderr = &said
	s, err := h.Search("ghcr.io")
	if err != nil {
		t.Fatal(err)
	}
	secret := "ghp_" + canary
	v := s.Judge(t.Context(), Candidate{Source: DockerConfig, Login: secret, Token: mustParse(t, secret)})
	if v.Login != "" || shows(said.String()) {
		t.Errorf("login %q, traced %s", v.Login, &said)
	}
}

func TestWhereQuestionsGoIsSaid(t *testing.T) {
	m := newMachine(t)
	m.hosts("github.com:\n    user: octocat\n    oauth_token: gho_example\n    api_host: gw.example.com\n")
	t.Setenv("GHCR_TOKEN", "gho_own")
	for _, v := range m.verdicts("ghcr.io") {
		want := ""
		if v.Source == GH {
			want = "gw.example.com, gh's api_host"
		}
		if v.Route != want {
			t.Errorf("%s: %q", v.Source, v.Route)
		}
	}
	for _, r := range m.github.Requests() {
		if r.Secret == "gho_own" && r.Host == "gw.example.com" {
			t.Error("GHCR_TOKEN went to gh's api_host")
		}
	}
	if said := m.refused("ghcr.io"); !strings.Contains(said, "    asked through gw.example.com, gh's api_host\n") {
		t.Errorf("said %s", said)
	}
}

func TestSettingsThatCouldNotBeReadAgainAreNotWritten(t *testing.T) {
	m := newMachine(t)
	for _, bad := range []RegistrySettings{{User: "we ird"}, {Scope: "repo"}} {
		err := EditSettings(func(s *Settings) error {
			s.Registries = map[string]RegistrySettings{"ghcr.io": bad}
			return nil
		})
		if _, readErr := ReadSettings(); err == nil || readErr != nil {
			t.Errorf("%+v: %v, %v", bad, err, readErr)
		}
	}
	m.notFound("ghcr.io")
}
