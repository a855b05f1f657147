package credentials

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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
	Trouble string `json:"-"`
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
	ctx, cancel := context.WithTimeout(ctx, apiLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: "the address of the API is not valid"}
	}
	request.Header.Set("Authorization", "Bearer "+token.Reveal())
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("User-Agent", a.userAgent)
	answer := exchange(a.transport, request, token, func(answer *Answer, header http.Header, body []byte) {
		answer.readAPI(path, header, body)
	})
	a.trace("%s", answer.traced(request))
	return answer
}

// readAPI takes the facts from an answer of the API.
func (a *Answer) readAPI(path string, header http.Header, body []byte) {
	var content struct {
		Login   string `json:"login"`
		Message string `json:"message"`
		UserURL string `json:"current_user_url"`
	}
	isJSON := json.Unmarshal(body, &content) == nil
	fromGitHub := header.Get("X-GitHub-Request-Id") != ""
	switch {
	case a.Status == http.StatusOK && path == "/":
		a.Own = isJSON && (fromGitHub || content.UserURL != "")
	case a.Status == http.StatusOK:
		a.Own = isJSON && isLogin(content.Login)
	default:
		a.Own = isJSON && content.Message != "" || fromGitHub
		a.Message = content.Message
	}
	if !a.Own || a.Status != http.StatusOK {
		return
	}
	a.Login = content.Login
	if values := header.Values("X-OAuth-Scopes"); values != nil {
		a.HasScopes = true
		a.Scopes = parseScopes(strings.Join(values, ","))
	}
	a.Expires = parseExpiration(header.Get("GitHub-Authentication-Token-Expiration"))
}

// without takes out what a server may have repeated of the token, and makes its
// texts fit to be shown.
func (a Answer) without(token Token, request *http.Request) Answer {
	if token.IsZero() {
		a.Message, a.Trouble = printable(a.Message), printable(a.Trouble)
		return a
	}
	secret := token.Reveal()
	_, sent, _ := strings.Cut(request.Header.Get("Authorization"), " ")
	hide := strings.NewReplacer(secret, token.String(), sent, token.String())
	a.Message, a.Trouble = printable(hide.Replace(a.Message)), printable(hide.Replace(a.Trouble))
	if strings.Contains(a.Login, secret) {
		a.Login = ""
	}
	a.Scopes = slices.DeleteFunc(a.Scopes, func(scope string) bool { return strings.Contains(scope, secret) })
	return a
}

// parseScopes splits the X-OAuth-Scopes header. Words that are not scopes are
// dropped: they could be meant for a terminal.
func parseScopes(header string) []string {
	var scopes []string
	for word := range strings.SplitSeq(header, ",") {
		word = strings.TrimSpace(word)
		if scopeWord.MatchString(word) {
			scopes = append(scopes, word)
		}
	}
	return scopes
}

var (
	scopeWord = regexp.MustCompile(`^[A-Za-z0-9_:.-]{1,64}$`)
	loginWord = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}(\[bot\])?$`)
)

// isLogin accepts what GitHub can have for a login, managed users' suffix
// (octocat_acme) included.
func isLogin(s string) bool { return loginWord.MatchString(s) }

// parseExpiration reads the two forms that the header has been seen in
// (https://github.com/google/go-github/pull/2649). Zero if there is none.
func parseExpiration(header string) time.Time {
	for _, layout := range []string{"2006-01-02 15:04:05 MST", "2006-01-02 15:04:05 -0700"} {
		if t, err := time.Parse(layout, header); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// exchange sends one request and reads the answer, within the request's context.
// It goes through the transport and not an http.Client, so no redirect is
// followed with a token. A body that cannot be read makes it no answer.
func exchange(transport http.RoundTripper, request *http.Request, token Token, read func(*Answer, http.Header, []byte)) Answer {
	a := Answer{Asked: time.Now()}
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
		return a.without(token, request)
	}
	a.Status = response.StatusCode
	read(&a, response.Header, body)
	return a.without(token, request)
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
	return userinfo.ReplaceAllString(err.Error(), "//")
}

var userinfo = regexp.MustCompile(`//[^/@\s"]*@`)
