package credentials

import (
	"os"
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
