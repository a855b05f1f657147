package credentials

import (
	"context"
	"fmt"
	"iter"
)

// Source is where a token was found: the name of a variable, or one of the two
// stores below.
type Source string

const (
	// DockerLogin is the entry in the OS keyring that docker login made.
	DockerLogin Source = "docker login"
	// GH is gh's own store.
	GH Source = "gh"
	// SettingsFile is not a source of tokens; faults of the settings bear it.
	SettingsFile Source = "settings"
)

// isVariable reports whether the source is an environment variable.
func (s Source) isVariable() bool { return s != DockerLogin && s != GH && s != SettingsFile }

// Candidate is a token that may do, or a place that should have had one and
// failed: then Fault and Reason say how.
type Candidate struct {
	Source Source
	// Login is the GitHub user that the source names; "" if it names none.
	Login string
	// Inactive is set for an account of gh's that is not its active one.
	Inactive bool
	Token    Token
	Fault    Fault
	// Reason says to a person what the fault is. It never holds a secret.
	Reason string
}

// String names the candidate as messages do.
func (c Candidate) String() string {
	if c.Login == "" {
		return string(c.Source)
	}
	return fmt.Sprintf("%s, %s", c.Source, printable(c.Login))
}

// candidates looks for tokens in the order in which they are preferred. A place
// is opened when its turn has come and not before.
func (s *Search) candidates(ctx context.Context) iter.Seq[Candidate] {
	places := []func(context.Context, func(Candidate) bool) bool{
		s.fromEnvironment, s.fromSettings, s.fromDockerLogin, s.fromGH,
	}
	return func(yield func(Candidate) bool) {
		for _, place := range places {
			if !place(ctx, yield) {
				return
			}
		}
	}
}

// fromSettings holds no token. But when what a person asked for cannot be read,
// nothing that stands behind it may be handed out: it could be another account's.
// A variable is what it is.
func (s *Search) fromSettings(_ context.Context, yield func(Candidate) bool) bool {
	if s.settingsErr == nil {
		return true
	}
	yield(Candidate{Source: SettingsFile, Fault: Broken, Reason: s.settingsErr.Error()})
	return false
}

func (s *Search) fromEnvironment(_ context.Context, yield func(Candidate) bool) bool {
	for _, name := range tokenVariables(s.Registry.Host) {
		c, ok := fromVariable(name)
		s.helper.trace("%s: %s", name, found(ok))
		if ok && !yield(c) {
			return false
		}
	}
	return true
}

func (s *Search) fromDockerLogin(ctx context.Context, yield func(Candidate) bool) bool {
	c, ok := readDockerLogin(ctx, s.ring, s.Registry.Host)
	s.helper.trace("%s: %s", DockerLogin, found(ok))
	return !ok || yield(c)
}

func (s *Search) fromGH(ctx context.Context, yield func(Candidate) bool) bool {
	c, ok := s.gh().candidate(ctx, s.ring, s.Registry.Host, s.settings.Registries[s.Registry.Name].User)
	s.helper.trace("%s: %s", GH, found(ok))
	return !ok || yield(c)
}

func found(ok bool) string {
	if ok {
		return "found"
	}
	return "nothing"
}
