package credentials

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"os"
	"sync"
	"time"
)

// Search is one call's way through the candidates for a registry. What it reads
// it reads once, and only when it comes to it. It is for one goroutine.
type Search struct {
	// Registry is what is searched for.
	Registry Registry
	// Scope is what a token must have; the stricter one if the settings cannot be
	// read.
	Scope Scope

	helper      *Helper
	settings    Settings
	settingsErr error
	gh          func() *ghStore
	ring        *ring
	memory      memory
	// asked holds the facts of tokens that were found before: a token may be in
	// two places, and GitHub is asked about it once.
	asked map[string]facts
}

// Search prepares the search for a registry. ok is false for one that is not
// GitHub's; where the name alone says so, nothing has been opened.
func (h *Helper) Search(serverURL string) (s *Search, ok bool) {
	s = &Search{helper: h, gh: sync.OnceValue(readGH), asked: map[string]facts{}}
	settings := sync.OnceValues(ReadSettings)
	s.Registry, ok = parseRegistry(serverURL, func(host string) bool {
		set, _ := settings()
		return configuredBy(set, s.gh())(host)
	})
	if !ok {
		h.trace("%q is not a registry of GitHub's", shownURL(serverURL))
		return nil, false
	}
	s.Scope = WritePackages
	if s.settings, s.settingsErr = settings(); s.settingsErr == nil {
		s.Scope, s.settingsErr = s.settings.required(s.Registry.Name)
	}
	s.ring = newRing(h.Keyring, h.trace)
	s.memory = openMemory(h.Fresh)
	h.trace("%s takes tokens of %s with the scope %s", s.Registry.Name, s.Registry.Host, s.Scope)
	return s, true
}

// configuredBy tells the enterprise hosts that somebody has named: in our
// settings, in GH_HOST, or by a login of gh's.
func configuredBy(settings Settings, gh *ghStore) func(host string) bool {
	return func(host string) bool {
		return settings.names(host) || ghDefaultHost() == host || gh.names(host)
	}
}

// Verdicts judges the candidates one by one, in the order in which they are
// preferred. [Helper.Get] stops at the first good one; a caller that goes on sees
// what Get leaves alone. Both walk this, so they cannot disagree.
func (s *Search) Verdicts(ctx context.Context) iter.Seq[Verdict] {
	return func(yield func(Verdict) bool) {
		for c := range s.candidates(ctx) {
			if !yield(s.Judge(ctx, c)) {
				return
			}
		}
	}
}

// Judge gathers the facts about a candidate and judges it.
func (s *Search) Judge(ctx context.Context, c Candidate) Verdict {
	var f facts
	if c.askable() {
		f = s.learn(ctx, c)
	}
	v := judge(c, s.Scope, f)
	if !v.Good() {
		v.Fix = fix(s.Registry, s.Scope, v, hidingVariables(s.Registry.Host))
	}
	s.helper.trace("%s: %s", c, cmp.Or(v.Reason, "good"))
	return v
}

// OtherAccounts lists gh's accounts on the host that are not the one whose token
// is used: gh auth switch, or setup --user, would choose them.
func (s *Search) OtherAccounts() []string {
	var others []string
	chosen := cmp.Or(s.settings.Registries[s.Registry.Name].User, s.gh().get(s.Registry.Host, "user"))
	for _, user := range s.gh().users(s.Registry.Host) {
		if user != chosen && isLogin(user) {
			others = append(others, user)
		}
	}
	return others
}

// Accounts lists the accounts of gh's on the host. gh before 2.40 had one, and no
// list of them.
func (s *Search) Accounts() ([]string, error) {
	gh := s.gh()
	accounts := gh.users(s.Registry.Host)
	if active := gh.get(s.Registry.Host, "user"); len(accounts) == 0 && active != "" {
		accounts = []string{active}
	}
	return accounts, gh.hostsErr
}

// learn asks about a token, or remembers. Of many processes at once one asks.
func (s *Search) learn(ctx context.Context, c Candidate) facts {
	key := c.Token.key(s.Registry.Host)
	f, ok := s.asked[key]
	if ok {
		return f
	}
	begun := time.Now()
	waits, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	f, ok = s.memory.settles(s.memory.recall(key), begun)
	for asks := false; !ok && !asks; {
		var unlock func()
		asks, unlock = s.memory.lock(waits, key)
		r := s.memory.recall(key)
		if f, ok = s.memory.settles(r, begun); !ok && asks {
			f = s.ask(ctx, c, r.Accepted)
			s.memory.note(key, r, f)
		}
		unlock()
	}
	if ok {
		s.helper.trace("%s: remembered", c.Source)
	}
	f.Actor = installationUser()
	s.asked[key] = f
	return f
}

// ask asks the API, and the registry if the API cannot say.
func (s *Search) ask(ctx context.Context, c Candidate, last Answer) facts {
	f := facts{Last: last, Actor: installationUser()}
	transport := s.transport()
	if a, err := s.api(transport); err != nil {
		f.API = Answer{Trouble: err.Error()}
	} else {
		f.API = a.ask(ctx, c.Token)
	}
	if f.API.apiWord() == unclear {
		f.Registry = s.witness(transport).ask(ctx, userOf(c, f), c.Token)
	}
	return f
}

func (s *Search) transport() http.RoundTripper {
	if s.helper.Transport != nil {
		return s.helper.Transport
	}
	return newTransport()
}

// api is the API of the host, where gh's settings say that it is.
func (s *Search) api(transport http.RoundTripper) (*api, error) {
	apiHost, err := s.gh().apiHost(s.Registry.Host)
	if err != nil {
		return nil, err
	}
	if socket := s.gh().socket(); socket != "" {
		transport = throughSocket(socket)
	}
	return &api{apiBase(s.Registry.Host, apiHost), transport, s.helper.UserAgent, s.helper.trace}, nil
}

func (s *Search) witness(transport http.RoundTripper) *witness {
	return &witness{serviceOf(s.Registry), transport, s.helper.UserAgent, s.helper.trace}
}

// hidingVariables lists the variables that are set and hide gh's store from gh:
// with one of them gh auth login and refresh refuse to work.
func hidingVariables(host string) []string {
	var names []string
	for _, name := range ghVariables(host) {
		if os.Getenv(name) != "" {
			names = append(names, name)
		}
	}
	return names
}
