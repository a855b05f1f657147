package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/busy"
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
// token: a little longer than that may take.
const lockLimit = apiLimit + witnessLimit + time.Second

// lockInterval is how often it looks. To look more often takes the time of the one
// who asks, if many wait.
const lockInterval = 5 * time.Millisecond

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
	// Unclear is what was said when nobody could say, if nothing clear came since.
	Unclear unclearAnswers `json:"unclear,omitzero"`
}

// unclearAnswers are for those alone who waited for them: to ask once more what
// nobody could say a moment ago would only keep them longer.
type unclearAnswers struct {
	At       time.Time `json:"at"`
	API      Answer    `json:"api"`
	Registry Answer    `json:"registry"`
}

// openMemory finds the place. Without one nothing is remembered.
func openMemory(fresh bool) memory {
	dir, err := ownDir(os.UserCacheDir())
	if err != nil || switchedOn("GHCR_NO_MEMORY") {
		return memory{}
	}
	return memory{dir: dir, fresh: fresh}
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

// settles reports whether memory answers a question that was put at a time, and
// with which facts.
func (m memory) settles(r remembered, put time.Time) (facts, bool) {
	f := facts{API: r.API, Last: r.Accepted}
	if m.fresh {
		return f, false
	}
	if u := r.Unclear; u.At.After(put) && !u.At.After(time.Now()) && u.API.apiWord() == unclear && u.Registry.registryWord() == unclear {
		return facts{API: u.API, Registry: u.Registry, Last: r.Accepted}, true
	}
	switch age := time.Since(r.API.Asked); r.API.apiWord() {
	case rejects:
		return f, age >= 0 && age < rejectionLife
	case accepts:
		if age >= 0 && age < answerLife {
			return f, true
		}
	}
	f = facts{Registry: r.Registry, Last: r.Accepted}
	age := time.Since(r.Registry.Asked)
	return f, r.Registry.registryWord() != unclear && age >= 0 && age < answerLife
}

// note adds the clear answers among the facts to what is remembered. The newest
// counts, whoever gave it.
func (m memory) note(key string, r remembered, f facts) {
	if f.API.apiWord() == accepts {
		r.Accepted = f.API
	}
	switch {
	case f.API.apiWord() != unclear:
		r.API, r.Registry, r.Unclear = f.API, Answer{}, unclearAnswers{}
	case f.Registry.registryWord() != unclear:
		r.API, r.Registry, r.Unclear = Answer{}, f.Registry, unclearAnswers{}
	default:
		r.Unclear = unclearAnswers{time.Now(), f.API, f.Registry}
	}
	content, err := json.Marshal(r)
	if m.dir == "" || err != nil {
		return
	}
	if _, err := os.Lstat(m.path(key)); isAbsent(err) {
		m.forgetOld()
	}
	_ = m.replace(key, content)
}

// replace writes a file anew beside the old one, so that whatever stands there is
// neither followed nor waited for. It need not survive a power cut.
func (m memory) replace(key string, content []byte) error {
	file, err := os.CreateTemp(m.dir, key+".*.new")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = busy.Insist(func() error { return os.Rename(file.Name(), m.path(key)) })
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// lock makes this process the one that asks about a token, and reports whether it
// is. If another one asks, it waits until that has done so: what it learned is
// then remembered, and all who waited read it at the same time. It goes on without
// the lock when that cannot be had: then GitHub is asked twice, which harms
// nobody. The system drops the lock of a process that died.
func (m memory) lock(ctx context.Context, key string) (asks bool, unlock func()) {
	if m.dir == "" || os.MkdirAll(m.dir, 0o700) != nil {
		return true, func() {}
	}
	lock := newLock(filepath.Join(m.dir, key+".lock"))
	if locked, err := lock.TryLock(); err != nil || locked {
		return true, func() { _ = lock.Unlock() }
	}
	done, err := lock.TryRLockContext(ctx, lockInterval)
	_ = lock.Unlock()
	return err != nil || !done, func() {}
}

// forget drops what is remembered of a token.
func (m memory) forget(key string) {
	if m.dir != "" && key != "" && !strings.ContainsAny(key, `/\.`) {
		_ = removeFile(m.path(key))
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
