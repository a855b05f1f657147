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

// Forget drops what we hold of a token: what is remembered, and what docker login
// gave if it is that.
func (s *Search) Forget(ctx context.Context, v Verdict) error {
	s.memory.forget(v.Token.key(s.Registry.Host))
	if v.Source != DockerLogin {
		return nil
	}
	return s.helper.Delete(s.Registry.Name)
}
