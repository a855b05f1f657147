package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// answer is what a server answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

const longestBody = 1 << 20

func (a answer) String() string {
	if a.status == 0 {
		return "no answer"
	}
	text := strings.TrimSpace(string(a.body))
	if len(text) > 160 {
		text = text[:160] + "…"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, text))
}

// field is a text at the top of a JSON answer, "" if there is none.
func (a answer) field(name string) string {
	var fields map[string]any
	if json.Unmarshal(a.body, &fields) != nil {
		return ""
	}
	value, _ := fields[name].(string)
	return value
}

// fields are the names at the top of a JSON answer, with the values of those that are no secrets.
func (a answer) fields(shown ...string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(a.body, &fields) != nil {
		return "no JSON"
	}
	var found []string
	for _, name := range shown {
		if value, there := fields[name]; there {
			found = append(found, name+" "+string(value))
		} else {
			found = append(found, "no "+name)
		}
	}
	return strings.Join(found, ", ")
}

type option func(*http.Request)

func withToken(token string) option {
	return func(r *http.Request) { r.Header.Set("Authorization", "token "+token) }
}

func withBasic(user, token string) option {
	return func(r *http.Request) { r.SetBasicAuth(user, token) }
}

func withHeader(name, value string) option {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func withForm(form string) option {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader(form))
		r.ContentLength = int64(len(form))
	}
}

// ask sends one request. Redirects are not followed: a token goes nowhere else.
func (s *session) ask(ctx context.Context, method, url string, options ...option) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("User-Agent", "docker-credential-ghcr-live")
	for _, o := range options {
		o(request)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestBody))
	return answer{response.StatusCode, response.Header, body}, err
}
