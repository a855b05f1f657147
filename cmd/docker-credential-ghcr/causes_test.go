package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

func TestACauseIsFilledIn(t *testing.T) {
	t.Parallel()
	s := situation{
		registry: "ghcr.io", host: "github.com", scope: "write:packages", owner: "acme", lower: "ghcr.io/acme/app",
		repository: "acme/app", linked: "acme/old", settings: "https://github.com/orgs/acme/packages/container/app/settings",
	}
	blank := regexp.MustCompile(`\{[a-z]+\}`)
	for _, c := range causes {
		d := c.in(s)
		for _, text := range []string{d.What, d.Fix.Command, d.Fix.Advice, d.Page} {
			if blank.MatchString(text) {
				t.Errorf("%s: %q", c.ID, text)
			}
		}
		if d.Page != "" && !strings.HasPrefix(d.Page, "https://github.com/") {
			t.Errorf("%s: page %q", c.ID, d.Page)
		}
		if strings.Contains(d.Fix.Advice, "this page") != (d.Page != "") && c.ID != "not-readable" {
			t.Errorf("%s: advice %q, page %q", c.ID, d.Fix.Advice, d.Page)
		}
	}
	want := diagnosis{
		Cause: "recreated-repository",
		What:  "the package is linked to a repository acme/old that was deleted; the one that bears the name now is another, and its workflows may write to the package only if its settings list it",
		Fix:   credentials.Fix{Advice: "under Manage Actions access on this page, add acme/old with the role Write"},
		Page:  s.settings,
	}
	if got := causeNamed("recreated-repository").in(s); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWhereAPackagesSettingsAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host, owner, name string
		organization      bool
		want              string
	}{
		{"github.com", "octocat", "app", false, "https://github.com/users/octocat/packages/container/app/settings"},
		{"github.com", "acme", "app", true, "https://github.com/orgs/acme/packages/container/app/settings"},
		{"acme.ghe.com", "acme", "charts/app", true, "https://acme.ghe.com/orgs/acme/packages/container/charts%2Fapp/settings"},
	} {
		if got := settingsPage(c.host, c.owner, c.name, c.organization); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

// Each cause is played by a transcript of its own name, which cmd/e2e runs.
func TestEveryCauseIsPlayed(t *testing.T) {
	t.Parallel()
	for _, c := range causes {
		script, err := os.ReadFile(filepath.Join("testdata", "check-"+c.ID+".txt"))
		if err != nil {
			t.Error(err)
			continue
		}
		played := regexp.MustCompile(`(?m)^(denied|unknown) .*\b` + regexp.QuoteMeta(c.ID) + `$`)
		if !played.Match(script) {
			t.Errorf("check-%s.txt does not come to that", c.ID)
		}
	}
}
