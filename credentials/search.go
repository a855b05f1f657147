package credentials

import (
	"cmp"
	"context"
	"iter"
	"os"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

// Search is one call's way through the candidates for a registry. What it reads
// it reads once, and only when it comes to it. It is for one goroutine.
type Search struct {
	// Registry is what is searched for.
	Registry github.Registry
	// Scope is what a token must have; the stricter one if the settings cannot be
	// read.
	Scope github.Scope

	sources sources
	asker   asker
	trace   func(format string, args ...any)
}

// Verdicts judges the candidates one by one, in the order in which they are
// preferred. [Helper.Get] stops at the first good one; a caller that goes on sees
// what Get leaves alone. Both use this, so they cannot disagree.
func (s *Search) Verdicts(ctx context.Context) iter.Seq[Verdict] {
	return func(yield func(Verdict) bool) {
		for c := range s.sources.candidates(ctx) {
			if !yield(s.Judge(ctx, c)) {
				return
			}
		}
	}
}

// Judge gathers the facts about a candidate and judges it.
func (s *Search) Judge(ctx context.Context, c Candidate) Verdict {
	if c.Source != GH { // gh names its own users
		c.Login = loginOrNone(c.Login, c.Token.Reveal())
	}
	var f facts
	if c.askable() {
		f = s.asker.factsOf(ctx, c)
	}
	v := judge(c, s.Scope, f)
	v.Route = s.asker.client(c.Source).Route.String()
	if !v.Good() {
		v.Fix = s.FixFor(v, v.Fault, s.Scope)
	}
	s.trace("%s: %s", c, cmp.Or(v.Reason, "good"))
	return v
}

// FixFor says how to fix a fault of a verdict. The fault may be one that [Search.Judge]
// did not find: the registry wants more of a token than was required, for example, or
// the token has been revoked.
func (s *Search) FixFor(v Verdict, fault Fault, want github.Scope) Fix {
	v.Fault = fault
	fix := fixFor(s.Registry, want, v, hidingVariables(s.Registry.Host))
	if fix.PullOnly != "" && !s.setupDecidesScope() {
		fix.PullOnly = shell.Ours.Set("GHCR_SCOPE", string(github.ReadPackages))
	}
	return fix
}

// setupDecidesScope reports whether setup --scope would change what is required: not if
// GHCR_SCOPE is set, and not if the settings cannot be written or read.
func (s *Search) setupDecidesScope() bool {
	_, err := SettingsPath()
	return err == nil && s.sources.settingsErr == nil && os.Getenv("GHCR_SCOPE") == ""
}

// GitHub asks GitHub and its registry with tokens of a source. gh's settings say where
// the API is for gh's own tokens, and for no others.
func (s *Search) GitHub(source Source) *github.Client { return s.asker.client(source) }

// Accounts lists gh's accounts on the host. gh before 2.40 had one, and no list of
// them.
func (s *Search) Accounts() ([]string, error) {
	gh := s.sources.gh()
	accounts := gh.users(s.Registry.Host)
	if active := gh.get(s.Registry.Host, "user"); len(accounts) == 0 && active != "" {
		accounts = []string{active}
	}
	return accounts, gh.hostsErr
}

// OtherAccounts lists gh's accounts on the host that are not the one whose token
// is used: gh auth switch, or setup --user, would choose them.
func (s *Search) OtherAccounts() []string {
	var others []string
	gh := s.sources.gh()
	chosen := cmp.Or(s.sources.account, gh.get(s.Registry.Host, "user"))
	for _, user := range gh.users(s.Registry.Host) {
		if user != chosen && github.IsLogin(user) {
			others = append(others, user)
		}
	}
	return others
}

// Forget deletes what we have of a token: what is cached, and what docker login gave
// if it is that.
func (s *Search) Forget(ctx context.Context, token github.Token) error {
	s.asker.cache.delete(cacheKey(token, s.Registry.Host))
	if kept, ok := readDockerLogin(ctx, s.sources.keyring, s.Registry.Host); !ok || !kept.Token.Equal(token) {
		return nil
	}
	return deleteDockerLogin(ctx, s.sources.keyring, s.Registry.Host)
}
