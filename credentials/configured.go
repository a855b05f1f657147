package credentials

import (
	"errors"
	"fmt"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// ErrForeign is the error of [Helper.Search] for a registry that is not GitHub's, or
// belongs to an enterprise host that nothing configures.
var ErrForeign = errors.New("not a GitHub registry")

// UnreadableError is the error of [Helper.Search] for a registry that may belong to an
// enterprise host: the file that could say so cannot be read.
type UnreadableError struct {
	// Registry is what it would be.
	Registry github.Registry
	// Source is the place that cannot be read: [GH] or [SettingsFile].
	Source Source
	// Err names the file.
	Err error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("it is unknown whether %s is a GitHub host: %v", e.Registry.Host, e.Err)
}

// Unwrap is the error of the file.
func (e *UnreadableError) Unwrap() error { return e.Err }

// verdict is what a refusal says about it.
func (e *UnreadableError) verdict() Verdict {
	v := Verdict{Candidate: Candidate{Source: e.Source}.withFileError(e.Err), User: anyUser}
	v.Fix = fixFor(e.Registry, github.WritePackages, v, nil)
	return v
}

// findRegistry finds the registry that a client names. settings and gh are read only
// if the name alone does not decide.
func findRegistry(serverURL string, settings func() (Settings, error), gh func() *ghStore) (github.Registry, error) {
	r, ok := github.ParseRegistry(serverURL, func(host string) bool {
		s, _ := settings()
		return configuredBy(s, gh())(host)
	})
	if ok {
		return r, nil
	}
	possible, ok := github.ParseRegistry(serverURL, func(string) bool { return true })
	if !ok {
		return github.Registry{}, ErrForeign
	}
	if _, err := settings(); err != nil {
		return github.Registry{}, &UnreadableError{possible, SettingsFile, err}
	}
	if err := gh().hostsErr; err != nil {
		return github.Registry{}, &UnreadableError{possible, GH, err}
	}
	return github.Registry{}, ErrForeign
}

// configuredBy tells the enterprise hosts that somebody has named: in our
// settings, in GH_HOST, or by a login of gh.
func configuredBy(settings Settings, gh *ghStore) func(host string) bool {
	return func(host string) bool {
		return settings.names(host) || ghDefaultHost() == host || gh.names(host)
	}
}
