package denial

import (
	"regexp"
	"strings"
	"testing"
)

var inSituation = Situation{
	Registry: "ghcr.io", Host: "github.com", Scope: "write:packages", Owner: "acme", Lower: "ghcr.io/acme/app",
	Repository: "acme/app", Linked: "acme/old", Settings: "https://github.com/orgs/acme/packages/container/app/settings",
	Client: "docker", Logout: "docker logout ghcr.io", Address: "ghcr.io", Helper: "docker-credential-desktop", Other: "quay.io",
}

func TestACauseIsFilledIn(t *testing.T) {
	t.Parallel()
	blank := regexp.MustCompile(`(?:^|[^$:{ ]|[^$]\{| )\{[a-z]+\}`)
	for _, c := range Causes() {
		if (c.Command == "") == (c.Advice == "") {
			t.Errorf("%s has not exactly one of a command and an advice", c.ID)
		}
		for _, place := range []Place{Machine, Actions, Cluster} {
			s := inSituation
			s.Place = place
			d := c.In(s)
			for _, text := range []string{d.What, d.Fix.Command, d.Fix.Advice, d.Page} {
				if blank.MatchString(text) {
					t.Errorf("%s: %q", c.ID, text)
				}
			}
			if d.Page != "" && !strings.HasPrefix(d.Page, "https://github.com/") && !strings.HasPrefix(d.Page, "https://support.github.com") {
				t.Errorf("%s: page %q", c.ID, d.Page)
			}
			if strings.Contains(d.Fix.Advice, "this page") != (d.Page != "") {
				t.Errorf("%s: advice %q, page %q", c.ID, d.Fix.Advice, d.Page)
			}
		}
	}
}

// In a job and in a cluster, no person can run gh auth login.
func TestNoCauseOfAPlaceSendsToGh(t *testing.T) {
	t.Parallel()
	for row, p := range phrases {
		for _, place := range []Place{Actions, Cluster} {
			for _, action := range []string{"push", "pull", ""} {
				for _, id := range ordered(&evidence{phrase: &p, row: row}, place, action) {
					s := inSituation
					s.Place = place
					if d := Named(id).In(s); strings.Contains(d.Fix.String(), "gh auth") {
						t.Errorf("%s in %s: %s", id, place, d.Fix)
					}
				}
			}
		}
	}
}
