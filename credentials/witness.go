package credentials

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// witness asks a registry's own token endpoint about a token, for when the API
// cannot say. It is the same exchange that docker will do next. The address is
// made from the registry's name and never from a challenge, which could name
// another host.
type witness struct {
	registry  Registry
	transport http.RoundTripper
	userAgent string
	trace     func(format string, args ...any)
}

func (w *witness) ask(ctx context.Context, user string, token Token) Answer {
	name := w.registry.Name
	if w.registry.Host == githubCom {
		name = registriesOfGitHubCom[0]
	}
	ctx, cancel := context.WithTimeout(ctx, witnessLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+name+"/token?service="+name, nil)
	if err != nil {
		return Answer{Asked: time.Now(), Trouble: "the address of the registry is not valid"}
	}
	request.SetBasicAuth(user, token.Reveal())
	request.Header.Set("User-Agent", w.userAgent)
	answer := exchange(w.transport, request, token, func(answer *Answer, _ http.Header, body []byte) {
		answer.readRegistry(body)
	})
	w.trace("%s", answer.traced(request))
	return answer
}

// The registry's error codes that can speak of a token.
const (
	codeDenied       = "DENIED"
	codeUnauthorized = "UNAUTHORIZED"
)

// readRegistry takes the facts from an answer of a token endpoint, in the forms
// of https://distribution.github.io/distribution/spec/auth/token/ and
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes.
func (a *Answer) readRegistry(body []byte) {
	var content struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
		Errors      []struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(body, &content) != nil {
		return
	}
	if a.Status == http.StatusOK {
		a.Own = content.Token != "" || content.AccessToken != ""
		return
	}
	if len(content.Errors) == 0 {
		return
	}
	a.Own, a.Message = true, content.Errors[0].Message
	switch code := strings.ToUpper(content.Errors[0].Code); code {
	case codeDenied, codeUnauthorized:
		a.Code = code
	}
}
