package credentials

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The time limits of the two questions about a token. GitHub itself ends what
// takes it more than ten seconds.
const (
	apiLimit     = 5 * time.Second
	witnessLimit = 5 * time.Second
)

// maxAnswer bounds the body of an answer, in bytes. /user has some 5,000.
const maxAnswer = 1 << 20

// Answer is what a server said about a token: facts, no judgement. The zero
// value is a question that was not asked.
type Answer struct {
	Asked time.Time `json:"asked"`
	// Status is the HTTP status, 0 if there was no answer.
	Status int `json:"status"`
	// Own is set if the answer is the server's own and not that of something
	// between: a proxy, a gateway, a captive portal.
	Own bool `json:"own"`
	// Code is the registry's error code if it can speak of the token.
	Code string `json:"code,omitempty"`
	// Message is the server's own text of an error.
	Message string `json:"message,omitempty"`
	// Login is the user whose token it is, if the server said.
	Login string `json:"login,omitempty"`
	// Scopes are the token's OAuth scopes, in the server's order. HasScopes tells
	// an empty list from none.
	Scopes    []string `json:"scopes,omitempty"`
	HasScopes bool     `json:"has_scopes,omitempty"`
	// Expires is when the token will expire; zero if the server said nothing.
	Expires time.Time `json:"expires,omitzero"`
	// Trouble says why there was no answer. It holds no secret.
	Trouble string `json:"trouble,omitempty"`
	// Limited is set if a rate limit was the reason.
	Limited bool `json:"-"`
	// SSOPage is where the token is authorized for an organization that demands
	// it. It holds an authorization request: show it to the person, and write it
	// nowhere.
	SSOPage string `json:"-"`
}

// api asks a GitHub host's REST API.
type api struct {
	base      string // https://api.github.com
	transport http.RoundTripper
	userAgent string
	trace     func(format string, args ...any)
}

// apiBase is where the REST API of a host is. See
// https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
// and, for gh's setting api_host, go-gh's pkg/api.
func apiBase(host, apiHost string) string {
	switch {
	case apiHost != "" && isEnterprise(host):
		return "https://" + apiHost + "/api/v3"
	case apiHost != "":
		return "https://" + apiHost
	case isEnterprise(host):
		return "https://" + host + "/api/v3"
	}
	return "https://api." + host
}

// ask sends the one request that tells whether a token lives, whose it is and
// what scopes it has. /user refuses installation tokens, / takes any.
func (a *api) ask(ctx context.Context, token Token) Answer {
	path := "/user"
	if token.Kind() == Installation {
		path = "/"
	}
	return a.send(ctx, path, token, func(answer *Answer, body []byte) {
		if answer.Status == http.StatusOK {
			answer.readIdentity(path, body)
		}
	})
}

// send asks for what stands at a path.
func (a *api) send(ctx context.Context, path string, token Token, read func(*Answer, []byte)) Answer {
	return a.call(ctx, http.MethodGet, path, token, token, nil, read)
}

// call sends one request as login, about subject: the token that must not be
// seen in what is kept of the answer.
func (a *api) call(ctx context.Context, method, path string, login, subject Token, body io.Reader, read func(*Answer, []byte)) Answer {
	ctx, cancel := context.WithTimeout(ctx, apiLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: "the address of the API is not valid"}
	}
	if !login.IsZero() {
		request.Header.Set("Authorization", "Bearer "+login.Reveal())
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("User-Agent", a.userAgent)
	answer := exchange(a.transport, request, subject, func(answer *Answer, header http.Header, body []byte) {
		answer.readHeader(header)
		answer.readMessage(body)
		read(answer, body)
	})
	a.trace("%s", answer.traced(request))
	return answer
}

// readHeader takes the facts that stand in headers of any answer of the API. See
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
func (a *Answer) readHeader(header http.Header) {
	a.Own = header.Get("X-GitHub-Request-Id") != ""
	if values := header.Values("X-OAuth-Scopes"); values != nil {
		a.HasScopes = true
		a.Scopes = parseScopes(strings.Join(values, ","))
	}
	a.Expires = parseExpiration(header.Get("GitHub-Authentication-Token-Expiration"))
	if page, ok := strings.CutPrefix(header.Get("X-GitHub-SSO"), "required; url="); ok && strings.HasPrefix(page, "https://") {
		a.SSOPage = printable(page)
	}
	refused := a.Status == http.StatusForbidden || a.Status == http.StatusTooManyRequests
	a.Limited = refused && (header.Get("X-RateLimit-Remaining") == "0" || header.Get("Retry-After") != "")
}

