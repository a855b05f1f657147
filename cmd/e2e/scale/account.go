package scale

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// What does GitHub see of the account that all nodes share?

// limit is how many API requests GitHub allows an account in an hour:
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
const limit = 5000

// account is the pretend GitHub with an account's limit. A token is one text for its
// whole life.
type account struct {
	mu sync.Mutex
	// hub answers. It remembers every request, so it is a new one each hour.
	hub   *credentialstest.GitHub
	since time.Time
	// alive has the tokens that work.
	alive map[string]bool
	// down is set while the API answers nothing but 503.
	down bool
	// shared is set while others who use the account have used up its limit.
	shared bool
	// used counts the hour's requests.
	used int
	hour time.Time

	count counts
}

// counts are what came in during a day.
type counts struct {
	// API and registry count questions about tokens, refused those that met the limit,
	// and dead those about a token that does not work.
	api, registry, refused, dead int
	// busiest is the most API requests in one hour.
	busiest int
}

// RoundTrip lets the pretend GitHub answer, and counts.
func (a *account) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	now := time.Now()
	if a.hub == nil || now.Sub(a.since) >= 10*time.Minute {
		a.hub, a.since = a.open(), now
	}
	if hour := now.Truncate(time.Hour); !hour.Equal(a.hour) {
		a.hour, a.used = hour, 0
	}
	if r.URL.Host == "api.github.com" {
		a.used++
		a.count.api++
		a.count.busiest = max(a.count.busiest, a.used)
		if a.left() < 0 && !a.down {
			a.count.refused++
		}
	} else {
		a.count.registry++
	}
	if !a.alive[secretOf(r)] {
		a.count.dead++
	}
	hub := a.hub
	a.mu.Unlock()
	return hub.Transport().RoundTrip(r)
}

// open returns a GitHub that knows the tokens and the limit.
func (a *account) open() *credentialstest.GitHub {
	hub := credentialstest.NewGitHub()
	for token, alive := range a.alive {
		hub.Add(token, credentialstest.Token{Login: "fleet", Scopes: []string{"read:packages"}, Dead: !alive})
	}
	hub.Break("", credentialstest.API, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		down, left := a.down, a.left()
		a.mu.Unlock()
		switch {
		case down:
			credentialstest.ServerError(http.StatusServiceUnavailable).ServeHTTP(w, r)
		case left < 0:
			credentialstest.RateLimited.ServeHTTP(w, r)
		default:
			w.Header().Set("X-RateLimit-Limit", strconv.Itoa(limit))
			w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(left))
			w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Truncate(time.Hour).Add(time.Hour).Unix(), 10))
			credentialstest.Regular.ServeHTTP(w, r)
		}
	}))
	return hub
}

// left is what is left of the hour's limit; negative if a request is one too many.
func (a *account) left() int {
	if a.shared {
		return -1
	}
	return limit - a.used
}

// secretOf is the token that a request carries.
func secretOf(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return token
}

// set says which tokens work from now on.
func (a *account) set(alive map[string]bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.alive, a.hub = alive, nil
}
