package credentials

import (
	"os"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// ownVariable is ours alone: gh does not see it. It serves registries of
// github.com only, so that nobody's token goes to another host by its name.
const ownVariable = "GHCR_TOKEN"

// ghVariables are the variables that gh takes a host's token from, in its order
// (gh help environment). Those of enterprise hosts are bound to no host, so they
// may be used only for a host that somebody configured: see parseRegistry.
func ghVariables(host string) []string {
	if github.IsEnterprise(host) {
		return []string{"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}
	}
	return []string{"GH_TOKEN", "GITHUB_TOKEN"}
}

// tokenVariables are all variables that may hold a token of host, in order.
func tokenVariables(host string) []string {
	if host == github.DotCom {
		return append([]string{ownVariable}, ghVariables(host)...)
	}
	return ghVariables(host)
}

// fromVariable is what a variable holds. ok is false if it holds nothing.
func fromVariable(name string) (c Candidate, ok bool) {
	text := strings.TrimSpace(os.Getenv(name))
	if text == "" {
		return Candidate{}, false
	}
	c.Source = Source(name)
	token, err := github.ParseToken(text)
	if err != nil {
		c.Fault, c.Reason = Broken, err.Error()
		return c, true
	}
	c.Token = token
	return c, true
}

// installationUser is the user name that goes with an installation token, which
// belongs to no user: in a GitHub Actions job the one that GitHub's documentation
// tells people to use.
func installationUser() string {
	if actor := os.Getenv("GITHUB_ACTOR"); github.IsLogin(actor) && os.Getenv("GITHUB_ACTIONS") == "true" {
		return actor
	}
	return anyUser
}

// anyUser is the name for a token whose user is not known. ghcr.io does not look
// at the name, but docker takes an empty one for no credentials and <token> for
// an identity token.
const anyUser = "x-access-token"
