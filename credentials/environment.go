package credentials

import (
	"os"
	"slices"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// ghVariables are the variables that gh takes a host's token from, in its order
// (gh help environment).
func ghVariables(host string) []Source {
	if github.IsEnterprise(host) {
		return []Source{"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}
	}
	return []Source{"GH_TOKEN", "GITHUB_TOKEN"}
}

// surroundings decide which host a variable belongs to.
type surroundings struct {
	// ghHost is the host that GH_HOST names, "" if it names none.
	ghHost string
	// jobHost is, in a GitHub Actions job, the host that runs it.
	jobHost string
	// configured are the hosts that gh's hosts.yml and our settings name.
	configured func() []string
}

// environmentNow is what the variables and files of this process say.
func environmentNow(settings Settings, gh func() *ghStore) surroundings {
	e := surroundings{ghHost: ghDefaultHost(), configured: func() []string {
		hosts := settings.hosts()
		if gh().isAbsolute() { // what a working directory names is not this user's
			hosts = append(hosts, gh().hostNames()...)
		}
		return hosts
	}}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		e.jobHost = jobHost(os.Getenv("GITHUB_SERVER_URL"))
	}
	return e
}

// jobHost is the host of a GITHUB_SERVER_URL. What is no such address is a host that
// no token goes to.
func jobHost(serverURL string) string {
	if serverURL == "" {
		return github.DotCom
	}
	lower, _ := github.LowerASCII(strings.TrimRight(strings.TrimSpace(serverURL), "/"))
	host, ok := strings.CutPrefix(lower, "https://")
	if !ok || !github.IsHostname(host) {
		return "unknown"
	}
	return host
}

// tokenVariables are the variables that may have a token of host, in order. A variable
// belongs to hosts, whichever registry is asked for:
//   - GHCR_TOKEN, and the files that are for us alone, to github.com;
//   - GH_TOKEN and GITHUB_TOKEN to github.com, and to a GHE.com tenant that somebody
//     named; in a job GITHUB_TOKEN only to the host that runs the job;
//   - the enterprise variables to the host that GH_HOST names, else to the only
//     enterprise host that is configured.
func (e surroundings) tokenVariables(host string) []Source {
	var list []Source
	if host == github.DotCom {
		list = append(list, ownVariable, TokenFile, SystemdCredential)
	}
	for _, name := range ghVariables(host) {
		if name == "GITHUB_TOKEN" && e.jobHost != "" {
			continue
		}
		if e.belongs(host) {
			list = append(list, name)
		}
	}
	if e.jobHost == host {
		list = append(list, "GITHUB_TOKEN")
	}
	return list
}

// belongs reports whether gh's variables for a class of hosts belong to this one.
func (e surroundings) belongs(host string) bool {
	switch {
	case host == github.DotCom:
		return true
	case github.IsTenant(host):
		return e.ghHost == host || slices.Contains(e.configured(), host)
	case github.MayBeEnterprise(e.ghHost):
		return e.ghHost == host
	}
	only := ""
	for _, other := range e.configured() {
		if github.MayBeEnterprise(other) && other != only {
			if only != "" {
				return false
			}
			only = other
		}
	}
	return only != "" && only == host
}

// fromEnvironment is the token that a variable, or a file that it names, has.
func fromEnvironment(name Source) (c Candidate, ok bool) {
	switch name {
	case TokenFile:
		return fromTokenFile()
	case SystemdCredential:
		return fromSystemd()
	}
	return fromVariable(name)
}

// fromVariable is what a variable holds. ok is false if it holds nothing.
func fromVariable(name Source) (c Candidate, ok bool) {
	text := strings.TrimSpace(os.Getenv(string(name)))
	if text == "" {
		return Candidate{}, false
	}
	return Candidate{Source: name}.WithSecret(text), true
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

// switchedOn reports whether a variable that is a switch is on.
func switchedOn(name string) bool {
	switch os.Getenv(name) {
	case "", "0", "false":
		return false
	}
	return true
}
