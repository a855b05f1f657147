package github

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Answer is what a server said about a token: facts, no judgement. The zero
// value is a question that was not asked.
type Answer struct {
	Asked time.Time `json:"asked"`
	// Status is the HTTP status, 0 if there was no answer.
	Status int `json:"status"`
	// Own is set if the answer is the server's own and not that of something
	// between: a proxy, a gateway, a captive portal.
	Own bool `json:"own"`
	// Code is the registry's error code if it can speak of the token.
	Code string `json:"code,omitempty"`
	// Message is the server's own text of an error.
	Message string `json:"message,omitempty"`
	// Login is the user whose token it is, if the server said.
	Login string `json:"login,omitempty"`
	// Scopes are the token's OAuth scopes, in the server's order. HasScopes tells
	// an empty list from none.
	Scopes    []string `json:"scopes,omitempty"`
	HasScopes bool     `json:"has_scopes,omitempty"`
	// Expires is when the token will expire; zero if the server said nothing.
	Expires time.Time `json:"expires,omitzero"`
	// Limit and Remaining are the requests that the API allows the token's user until
	// Resets, and how many of them are left.
	Limit     int       `json:"limit,omitempty"`
	Remaining int       `json:"remaining,omitempty"`
	Resets    time.Time `json:"resets,omitzero"`
	// Trouble says why there was no answer. It holds no secret.
	Trouble string `json:"trouble,omitempty"`
	// Limited is set if a rate limit was the reason.
	Limited bool `json:"-"`
	// Until is when the limit ends; zero if the server said nothing.
	Until time.Time `json:"-"`
	// SSOPage is where the token is authorized for an organization that demands
	// it. It holds an authorization request: show it to the person, and write it
	// nowhere.
	SSOPage string `json:"-"`
}

// IsNearLimit reports whether less than a tenth of the API's requests are left to the
// token's user. Others use the same account.
func (a Answer) IsNearLimit(now time.Time) bool {
	return a.Limit > 0 && a.Remaining < a.Limit/10 && a.Resets.After(now)
}

// without takes out what a server may have repeated of the token, as it is or as
// it was sent, and makes its texts fit to be shown.
func (a Answer) without(token Token, sent string) Answer {
	a.Message, a.Trouble = token.maskedIn(a.Message, sent), token.maskedIn(a.Trouble, sent)
	repeats := func(text string) bool { return token.maskedIn(text, sent) != Printable(text) }
	if repeats(a.Login) {
		a.Login = ""
	}
	if repeats(a.SSOPage) {
		a.SSOPage = ""
	}
	a.Scopes = slices.DeleteFunc(a.Scopes, repeats)
	return a
}

// maskedIn is a stranger's text, fit to be shown and without the token, as it is
// or as it was sent. What is not fit goes first: it may part the token. A text that
// still has a part of the token in it is dropped.
func (t Token) maskedIn(text, sent string) string {
	text = oneLine(text)
	for _, secret := range []string{t.Reveal(), sent} {
		if secret != "" { // of a request without a login
			text = strings.ReplaceAll(text, secret, t.String())
		}
	}
	if hasPartOf(text, strings.TrimPrefix(t.Reveal(), t.Kind().prefix())) || hasPartOf(text, sent) {
		return "(a text that repeats the token)"
	}
	return shortened(text)
}

// tellingPart is how many letters and digits of a secret in a row tell something of it.
// A secret shorter than longSecret could be a word that a text has anyway; GitHub's
// tokens have 36 random characters or more.
const (
	tellingPart = 8
	longSecret  = 20
)

// hasPartOf reports whether a text has a telling part of a secret, whatever is between
// its characters.
func hasPartOf(text, secret string) bool {
	text, secret = onlyAlphanumeric(text), onlyAlphanumeric(secret)
	if len(secret) < longSecret {
		return false
	}
	parts := map[string]bool{}
	for i := 0; i+tellingPart <= len(secret); i++ {
		parts[secret[i:i+tellingPart]] = true
	}
	for i := 0; i+tellingPart <= len(text); i++ {
		if parts[text[i:i+tellingPart]] {
			return true
		}
	}
	return false
}

func onlyAlphanumeric(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, text)
}

// WithoutTexts is the answer without the server's own words, fit to be kept: what
// decides about the token stays.
func (a Answer) WithoutTexts() Answer {
	message := strings.ToLower(a.Message)
	a.Message = ""
	for _, decides := range []string{"suspended", "not accessible by integration", "permission_denied"} {
		if strings.Contains(message, decides) {
			a.Message = decides
		}
	}
	if strings.Contains(a.Trouble, "malformed") || strings.Contains(a.Trouble, `"`) {
		a.Trouble = "the answer is malformed" // net/http quotes it
	}
	return a
}

// Unclear says why an answer says nothing about the token.
func (a Answer) Unclear() string {
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

// Evidence says what the server answered: its status and its words, or why there was
// no answer.
func (a Answer) Evidence() string {
	status := ""
	if a.Status != 0 {
		status = fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
	}
	return strings.TrimSpace(status + " " + cmp.Or(a.Trouble, a.Message))
}
