package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// observe asks GitHub what is not documented. Nothing here can fail.
func (s *session) observe(ctx context.Context) {
	exchange := "https://ghcr.io/token?service=ghcr.io&scope=" + url.QueryEscape("repository:"+s.repository()+":pull")
	get, _ := s.ask(ctx, http.MethodGet, exchange, withBasic(s.owner, s.token))
	s.report.saw("GET /token", fmt.Sprintf("%d, %s", get.status, get.fields("expires_in", "issued_at")))
	form := url.Values{"grant_type": {"password"}, "service": {"ghcr.io"}, "client_id": {"live"}, "scope": {"repository:" + s.repository() + ":pull"},
		"username": {s.owner}, "password": {s.token}}
	post, _ := s.ask(ctx, http.MethodPost, "https://ghcr.io/token", withForm(form.Encode()))
	s.report.saw("POST /token", fmt.Sprintf("%d, %s", post.status, post.fields("expires_in")))

	anonymous, _ := s.ask(ctx, http.MethodGet, exchange)
	if anonymous.field("token") != "" {
		anonymous.body = []byte("a token")
	}
	s.report.saw("the exchange without a login, for a private package", anonymous.String())

	for _, user := range []string{"x", "x-access-token", "USERNAME", "somebody-else", ""} {
		a, _ := s.ask(ctx, http.MethodGet, exchange, withBasic(user, s.token))
		s.report.saw(fmt.Sprintf("the exchange with the user name %q", user), fmt.Sprint(a.status))
	}

	s.observeProbe(ctx)
	s.observeScopes(ctx)

	const appUser = "a GitHub App's user token at ghcr.io"
	if token := os.Getenv(appUserToken); token != "" {
		a, _ := s.ask(ctx, http.MethodGet, exchange, withBasic(s.owner, token))
		s.report.saw(appUser, fmt.Sprint(a.status))
	} else {
		s.report.saw(appUser, "not tried: "+appUserToken+" is not set")
	}
	s.report.saw("the field repository after the repository was deleted", "not tried: it takes a repository to delete")
	s.report.saw("length and trigger of the lock-out after bad credentials", "not tried: it would lock the account out")
	if s.pushed {
		a, _ := s.ask(ctx, http.MethodGet, s.endpoint(), withToken(s.token))
		s.report.saw("the package at the API", fmt.Sprintf("%d, %s", a.status, a.fields("visibility", "repository")))
	}
}

// observeProbe opens an upload at a package that does not exist, and drops it.
func (s *session) observeProbe(ctx context.Context) {
	repository := s.repository() + "-absent"
	exchange, _ := s.ask(ctx, http.MethodGet, "https://ghcr.io/token?service=ghcr.io&scope="+url.QueryEscape("repository:"+repository+":pull,push"), withBasic(s.owner, s.token))
	bearer := withHeader("Authorization", "Bearer "+exchange.field("token"))
	s.report.secrets = append(s.report.secrets, exchange.field("token"))
	opened, _ := s.ask(ctx, http.MethodPost, "https://ghcr.io/v2/"+repository+"/blobs/uploads/", bearer)
	s.report.saw("the push probe on an absent package", opened.String())
	if location, err := url.Parse(opened.header.Get("Location")); err == nil && opened.status == http.StatusAccepted {
		location = (&url.URL{Scheme: "https", Host: "ghcr.io"}).ResolveReference(location)
		if location.Scheme == "https" && location.Host == "ghcr.io" {
			dropped, _ := s.ask(ctx, http.MethodDelete, location.String(), bearer)
			s.report.saw("dropping that upload", dropped.String())
		}
	}
	after, _ := s.ask(ctx, http.MethodGet, strings.TrimSuffix(s.endpoint(), s.name)+s.name+"-absent", withToken(s.token))
	s.report.saw("the absent package at the API after the probe", fmt.Sprint(after.status))
}

// observeScopes looks at the headers that name a token's scopes.
func (s *session) observeScopes(ctx context.Context) {
	first, _ := s.ask(ctx, http.MethodGet, "https://api.github.com/", withToken(s.token))
	again, _ := s.ask(ctx, http.MethodGet, "https://api.github.com/", withToken(s.token), withHeader("If-None-Match", first.header.Get("ETag")))
	s.report.saw("scopes on a 304", fmt.Sprintf("status %d, X-OAuth-Scopes %q", again.status, again.header.Values("X-OAuth-Scopes")))

	const scopeless = "the header of an OAuth app token without scopes"
	if token := os.Getenv(scopelessToken); token != "" {
		a, _ := s.ask(ctx, http.MethodGet, "https://api.github.com/", withToken(token))
		s.report.saw(scopeless, fmt.Sprintf("status %d, X-OAuth-Scopes %q", a.status, a.header.Values("X-OAuth-Scopes")))
	} else {
		s.report.saw(scopeless, "not tried: "+scopelessToken+" is not set")
	}
}
