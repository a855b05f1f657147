package credentials

import (
	"fmt"
	"os"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

// fixFor says how to fix the fault of a verdict. hiding are the variables that keep
// gh from its own store. No fix is the command that has just failed.
func fixFor(r github.Registry, want github.Scope, v Verdict, hiding []string) Fix {
	page := github.NewTokenPage(r.Host, want)
	if v.Candidate.Fix != (Fix{}) && v.Fault == v.Candidate.Fault {
		return v.Candidate.Fix
	}
	if v.suspended && v.Fault == Rejected {
		return fixSuspended(r)
	}
	switch v.Fault {
	case LacksScope:
		fix := fixToken(r, want, v, hiding, page)
		if want == github.WritePackages && github.ReadPackages.In(v.Scopes) && !want.In(v.Scopes) {
			fix.PullOnly = setupForPulling(r)
		}
		return fix
	case Rejected, Missing, WrongKind:
		return fixToken(r, want, v, hiding, page)
	case Locked:
		return unlock(shell.Ours, "")
	case Timeout:
		return fixTimeout(v)
	case NoKeyring:
		return Fix{Advice: fmt.Sprintf("run this where the keyring can be reached, or set %s to a token made at %s", variableFor(r.Host), page)}
	case Broken, OtherOwner:
		return fixBroken(r, want, v, hiding, page)
	default:
		return Fix{Advice: fmt.Sprintf("try again when %s can be reached", r.Host)}
	}
}

// fixSuspended is for an account that is suspended: no new token of it works either.
func fixSuspended(r github.Registry) Fix {
	if github.IsEnterprise(r.Host) {
		return Fix{Advice: "ask an administrator of " + r.Host + " why the account is suspended"}
	}
	return Fix{Advice: "contact GitHub Support at https://support.github.com"}
}

// fixToken says how to get a valid token into the place of one that is not.
func fixToken(r github.Registry, want github.Scope, v Verdict, hiding []string, page string) Fix {
	switch {
	case v.Source == GH && v.Fault == LacksScope:
		return Fix{Command: ghCommand(r.Host, want, v, hiding, "refresh")}
	case v.Source == DockerLogin && (v.Fault == Rejected || v.Fault == Missing):
		return Fix{Command: "docker login " + r.Name}
	case v.Source == DockerLogin:
		return Fix{Advice: fmt.Sprintf("make a token at %s and run: docker login %s", page, r.Name)}
	case v.Source == Password:
		return Fix{Advice: "use a token made at " + page + " as the password"}
	case v.Source == TokenFile:
		return Fix{Advice: fmt.Sprintf("put a token made at %s into the file that GHCR_TOKEN_FILE names", page)}
	case v.Source == SystemdCredential:
		return Fix{Advice: fmt.Sprintf("put a token made at %s into the file that the service loads as ghcr-token", page)}
	case v.Source.IsVariable() && v.Fault == Rejected:
		return Fix{Advice: fmt.Sprintf("put a new token into %s, or run: %s", v.Source, shell.Ours.Unset(string(v.Source)))}
	case v.Source.IsVariable() && v.Fault == LacksScope:
		return Fix{Advice: fmt.Sprintf("put a token into %s that was made at %s", v.Source, page)}
	}
	// gh's login is tried before those that docker had, and after variables.
	return Fix{Command: ghCommand(r.Host, want, v, hiding, "login")}
}

// setupForPulling makes a token that may only read good enough.
func setupForPulling(r github.Registry) string {
	command := "docker-credential-ghcr setup"
	if r.Host != github.DotCom || r.Name != "ghcr.io" {
		command += " --registry " + r.Name
	}
	return command + " --scope " + string(github.ReadPackages)
}

func fixTimeout(v Verdict) Fix {
	if v.Source.isStore() {
		return Fix{Advice: fmt.Sprintf("answer the question of %s, or restart what it belongs to, and try again", v.Source)}
	}
	return Fix{Advice: "answer the keyring's question, or restart the keyring, and try again"}
}

// ghCommand is the gh command that brings a token with the scope. gh refuses it
// while one of its variables is set, so they are taken away for that command.
func ghCommand(host string, want github.Scope, v Verdict, hiding []string, word string) string {
	command := shell.Ours.Without(hiding, fmt.Sprintf("gh auth %s -h %s -s %s", word, host, want))
	if v.Inactive && word == "refresh" {
		// refresh works on the active account only.
		first := shell.Ours.Without(hiding, fmt.Sprintf("gh auth switch -h %s -u %s", host, v.Login))
		return shell.Ours.InTurn(first, command)
	}
	return command
}

const fixNamedFile = "fix what is named above, then try again"

func fixBroken(r github.Registry, want github.Scope, v Verdict, hiding []string, page string) Fix {
	switch {
	case v.Source.IsVariable():
		return Fix{Advice: fmt.Sprintf("put the token itself into %s, or run: %s", v.Source, shell.Ours.Unset(string(v.Source)))}
	case v.Source == Password:
		// To try the same password again would fail again.
		return Fix{Advice: "use the token itself as the password; a new one is made at " + page}
	case v.Source == TokenFile:
		return Fix{Advice: "let GHCR_TOKEN_FILE name a file with nothing but a token that this user can read, by its whole path"}
	case v.Source == SystemdCredential:
		return Fix{Advice: "let the service load a file with nothing but a token as ghcr-token"}
	case v.Source == DockerLogin && v.notAToken:
		return Fix{Advice: fmt.Sprintf("make a token at %s and run: docker login %s", page, r.Name)}
	case v.Source == DockerLogin:
		return Fix{Command: "docker login " + r.Name}
	case v.notAToken:
		return Fix{Command: ghCommand(r.Host, want, v, hiding, "login")}
	}
	return Fix{Advice: fixNamedFile}
}

// variableFor is the variable in which a person may give us a token for a host.
func variableFor(host string) Source {
	if host == github.DotCom {
		return ownVariable
	}
	return ghVariables(host)[0]
}

// hidingVariables lists the variables that are set and hide gh's store from gh:
// with one of them gh auth login and refresh refuse to work.
func hidingVariables(host string) []string {
	var names []string
	for _, name := range ghVariables(host) {
		if os.Getenv(string(name)) != "" {
			names = append(names, string(name))
		}
	}
	return names
}
