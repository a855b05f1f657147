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
// refuses what can never be a GitHub token. The error says what it is instead, in words
// that follow "it" or "the value", and does not repeat the text.
func ParseToken(text string) (Token, error) {
	if problem := problemOf(strings.TrimSpace(text)); problem != "" {
		return Token{}, errors.New(problem)
	}
	return parseOpaque(text)
}

// parseOpaque takes a secret of which nothing is known but that it goes into a header:
// what a registry gives in exchange for a token, in any form it likes.
func parseOpaque(text string) (Token, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return Token{}, errors.New("is empty")
	case len(text) > maxToken:
		return Token{}, fmt.Errorf("is longer than %d bytes", maxToken)
	case strings.ContainsFunc(text, isBlankOrBeyondASCII):
		return Token{}, errors.New("has a blank, control or non-ASCII character inside")
	}
	return Token{func() string { return text }}, nil
}

func isBlankOrBeyondASCII(r rune) bool { return r <= ' ' || r >= 0x7f }

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

// Kind tells the kind by the prefix.
func (t Token) Kind() Kind { return KindOf(t.Reveal()) }

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
