package github

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Owner is who owns a namespace of packages.
type Owner struct {
	Answer
	// Organization is set if it is one, and not a user.
	Organization bool
}

// Kind is how an owner's kind is called in addresses, "" if it is unknown.
func (o Owner) Kind() string {
	switch {
	case o.Organization:
		return "orgs"
	case o.Own && o.Status == http.StatusOK:
		return "users"
	}
	return ""
}

// SettingsPage is the page where access to a package is given. Whether the owner is a
// user or an organization is part of the address; the page says so if kind is "".
func SettingsPage(host, kind, owner, name string) string {
	return "https://" + host + "/" + cmp.Or(kind, "{users|orgs}") + "/" + owner + "/packages/container/" + url.PathEscape(name) + "/settings"
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

// Owner asks GitHub who owns a namespace.
func (c *Client) Owner(ctx context.Context, token Token, name string) (o Owner) {
	var content struct {
		Type string `json:"type"`
	}
	o.Answer = c.askPath(ctx, token, &content, "users", name)
	o.Organization = content.Type == "Organization"
	return o
}

// Package asks GitHub about a container package in an owner's namespace.
func (c *Client) Package(ctx context.Context, token Token, owner Owner, namespace, name string) (p Package) {
	var content struct {
		Visibility string `json:"visibility"`
		Repository *struct {
			FullName string `json:"full_name"`
			ID       int64  `json:"id"`
		} `json:"repository"`
	}
	p.Page = SettingsPage(c.Registry.Host, owner.Kind(), namespace, name)
	kind := cmp.Or(owner.Kind(), "users")
	p.Answer = c.askPath(ctx, token, &content, kind, namespace, "packages", "container", name)
	p.Visibility = token.maskedIn(content.Visibility, "")
	if content.Repository != nil {
		p.Repository, p.RepositoryID = token.maskedIn(content.Repository.FullName, ""), content.Repository.ID
	}
	return p
}

// Repository asks GitHub about a repository.
func (c *Client) Repository(ctx context.Context, token Token, fullName string) (r Repository) {
	var content struct {
		ID int64 `json:"id"`
	}
	owner, name, _ := strings.Cut(fullName, "/")
	r.Answer = c.askPath(ctx, token, &content, "repos", owner, name)
	r.ID = content.ID
	return r
}