// readMessage takes the API's own text from a refusal.
func (a *Answer) readMessage(body []byte) {
	var content struct {
		Message string `json:"message"`
	}
	if a.Status < 400 || json.Unmarshal(body, &content) != nil || content.Message == "" {
		return
	}
	a.Own, a.Message = true, content.Message
	a.Limited = a.Limited || strings.Contains(strings.ToLower(content.Message), "rate limit")
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
	if a.Own = isJSON && isLogin(content.Login); a.Own {
		a.Login = content.Login
	}
}

// without takes out what a server may have repeated of the token, as it is or as
// it was sent, and makes its texts fit to be shown.
func (a Answer) without(token Token, sent string) Answer {
	a.Message, a.Trouble = token.maskedIn(a.Message, sent), token.maskedIn(a.Trouble, sent)
	repeats := func(text string) bool { return token.maskedIn(text, sent) != printable(text) }
	if repeats(a.Login) {
		a.Login = ""
	}
	if repeats(a.SSOPage) {
		a.SSOPage = ""
	}
	a.Scopes = slices.DeleteFunc(a.Scopes, repeats)
	return a
}

// maskedIn is a stranger's text, fit to be shown and without the token, as it is
// or as it was sent. What is not fit goes first: it may part the token.
func (t Token) maskedIn(text, sent string) string {
	text = oneLine(text)
	for _, secret := range []string{t.Reveal(), sent} {
		if secret != "" { // of a request without a login
			text = strings.ReplaceAll(text, secret, t.String())
		}
	}
	return shortened(text)
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

// isLogin accepts what GitHub can have for a login, managed users' suffix
// (octocat_acme) included.
func isLogin(s string) bool {
	return isWord(strings.TrimSuffix(s, "[bot]"), maxLogin, "_-")
}

const (
	maxScope = 64
	maxLogin = 100
)

// isWord reports whether there is nothing in s but ASCII letters, digits and what
// else is allowed. Every get asks this; compiling patterns for it took longer than
// everything else that it does for itself.
func isWord(s string, most int, allowed string) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9') && !strings.ContainsRune(allowed, r)
	})
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

// exchange sends one request and reads the answer, within the request's context.
// It goes through the transport and not an http.Client, so no redirect is
// followed with a token. A body that cannot be read makes it no answer.
func exchange(transport http.RoundTripper, request *http.Request, token Token, read func(*Answer, http.Header, []byte)) Answer {
	a := Answer{Asked: time.Now()}
	_, sent, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	response, err := transport.RoundTrip(request)
	var body []byte
	if err == nil {
		defer response.Body.Close()
		body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
		if err == nil && len(body) > maxAnswer {
			err = errors.New("the answer is too large")
		}
	}
	if err != nil {
		a.Trouble = trouble(request.Context(), err)
		return a.without(token, sent)
	}
	a.Status = response.StatusCode
	read(&a, response.Header, body)
	return a.without(token, sent)
}

// traced says for the trace what was asked and answered.
func (a Answer) traced(request *http.Request) string {
	return fmt.Sprintf("%s %s: %s in %v", request.Method, request.URL.Redacted(), cmp.Or(a.Trouble, fmt.Sprint(a.Status)), time.Since(a.Asked).Round(time.Millisecond))
}

// trouble says why there was no answer. Proxies may be configured with a
// password in their address, which errors repeat.
func trouble(ctx context.Context, err error) string {
	if timeout := net.Error(nil); ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout() {
		return "no answer in time"
	}
	userinfo := regexp.MustCompile(`//[^/@\s"]*@`)
	authorization := regexp.MustCompile(`(?i)\b(basic|bearer|token) [a-z0-9+/=._~-]{8,}`)
	text := authorization.ReplaceAllString(userinfo.ReplaceAllString(err.Error(), "//"), "$1 ****")
	return withoutProxyLogin(text)
}

// withoutProxyLogin takes out what a proxy may have repeated of the login to it.
func withoutProxyLogin(text string) string {
	for _, variable := range []string{"HTTPS_PROXY", "https_proxy"} {
		proxy, err := url.Parse(os.Getenv(variable))
		if err != nil || proxy.User == nil {
			continue
		}
		password, _ := proxy.User.Password()
		login := proxy.User.Username() + ":" + password
		secrets := []string{base64.StdEncoding.EncodeToString([]byte(login)), login}
		if len(password) >= 4 { // a shorter one is part of too many words
			secrets = append(secrets, password)
		}
		for _, secret := range secrets {
			text = strings.ReplaceAll(text, secret, "****")
		}
	}
	return text
}
