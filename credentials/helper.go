package credentials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"sync"
	"time"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// getLimit bounds a whole get: keyring, lock, and every question together. The
// first client to give up does so after 30 seconds.
const getLimit = 29 * time.Second

// Helper answers the questions that docker and other registry clients ask a
// credential helper. The zero value is ready for use: it reads the environment,
// the OS keyring and gh's files afresh at every call. It keeps no state, and
// several goroutines may use it.
//
// It is also a helper for go-containerregistry: pass it to
// authn.NewKeychainFromHelper.
type Helper struct {
	// Stderr is told why a registry's tokens were refused, and everything that is
	// done while GHCR_DEBUG is 1. It can be nil.
	Stderr io.Writer
	// Transport reaches the servers. nil is TLS by the environment's proxy,
	// trusting what the system trusts.
	Transport http.RoundTripper
	// Keyring keeps the secrets. nil is [OSKeyring].
	Keyring Keyring
	// UserAgent goes with every request. "" is docker-credential-ghcr.
	UserAgent string
	// Fresh asks GitHub even if the cache has an answer, for when a person wants to
	// know.
	Fresh bool
	// Scope is what a token must have if neither GHCR_SCOPE nor the settings name a
	// scope. "" is write:packages.
	Scope github.Scope
	// Earlier supplies the logins that the client itself has for a registry: what
	// docker's own store or configuration file has. They are asked for last, when
	// nothing before them is valid, and are checked like every other token. nil is
	// none.
	Earlier func(context.Context, github.Registry) iter.Seq[Candidate]

	saying sync.Mutex
}

var _ protocol.Helper = (*Helper)(nil)

// Get returns the user name and token for a registry: the first valid candidate. When
// there is none, the error is docker's "credentials not found", which clients know as
// "go on without"; if there were invalid ones it is a [Refusal], and Stderr is told why.
func (h *Helper) Get(serverURL string) (user, secret string, err error) {
	return h.GetContext(context.Background(), serverURL)
}

// GetContext is Get within a context, and within its own limit of 29 seconds.
func (h *Helper) GetContext(ctx context.Context, serverURL string) (user, secret string, err error) {
	v, err := h.Find(ctx, serverURL)
	if err != nil {
		return "", "", err
	}
	return v.User, v.Token.Reveal(), nil
}

// Find is GetContext for callers that need more than the user name and the token, such
// as the day on which the token expires.
func (h *Helper) Find(ctx context.Context, serverURL string) (Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, getLimit)
	defer cancel()
	s, err := h.Search(serverURL)
	if unreadable := (*UnreadableError)(nil); errors.As(err, &unreadable) {
		return Verdict{}, h.refuse(unreadable.Registry, []Verdict{unreadable.verdict()})
	} else if err != nil {
		return Verdict{}, protocol.NewErrCredentialsNotFound()
	}
	var refused []Verdict
	for v := range s.Verdicts(ctx) {
		if v.Good() {
			return v, nil
		}
		refused = append(refused, v)
	}
	return Verdict{}, h.refuse(s.Registry, refused)
}

// refuse tells the person why there is no token. If nothing was found, there is nothing
// to tell.
func (h *Helper) refuse(registry github.Registry, refused []Verdict) error {
	if len(refused) == 0 {
		return protocol.NewErrCredentialsNotFound()
	}
	r := &Refusal{registry, refused}
	h.say(r.message())
	return r
}

// Search prepares the search for a registry. The error is [ErrForeign] for one that is
// not GitHub's; where the name alone says so, nothing has been opened. It is an
// [UnreadableError] if a file that cannot be read may say that it is.
func (h *Helper) Search(serverURL string) (*Search, error) {
	gh, settings := sync.OnceValue(readGH), sync.OnceValues(ReadSettings)
	registry, err := findRegistry(serverURL, settings, gh)
	if err != nil {
		h.trace("%q: %v", github.ShownURL(serverURL), err)
		return nil, err
	}
	s := &Search{Registry: registry, Scope: github.WritePackages, trace: h.trace}
	s.sources = sources{registry: registry, gh: gh, keyring: newLimitedKeyring(h.Keyring, h.trace), earlier: h.Earlier, trace: h.trace}
	if s.sources.settings, s.sources.settingsErr = settings(); s.sources.settingsErr == nil {
		s.Scope, s.sources.settingsErr = s.sources.settings.required(registry.Name, cmp.Or(h.Scope, github.WritePackages))
		var accountErr error
		s.sources.account, accountErr = s.sources.settings.account(registry)
		s.sources.settingsErr = cmp.Or(s.sources.settingsErr, accountErr)
	}
	transport := h.Transport
	if transport == nil {
		transport = github.NewTransport()
	}
	s.asker = asker{host: registry.Host, cache: openCache(h.Fresh), trace: h.trace, asked: map[string]facts{}}
	s.asker.client = func(source Source) *github.Client {
		client := &github.Client{Registry: registry, Transport: transport, UserAgent: h.UserAgent, Trace: h.trace}
		if source.isGH() {
			client.Route = gh().route(registry.Host)
		}
		return client
	}
	h.trace("%s accepts tokens of %s with the scope %s", registry.Name, registry.Host, s.Scope)
	return s, nil
}

