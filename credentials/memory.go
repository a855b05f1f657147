package credentials

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// How long a remembered answer is as good as a fresh one. A rejection is kept
// long because GitHub locks out a user, good tokens and all, after a few
// requests with bad ones; a good answer just long enough for the processes that
// one docker compose starts. See
// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#failed-login-limit
const (
	rejectionLife = 15 * time.Minute
	answerLife    = 10 * time.Second
	// forgetAfter is when what is remembered of a token that is no longer used is
	// removed.
	forgetAfter = 30 * 24 * time.Hour
)

// lockLimit is how long a process waits for another that asks about the same
// token: a little longer than the API may take.
const lockLimit = apiLimit + time.Second

// memory remembers answers, never tokens and never verdicts: what is required
// may change and then counts at once. One file a token, named by a hash; a file
// that cannot be read, or was cut short by a crash, is no memory and no trouble.
type memory struct {
	dir   string // "" remembers nothing
	fresh bool   // write but do not read
}

// remembered are the clear answers about one token.
type remembered struct {
	API      Answer `json:"api,omitzero"`
	Registry Answer `json:"registry,omitzero"`
	// Accepted is the last answer in which the API accepted the token.
	Accepted Answer `json:"accepted,omitzero"`
}

// openMemory finds the place. Without one nothing is remembered.
func openMemory(fresh bool) memory {
	if off := os.Getenv("GHCR_NO_MEMORY"); off != "" && off != "0" {
		return memory{}
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return memory{}
	}
	return memory{dir: filepath.Join(dir, "docker-credential-ghcr"), fresh: fresh}
}

func (m memory) path(key string) string { return filepath.Join(m.dir, key+".json") }

// recall reads what is remembered of a token.
func (m memory) recall(key string) (r remembered) {
	if m.dir == "" {
		return r
	}
	content, err := readFile(m.path(key))
	if err != nil || json.Unmarshal(content, &r) != nil {
		return remembered{}
	}
	return r
}

// settles reports whether memory answers the question, and with which facts.
func (m memory) settles(r remembered) (Facts, bool) {
	f := Facts{API: r.API, Last: r.Accepted}
	if m.fresh {
		return f, false
	}
	switch age := time.Since(r.API.Asked); r.API.apiWord() {
	case rejects:
		return f, age >= 0 && age < rejectionLife
	case accepts:
		if age >= 0 && age < answerLife {
			return f, true
		}
	}
	f = Facts{Registry: r.Registry, Last: r.Accepted}
	age := time.Since(r.Registry.Asked)
	return f, r.Registry.registryWord() != unclear && age >= 0 && age < answerLife
}

// note adds the clear answers among the facts to what is remembered. The newest
// counts, whoever gave it.
func (m memory) note(key string, r remembered, f Facts) {
	if f.API.apiWord() == accepts {
		r.Accepted = f.API
	}
	switch {
	case f.API.apiWord() != unclear:
		r.API, r.Registry = f.API, Answer{}
	case f.Registry.registryWord() != unclear:
		r.API, r.Registry = Answer{}, f.Registry
	default:
		return
	}
	content, err := json.Marshal(r)
	if m.dir == "" || err != nil {
		return
	}
	if _, err := os.Stat(m.path(key)); isAbsent(err) {
		m.forgetOld()
	}
	_ = os.WriteFile(m.path(key), content, 0o600)
}

// lock makes this process the one that asks about a token. It waits briefly for
// another, and goes on without the lock when it cannot be had: then GitHub is
// asked twice, which harms nobody. The system drops the lock of a process that
// died.
func (m memory) lock(ctx context.Context, key string) (unlock func()) {
	if m.dir == "" || os.MkdirAll(m.dir, 0o700) != nil {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(ctx, lockLimit)
	defer cancel()
	lock := flock.New(filepath.Join(m.dir, key+".lock"))
	if locked, err := lock.TryLockContext(ctx, 2*time.Millisecond); err != nil || !locked {
		return func() {}
	}
	return func() { _ = lock.Unlock() }
}

// forget drops what is remembered of a token.
func (m memory) forget(key string) {
	if m.dir != "" && key != "" && !strings.ContainsAny(key, `/\.`) {
		_ = os.Remove(m.path(key))
	}
}

// forgetOld removes the files of tokens that have not been seen for long, so
// that those of short-lived tokens do not gather.
func (m memory) forgetOld() {
	entries, _ := os.ReadDir(m.dir)
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > forgetAfter {
			_ = os.Remove(filepath.Join(m.dir, entry.Name()))
		}
	}
}
