package credentials

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Revoke kills a token at GitHub, in the way that GitHub has for its kind. See
// https://docs.github.com/en/rest/credentials/revoke and
// https://docs.github.com/en/rest/apps/installations#revoke-an-installation-access-token.
// There is no way back.
func (s *Search) Revoke(ctx context.Context, token Token) Answer {
	a, err := s.api(s.transport())
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: err.Error()}
	}
	if token.Kind() == Installation {
		return a.call(ctx, http.MethodDelete, "/installation/token", token, token, nil, func(*Answer, []byte) {})
	}
	body, err := json.Marshal(map[string][]string{"credentials": {token.Reveal()}})
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: "the request could not be made"}
	}
	// github.com and GHE.com take it from anybody and refuse it with a login;
	// GitHub Enterprise Server wants one.
	var login Token
	if isEnterprise(s.Registry.Host) {
		login = token
	}
	return a.call(ctx, http.MethodPost, "/credentials/revoke", login, token, bytes.NewReader(body), func(*Answer, []byte) {})
}

// Revocable reports whether the host has a way to revoke a token of that kind.
// GitHub Enterprise Server knows fewer kinds, see
// https://docs.github.com/en/enterprise-server@3.19/rest/credentials/revoke
func (s *Search) Revocable(kind Kind) bool {
	switch kind {
	case Classic, FineGrained, Installation:
		return true
	}
	return !isEnterprise(s.Registry.Host)
}

// Dead asks GitHub once more whether a token is dead. It is asked of any kind, and
// nothing that is remembered counts.
func (s *Search) Dead(ctx context.Context, token Token) bool {
	a, err := s.api(s.transport())
	return err == nil && a.ask(ctx, token).apiWord() == rejects
}

// Forget drops what we hold of a token: what is remembered, and what docker login
// gave if it is that.
func (s *Search) Forget(ctx context.Context, token Token) {
	s.memory.forget(token.key(s.Registry.Host))
	if kept, ok := readDockerLogin(ctx, s.ring, s.Registry.Host); ok && kept.Token.Equal(token) {
		_ = s.helper.Delete(s.Registry.Name) // says itself what it cannot do
	}
}
