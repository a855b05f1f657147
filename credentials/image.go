package credentials

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// What is asked about an image: of the registry, whether a token may pull or push
// it, and of GitHub, whose package it is and which repository it belongs to. All
// of it is facts; what they mean is for the caller to judge.

// Owner is who owns a namespace of packages.
type Owner struct {
	Answer
	// Organization is set if it is one, and not a user.
	Organization bool
}

// Package is what GitHub says of a container package.
type Package struct {
	Answer
	Visibility string
	// Repository is the linked repository's full name, "" if there is none.
	Repository   string
	RepositoryID int64
	// Page is the package's settings page, where access to it is given.
	Page string
}

// Repository is what GitHub says of a repository.
type Repository struct {
	Answer
	ID int64
}

// Exchange asks the registry for a bearer token with which to pull an image, or
// to push it too, as docker does. A zero verdict asks anonymously.
func (s *Search) Exchange(ctx context.Context, v Verdict, image string, push bool) (a Answer, bearer Token) {
	scope := "repository:" + image + ":pull"
	if push {
		scope += ",push"
	}
	return s.witness(s.transport()).exchange(ctx, v.User, v.Token, scope)
}

// ProbePush asks the registry itself whether the bearer that a verdict's token was
// exchanged for may push: an upload is opened, and dropped again. That creates
// nothing. 202 may push, 401 and 403 may not
// (https://github.com/radius-project/radius/pull/12623).
func (s *Search) ProbePush(ctx context.Context, v Verdict, bearer Token, image string) Answer {
	w := s.witness(s.transport())
	address := "https://" + w.service + "/v2/" + image + "/blobs/uploads/"
	var location string
	a := w.send(ctx, http.MethodPost, address, bearer, bearing(bearer), func(a *Answer, header http.Header, _ []byte) {
		a.Own = a.Own || a.Status == http.StatusAccepted
		location = header.Get("Location")
	})
	if upload, ok := sameHost(address, location); ok && a.Status == http.StatusAccepted {
		// A registry that does not let it, as ghcr.io is reported not to, forgets
		// the upload by itself.
		w.send(ctx, http.MethodDelete, upload, bearer, bearing(bearer), func(*Answer, http.Header, []byte) {})
	}
	return a.without(v.Token, "")
}

// ProbePull asks the registry for an image's manifest.
func (s *Search) ProbePull(ctx context.Context, v Verdict, bearer Token, image, reference string) Answer {
	w := s.witness(s.transport())
	a := w.send(ctx, http.MethodGet, "https://"+w.service+"/v2/"+image+"/manifests/"+reference, bearer, func(r *http.Request) {
		bearing(bearer)(r)
		r.Header.Set("Accept", strings.Join([]string{
			"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
			"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
		}, ", "))
	}, func(a *Answer, _ http.Header, body []byte) {
		a.Own = a.Own || a.Status == http.StatusOK && json.Valid(body)
	})
	return a.without(v.Token, "")
}

func bearing(bearer Token) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+bearer.Reveal()) }
}

// sameHost resolves a location that an answer names. It is not ok if that is not
// on the same host: a bearer token is not for others.
func sameHost(address, location string) (resolved string, ok bool) {
	base, err := url.Parse(address)
	if err != nil || location == "" {
		return "", false
	}
	target, err := base.Parse(location)
	if err != nil || target.Scheme != "https" || target.Host != base.Host || target.User != nil {
		return "", false
	}
	return target.String(), true
}

// Owner asks GitHub who owns a namespace.
func (s *Search) Owner(ctx context.Context, token Token, name string) (o Owner) {
	var content struct {
		Type string `json:"type"`
	}
	o.Answer = s.askPath(ctx, token, &content, "users", name)
	o.Organization = content.Type == "Organization"
	return o
}

// Package asks GitHub about a container package in an owner's namespace.
func (s *Search) Package(ctx context.Context, token Token, owner Owner, namespace, name string) (p Package) {
	var content struct {
		Visibility string `json:"visibility"`
		Repository *struct {
			FullName string `json:"full_name"`
			ID       int64  `json:"id"`
		} `json:"repository"`
	}
	kind := "users"
	if owner.Organization {
		kind = "orgs"
	}
	p.Page = "https://" + s.Registry.Host + "/" + kind + "/" + namespace + "/packages/container/" + url.PathEscape(name) + "/settings"
	p.Answer = s.askPath(ctx, token, &content, kind, namespace, "packages", "container", name)
	p.Visibility = token.maskedIn(content.Visibility, "")
	if content.Repository != nil {
		p.Repository, p.RepositoryID = token.maskedIn(content.Repository.FullName, ""), content.Repository.ID
	}
	return p
}

// Repository asks GitHub about a repository.
func (s *Search) Repository(ctx context.Context, token Token, fullName string) (r Repository) {
	var content struct {
		ID int64 `json:"id"`
	}
	owner, name, _ := strings.Cut(fullName, "/")
	r.Answer = s.askPath(ctx, token, &content, "repos", owner, name)
	r.ID = content.ID
	return r
}

// askPath asks the API for what stands at a path and reads it into content.
func (s *Search) askPath(ctx context.Context, token Token, content any, path ...string) Answer {
	a, err := s.api(s.transport())
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: err.Error()}
	}
	for i, part := range path {
		path[i] = url.PathEscape(part)
	}
	return a.send(ctx, "/"+strings.Join(path, "/"), token, func(answer *Answer, body []byte) {
		if answer.Status == http.StatusOK {
			answer.Own = json.Unmarshal(body, content) == nil
		}
	})
}

// Mend is what mends a fault that was not found by [Search.Judge]: the registry
// wants more of a token than was required, say, or the token has been revoked.
func (s *Search) Mend(v Verdict, fault Fault, want Scope) Fix {
	v.Fault = fault
	return fix(s.Registry, want, v, hidingVariables(s.Registry.Host))
}
