package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// Would docker still get what it gets now?
//
// A client that could pull or push before setup can do so afterwards.

// currentLogin is the login that docker sends before setup.
type currentLogin struct {
	// verdict is the login as judged for pulling. It is zero if docker sends none, or
	// uses us already.
	verdict credentials.Verdict
	found   bool
	// already is set if docker uses us already, so that setup changes nothing for it.
	already bool
}

// dockersLogin finds the login that docker sends now.
func dockersLogin(ctx context.Context, search *credentials.Search, config *dockerconfig.Config) currentLogin {
	if config.UsesHelper(search.Registry.Name) {
		return currentLogin{already: true}
	}
	for c := range earlierLoginsIn(ctx, config, search.Registry.Name) {
		if !c.Token.IsZero() {
			pulling := *search
			pulling.Scope = github.ReadPackages
			return currentLogin{verdict: pulling.Judge(ctx, c), found: true}
		}
	}
	return currentLogin{}
}

// works reports whether the login is known to be good for pulling.
func (l currentLogin) works() bool { return l.found && l.verdict.Good() }

// pushes reports whether the login is known to be good for pushing.
func (l currentLogin) pushes() bool {
	return l.works() && (!l.verdict.HasScopes || github.WritePackages.In(l.verdict.Scopes))
}

// refuseToLose stops setup before it changes anything, if docker would get less than
// now.
func (l currentLogin) refuseToLose(ctx context.Context, search *credentials.Search, o setupOptions) error {
	if l.already || o.force {
		return nil
	}
	registry := search.Registry.Name
	if err := refuseNotOnPath(registry); err != nil {
		return err
	}
	unknown := l.found && l.verdict.Fault == credentials.Unreachable
	if !l.works() && !unknown {
		return nil
	}
	for v := range search.Verdicts(ctx) {
		if v.Good() {
			return l.refuseLessScope(v, registry, o)
		}
	}
	if unknown {
		return mendable{
			fmt.Errorf("the login that docker uses now (%s) could not be checked, so it may no longer work after setup: %s", l.verdict.Candidate, l.verdict.Reason),
			fmt.Sprintf("try again when %s can be reached; to go on without the check, run: %s", search.Registry.Host, setupCommand(registry, "--force")),
		}
	}
	return mendable{
		fmt.Errorf("the login that docker uses now (%s) can pull but lacks %s, so docker would no longer get it", l.verdict.Candidate, search.Scope),
		fmt.Sprintf("if this machine only pulls, run: %s; to go on anyway, run: %s", setupCommand(registry, "--scope "+string(github.ReadPackages)), setupCommand(registry, "--force")),
	}
}

// refuseLessScope refuses to replace a login that can push with one that only pulls,
// unless that was asked for.
func (l currentLogin) refuseLessScope(v credentials.Verdict, registry string, o setupOptions) error {
	if o.scope != "" || !l.pushes() || !v.HasScopes || github.WritePackages.In(v.Scopes) {
		return nil
	}
	return mendable{
		fmt.Errorf("the login that docker uses now (%s) can push, and docker would get one that only pulls (%s)", l.verdict.Candidate, v.Candidate),
		"run: " + setupCommand(registry, "--scope "+string(github.WritePackages)),
	}
}

// refuseNotOnPath: a docker that does not find its credential helper does not even
// pull public images.
func refuseNotOnPath(registry string) error {
	if _, err := exec.LookPath(programName); err == nil {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir := filepath.Dir(self)
	return mendable{fmt.Errorf("%s", notOnPath(dir)), addToPath(dir) + ", then: " + setupCommand(registry, "")}
}

// compare is an error if docker gets nothing after setup and got something before.
func (l currentLogin) compare(r report, o setupOptions) error {
	if !l.works() || o.force {
		return nil
	}
	for _, c := range r.Candidates {
		if c.Used {
			return nil
		}
	}
	reason := "no token was found"
	if len(r.refused) > 0 {
		reason = credentials.LeastRefused(r.refused).Reason
	}
	return mendable{
		fmt.Errorf("docker would no longer get the login that it uses now (%s), so the change was undone: %s", l.verdict.Candidate, reason),
		"to see why, run: " + programName + " status; to go on anyway, run: " + setupCommand(r.Registry, "--force"),
	}
}
