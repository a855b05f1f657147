package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
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
func (l currentLogin) refuseToLose(ctx context.Context, search *credentials.Search, scope string) error {
	if l.already {
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
			return l.refuseLessScope(v, registry, scope)
		}
	}
	if unknown {
		return fixable{
			fmt.Errorf("the login that docker uses now (%s) could not be checked, so it may no longer work after setup: %s", l.verdict.Candidate, l.verdict.Reason),
			fmt.Sprintf("try again when %s can be reached; to go on without the check, run: %s", search.Registry.Host, setupCommand(registry, "--force")),
		}
	}
	return fixable{
		fmt.Errorf("the login that docker uses now (%s) can pull but lacks %s, so docker would no longer get it", l.verdict.Candidate, search.Scope),
		fmt.Sprintf("if this machine only pulls, run: %s; to go on anyway, run: %s", setupCommand(registry, "--scope "+string(github.ReadPackages)), setupCommand(registry, "--force")),
	}
}

// refuseLessScope refuses to replace a login that can push with one that only pulls,
// unless that was asked for.
func (l currentLogin) refuseLessScope(v credentials.Verdict, registry, scope string) error {
	if scope != "" || !l.pushes() || !v.HasScopes || github.WritePackages.In(v.Scopes) {
		return nil
	}
	return fixable{
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
	return fixable{fmt.Errorf("%s", notOnPath(dir)), addToPath(dir) + ", then: " + setupCommand(registry, "")}
}

// compare is an error if docker gets nothing after setup and got something before.
func (l currentLogin) compare(registry string, served bool, refused []credentials.Verdict) error {
	if !l.works() || served {
		return nil
	}
	reason := "no token was found"
	if len(refused) > 0 {
		reason = credentials.LeastRefused(refused).Reason
	}
	return fixable{
		fmt.Errorf("docker would no longer get the login that it uses now (%s), so the change was undone: %s", l.verdict.Candidate, reason),
		"to see why, run: " + programName + " status; to go on anyway, run: " + setupCommand(registry, "--force"),
	}
}

// leftoverPlan says what setup does with the plain-text logins in config.json.
type leftoverPlan struct {
	path, host string
	// replace is the command that replaces a login that docker still needs.
	replace credentials.Fix

	rejected []dockerconfig.Login // GitHub and its registry reject them: removed
	good     []dockerconfig.Login // the only valid login: moved into the keyring
	moved    []dockerconfig.Login // now in the keyring: removed
	stay     []stayingLogin
	// served is set if docker gets a valid token without these logins.
	served bool
}

// stayingLogin is a login that setup leaves where it is, and the reason.
type stayingLogin struct {
	dockerconfig.Login
	why string
}

// planLeftovers judges the logins as candidates are judged.
func planLeftovers(ctx context.Context, search *credentials.Search, config *dockerconfig.Config) *leftoverPlan {
	plan := &leftoverPlan{path: config.Path(), host: search.Registry.Host, replace: loginFix(search)}
	if len(config.Logins(search.Registry.Name)) == 0 {
		return plan
	}
	for v := range search.Verdicts(ctx) {
		if plan.served = v.Good() && v.Source != credentials.DockerConfig; plan.served {
			break
		}
	}
	judged := map[string]credentials.Verdict{}
	for _, l := range plainTextLogins(config, search.Registry.Name) {
		judged[l.Secret()] = search.Judge(ctx, candidateOf(l))
	}
	moving := ""
	for _, l := range config.Logins(search.Registry.Name) {
		v, ok := judged[l.Secret()]
		switch {
		case !ok:
			plan.stay = append(plan.stay, stayingLogin{Login: l, why: fmt.Sprintf("only %d logins are checked", maxEarlierLogins)})
		case v.Fault == credentials.Rejected && search.GitHub(v.Source).IsDeadForBoth(ctx, v.User, v.Token):
			plan.rejected = append(plan.rejected, l)
		case v.Good() && !plan.served && (moving == "" || moving == l.Secret()):
			moving, l.User = l.Secret(), v.User
			plan.good = append(plan.good, l)
		case v.Good():
			plan.stay = append(plan.stay, stayingLogin{Login: l, why: "docker gets a token without it"})
		default:
			plan.stay = append(plan.stay, stayingLogin{Login: l, why: v.Reason})
		}
	}
	return plan
}

// rescue moves the only valid login into the keyring. One that cannot be kept there
// stays where it is.
func (p *leftoverPlan) rescue(w world, registry string) {
	for _, l := range p.good {
		err := w.helper(false).Add(&protocol.Credentials{ServerURL: registry, Username: l.User, Secret: l.Secret()})
		if err != nil {
			p.keep(l, err)
		} else {
			p.moved = append(p.moved, l)
		}
	}
	p.good = nil
}

// tryKeyring is rescue for --dry-run: it only looks whether there is a keyring.
func (p *leftoverPlan) tryKeyring() {
	if len(p.good) == 0 {
		return
	}
	if err := keyringWorks(p.host); err != nil {
		for _, l := range p.good {
			p.keep(l, err)
		}
		p.good = nil
	}
}

func (p *leftoverPlan) keep(l dockerconfig.Login, err error) {
	reason, _, _ := strings.Cut(err.Error(), "\n")
	p.stay = append(p.stay, stayingLogin{Login: l, why: reason})
}

// keyringWorks reads the keyring as a write would find it.
func keyringWorks(host string) error {
	done := make(chan error, 1)
	go func() {
		_, err := credentials.OSKeyring{}.Get(programName, host)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || err == credentials.ErrNotInKeyring {
			return nil
		}
		return err
	case <-time.After(credentials.KeyringLimit()):
		return fmt.Errorf("the keyring did not answer")
	}
}

// apply removes logins from a config.
func (p *leftoverPlan) apply(c *dockerconfig.Config, registry string, record *dockerconfig.Record) {
	for _, l := range p.rejected {
		c.RemoveLogin(l)
		record.AddRemoved(dockerconfig.RemovedLogin{Key: l.Key, Why: "GitHub rejected it"})
	}
	for _, l := range p.good {
		c.RemoveLogin(l)
	}
	for _, l := range p.moved {
		c.RemoveLogin(l)
		record.AddRemoved(dockerconfig.RemovedLogin{Key: l.Key, Why: movedTo(registry)})
	}
}

func movedTo(registry string) string {
	return "it is in the OS keyring now; to remove it, run: " + shell.Ours.Send(registry, programName+" erase")
}

func (p *leftoverPlan) print(s *terminal.Screen, registry string, dryRun bool) {
	for _, l := range p.good {
		s.Say(0, terminal.Plain, "the plain-text login for %s would be moved to the OS keyring", l.Key)
	}
	for _, l := range p.rejected {
		if dryRun {
			s.Say(0, terminal.Plain, "the plain-text login for %s would be removed: GitHub rejects it", l.Key)
		} else {
			s.Say(0, terminal.Good, "the plain-text login for %s is removed: GitHub rejected it", l.Key)
		}
	}
	for _, l := range p.moved {
		s.Say(0, terminal.Good, "the plain-text login for %s is removed: %s", l.Key, movedTo(registry))
	}
	for _, l := range p.stay {
		s.Say(0, terminal.Care, "the plain-text login for %s stays in %s: %s", l.Key, terminal.Tilde(p.path), l.why)
		s.Whole(0, p.fixFor(l))
	}
}

// fixFor says how to get rid of a plain-text login. The last one that may work is only
// to be replaced.
func (p *leftoverPlan) fixFor(l stayingLogin) string {
	if p.served {
		return logoutFix(l.Key, p.path, p.host)
	}
	return "to replace it, " + p.replace.String()
}
