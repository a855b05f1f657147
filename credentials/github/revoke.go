package github

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Revoke revokes a token at GitHub, permanently, in the way that GitHub has for its
// kind. See https://docs.github.com/en/rest/credentials/revoke and
// https://docs.github.com/en/rest/apps/installations#revoke-an-installation-access-token.
func (c *Client) Revoke(ctx context.Context, token Token) Answer {
	if token.Kind() == Installation {
		return c.call(ctx, http.MethodDelete, "/installation/token", token, token, nil, func(*Answer, []byte) {})
	}
	body, err := json.Marshal(map[string][]string{"credentials": {token.Reveal()}})
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: "the request could not be made"}
	}
	// github.com and GHE.com take it from anybody and refuse it with a login;
	// GitHub Enterprise Server wants one.
	var login Token
	if IsEnterprise(c.Registry.Host) {
		login = token
	}
	return c.call(ctx, http.MethodPost, "/credentials/revoke", login, token, bytes.NewReader(body), func(*Answer, []byte) {})
}

// Revocable reports whether the host has a way to revoke a token of that kind.
// GitHub Enterprise Server knows fewer kinds, see
// https://docs.github.com/en/enterprise-server@3.19/rest/credentials/revoke
func (c *Client) Revocable(kind Kind) bool {
	switch kind {
	case Classic, FineGrained, Installation:
		return true
	}
	return !IsEnterprise(c.Registry.Host)
}

// IsDead asks GitHub whether it rejects a token. It is asked of any kind.
func (c *Client) IsDead(ctx context.Context, token Token) bool {
	return c.AskAPI(ctx, token).StateByAPI() == Invalid
}

// IsDeadForBoth asks GitHub and its registry whether both reject a token. Nothing that
// cannot be undone may follow from less.
func (c *Client) IsDeadForBoth(ctx context.Context, user string, token Token) bool {
	return c.IsDead(ctx, token) && c.AskRegistry(ctx, user, token).StateByRegistry() == Invalid
}