// Add takes what docker login was given. docker also gives back what Get just
// gave it: that is kept nowhere, it would only go stale. Another token goes into
// the OS keyring if it is valid, or if that is unknown.
func (h *Helper) Add(given *protocol.Credentials) error {
	ctx, cancel := context.WithTimeout(context.Background(), getLimit)
	defer cancel()
	s, err := h.Search(given.ServerURL)
	switch {
	case errors.Is(err, ErrForeign):
		return fmt.Errorf("docker-credential-ghcr keeps logins for GitHub's container registries only, not for %s; remove it from credsStore or credHelpers there", github.ShownURL(given.ServerURL))
	case err != nil:
		return fmt.Errorf("the token was not kept: %s\nhint: %s", github.Printable(err.Error()), fixNamedFile)
	case s.sources.settingsErr != nil:
		return fmt.Errorf("the token was not kept: %s\nhint: %s", github.Printable(s.sources.settingsErr.Error()), fixNamedFile)
	}
	c := Candidate{Source: Password, Login: loginOrNone(given.Username, given.Secret)}.WithSecret(given.Secret)
	if c.Fault != "" {
		return fmt.Errorf("the password was not kept: %s\nhint: %s", c.Reason, s.FixFor(Verdict{Candidate: c}, c.Fault, s.Scope))
	}
	for known := range s.sources.candidates(ctx) {
		// docker removes a login from its configuration when it has given it to us.
		if known.Source != DockerConfig && !known.Token.IsZero() && known.Token.Equal(c.Token) {
			h.trace("store: %s has this token", known.Source)
			return nil
		}
	}
	v := s.Judge(ctx, c)
	if !v.Good() && v.Fault != Unreachable {
		return fmt.Errorf("the %s was not kept: %s\nhint: %s", c.Token.Kind(), v.Reason, v.Fix)
	}
	if err := writeDockerLogin(ctx, s.sources.keyring, s.Registry.Host, v.User, c.Token); err != nil {
		return notKept(err, s.Registry.Host)
	}
	return nil
}

// notKept says why the keyring did not take a token, and what to do instead.
func notKept(err error, host string) error {
	if locked := (*lockedError)(nil); errors.As(err, &locked) {
		return fmt.Errorf("the token was not kept: %w\nhint: %s", err, locked.fix)
	}
	return fmt.Errorf("the token was not kept, and is never kept in a plain file: %w\nhint: set %s instead of docker login", err, variableFor(host))
}

// Delete deletes what docker login gave for a registry, and what is cached about
// that token. It never touches gh's login. It does not fail: docker and others
// would keep a plain-text login, or crash, because of it.
func (h *Helper) Delete(serverURL string) error {
	ctx, cancel := context.WithTimeout(context.Background(), getLimit)
	defer cancel()
	registry, ok := github.ParseRegistry(serverURL, hasLoginRecord)
	if !ok || !hasLoginRecord(registry.Host) {
		return nil
	}
	record, _, _ := readLoginRecord(registry.Host)
	openCache(false).delete(record.CacheKey)
	if err := deleteDockerLogin(ctx, newLimitedKeyring(h.Keyring, h.trace), registry.Host); err != nil {
		h.say(fmt.Sprintf("docker-credential-ghcr: warning: the login for %s is still in the keyring, run docker logout again: %s\n", registry.Name, github.Printable(err.Error())))
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
	hosts := slices.Concat([]string{github.DotCom, ghDefaultHost()}, gh.hostNames(), settings.hosts(), loginHosts())
	for _, host := range hosts {
		name, _ := github.RegistryOf(host)
		registry, ok := github.ParseRegistry(name, configured)
		if !ok || registry.Host != host {
			continue
		}
		named, _ := settings.account(registry)
		user := knownUser(gh, settings, host, named)
		h.trace("%s: user %q", name, user)
		if user != "" {
			logins[name] = user
		}
	}
	return logins, nil
}

// knownUser is the user of a host as records say, or the one that setup named; ""
// if nothing says that there is a login.
func knownUser(gh *ghStore, settings Settings, host, named string) string {
	record, ok, _ := readLoginRecord(host)
	if user := loginOrNone(record.User, ""); ok && user != "" {
		return user
	}
	if user := cmp.Or(named, gh.get(host, "user")); github.IsLogin(user) && gh.names(host) {
		return user
	}
	if ok || gh.get(host, "oauth_token") != "" {
		return anyUser
	}
	for _, name := range environmentNow(settings, func() *ghStore { return gh }).tokenVariables(host) {
		if c, ok := fromEnvironment(name); ok && c.Fault == "" {
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
		h.saying.Lock()
		defer h.saying.Unlock()
		_, _ = io.WriteString(h.Stderr, text)
	}
}
