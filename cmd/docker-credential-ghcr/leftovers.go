package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

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

// logoutFix is how a plain-text login is removed. docker logout would also remove what
// docker login gave us.
func logoutFix(key, path, host string) string {
	byHand := fmt.Sprintf("remove auths[%q] from %s", key, tilde(path))
	if credentials.KeepsDockerLogin(host) {
		return byHand
	}
	return toRun("docker logout "+ourShell.word(key), byHand)
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

// apply makes setup's changes to a config.
func (p *leftoverPlan) apply(c *dockerconfig.Config, registry string, record *dockerconfig.Record) {
	configure(c, registry, &record.Changes)
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
	return "it is in the OS keyring now; to remove it, run: " + ourShell.sent(registry, programName+" erase")
}

func (p *leftoverPlan) print(s *screen, registry string, dryRun bool) {
	for _, l := range p.good {
		s.say(0, plain, "the plain-text login for %s would be moved to the OS keyring", l.Key)
	}
	for _, l := range p.rejected {
		if dryRun {
			s.say(0, plain, "the plain-text login for %s would be removed: GitHub rejects it", l.Key)
		} else {
			s.say(0, good, "the plain-text login for %s is removed: GitHub rejected it", l.Key)
		}
	}
	for _, l := range p.moved {
		s.say(0, good, "the plain-text login for %s is removed: %s", l.Key, movedTo(registry))
	}
	for _, l := range p.stay {
		s.say(0, care, "the plain-text login for %s stays in %s: %s", l.Key, tilde(p.path), l.why)
		s.whole(0, p.fixFor(l))
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

// loginFix is how a person logs in to the host of a search.
func loginFix(search *credentials.Search) credentials.Fix {
	earlier := credentials.Verdict{Candidate: credentials.Candidate{Source: credentials.DockerConfig}}
	return search.FixFor(earlier, credentials.Missing, search.Scope)
}
