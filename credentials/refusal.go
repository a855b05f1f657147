package credentials

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Fix is what mends a fault. Exactly one of its fields is set.
type Fix struct {
	// Command is a command line to paste.
	Command string `json:"command,omitempty"`
	// Advice says in a sentence what to do where no command does it.
	Advice string `json:"advice,omitempty"`
}

func (f Fix) String() string {
	if f.Command != "" {
		return "run: " + f.Command
	}
	return f.Advice
}

// refusal says why there is no token and what mends it: a line for each place
// that had one, then one hint.
func refusal(r Registry, verdicts []Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "docker-credential-ghcr: error: no usable GitHub token for %s\n", r.Name)
	for _, v := range verdicts {
		fmt.Fprintf(&b, "  %s: %s\n", v.Candidate, printable(v.Reason))
	}
	fmt.Fprintf(&b, "docker-credential-ghcr: hint: %s\n", LeastFix(verdicts))
	return b.String()
}

// byEffort orders the faults by what mending them takes, least first.
var byEffort = []Fault{LacksScope, Locked, Silent, Rejected, Missing, WrongKind, Broken, NoKeyring, Unreachable}

// LeastFix is, of what mends refused verdicts, that which takes least.
func LeastFix(refused []Verdict) Fix { return LeastRefused(refused).Fix }

// LeastRefused is, of refused verdicts, the one whose fix takes least; among
// equals gh's before docker login's before a variable's, since gh's commands need
// no trip to a web page. There must be one.
func LeastRefused(refused []Verdict) Verdict {
	return slices.MinFunc(refused, func(a, b Verdict) int { return effort(a) - effort(b) })
}

func effort(v Verdict) int {
	e := 3 * slices.Index(byEffort, v.Fault)
	switch v.Source {
	case GH:
		return e
	case DockerLogin:
		return e + 1
	}
	return e + 2
}

// fix is what mends the fault of a verdict. hiding are the variables that keep
// gh from its own store.
func fix(r Registry, want Scope, v Verdict, hiding []string) Fix {
	switch v.Fault {
	case LacksScope:
		return fixToken(r, want, v, hiding, "refresh")
	case Rejected, Missing, WrongKind:
		return fixToken(r, want, v, hiding, "login")
	case Locked:
		return Fix{Command: ourShell.unlock()}
	case Silent:
		return Fix{Advice: "answer the keyring's question, or restart the keyring, and try again"}
	case NoKeyring:
		return Fix{Advice: fmt.Sprintf("run this where the keyring can be reached, or set %s to a token made at %s", variableFor(r.Host), newTokenPage(r.Host, want))}
	case Broken:
		return fixBroken(r, v)
	default:
		return Fix{Advice: fmt.Sprintf("try again when %s can be reached", r.Host)}
	}
}

func fixToken(r Registry, want Scope, v Verdict, hiding []string, word string) Fix {
	switch {
	case v.Source == GH:
		return Fix{Command: ghCommand(r.Host, want, v, hiding, word)}
	case v.Source == DockerLogin && v.Fault == LacksScope:
		return Fix{Advice: fmt.Sprintf("make a token at %s and run: docker login %s", newTokenPage(r.Host, want), r.Name)}
	case v.Source == DockerLogin:
		return Fix{Command: "docker login " + r.Name}
	case v.Fault == Rejected:
		return Fix{Advice: fmt.Sprintf("put a new token into %s, or run: %s", v.Source, ourShell.unset(string(v.Source)))}
	case v.Fault == LacksScope:
		return Fix{Advice: fmt.Sprintf("put a token into %s that was made at %s", v.Source, newTokenPage(r.Host, want))}
	default:
		return Fix{Command: ghCommand(r.Host, want, v, hiding, "login")}
	}
}

// ghCommand is the gh command that brings a token with the scope. gh refuses it
// while one of its variables is set, so they are taken away for that command.
func ghCommand(host string, want Scope, v Verdict, hiding []string, word string) string {
	command := ourShell.without(hiding, fmt.Sprintf("gh auth %s -h %s -s %s", word, host, want))
	if v.Inactive && word == "refresh" {
		// refresh works on the active account only.
		first := ourShell.without(hiding, fmt.Sprintf("gh auth switch -h %s -u %s", host, v.Login))
		return ourShell.inTurn(first, command)
	}
	return command
}

const mendNamed = "mend what is named above, then try again"

func fixBroken(r Registry, v Verdict) Fix {
	switch {
	case v.Source.isVariable():
		return Fix{Advice: fmt.Sprintf("set %s again, or run: %s", v.Source, ourShell.unset(string(v.Source)))}
	case v.Source == DockerLogin:
		return Fix{Command: "docker login " + r.Name}
	}
	return Fix{Advice: mendNamed}
}

// variableFor is the variable in which a person may give us a token for a host.
func variableFor(host string) string { return tokenVariables(host)[0] }

// newTokenPage is the page that makes a classic token, with the scope ticked.
func newTokenPage(host string, want Scope) string {
	return "https://" + host + "/settings/tokens/new?scopes=" + url.QueryEscape(string(want))
}

// printable makes a stranger's text fit for one line on a terminal.
func printable(text string) string { return shortened(oneLine(text)) }

func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text))
}

func shortened(text string) string {
	const most = 400
	if runes := []rune(text); len(runes) > most {
		return strings.TrimSpace(string(runes[:most])) + "…"
	}
	return text
}
