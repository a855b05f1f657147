package credentials

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func TestAnUnprefixedTokenTypedAsTheUserIsNowhere(t *testing.T) {
	m := newMachine(t)
	m.apiDown()
	m.registryDown()
	for _, secret := range []string{"0123456789abcdef0123456789abcdef01234567", canary} {
		if err := m.store("ghcr.io", secret, secret); err != nil {
			t.Fatal(err)
		}
		if got := m.list()["ghcr.io"]; got != "x-access-token" {
			t.Errorf("listed %q", got)
		}
		if said := m.refused("ghcr.io"); strings.Contains(said, secret) {
			t.Errorf("said %s", said)
		}
		for path, content := range m.files() {
			if strings.Contains(content, secret) {
				t.Errorf("%s holds %s", path, content)
			}
		}
	}
}

func TestAClockThatGoesBackwardsEndsAnOutage(t *testing.T) {
	var cache string
	inBubble(t, func(m *machine) {
		time.Sleep(time.Hour)
		m.variable("gho_example")
		m.apiDown()
		m.registryDown()
		m.get("ghcr.io")
		content, err := os.ReadFile(m.cachePath("gho_example"))
		if err != nil {
			m.Fatal(err)
		}
		cache = string(content)
	})
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "write:packages")
		m.write(m.cachePath("gho_example"), cache)
		m.found("ghcr.io", "octocat", "gho_example")
	})
}

func TestSettingsBehindALinkCanBeDropped(t *testing.T) {
	m := newMachine(t)
	m.settingsBehindALink(`{"registries":{"ghcr.io":{"scope":"read:packages"}}}`)
	drop := func(s *Settings) error { s.Registries = nil; return nil }
	for range 2 {
		if err := EditSettings(drop); err != nil {
			t.Error(err)
		}
	}
	if _, err := ReadSettings(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsShownOfAnAddressWithASecret(t *testing.T) {
	for _, serverURL := range []string{
		"https://octocat:ghp_" + canary + "/x@ghcr.io", "https://ghcr.io?token=" + canary, "https://ghcr.io#" + canary, "https:/octocat:" + canary + "@ghcr.io",
		"octocat:" + canary + "?@ghcr.io", `https:\\octocat:` + canary + `@ghcr.io`,
	} {
		if got := github.ShownURL(serverURL); shows(got) {
			t.Errorf("%q is shown as %q", serverURL, got)
		}
	}
}

// own part of the login is gho, ghp, ghs, ghu or ghr.
func TestAManagedUsersLoginMayBeginLikeAToken(t *testing.T) {
	m := newMachine(t)
	m.variable("gho_example")
	m.github.Add("gho_example", credentialstest.Token{Login: "ghs_acme", Scopes: []string{"repo"}})
	if v := m.only("ghcr.io"); v.Fault != LacksScope {
		t.Errorf("got %+v", v)
	}
}

func TestOfTwoSlotsThatFailTheFirstOneIsTold(t *testing.T) {
	m := newMachine(t)
	m.hosts("github.com:\n    user: octocat\n")
	locked := slots{m.keyring, map[string]error{"octocat": os.ErrPermission, "": ErrNotInKeyring}}
	locked.fail[""] = filepath.ErrBadPattern
	c, _ := readGH().candidate(t.Context(), newLimitedKeyring(locked, quiet), github.DotCom, "")
	if !strings.Contains(c.Reason, "permission") {
		t.Errorf("got %+v", c)
	}
}

// Found by the soak: what gh's reader passes over in silence was a silent refusal.
func TestATokenThatIsAListIsABrokenFile(t *testing.T) {
	m := newMachine(t)
	for yaml, want := range map[string]string{
		"github.com:\n    oauth_token: [gho_x]\n":                       "oauth_token of github.com is not a text",
		"github.com:\n    user: octocat\n    oauth_token: {a: gho_x}\n": "oauth_token of github.com is not a text",
	} {
		m.write(filepath.Join(os.Getenv("GH_CONFIG_DIR"), "hosts.yml"), yaml)
		if said := m.refused("ghcr.io"); !strings.Contains(said, want) {
			t.Errorf("%s said %s", yaml, said)
		}
	}
}
