package github

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The registry is asked what docker asks it. Its address is made from the registry's
// name and never from a challenge, which could name another host.

// AskRegistry asks the token endpoint whether it accepts the token: the exchange that
// docker will do next.
func (c *Client) AskRegistry(ctx context.Context, user string, token Token) Answer {
	a, _ := c.exchangeFor(ctx, user, token, "")
	return a
}

// Exchange asks the registry for a bearer token with which to pull an image, or
// to push it too, as docker does. A zero token asks anonymously.
func (c *Client) Exchange(ctx context.Context, user string, token Token, image string, push bool) (a Answer, bearer Token) {
	scope := "repository:" + image + ":pull"
	if push {
		scope += ",push"
	}
	return c.exchangeFor(ctx, user, token, scope)
}

func (c *Client) exchangeFor(ctx context.Context, user string, token Token, scope string) (a Answer, bearer Token) {
	query := url.Values{"service": {c.registryHost()}}
	if scope != "" {
		query.Set("scope", scope)
	}
	a = c.askRegistry(ctx, http.MethodGet, "/token?"+query.Encode(), token, func(r *http.Request) {
		if !token.IsZero() {
			r.SetBasicAuth(user, token.Reveal())
		}
	}, func(a *Answer, _ http.Header, body []byte) {
		bearer = a.readBearer(body)
	})
	return a, bearer
}

// ProbePush asks the registry itself whether the bearer that a token was exchanged for
// may push: an upload is opened, and dropped again. That creates nothing. 202 may
// push, 401 and 403 may not (https://github.com/radius-project/radius/pull/12623).
func (c *Client) ProbePush(ctx context.Context, token, bearer Token, image string) Answer {
	path := "/v2/" + image + "/blobs/uploads/"
	var location string
	a := c.askRegistry(ctx, http.MethodPost, path, bearer, withBearer(bearer), func(a *Answer, header http.Header, _ []byte) {
		a.Own = a.Own || a.Status == http.StatusAccepted
		location = header.Get("Location")
	})
	if upload, ok := c.pathOnRegistry(path, location); ok && a.Status == http.StatusAccepted {
		// A registry that does not let it, as ghcr.io is reported not to, forgets
		// the upload by itself.
		c.askRegistry(ctx, http.MethodDelete, upload, bearer, withBearer(bearer), func(*Answer, http.Header, []byte) {})
	}
	return a.without(token, "")
}

// ProbePull asks the registry for an image's manifest.
func (c *Client) ProbePull(ctx context.Context, token, bearer Token, image, reference string) Answer {
	a := c.askRegistry(ctx, http.MethodGet, "/v2/"+image+"/manifests/"+reference, bearer, func(r *http.Request) {
		withBearer(bearer)(r)
		r.Header.Set("Accept", strings.Join([]string{
			"application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json",
			"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json",
		}, ", "))
	}, func(a *Answer, _ http.Header, body []byte) {
		a.Own = a.Own || a.Status == http.StatusOK && json.Valid(body)
	})
	return a.without(token, "")
}

// maxTags is how many tags are asked for.
const maxTags = 5

// Tags asks the registry for a few tags of an image. It has none if the registry does
// not tell.
func (c *Client) Tags(ctx context.Context, bearer Token, image string) (tags []string) {
	path := "/v2/" + image + "/tags/list?n=" + strconv.Itoa(maxTags)
	c.askRegistry(ctx, http.MethodGet, path, bearer, withBearer(bearer), func(a *Answer, _ http.Header, body []byte) {
		var content struct {
			Tags []string `json:"tags"`
		}
		if a.Status != http.StatusOK || json.Unmarshal(body, &content) != nil {
			return
		}
		for _, tag := range content.Tags {
			if len(tags) < maxTags && isWord(tag, 128, "._-") && bearer.maskedIn(tag, "") == tag {
				tags = append(tags, tag)
			}
		}
	})
	return tags
}

func withBearer(bearer Token) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+bearer.Reveal()) }
}

// pathOnRegistry resolves a location that an answer names. It is not ok if that is not
// on the registry: a bearer token is not for others.
func (c *Client) pathOnRegistry(path, location string) (resolved string, ok bool) {
	base, err := url.Parse("https://" + c.registryHost() + path)
	if err != nil || location == "" {
		return "", false
	}
	target, err := base.Parse(location)
	if err != nil || target.Scheme != "https" || target.Host != base.Host || target.User != nil {
		return "", false
	}
	return target.RequestURI(), true
}

// askRegistry sends one request to the registry.
func (c *Client) askRegistry(ctx context.Context, method, path string, secret Token, prepare func(*http.Request), read func(*Answer, http.Header, []byte)) Answer {
	ctx, cancel := context.WithTimeout(ctx, RegistryLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "https://"+c.registryHost()+path, nil)
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: "the address of the registry is not valid"}
	}
	request.Header.Set("User-Agent", c.userAgent())
	prepare(request)
	answer := exchange(c.transport(), request, secret, func(a *Answer, header http.Header, body []byte) {
		a.readErrors(body)
		if a.Limited {
			a.Until = parseUntil(header, a.Asked)
		}
		read(a, header, body)
	})
	c.trace("%s", answer.traced(request))
	return answer
}

// The registry's error codes that can speak of a token.
const (
	codeDenied       = "DENIED"
	codeUnauthorized = "UNAUTHORIZED"
)

// readErrors takes the facts from a registry's refusal, in the form of
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes.
func (a *Answer) readErrors(body []byte) {
	var content struct {
		Errors []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	a.Limited = a.Status == http.StatusTooManyRequests
	if a.Status < 400 || json.Unmarshal(body, &content) != nil || len(content.Errors) == 0 {
		return
	}
	a.Own, a.Message = true, content.Errors[0].Message
	switch code := strings.ToUpper(content.Errors[0].Code); code {
	case codeDenied, codeUnauthorized:
		a.Code = code
	}
}

// readBearer takes the token from an answer of a token endpoint, in the form of
// https://distribution.github.io/distribution/spec/auth/token/. Without one the
// answer is not the registry's own.
func (a *Answer) readBearer(body []byte) (bearer Token) {
	var content struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if a.Status != http.StatusOK || json.Unmarshal(body, &content) != nil {
		return Token{}
	}
	for _, text := range []string{content.Token, content.AccessToken} {
		if bearer, err := parseOpaque(text); err == nil {
			a.Own = true
			return bearer
		}
	}
	return Token{}
}
