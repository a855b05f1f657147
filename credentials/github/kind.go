package github

import (
	"encoding/hex"
	"strings"
)

// Kind is the kind of a token, in the words that GitHub's documentation uses.
type Kind string

// The kinds that a prefix tells, see
// https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
const (
	OAuthToken   Kind = "OAuth app token"
	Classic      Kind = "personal access token (classic)"
	FineGrained  Kind = "fine-grained personal access token"
	Installation Kind = "installation token"
	AppUser      Kind = "GitHub App user token"
	AppRefresh   Kind = "GitHub App refresh token"
	// Unprefixed is a token of 40 hexadecimal digits, from before April 2021.
	Unprefixed  Kind = "token without prefix"
	UnknownKind Kind = "token of unknown kind"
)

var kindByPrefix = []struct {
	prefix string
	kind   Kind
}{
	{"gho_", OAuthToken},
	{"ghp_", Classic},
	{"github_pat_", FineGrained},
	{"ghs_", Installation},
	{"ghu_", AppUser},
	{"ghr_", AppRefresh},
}

// KindOf tells the kind that a text would be of as a token, by its prefix.
func KindOf(secret string) Kind {
	for _, p := range kindByPrefix {
		if strings.HasPrefix(secret, p.prefix) {
			return p.kind
		}
	}
	if _, err := hex.DecodeString(secret); err == nil && len(secret) == 40 {
		return Unprefixed
	}
	return UnknownKind
}

func (k Kind) prefix() string {
	for _, p := range kindByPrefix {
		if p.kind == k {
			return p.prefix
		}
	}
	return ""
}

// ListsScopes reports whether an answer about a token of this kind always has its
// scopes, so that an empty list means "none" and not "cannot tell".
func (k Kind) ListsScopes() bool { return k == OAuthToken || k == Classic || k == Unprefixed }

// HasPermissions reports whether the kind has permissions instead of scopes.
func (k Kind) HasPermissions() bool { return k == Installation || k == AppUser || k == FineGrained }
