package github

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AskAPI sends the one request that tells whether a token works, whose it is and
// what scopes it has. /user refuses installation tokens, / takes any.
func (c *Client) AskAPI(ctx context.Context, token Token) Answer {
	path := "/user"
	if token.Kind() == Installation {
		path = "/"
	}
	return c.call(ctx, http.MethodGet, path, token, token, nil, func(answer *Answer, body []byte) {
		if answer.Status == http.StatusOK {
			answer.readIdentity(path, body)
		}
	})
}

// askPath asks the API for a resource and reads it into content.
func (c *Client) askPath(ctx context.Context, token Token, content any, path ...string) Answer {
	for i, part := range path {
		path[i] = url.PathEscape(part)
	}
	return c.call(ctx, http.MethodGet, "/"+strings.Join(path, "/"), token, token, nil, func(answer *Answer, body []byte) {
		if answer.Status == http.StatusOK {
			answer.Own = json.Unmarshal(body, content) == nil
		}
	})
}

// call sends one request to the API as login, about subject: the token that must not
// be seen in what is kept of the answer.
func (c *Client) call(ctx context.Context, method, path string, login, subject Token, body io.Reader, read func(*Answer, []byte)) Answer {
	if c.Route.Err != nil {
		return Answer{Asked: time.Now(), Trouble: c.Route.Err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, APILimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, apiBase(c.Registry.Host, c.Route.APIHost)+path, body)
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: "the address of the API is not valid"}
	}
	if !login.IsZero() {
		request.Header.Set("Authorization", "Bearer "+login.Reveal())
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("User-Agent", c.userAgent())
	transport := c.transport()
	if c.Route.Socket != "" {
		transport = throughSocket(c.Route.Socket)
	}
	answer := exchange(transport, request, subject, func(answer *Answer, header http.Header, body []byte) {
		answer.readHeader(header)
		answer.readMessage(body)
		if page, err := url.Parse(answer.SSOPage); err != nil || page.Scheme != "https" || page.Host != c.Registry.Host || page.User != nil {
			answer.SSOPage = "" // a page elsewhere is not GitHub's
		}
		read(answer, body)
	})
	c.trace("%s", answer.traced(request))
	return answer
}

// readHeader takes the facts that are in headers of any answer of the API. See
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
func (a *Answer) readHeader(header http.Header) {
	a.Own = header.Get("X-GitHub-Request-Id") != ""
	if values := header.Values("X-OAuth-Scopes"); values != nil {
		a.HasScopes = true
		a.Scopes = parseScopes(strings.Join(values, ","))
	}
	a.Expires = parseExpiration(header.Get("GitHub-Authentication-Token-Expiration"))
	if page, ok := strings.CutPrefix(header.Get("X-GitHub-SSO"), "required; url="); ok && strings.HasPrefix(page, "https://") {
		a.SSOPage = Printable(page)
	}
	limit, errLimit := strconv.Atoi(header.Get("X-RateLimit-Limit"))
	remaining, errRemaining := strconv.Atoi(header.Get("X-RateLimit-Remaining"))
	if errLimit == nil && errRemaining == nil && limit > 0 && remaining >= 0 {
		a.Limit, a.Remaining = limit, remaining
	}
	if seconds, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64); err == nil && seconds > 0 && seconds < 1<<35 {
		a.Resets = time.Unix(seconds, 0).UTC()
	}
	refused := a.Status == http.StatusForbidden || a.Status == http.StatusTooManyRequests
	a.Limited = refused && (header.Get("X-RateLimit-Remaining") == "0" || header.Get("Retry-After") != "")
	if refused {
		a.Until = parseUntil(header, a.Asked)
	}
}

// parseUntil reads when a rate limit ends: Retry-After in seconds, or else
// X-RateLimit-Reset in seconds since 1970. A day is more than any limit lasts.
func parseUntil(header http.Header, now time.Time) time.Time {
	const day = 24 * 60 * 60
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && 0 <= seconds && seconds <= day {
		return now.Add(time.Duration(seconds) * time.Second)
	}
	if seconds, err := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64); err == nil && seconds > 0 && seconds <= now.Unix()+day {
		return time.Unix(seconds, 0)
	}
	return time.Time{}
}

// readMessage takes the API's own text from a refusal.
func (a *Answer) readMessage(body []byte) {
	var content struct {
		Message string `json:"message"`
	}
	if a.Status < 400 || json.Unmarshal(body, &content) != nil || content.Message == "" {
		return
	}
	a.Message = content.Message
	// A gateway in between says 401 and 403, too, and in the same form.
	refused := a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden
	a.Own = a.Own || !refused || isGitHubsText(content.Message)
	a.Limited = a.Limited || strings.Contains(strings.ToLower(content.Message), "rate limit")
}

// gitHubsTexts are the beginnings of texts by which a refusal of GitHub is known even
// if something in between has removed its headers.
var gitHubsTexts = []string{
	"Bad credentials", "Sorry. Your account was suspended", "Resource not accessible by ", "Resource protected by organization SAML",
	"API rate limit exceeded", "You have exceeded a secondary rate limit", "Maximum number of login attempts exceeded",
}

func isGitHubsText(message string) bool {
	return slices.ContainsFunc(gitHubsTexts, func(beginning string) bool { return strings.HasPrefix(message, beginning) })
}

// readIdentity takes the user from a good answer of /user, and from that of /
// that it is GitHub's.
func (a *Answer) readIdentity(path string, body []byte) {
	var content struct {
		Login   string `json:"login"`
		UserURL string `json:"current_user_url"`
	}
	isJSON := json.Unmarshal(body, &content) == nil
	if path == "/" {
		a.Own = isJSON && (a.Own || content.UserURL != "")
		return
	}
	if a.Own = isJSON && IsLogin(content.Login); a.Own {
		a.Login = content.Login
	}
}

// parseScopes splits the X-OAuth-Scopes header. Words that are not scopes are
// dropped: they could be meant for a terminal.
func parseScopes(header string) []string {
	var scopes []string
	for word := range strings.SplitSeq(header, ",") {
		if word = strings.TrimSpace(word); isWord(word, maxScope, "_:.-") {
			scopes = append(scopes, word)
		}
	}
	return scopes
}

// parseExpiration reads the two forms that the header has been seen in
// (https://github.com/google/go-github/pull/2649). Zero if there is none.
func parseExpiration(header string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700"} {
		t, err := time.Parse(layout, header)
		// JSON has no years of five digits, nor any before the first.
		if t = t.UTC(); err == nil && t.Year() >= 0 && t.Year() <= 9999 {
			return t
		}
	}
	return time.Time{}
}
