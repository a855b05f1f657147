package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/internal/trusted"
)

// How long a cached answer is as good as a fresh one. A rejection is kept long because
// GitHub locks out a user, valid tokens included, after a few requests with bad ones; a
// good answer just long enough for the processes that one docker compose starts. See
// https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#failed-login-limit
const (
	rejectionAge = 15 * time.Minute
	answerAge    = 10 * time.Second
	// unusedAge is when the file of a token that is no longer used is removed.
	unusedAge = 30 * 24 * time.Hour
)

// lockInterval is how often a waiting process looks for the lock. To look more often
// takes the time of the one who asks, if many wait.
const lockInterval = 5 * time.Millisecond

// cacheKey names a token in the cache, "" for what should not be there: a hash of a
// password that a person has chosen could be guessed. Tokens of GitHub are random.
func cacheKey(token github.Token, host string) string {
	if token.Kind() == github.UnknownKind {
		return ""
	}
	return token.Key(host)
}

// cache keeps answers, never tokens and never verdicts: what is required may change
// and then counts at once. One file a token, named by a hash; a file that cannot be
// read, or was cut short by a crash, counts as none.
type cache struct {
	dir string // "" keeps nothing
	// writeOnly keeps answers for others, and asks anew itself.
	writeOnly bool
}

// cacheEntry has the clear answers about one token.
type cacheEntry struct {
	API      github.Answer `json:"api,omitzero"`
	Registry github.Answer `json:"registry,omitzero"`
	// Accepted is the last answer in which the API accepted the token.
	Accepted github.Answer `json:"accepted,omitzero"`
	// Unclear is the latest unclear answer, if no clear one came since.
	Unclear unclearAnswers `json:"unclear,omitzero"`
}

// unclearAnswers are only for those who waited for them: to ask again a moment after
// an unclear answer would only keep them longer.
type unclearAnswers struct {
	At       time.Time     `json:"at"`
	API      github.Answer `json:"api"`
	Registry github.Answer `json:"registry"`
}

// openCache finds the place. Without one nothing is kept.
func openCache(writeOnly bool) cache {
	if switchedOn("GHCR_NO_MEMORY") {
		return cache{}
	}
	home, err := os.UserCacheDir()
	if err == nil && trusted.IsForeignToRoot(home) {
		home = "" // what root makes there would lock the user out
	}
	dir := cacheDir(home, os.Getenv("CACHE_DIRECTORY"), os.Geteuid())
	if dir == "" {
		return cache{}
	}
	if err := trusted.CheckDir(dir); err != nil && !trusted.IsAbsent(err) {
		return cache{} // another user could have written what it says
	}
	return cache{dir: dir, writeOnly: writeOnly}
}

func (c cache) path(key string) string { return filepath.Join(c.dir, key+".json") }

func (c cache) lockPath(key string) string { return filepath.Join(c.dir, key+".lock") }

// cacheDir is the directory of the cache: in the user's, else in the one that systemd
// gives a service, else, for root, in one that the next boot removes. A dead token on a
// node without a home would be asked about at every pull otherwise.
func cacheDir(home, service string, user int) string {
	service, _, _ = strings.Cut(service, ":")
	switch {
	case filepath.IsAbs(home):
		return filepath.Join(home, "docker-credential-ghcr")
	case home == "" && filepath.IsAbs(service):
		return filepath.Join(service, "docker-credential-ghcr")
	case home == "" && service == "" && user == 0 && runtime.GOOS != "windows":
		return "/run/docker-credential-ghcr"
	}
	return "" // what is in the working directory is a stranger's
}

// load reads what is known about a token.
func (c cache) load(key string) (entry cacheEntry) {
	if c.dir == "" {
		return entry
	}
	content, err := trusted.Read(c.path(key))
	if err != nil || json.Unmarshal(content, &entry) != nil {
		return cacheEntry{}
	}
	return entry
}

// fresh reports whether an entry answers a question that was put at a time, and with
// which facts.
func (c cache) fresh(entry cacheEntry, put time.Time) (facts, bool) {
	f := facts{API: entry.API, Last: entry.Accepted}
	if c.writeOnly {
		return f, false
	}
	if u := entry.Unclear; u.At.After(put) && !u.At.After(time.Now()) && u.API.StateByAPI() == github.Unknown && u.Registry.StateByRegistry() == github.Unknown {
		return facts{API: u.API, Registry: u.Registry, Last: entry.Accepted}, true
	}
	switch age := time.Since(entry.API.Asked); entry.API.StateByAPI() {
	case github.Invalid:
		return f, age >= 0 && age < rejectionAge
	case github.Valid:
		if age >= 0 && age < answerAge {
			return f, true
		}
	}
	f = facts{Registry: entry.Registry, Last: entry.Accepted}
	age := time.Since(entry.Registry.Asked)
	return f, entry.Registry.StateByRegistry() != github.Unknown && age >= 0 && age < answerAge
}

// store adds the clear answers among the facts to an entry. The newest counts, whoever
// gave it.
func (c cache) store(key string, entry cacheEntry, f facts) {
	f.API, f.Registry = f.API.WithoutTexts(), f.Registry.WithoutTexts()
	if f.API.StateByAPI() == github.Valid {
		entry.Accepted = f.API
	}
	switch {
	case f.API.StateByAPI() != github.Unknown:
		entry.API, entry.Registry, entry.Unclear = f.API, github.Answer{}, unclearAnswers{}
	case f.Registry.StateByRegistry() != github.Unknown:
		entry.API, entry.Registry, entry.Unclear = github.Answer{}, f.Registry, unclearAnswers{}
	default:
		entry.Unclear = unclearAnswers{time.Now(), f.API, f.Registry}
	}
	content, err := json.Marshal(entry)
	if c.dir == "" || err != nil {
		return
	}
	if _, err := os.Lstat(c.path(key)); trusted.IsAbsent(err) {
		c.deleteUnused()
	}
	_ = c.replace(key, content)
}

// replace writes a new file and renames it, so that whatever is in its place is
// neither followed nor waited for. It need not survive a power cut.
func (c cache) replace(key string, content []byte) error {
	file, err := os.CreateTemp(c.dir, key+".*.new")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = trusted.Rename(file.Name(), c.path(key))
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// lock makes this process the one that asks about a token, and reports whether it
// is. If another one asks, it waits until that has done so: what it learned is
// then cached, and all who waited read it at the same time. It goes on without
// the lock when that cannot be had: then GitHub is asked twice, which is
// harmless. The system drops the lock of a process that died.
func (c cache) lock(ctx context.Context, key string) (asks bool, unlock func()) {
	if c.dir == "" || os.MkdirAll(c.dir, 0o700) != nil {
		return true, func() {}
	}
	lock := trusted.NewLock(c.lockPath(key))
	if locked, err := lock.TryLock(); err != nil || locked {
		return true, func() { _ = lock.Unlock() }
	}
	done, err := lock.TryRLockContext(ctx, lockInterval)
	_ = lock.Unlock()
	return err != nil || !done, func() {}
}

// delete removes what is known about a token.
func (c cache) delete(key string) {
	if c.dir != "" && key != "" && !strings.ContainsAny(key, `/\.`) {
		_ = trusted.Remove(c.path(key))
		_ = trusted.Remove(c.lockPath(key))
	}
}

// deleteUnused removes the files of tokens that have not been seen for long, so
// that those of short-lived tokens do not gather.
func (c cache) deleteUnused() {
	entries, _ := os.ReadDir(c.dir)
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > unusedAge {
			_ = os.Remove(filepath.Join(c.dir, entry.Name()))
		}
	}
}
