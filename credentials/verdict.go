package credentials

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is what is the matter with a candidate. The zero value is nothing.
type Fault string

// The faults. What mends each is in refusal.go.
const (
	// Rejected: GitHub says that the token is wrong, expired or revoked, or that
	// its account is suspended.
	Rejected Fault = "rejected"
	// LacksScope: the token lives but may not do what is required.
	LacksScope Fault = "lacks-scope"
	// WrongKind: GitHub Packages does not take tokens of this kind.
	WrongKind Fault = "wrong-kind"
	// Missing: something says that there is a token here, and there is none.
	Missing Fault = "missing"
	// Locked: the keyring is locked.
	Locked Fault = "locked"
	// Silent: the keyring did not answer in time.
	Silent Fault = "silent"
	// NoKeyring: no keyring can be reached, though a token should be in one.
	NoKeyring Fault = "no-keyring"
	// Broken: a file, a variable or the keyring could not be read.
	Broken Fault = "broken"
	// Unreachable: neither the API nor the registry could say.
	Unreachable Fault = "unreachable"
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
	// Fix mends the fault; zero if there is none.
	Fix Fix
	// Witnessed is set if the registry and not the API vouched for the token.
	Witnessed bool
}

// Good reports whether the token may be handed out.
func (v Verdict) Good() bool { return v.Fault == "" }

// facts are all that is known of a token when it is judged.
type facts struct {
	// API is GitHub's answer, Registry the second witness's.
	API, Registry Answer
	// Last is the last answer in which the API accepted this very token, however
	// long ago. It serves for the scopes, which a registry does not name.
	Last Answer
	// Actor is the user for an installation token, which belongs to none.
	Actor string
}

// word is what an answer means for the life of a token.
type word int

const (
	unclear word = iota
	accepts
	rejects
)

// apiWord reads an answer of the API. Only what can mean nothing else condemns:
// time-outs, server errors, rate limits, pages of proxies, and 403 with other
// meanings are unclear. See
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
func (a Answer) apiWord() word {
	if !a.Own {
		return unclear
	}
	switch message := strings.ToLower(a.Message); a.Status {
	case http.StatusOK:
		return accepts
	case http.StatusUnauthorized:
		return rejects
	case http.StatusForbidden:
		if strings.Contains(message, "suspended") {
			return rejects
		}
		// Said to tokens of GitHub Apps, which are known then. Older servers issue
		// them without the prefix that would have told.
		if strings.Contains(message, "not accessible by integration") {
			return accepts
		}
	}
	return unclear
}

// registryWord reads an answer of a registry's token endpoint. ghcr.io says
// DENIED for a dead token, but also, with permission_denied, for a live one that
// may not do something.
func (a Answer) registryWord() word {
	if !a.Own {
		return unclear
	}
	switch a.Status {
	case http.StatusOK:
		return accepts
	case http.StatusUnauthorized, http.StatusForbidden:
		if a.Code != "" && !strings.Contains(a.Message, "permission_denied") {
			return rejects
		}
	}
	return unclear
}

// untaken are the kinds that GitHub Packages does not take.
var untaken = []Kind{FineGrained, AppRefresh}

// askable reports whether facts could still help a candidate: not one that has a
// fault already, nor one of a kind that is not taken.
func (c Candidate) askable() bool {
	return c.Fault == "" && !slices.Contains(untaken, c.Token.Kind())
}

// judge makes a verdict of facts. It is pure: it asks nobody and remembers nothing.
func judge(c Candidate, want Scope, f facts) Verdict {
	v := Verdict{Candidate: c, User: userOf(c, f)}
	if v.Fault != "" {
		return v
	}
	kind := c.Token.Kind()
	if slices.Contains(untaken, kind) {
		v.Fault, v.Reason = WrongKind, string(kind)+"; GitHub Packages does not take it"
		return v
	}
	source := f.API
	switch f.API.apiWord() {
	case rejects:
		v.Fault, v.Reason = Rejected, rejection(kind, f.API)
		return v
	case unclear:
		switch f.Registry.registryWord() {
		case rejects:
			v.Fault, v.Reason = Rejected, "rejected by the registry: expired or revoked"
			return v
		case unclear:
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
func lacks(kind Kind, want Scope, a Answer) bool {
	switch {
	case !a.HasScopes || kind.permissioned():
		return false
	case len(a.Scopes) == 0:
		return kind.scoped()
	}
	return !want.in(a.Scopes)
}

func scopeList(scopes []string) string {
	if len(scopes) == 0 {
		return "none"
	}
	scopes = slices.Sorted(slices.Values(scopes))
	return strings.Join(scopes, ", ")
}

func rejection(kind Kind, a Answer) string {
	if a.Status == http.StatusForbidden {
		return "rejected by GitHub: the account is suspended"
	}
	if kind == Installation {
		return "rejected by GitHub: expired or revoked; it lives no longer than its job, an hour elsewhere"
	}
	return "rejected by GitHub: expired or revoked"
}

// silence says of both witnesses why they could not say.
func silence(f facts) string {
	return "API: " + f.API.unclearness() + "; registry: " + f.Registry.unclearness()
}

func (a Answer) unclearness() string {
	switch {
	case a.Trouble != "":
		return a.Trouble
	case a.Asked.IsZero():
		return "not asked"
	case a.Message != "":
		return fmt.Sprintf("%d %s", a.Status, a.Message)
	case !a.Own:
		return fmt.Sprintf("%d, not GitHub's own answer", a.Status)
	}
	return fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
}

// userOf is the user name for a token: what GitHub said before what the source
// says.
func userOf(c Candidate, f facts) string {
	if c.Token.Kind() == Installation {
		return f.Actor
	}
	for _, login := range []string{f.API.Login, f.Last.Login, c.Login} {
		if isLogin(login) {
			return login
		}
	}
	return anyUser
}
