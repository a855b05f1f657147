package credentials

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"sync"
)

// walk is one call's way through the candidates for a registry. What it reads it
// reads once, and only when it comes to it.
type walk struct {
	*Helper
	registry    Registry
	settings    Settings
	settingsErr error
	want        Scope
	gh          func() *ghStore
	ring        *ring
	memory      memory
	// asked holds the facts of tokens that were found before: a token may be in
	// two places, and GitHub is asked about it once.
	asked map[string]Facts
}

// walkTo prepares the walk for a registry. ok is false for one that is not
// GitHub's; where the name alone says so, nothing has been opened.
func (h *Helper) walkTo(serverURL string) (w *walk, ok bool) {
	w = &walk{Helper: h, gh: sync.OnceValue(readGH), asked: map[string]Facts{}}
	settings := sync.OnceValues(ReadSettings)
	w.registry, ok = parseRegistry(serverURL, func(host string) bool {
		s, _ := settings()
		return s.names(host) || ghDefaultHost() == host || w.gh().names(host)
	})
	if !ok {
		h.trace("%q is not a registry of GitHub's", printable(serverURL))
		return nil, false
	}
	if w.settings, w.settingsErr = settings(); w.settingsErr == nil {
		w.want, w.settingsErr = w.settings.required(w.registry.Name)
	}
	w.ring = newRing(h.Keyring, h.trace)
	w.memory = openMemory(h.Fresh)
	h.trace("%s takes tokens of %s with the scope %s", w.registry.Name, w.registry.Host, w.want)
	return w, true
}

// verdicts judges the candidates one by one. Get and status both range over it,
// so they cannot disagree.
func (w *walk) verdicts(ctx context.Context) iter.Seq[Verdict] {
	return func(yield func(Verdict) bool) {
		for c := range w.candidates(ctx) {
			v := w.judge(ctx, c)
			w.trace("%s: %s", c, cmp.Or(v.Reason, "good"))
			if !yield(v) {
				return
			}
		}
	}
}

// judge gathers the facts about a candidate and judges it.
func (w *walk) judge(ctx context.Context, c Candidate) Verdict {
	// Facts cannot help what has a fault already, nor a kind that is not taken.
	v := judge(c, w.want, Facts{})
	if v.Fault == Unreachable {
		v = judge(c, w.want, w.facts(ctx, c))
	}
	return v
}

// facts asks about a token, or remembers. Of many processes at once one asks.
func (w *walk) facts(ctx context.Context, c Candidate) Facts {
	key := c.Token.key(w.registry.Host)
	f, ok := w.asked[key]
	if ok {
		return f
	}
	if f, ok = w.memory.settles(w.memory.recall(key)); !ok {
		unlock := w.memory.lock(ctx, key)
		defer unlock()
		r := w.memory.recall(key)
		if f, ok = w.memory.settles(r); !ok {
			f = w.ask(ctx, c, r.Accepted)
			w.memory.note(key, r, f)
		}
	}
	if ok {
		w.trace("%s: remembered", c.Source)
	}
	f.Actor = installationUser()
	w.asked[key] = f
	return f
}

// ask asks the API, and the registry if the API cannot say.
func (w *walk) ask(ctx context.Context, c Candidate, last Answer) Facts {
	f := Facts{Last: last}
	transport := w.transport()
	apiHost, err := w.gh().apiHost(w.registry.Host)
	if err != nil {
		f.API = Answer{Trouble: err.Error()}
	} else {
		f.API = w.api(apiHost, transport).ask(ctx, c.Token)
	}
	if f.API.apiWord() == unclear {
		second := &witness{w.registry, transport, w.UserAgent, w.trace}
		f.Registry = second.ask(ctx, userOf(c, Facts{Last: last, Actor: installationUser()}), c.Token)
	}
	return f
}

func (w *walk) transport() http.RoundTripper {
	if w.Transport != nil {
		return w.Transport
	}
	return newTransport()
}

func (w *walk) api(apiHost string, transport http.RoundTripper) *api {
	if socket := w.gh().socket(); socket != "" {
		transport = throughSocket(socket)
	}
	return &api{apiBase(w.registry.Host, apiHost), transport, w.UserAgent, w.trace}
}
