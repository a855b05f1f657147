package credentials

import (
	"context"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// asker gathers the facts about tokens: from the cache if they are fresh, else from
// GitHub. It is for one goroutine.
type asker struct {
	host   string
	cache  cache
	client func(Source) *github.Client
	trace  func(format string, args ...any)
	// asked has the facts of tokens that were found before: a token may be in two
	// places, and GitHub is asked about it once.
	asked map[string]facts
}

// lockLimit is how long a process waits for another that asks about the same
// token: a little longer than that may take.
const lockLimit = github.APILimit + github.RegistryLimit + time.Second

// factsOf are the facts about a candidate's token. Of many processes at once one asks,
// and the others read what it learned.
func (a *asker) factsOf(ctx context.Context, c Candidate) facts {
	key := c.Token.Key(a.host)
	f, ok := a.asked[key]
	if ok {
		return f
	}
	kept := a.cache
	if cacheKey(c.Token, a.host) == "" {
		kept = cache{}
	}
	begun := time.Now()
	waits, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	f, ok = kept.fresh(kept.load(key), begun)
	for asks := false; !ok && !asks; {
		var unlock func()
		asks, unlock = kept.lock(waits, key)
		entry := kept.load(key)
		if f, ok = kept.fresh(entry, begun); !ok && asks {
			f = a.ask(ctx, c, entry.Accepted)
			kept.store(key, entry, f)
		}
		unlock()
	}
	if ok {
		a.trace("%s: cached", c.Source)
	}
	f.Actor = installationUser()
	a.asked[key] = f
	return f
}

// ask asks the API, and the registry if the API cannot say.
func (a *asker) ask(ctx context.Context, c Candidate, last github.Answer) facts {
	f := facts{Last: last, Actor: installationUser()}
	client := a.client(c.Source)
	if last.IsNearLimit(time.Now()) && !a.cache.writeOnly {
		// The registry can vouch for a token as well, before the API answers no one who
		// uses this account. A no is worth a request to the API, too.
		f.Registry = client.AskRegistry(ctx, userOf(c, f), c.Token)
		if f.Registry.StateByRegistry() == github.Valid {
			return f
		}
	}
	f.API = client.AskAPI(ctx, c.Token)
	if f.API.StateByAPI() == github.Unknown && f.Registry.Asked.IsZero() {
		f.Registry = client.AskRegistry(ctx, userOf(c, f), c.Token)
	}
	return f
}
