package credentials

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/internal/trusted"
)

// Source is where a token was found: the name of a variable, one of the places below,
// or the name of a program that keeps docker's logins (docker-credential-desktop).
type Source string

const (
	// TokenFile is the file that this variable names, and SystemdCredential the one of
	// that name in systemd's $CREDENTIALS_DIRECTORY.
	TokenFile         Source = "GHCR_TOKEN_FILE"
	SystemdCredential Source = "systemd credential ghcr-token"
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

// ownVariable is ours alone: gh does not read it. It is for the registries of github.com
// only, so that a token never goes to another host because of its name.
const ownVariable Source = "GHCR_TOKEN"

// variables are all environment variables that may have a token.
var variables = []Source{ownVariable, "GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}

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
	// File is the file of ours that the token is in, "" if it is in none; Exposed is set
	// if every user of this machine can read it.
	File    string
	Exposed bool
	Fault   Fault
	// Reason describes the fault to a person. It never contains a secret.
	Reason string
	// notAToken is set if the fault is that of the value: it can never be a token.
	notAToken bool
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

// WithSecret fills in the token, or the fault of what can never be one.
func (c Candidate) WithSecret(text string) Candidate {
	token, err := github.ParseToken(text)
	if err != nil {
		c.Fault, c.Reason, c.notAToken = Broken, "the value "+err.Error(), true
		return c
	}
	c.Token, c.Fault, c.Reason, c.Fix = token, "", "", Fix{}
	return c
}

// withFileError fills in the fault of a place whose file cannot be read.
func (c Candidate) withFileError(err error) Candidate {
	c.Fault, c.Reason = Broken, err.Error()
	if untrusted := (*trusted.Error)(nil); errors.As(err, &untrusted) {
		c.Fault, c.Fix = OtherOwner, Fix{Advice: untrusted.Advice}
	}
	return c
}

// Fault is what is wrong with a candidate. The zero value is nothing.
type Fault string

// The faults. How to fix each is in fix.go.
const (
	// Rejected: GitHub says that the token is wrong, expired or revoked, or that
	// its account is suspended.
	Rejected Fault = "rejected"
	// LacksScope: the token works but may not do what is required.
	LacksScope Fault = "lacks-scope"
	// WrongKind: GitHub Packages does not accept tokens of this kind.
	WrongKind Fault = "wrong-kind"
	// Missing: something says that there is a token here, and there is none.
	Missing Fault = "missing"
	// Locked: the keyring is locked.
	Locked Fault = "locked"
	// Timeout: the keyring, or another program that keeps the token, did not answer in
	// time.
	Timeout Fault = "timeout"
	// NoKeyring: no keyring can be reached, though a token should be in one.
	NoKeyring Fault = "no-keyring"
	// Broken: a file, a variable or the keyring could not be read.
	Broken Fault = "broken"
	// OtherOwner: another user could have written the file, so it is not used.
	OtherOwner Fault = "other-owner"
	// Unreachable: neither the API nor the registry could say.
	Unreachable Fault = "unreachable"
)

// Fix says how to fix a fault. Either Command or Advice is set.
type Fix struct {
	// Command is a command line to paste.
	Command string `json:"command,omitempty"`
	// Advice says in a sentence what to do where no command does it.
	Advice string `json:"advice,omitempty"`
	// PullOnly is another command line, which is enough where images are only pulled.
	// "" if there is none.
	PullOnly string `json:"pull_only,omitempty"`
}

func (f Fix) String() string {
	text := f.Advice
	if f.Command != "" {
		text = "run: " + f.Command
	}
	if f.PullOnly != "" {
		text += "; or, if this machine only pulls, run: " + f.PullOnly
	}
	return text
}
