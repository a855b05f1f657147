package credentials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/docker/docker-credential-helpers/credentials"
)

// getLimit bounds a whole get: keyring, lock, and every question together. The
// first client to lose patience does so after 30 seconds.
const getLimit = 29 * time.Second

// Helper answers the questions that docker and other registry clients ask a
// credential helper. The zero value is ready for use: it reads the environment,
// the OS keyring and gh's files afresh at every call. It keeps no state, so
// several goroutines may use it.
//
// It is also a helper for go-containerregistry: pass it to
// authn.NewKeychainFromHelper.
type Helper struct {
	// Stderr is told why a registry's tokens were refused, and everything that is
	// done while GHCR_DEBUG is 1. nil tells nobody.
	Stderr io.Writer
	// Transport reaches the servers. nil is TLS by the environment's proxy,
	// trusting what the system trusts.
	Transport http.RoundTripper
	// Keyring holds the secrets. nil is [OSKeyring].
	Keyring Keyring
	// UserAgent goes with every request. GitHub demands one.
	UserAgent string
	// Fresh asks anew what is still remembered, for when a person wants to know.
	Fresh bool
}

var _ credentials.Helper = (*Helper)(nil)

// Get returns the user name and token for a registry: the first candidate that
// does. When there is none it says why on Stderr and returns the error that
// clients know as "go on without".
func (h *Helper) Get(serverURL string) (user, secret string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), getLimit)
	defer cancel()
	s, ok := h.Search(serverURL)
	if !ok {
		return "", "", credentials.NewErrCredentialsNotFound()
	}
	var refused []Verdict
	for v := range s.Verdicts(ctx) {
		if v.Good() {
			return v.User, v.Token.Reveal(), nil
		}
		refused = append(refused, v)
	}
	if len(refused) > 0 {
		h.say(refusal(s.Registry, refused))
	}
	return "", "", credentials.NewErrCredentialsNotFound()
}

// Add takes what docker login was given. docker also gives back what Get just
// gave it: that is kept nowhere, it would only go stale. Another token goes into
// the OS keyring if it does, or if nobody can say.
func (h *Helper) Add(given *credentials.Credentials) error {
	ctx, cancel := context.WithTimeout(context.Background(), getLimit)
	defer cancel()
	s, ok := h.Search(given.ServerURL)
	if !ok {
		return fmt.Errorf("docker-credential-ghcr keeps logins for GitHub's container registries only, not for %s; remove it from credsStore or credHelpers there", shownURL(given.ServerURL))
	}
	if s.settingsErr != nil {
		return fmt.Errorf("the token was not kept: %w\nhint: %s", s.settingsErr, mendNamed)
	}
	token, err := ParseToken(given.Secret)
	if err != nil {
		return fmt.Errorf("what was given as the password %w", err)
	}
	for c := range s.candidates(ctx) {
		if !c.Token.IsZero() && c.Token.Equal(token) {
			h.trace("store: the token is %s's own", c.Source)
			return nil
		}
	}
	v := s.Judge(ctx, Candidate{Source: DockerLogin, Login: loginOrNone(given.Username, given.Secret), Token: token})
	if !v.Good() && v.Fault != Unreachable {
		return fmt.Errorf("the %s was not kept: %s\nhint: %s", token.Kind(), v.Reason, v.Fix)
	}
	if err := writeDockerLogin(ctx, s.ring, s.Registry.Host, v.User, token); err != nil {
		return notKept(err, s.Registry.Host)
	}
	return nil
}

// notKept says why the keyring did not take a token, and what to do instead.
func notKept(err error, host string) error {
	if errors.Is(err, errLocked) {
		return fmt.Errorf("the token was not kept: %w\nhint: run: %s", err, ourShell.unlock())
	}
	return fmt.Errorf("the token was not kept, and is never kept in a plain file: %w\nhint: set %s instead of docker login", err, variableFor(host))
}

// Delete drops what docker login gave for a registry, and what is remembered of
// that token. It never touches gh's login. It does not fail: docker and others
// would keep a plain-text login, or crash, because of it.
func (h *Helper) Delete(serverURL string) error {
	ctx, cancel := context.WithTimeout(context.Background(), getLimit)
	defer cancel()
	registry, ok := parseRegistry(serverURL, hasLoginRecord)
	if !ok || !hasLoginRecord(registry.Host) {
		return nil
	}
	record, _, _ := readLoginRecord(registry.Host)
	openMemory(false).forget(record.Memory)
	err := newRing(h.Keyring, h.trace).delete(ctx, loginService, registry.Host)
	if err == nil || errors.Is(err, errAbsent) {
		err = removeLoginRecord(registry.Host)
	}
	if err != nil {
		h.say(fmt.Sprintf("docker-credential-ghcr: warning: the login for %s is still in the keyring, run docker logout again: %s\n", registry.Name, printable(err.Error())))
	}
	return nil
}

// List names a registry for each host that has a login as far as can be told
// without asking anybody: the network and the keyring are left alone.
func (h *Helper) List() (map[string]string, error) {
	logins := map[string]string{}
	gh := readGH()
	settings, _ := ReadSettings()
	configured := configuredBy(settings, gh)
	hosts := slices.Concat([]string{githubCom, ghDefaultHost()}, gh.hostNames(), settings.hosts(), loginHosts())
	for _, host := range hosts {
		name, _ := registryOf(host)
		registry, ok := parseRegistry(name, configured)
		if !ok || registry.Host != host {
			continue
		}
		user := knownUser(gh, host, settings.Registries[name].User)
		h.trace("%s: user %q", name, user)
		if user != "" {
			logins[name] = user
		}
	}
	return logins, nil
}

// knownUser is the user of a host as records say, or the one that setup named; ""
// if nothing says that there is a login.
func knownUser(gh *ghStore, host, named string) string {
	record, ok, _ := readLoginRecord(host)
	if user := loginOrNone(record.User, ""); ok && user != "" {
		return user
	}
	if user := cmp.Or(named, gh.get(host, "user")); isLogin(user) && gh.names(host) {
		return user
	}
	if ok || gh.get(host, "oauth_token") != "" {
		return anyUser
	}
	for _, name := range tokenVariables(host) {
		if c, ok := fromVariable(name); ok && c.Fault == "" {
			return anyUser
		}
	}
	return ""
}

// trace tells Stderr what is done, if GHCR_DEBUG asks for it.
func (h *Helper) trace(format string, args ...any) {
	if switchedOn("GHCR_DEBUG") {
		h.say("docker-credential-ghcr: debug: " + fmt.Sprintf(format, args...) + "\n")
	}
}

func (h *Helper) say(text string) {
	if h.Stderr != nil {
		_, _ = io.WriteString(h.Stderr, text)
	}
}
