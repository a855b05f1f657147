package github

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// maxToken bounds what is taken for a token, in bytes. The longest that GitHub
// issues, installation tokens since April 2026, have some 520 and no fixed length.
const maxToken = 8 << 10

// Token is a secret. Every verb of fmt, encoding/json and log/slog print at
// most its kind; only [Token.Reveal] gives it away. The zero value is no token.
//
// The secret sits in a closure because fmt and debuggers' printers look through
// unexported fields and pointers, where no method of ours would be called.
type Token struct{ reveal func() string }

// ParseToken takes what was found in a variable, file or keyring, trims it and
// refuses what cannot be a token. The error does not repeat the text.
func ParseToken(text string) (Token, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Token{}, errors.New("is empty")
	case len(text) > maxToken:
		return Token{}, fmt.Errorf("is longer than %d bytes", maxToken)
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return Token{}, errors.New("has a blank, control or non-ASCII character inside")
	}
	return Token{func() string { return text }}, nil
}

// Reveal returns the secret itself.
func (t Token) Reveal() string {
	if t.reveal == nil {
		return ""
	}
	return t.reveal()
}

// IsZero reports whether there is no token.
func (t Token) IsZero() bool { return t.reveal == nil }

// Equal compares in constant time.
func (t Token) Equal(other Token) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(other.Reveal())) == 1
}

// Key names the token of a host in places where the token must not stand.
func (t Token) Key(host string) string {
	sum := sha256.Sum256([]byte(host + "\x00" + t.Reveal()))
	return hex.EncodeToString(sum[:])
}

// String returns the known prefix and stars: never a part that could be secret.
func (t Token) String() string {
	if t.IsZero() {
		return "(no token)"
	}
	return t.Kind().prefix() + "****"
}

// Format serves all verbs alike, %x and %#v included.
func (t Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) }

// MarshalText makes encoding/json and its kin write the masked form.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue makes log/slog write the masked form.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

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

// Kind tells the kind by the prefix.
func (t Token) Kind() Kind {
	secret := t.Reveal()
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

// ListsScopes reports whether an answer about a token of this kind always bears its
// scopes, so that an empty list means "none" and not "cannot tell".
func (k Kind) ListsScopes() bool { return k == OAuthToken || k == Classic || k == Unprefixed }

// HasPermissions reports whether the kind has permissions instead of scopes.
func (k Kind) HasPermissions() bool { return k == Installation || k == AppUser || k == FineGrained }
