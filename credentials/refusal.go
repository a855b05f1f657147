package credentials

import (
	"fmt"
	"slices"
	"strings"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// Refusal is the error of [Helper.Get] when there were candidates and none was valid.
// It wraps docker's "credentials not found", which makes clients continue without.
type Refusal struct {
	// Registry is the registry that was asked for, and Verdicts are those of all
	// candidates. There is at least one.
	Registry github.Registry
	Verdicts []Verdict
}

// Error names the registry and the reason of each candidate, on one line.
func (r *Refusal) Error() string {
	var reasons []string
	for _, v := range r.Verdicts {
		reasons = append(reasons, fmt.Sprintf("%s: %s", v.Candidate, github.Printable(v.Reason)))
	}
	return fmt.Sprintf("no usable GitHub token for %s: %s", r.Registry.Name, strings.Join(reasons, "; "))
}

// Unwrap is docker's error.
func (r *Refusal) Unwrap() error { return protocol.NewErrCredentialsNotFound() }

// message is what a person reads: a line for each candidate, then one hint.
func (r *Refusal) message() string {
	var b strings.Builder
	fmt.Fprintf(&b, "docker-credential-ghcr: error: no usable GitHub token for %s\n", r.Registry.Name)
	for _, v := range r.Verdicts {
		fmt.Fprintf(&b, "  %s: %s\n", v.Candidate, github.Printable(v.Reason))
		if v.Route != "" {
			fmt.Fprintf(&b, "    asked through %s\n", v.Route)
		}
	}
	fmt.Fprintf(&b, "docker-credential-ghcr: hint: %s\n", LeastFix(r.Verdicts))
	return b.String()
}

// byEffort orders the faults by the effort of fixing them, least first.
var byEffort = []Fault{LacksScope, Locked, Timeout, Rejected, Missing, WrongKind, OtherOwner, Broken, NoKeyring, Unreachable}

// LeastFix is the fix that takes the least effort, of those of refused verdicts.
func LeastFix(refused []Verdict) Fix { return LeastRefused(refused).Fix }

// LeastRefused is, of refused verdicts, the one whose fix takes the least effort. Among
// equals gh's comes before docker login's, a variable's and an earlier login's, since
// gh's commands need no trip to a web page. There must be one.
func LeastRefused(refused []Verdict) Verdict {
	return slices.MinFunc(refused, func(a, b Verdict) int { return effort(a) - effort(b) })
}

func effort(v Verdict) int {
	e := 4 * slices.Index(byEffort, v.Fault)
	switch {
	case v.Source == GH:
		return e
	case v.Source == DockerLogin:
		return e + 1
	case v.Source == DockerConfig || v.Source.isStore():
		return e + 3
	}
	return e + 2
}
