package github

import (
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
// or as it was sent. What is not fit goes first: it may part the token.
func (t Token) maskedIn(text, sent string) string {
	text = oneLine(text)
	for _, secret := range []string{t.Reveal(), sent} {
		if secret != "" { // of a request without a login
			text = strings.ReplaceAll(text, secret, t.String())
		}
	}
	return shortened(text)
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
