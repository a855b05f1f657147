package credentials

import (
	"fmt"
	"slices"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// Source is where a token was found: the name of a variable, one of the places below,
// or the name of a program that keeps docker's logins (docker-credential-desktop).
type Source string

const (
	// DockerLogin is the entry in the OS keyring that docker login made.
	DockerLogin Source = "docker login"
	// GH is gh's own store.
	GH Source = "gh"
	// SettingsFile is not a source of tokens; it is the source of the settings' faults.
	SettingsFile Source = "settings"
	// DockerConfig is a login in plain text in docker's config.json.
	DockerConfig Source = "config.json"
	// Password is what docker login is being given, and StandardInput what a command
	// reads there: neither is kept anywhere yet.
	Password      Source = "password"
	StandardInput Source = "standard input"
)

// variables are all environment variables that may have a token.
var variables = []Source{"GHCR_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}

// IsVariable reports whether the source is an environment variable.
func (s Source) IsVariable() bool { return slices.Contains(variables, s) }

// isStore reports whether the source is a program that keeps docker's logins.
func (s Source) isStore() bool { return strings.HasPrefix(string(s), "docker-credential-") }

// isGH reports whether gh itself uses the tokens of a source: its store and its own
// variables. Only for these do gh's settings say where the API is.
func (s Source) isGH() bool { return s == GH || s.IsVariable() && s != ownVariable }

// Candidate is a token that may be valid, or a place that should have had one and
// failed: then Fault and Reason say how.
type Candidate struct {
	Source Source
	// Login is the GitHub user that the source names; "" if it names none.
	Login string
	// Inactive is set for one of gh's accounts that is not the active one.
	Inactive bool
	Token    github.Token
	Fault    Fault
	// Reason describes the fault to a person. It never contains a secret.
	Reason string
	// Fix is how to fix the fault, if the place itself knows; else the rules of the
	// fault and the source decide.
	Fix Fix
}

// String names the candidate as messages do.
func (c Candidate) String() string {
	if c.Login == "" {
		return string(c.Source)
	}
	return fmt.Sprintf("%s, %s", c.Source, github.Printable(c.Login))
}

// withSecret fills in the token, or the fault of what cannot be one.
func (c Candidate) withSecret(text string) Candidate {
	token, err := github.ParseToken(text)
	if err != nil {
		c.Fault, c.Reason = Broken, "the token "+err.Error()
		return c
	}
	c.Token, c.Fault, c.Reason, c.Fix = token, "", "", Fix{}
	return c
}
