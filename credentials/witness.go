package credentials

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// witness is a registry, asked about a token and what it may do. For get it is
// the second witness, when the API cannot say. Its address is made from the
// registry's name and never from a challenge, which could name another host.
type witness struct {
	// service is the registry's host name, and its name in requests for tokens.
	service   string
	transport http.RoundTripper
	userAgent string
	trace     func(format string, args ...any)
}

// serviceOf is where the witness for a registry is: both registries of github.com
// take the same tokens, and images answer under both names.
func serviceOf(r Registry) string {
	if r.Host == githubCom {
		return registriesOfGitHubCom[0]
	}
	return r.Name
}

// ask asks the token endpoint whether it takes the token: the exchange that
// docker will do next.
func (w *witness) ask(ctx context.Context, user string, token Token) Answer {
	a, _ := w.exchange(ctx, user, token, "")
	return a
}

// exchange asks the token endpoint for a bearer token for a scope, such as
// repository:octocat/app:pull. No token asks anonymously.
func (w *witness) exchange(ctx context.Context, user string, token Token, scope string) (a Answer, bearer Token) {
	query := url.Values{"service": {w.service}}
	if scope != "" {
		query.Set("scope", scope)
	}
	a = w.send(ctx, http.MethodGet, "https://"+w.service+"/token?"+query.Encode(), token, func(r *http.Request) {
		if !token.IsZero() {
			r.SetBasicAuth(user, token.Reveal())
		}
	}, func(a *Answer, _ http.Header, body []byte) {
		bearer = a.readBearer(body)
	})
	return a, bearer
}

// send sends one request to the registry.
func (w *witness) send(ctx context.Context, method, address string, secret Token, prepare func(*http.Request), read func(*Answer, http.Header, []byte)) Answer {
	ctx, cancel := context.WithTimeout(ctx, witnessLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: "the address of the registry is not valid"}
	}
	request.Header.Set("User-Agent", w.userAgent)
	prepare(request)
	answer := exchange(w.transport, request, secret, func(a *Answer, header http.Header, body []byte) {
		a.readErrors(body)
		read(a, header, body)
	})
	w.trace("%s", answer.traced(request))
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
		if bearer, err := ParseToken(text); err == nil {
			a.Own = true
			return bearer
		}
	}
	return Token{}
}
