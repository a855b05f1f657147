package credentials

import (
	"context"
	"iter"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// sources are the places where the token for a registry may be. Each is opened when
// its turn has come and not before.
type sources struct {
	registry    github.Registry
	settings    Settings
	settingsErr error
	account     string // the account of gh to use, "" for the active one
	gh          func() *ghStore
	keyring     *limitedKeyring
	// earlier are the logins that docker had before, which its caller knows.
	earlier func(context.Context, github.Registry) iter.Seq[Candidate]
	trace   func(format string, args ...any)
}

// candidates looks for tokens in the order in which they are preferred.
func (s *sources) candidates(ctx context.Context) iter.Seq[Candidate] {
	places := []func(context.Context, func(Candidate) bool) bool{
		s.fromEnvironment, s.fromSettings, s.fromDockerLogin, s.fromGH, s.fromEarlier,
	}
	return func(yield func(Candidate) bool) {
		for _, place := range places {
			if !place(ctx, yield) {
				return
			}
		}
	}
}

func (s *sources) fromEnvironment(_ context.Context, yield func(Candidate) bool) bool {
	for _, name := range environmentNow(s.settings, s.gh).tokenVariables(s.registry.Host) {
		c, ok := fromEnvironment(name)
		if ok || name.IsVariable() {
			s.trace("%s: %s", name, found(ok))
		}
		if ok && !yield(c) {
			return false
		}
	}
	return true
}

// fromSettings has no token. But when what a person asked for cannot be read, no token
// of the later places may be handed out: it could be another account's. A variable is
// what it is.
func (s *sources) fromSettings(_ context.Context, yield func(Candidate) bool) bool {
	if s.settingsErr == nil {
		return true
	}
	yield(Candidate{Source: SettingsFile}.withFileError(s.settingsErr))
	return false
}

func (s *sources) fromDockerLogin(ctx context.Context, yield func(Candidate) bool) bool {
	c, ok := readDockerLogin(ctx, s.keyring, s.registry.Host)
	s.trace("%s: %s", DockerLogin, found(ok))
	return !ok || yield(c)
}

func (s *sources) fromGH(ctx context.Context, yield func(Candidate) bool) bool {
	c, ok := s.gh().candidate(ctx, s.keyring, s.registry.Host, s.account)
	s.trace("%s: %s", GH, found(ok))
	return !ok || yield(c)
}

func (s *sources) fromEarlier(ctx context.Context, yield func(Candidate) bool) bool {
	if s.earlier == nil {
		return true
	}
	for c := range s.earlier(ctx, s.registry) {
		s.trace("%s: %s", c.Source, found(true))
		if !yield(c) {
			return false
		}
	}
	return true
}

func found(ok bool) string {
	if ok {
		return "found"
	}
	return "nothing"
}
