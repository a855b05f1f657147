package credentials

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// Verdict is a candidate and what came of it. If Fault is zero, the token does.
type Verdict struct {
	Candidate
	// User is the user name that goes with the token: a GitHub login, or
	// x-access-token where none is known. Never empty.
	User string
	// Scopes are the OAuth scopes that GitHub named; HasScopes is false if it
	// named none, as it does for tokens with permissions instead.
	Scopes    []string
	HasScopes bool
	// Expires is zero if GitHub named no date.
	Expires time.Time
	// Fix says how to fix the fault; it is zero if there is none.
	Fix Fix
	// Route says where GitHub is asked about the token, if gh's settings name another
	// place than the API of the token's own host.
	Route string
	// Witnessed is set if the registry and not the API vouched for the token.
	Witnessed bool
	// suspended is set if the token is rejected because its account is suspended.
	suspended bool
}

// Good reports whether the token may be handed out.
func (v Verdict) Good() bool { return v.Fault == "" }

// facts are all that is known of a token when it is judged.
type facts struct {
	// API is GitHub's answer, Registry is the registry's.
	API, Registry github.Answer
	// Last is the last answer in which the API accepted this very token, however
	// long ago. It serves for the scopes, which a registry does not name.
	Last github.Answer
	// Actor is the user for an installation token, which belongs to none.
	Actor string
}

// unsupportedKinds are the kinds that GitHub Packages does not take.
var unsupportedKinds = []github.Kind{github.FineGrained, github.AppRefresh}

// askable reports whether facts could still help a candidate: not one that has a
// fault already, nor one of a kind that is not taken.
func (c Candidate) askable() bool {
	return c.Fault == "" && !slices.Contains(unsupportedKinds, c.Token.Kind())
}

// judge makes a verdict of facts. It is pure: it sends no request and stores nothing.
func judge(c Candidate, want github.Scope, f facts) Verdict {
	v := Verdict{Candidate: c, User: userOf(c, f)}
	if v.Fault != "" {
		return v
	}
	kind := c.Token.Kind()
	if slices.Contains(unsupportedKinds, kind) {
		v.Fault, v.Reason = WrongKind, string(kind)+"; GitHub Packages does not take it"
		return v
	}
	source := f.API
	switch f.API.StateByAPI() {
	case github.Invalid:
		v.Fault, v.Reason = Rejected, rejection(c.Token, f.API)
		v.suspended = f.API.Status == http.StatusForbidden
		return v
	case github.Unknown:
		switch f.Registry.StateByRegistry() {
		case github.Invalid:
			v.Fault, v.Reason = Rejected, "rejected by the registry: "+deadToken(c.Token)
			return v
		case github.Unknown:
			v.Fault, v.Reason = Unreachable, "could not be checked: "+silence(f)
			return v
		}
		source, v.Witnessed = f.Last, true
	}
	v.Scopes, v.HasScopes, v.Expires = source.Scopes, source.HasScopes, source.Expires
	if lacks(kind, want, source) {
		v.Fault, v.Reason = LacksScope, fmt.Sprintf("lacks %s (has %s)", want, scopeList(source.Scopes))
	}
	return v
}

// lacks reports whether an answer shows that a token has not the scope.
func lacks(kind github.Kind, want github.Scope, a github.Answer) bool {
	switch {
	case !a.HasScopes || kind.HasPermissions():
		return false
	case len(a.Scopes) == 0:
		return kind.ListsScopes()
	}
	return !want.In(a.Scopes)
}

func scopeList(scopes []string) string {
	if len(scopes) == 0 {
		return "none"
	}
	scopes = slices.Sorted(slices.Values(scopes))
	return strings.Join(scopes, ", ")
}

func rejection(token github.Token, a github.Answer) string {
	if a.Status == http.StatusForbidden {
		return "rejected by GitHub: the account is suspended"
	}
	return "rejected by GitHub: " + deadToken(token)
}

// deadToken says why a token may have been rejected.
func deadToken(token github.Token) string {
	text := "expired or revoked"
	if token.Kind() == github.Installation {
		text += "; it lives no longer than its job, an hour elsewhere"
	}
	if doubt := token.Doubt(); doubt != "" {
		text += "; or " + doubt
	}
	return text
}

// silence says why neither the API nor the registry gave a clear answer.
func silence(f facts) string {
	return "API: " + f.API.Unclear() + "; registry: " + f.Registry.Unclear()
}

// userOf is the user name for a token: what GitHub said before what the source
// says.
func userOf(c Candidate, f facts) string {
	if c.Token.Kind() == github.Installation {
		return f.Actor
	}
	for _, login := range []string{f.API.Login, f.Last.Login, c.Login} {
		if github.IsLogin(login) {
			return login
		}
	}
	return anyUser
}
