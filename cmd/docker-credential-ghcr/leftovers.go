package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// leftoverPlan says what becomes of the logins that stand in plain text in
// config.json.
type leftoverPlan struct {
	path, host string

	rejected []dockerconfig.Login // GitHub rejects them: removed
	good     []dockerconfig.Login // the only good ones: moved into the keyring
	stay     []staying
	notes    []dockerconfig.RemovedLogin
}

// staying is a login that is left alone, why, and what to do about it.
type staying struct {
	dockerconfig.Login
	why string
	// remedy is "" for the usual one.
	remedy string
}

// leftoverRemedy is how a login in plain text is removed. docker logout would also
// drop what docker login gave us to keep.
func leftoverRemedy(key, path, host string) string {
	byHand := fmt.Sprintf("remove auths[%q] from %s", key, tilde(path))
	if credentials.KeepsDockerLogin(host) {
		return byHand
	}
	return toRun("docker logout "+ourShell.word(key), byHand)
}

// planLeftovers judges the logins as candidates are judged.
func planLeftovers(ctx context.Context, search *credentials.Search, config *dockerconfig.Config) *leftoverPlan {
	plan := &leftoverPlan{path: config.Path(), host: search.Registry.Host}
	leftovers := config.Logins(search.Registry.Name)
	if len(leftovers) == 0 {
		return plan
	}
	served := false
	for v := range search.Verdicts(ctx) {
		if served = v.Good(); served {
			break
		}
	}
	for _, l := range leftovers {
		token, err := github.ParseToken(l.Secret())
		if err != nil {
			plan.stay = append(plan.stay, staying{Login: l, why: "it is not a GitHub token"})
			continue
		}
		if l.User == l.Secret() {
			l.User = "" // people give the token as the user name, too
		}
		v := search.Judge(ctx, credentials.Candidate{Source: credentials.DockerLogin, Login: l.User, Token: token})
		switch {
		case v.Fault == credentials.Rejected && search.GitHub(v.Source).IsDeadForBoth(ctx, v.User, token):
			plan.rejected = append(plan.rejected, l)
		case v.Good() && !served:
			l.User = v.User
			plan.good = append(plan.good, l)
			served = true
		case v.Good():
			plan.stay = append(plan.stay, staying{Login: l, why: "docker gets a token without it"})
		default:
			plan.stay = append(plan.stay, staying{Login: l, why: v.Reason})
		}
	}
	return plan
}

// rescue moves the good login into the keyring. One that cannot be kept there
// stays where it is.
func (p *leftoverPlan) rescue(w world, registry string) {
	for _, l := range p.good {
		err := w.helper(false).Add(&protocol.Credentials{ServerURL: registry, Username: l.User, Secret: l.Secret()})
		if err != nil {
			reason, _, _ := strings.Cut(err.Error(), "\n")
			// docker no longer sends it, and it is the only good one.
			p.stay = append(p.stay, staying{l, reason, "put it into GHCR_TOKEN, then " + leftoverRemedy(l.Key, p.path, p.host)})
		} else {
			p.notes = append(p.notes, dockerconfig.RemovedLogin{Key: l.Key, Why: "it is in the OS keyring now; to remove it, run: " + ourShell.sent(registry, programName+" erase")})
			p.rejected = append(p.rejected, l) // removed like these
		}
	}
	p.good = nil
}

// apply makes all of setup's changes to a config.
func (p *leftoverPlan) apply(c *dockerconfig.Config, registry string, record *dockerconfig.Record) {
	configure(c, registry, &record.Changes)
	for _, l := range slices.Concat(p.rejected, p.good) {
		c.RemoveLogin(l)
		record.AddRemoved(p.became(l))
	}
}

func (p *leftoverPlan) became(l dockerconfig.Login) dockerconfig.RemovedLogin {
	for _, note := range p.notes {
		if note.Key == l.Key {
			return note
		}
	}
	return dockerconfig.RemovedLogin{Key: l.Key, Why: "GitHub had rejected it"}
}

func (p *leftoverPlan) print(s *screen, dryRun bool) {
	for _, l := range p.good {
		s.say(0, plain, "the login for %s that stands there in plain text would move into the OS keyring", l.Key)
	}
	for _, l := range p.rejected {
		if dryRun {
			s.say(0, plain, "the login for %s that stands there in plain text would be removed: GitHub rejects it", l.Key)
			continue
		}
		s.say(0, good, "the login for %s that stood there in plain text is removed: %s", l.Key, p.became(l).Why)
	}
	for _, l := range p.stay {
		s.say(0, care, "a login for %s stays there in plain text: %s", l.Key, l.why)
		s.whole(0, cmp.Or(l.remedy, leftoverRemedy(l.Key, p.path, p.host)))
	}
}
