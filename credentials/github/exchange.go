package github

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

// maxAnswer bounds the body of an answer, in bytes. /user has some 5,000.
const maxAnswer = 1 << 20

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
		// Go lets the body of a 101 live on when the context ends.
		defer context.AfterFunc(request.Context(), func() { response.Body.Close() })()
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
	where := request.URL.Scheme + "://" + request.URL.Host + request.URL.EscapedPath() // a query may have a secret
	return fmt.Sprintf("%s %s: %s in %v", request.Method, Printable(where), cmp.Or(a.Trouble, fmt.Sprint(a.Status)), time.Since(a.Asked).Round(time.Millisecond))
}

const noAnswerInTime = "no answer in time"

// trouble says why there was no answer. Proxies may be configured with a
// password in their address, which errors repeat.
func trouble(ctx context.Context, err error) string {
	if timeout := net.Error(nil); ctx.Err() != nil || errors.As(err, &timeout) && timeout.Timeout() {
		return noAnswerInTime
	}
	userinfo := regexp.MustCompile(`//[^/@\s"]*@`)
	authorization := regexp.MustCompile(`(?i)\b(basic|bearer|token) [a-z0-9+/=._~-]{8,}`)
	text := authorization.ReplaceAllString(userinfo.ReplaceAllString(err.Error(), "//"), "$1 ****")
	return withoutProxyLogin(text)
}

// withoutProxyLogin takes out what a proxy may have repeated of the login to it.
func withoutProxyLogin(text string) string {
	for _, variable := range []string{"HTTPS_PROXY", "https_proxy"} {
		address := os.Getenv(variable)
		if !strings.Contains(address, "://") {
			address = "http://" + address // as net/http reads it
		}
		proxy, err := url.Parse(address)
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
