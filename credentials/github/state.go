package github

import (
	"net/http"
	"strings"
)

// State is what an answer says about a token: whether it still works.
type State int

// The states. Unknown is the state of a token after any answer that could also have
// another cause.
const (
	Unknown State = iota
	Valid
	Invalid
)

// StateByAPI reads an answer of the API. Time-outs, server errors, rate limits,
// pages of proxies, and 403 with other meanings are unknown. See
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
func (a Answer) StateByAPI() State {
	if !a.Own {
		return Unknown
	}
	switch message := strings.ToLower(a.Message); a.Status {
	case http.StatusOK:
		return Valid
	case http.StatusUnauthorized:
		return Invalid
	case http.StatusForbidden:
		if strings.Contains(message, "suspended") {
			return Invalid
		}
		// Said to tokens of GitHub Apps, which are known then. Older servers issue
		// them without the prefix that would have told.
		if strings.Contains(message, "not accessible by integration") {
			return Valid
		}
	}
	return Unknown
}

// StateByRegistry reads an answer of a registry's token endpoint. ghcr.io says
// DENIED for a dead token, but also, with permission_denied, for a live one that
// may not do something.
func (a Answer) StateByRegistry() State {
	if !a.Own {
		return Unknown
	}
	switch a.Status {
	case http.StatusOK:
		return Valid
	case http.StatusUnauthorized, http.StatusForbidden:
		if a.Code != "" && !strings.Contains(a.Message, "permission_denied") {
			return Invalid
		}
	}
	return Unknown
}
