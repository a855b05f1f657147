package credentials

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// What comes of bytes that strangers send, or that stand where only we should
// write: of servers' answers, of the cache, of what is in the places
// for tokens.

// sameAnswer is a server that gives every request the same answer.
type sameAnswer string

func (s sameAnswer) RoundTrip(request *http.Request) (*http.Response, error) {
	return http.ReadResponse(bufio.NewReader(strings.NewReader(string(s))), request)
}

// heard is what an answer contains, read without any of our code.
type heard struct {
	status int
	marked bool
	fields struct {
		Message    string
		Login      string
		UserURL    string `json:"current_user_url"`
		Token      string
		Access     string `json:"access_token"`
		Errors     []struct{ Code, Message string }
		Visibility string
	}
}

func hear(answer string) (h heard) {
	response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
	if err != nil {
		return h
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return h
	}
	h.status, h.marked = response.StatusCode, response.Header.Get("X-GitHub-Request-Id") != ""
	// Field by field: that one has another type spoils one reading alone.
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields)
	into := reflect.ValueOf(&h.fields).Elem()
	for name, value := range fields {
		one, _ := json.Marshal(map[string]json.RawMessage{name: value})
		was := reflect.New(into.Type())
		was.Elem().Set(into)
		if json.Unmarshal(one, was.Interface()) == nil {
			into.Set(was.Elem())
		}
	}
	return h
}

// mayReject reports whether GitHub, or its registry, can be taken to have
// rejected the token.
func (h heard) mayReject() bool {
	if h.status == http.StatusUnauthorized && (h.marked || h.fields.Message != "") ||
		h.status == http.StatusForbidden && strings.Contains(strings.ToLower(h.fields.Message), "suspended") {
		return true
	}
	if (h.status == http.StatusUnauthorized || h.status == http.StatusForbidden) && len(h.fields.Errors) > 0 {
		code := strings.ToUpper(h.fields.Errors[0].Code)
		return code == "DENIED" || code == "UNAUTHORIZED"
	}
	return false
}

// mayAccept reports whether they can be taken to have accepted it.
func (h heard) mayAccept() bool {
	switch h.status {
	case http.StatusOK:
		return h.marked || h.fields.Login != "" || h.fields.UserURL != "" || h.fields.Token != "" || h.fields.Access != ""
	case http.StatusForbidden:
		return strings.Contains(strings.ToLower(h.fields.Message), "not accessible by integration")
	}
	return false
}

// FuzzAnswers: whatever a server answers, a token is rejected or accepted only if
// it said so, nothing repeats the token, and what is said is fit for a terminal
// and for the memory.
func FuzzAnswers(f *testing.F) {
	const marked = "X-GitHub-Request-Id: 0000:0000:0000:0000:0000"
	secrets := []string{"gho_example_of_a_secret", "ghs_example_of_a_secret"}
	for _, seed := range []struct {
		status       uint16
		header, body string
	}{
		{200, marked + "\r\nX-OAuth-Scopes: gist, write:packages\r\nGitHub-Authentication-Token-Expiration: 2035-01-02 03:04:05 UTC", `{"login":"octocat"}`},
		{200, "GitHub-Authentication-Token-Expiration: 9999-12-31 23:59:59 -0700", `{"login":"octocat","current_user_url":"https://api.github.com/user"}`},
		{200, "Content-Length: 3\r\nContent-Type: text/html", "<html>"},
		{200, "Transfer-Encoding: chunked", "5\r\n{}\r\n \r\n0\r\n\r\n"},
		{200, "", `{"token":"gho_example_of_a_secret","access_token":"x","expires_in":300}`},
		{200, "", `{"visibility":"gho_example_of_a_secret","repository":{"full_name":"ghs_example_of_a_secret/app","id":42},"type":"Organization"}`},
		{200, "X-OAuth-Scopes: gho_example_of_a_secret,\x1b[2J", `{"login":"gho_example_of_a_secret"}`},
		{202, "Location: /v2/acme/app/blobs/uploads/1", ""},
		{202, "Location: https://evil.example/", ""},
		{307, "Location: https://evil.example/", ""},
		{401, marked, `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}`},
		{401, "Server: proxy", "Unauthorized"},
		{401, "", `{"errors":[{"code":"UNAUTHORIZED","message":"unauthenticated: User cannot be authenticated with the token provided."}]}`},
		{401, "Www-Authenticate: Bearer realm=\"https://evil.example/token\",service=\"ghcr.io\"", `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`},
		{403, marked + "\r\nX-RateLimit-Remaining: 0", `{"message":"API rate limit exceeded for user ID 1."}`},
		{403, marked, `{"message":"Resource not accessible by integration"}`},
		{403, marked, `{"message":"Sorry. Your account was suspended"}`},
		{403, marked + "\r\nX-GitHub-SSO: required; url=https://github.com/orgs/acme/sso?authorization_request=gho_example_of_a_secret", `{"message":"Resource protected by organization SAML enforcement."}`},
		{403, "", `{"errors":[{"code":"DENIED","message":"denied"}]}`},
		{403, "", `{"errors":[{"code":"denied","message":"permission_denied: write_package of gho_example_of_a_secret"}]}`},
		{404, "", `{"message":"no gho_example\u0000_of_a_secret, nor ghs_example\u200b_of_a_secret"}`},
		{429, "Retry-After: 60", `{"message":"` + strings.Repeat("x", 390) + `gho_example_of_a_secret"}`},
		{500, "", base64.StdEncoding.EncodeToString([]byte("x-access-token:gho_example_of_a_secret"))},
		{500, "", `{"errors":[{"code":"X","message":"` + base64.StdEncoding.EncodeToString([]byte("x-access-token:ghs_example_of_a_secret")) + `"}]}`},
		{503, "", "{\"message\":\"\xff\xfe\u202e\"}"},
	} {
		f.Add(seed.status, seed.header, seed.body)
	}
	f.Setenv("GHCR_NO_MEMORY", "1")
	f.Setenv("GHCR_DEBUG", "1")
	f.Fuzz(func(t *testing.T, status uint16, header, body string) {
		raw := fmt.Sprintf("HTTP/1.1 %03d \r\n%s\r\n\r\n%s", status%1000, header, body)
		h := hear(raw)
		for _, secret := range secrets {
			var said bytes.Buffer
			helper := &Helper{Stderr: &said, Transport: sameAnswer(raw), Keyring: &credentialstest.Keyring{NotFound: ErrNotInKeyring}, UserAgent: "test"}
			s, _ := helper.Search("ghcr.io")
			ctx, token := context.Background(), mustParse(t, secret)

			v := s.Judge(ctx, Candidate{Source: "GH_TOKEN", Token: token})
			if v.Fault == Rejected && !h.mayReject() || v.Good() && !h.mayAccept() || v.Fault == LacksScope && !v.HasScopes {
				t.Errorf("%q: %+v of %+v", secret, v, h)
			}
			if !github.IsLogin(v.User) {
				t.Errorf("the user is %q", v.User)
			}
			client := s.GitHub(v.Source)
			exchanged, bearer := client.Exchange(ctx, v.User, token, "acme/app", true)
			owner := client.Owner(ctx, token, "acme")
			pkg := client.Package(ctx, token, owner, "acme", "app")
			repository := client.Repository(ctx, token, "acme/app")
			answers := []github.Answer{exchanged, owner.Answer, pkg.Answer, repository.Answer, client.Revoke(ctx, token)}
			if !bearer.IsZero() {
				answers = append(answers, client.ProbePush(ctx, token, bearer, "acme/app"), client.ProbePull(ctx, token, bearer, "acme/app", "latest"))
			}
			texts := []string{v.Reason, v.Fix.String(), pkg.Visibility, pkg.Repository}
			for _, a := range answers {
				texts = append(texts, a.Message, a.Trouble, a.SSOPage, a.Code, a.Login, strings.Join(a.Scopes, " "))
				if !a.Own && a.StateByAPI()|a.StateByRegistry() != github.Unknown {
					t.Errorf("a stranger's answer counts: %+v", a)
				}
				var again github.Answer
				if content, err := json.Marshal(a); err != nil || json.Unmarshal(content, &again) != nil || !sameFacts(a, again) {
					t.Errorf("remembered as %+v, %v: %+v", again, err, a)
				}
			}
			for _, text := range texts {
				if len(text) > 4000 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
					t.Errorf("not fit for a line: %q", text)
				}
			}
			sent := base64.StdEncoding.EncodeToString([]byte(v.User + ":" + secret))
			everything := strings.Join(texts, "\n") + said.String()
			if strings.Contains(everything, secret) || strings.Contains(everything, sent) {
				t.Errorf("the token is in %q", everything)
			}
			if strings.ContainsAny(said.String(), "\x00\x1b\r\x7f") || !utf8.Valid(said.Bytes()) {
				t.Errorf("not fit for a terminal: %q", &said)
			}
		}
	})
}

// sameFacts compares what the memory keeps of answers.
func sameFacts(a, b github.Answer) bool {
	times := a.Asked.Equal(b.Asked) && a.Expires.Equal(b.Expires)
	a.Asked, a.Expires, b.Asked, b.Expires = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	a.Limited, a.SSOPage, a.Until = false, "", time.Time{}
	b.Limited, b.SSOPage, b.Until = false, "", time.Time{}
	if len(a.Scopes) == 0 && len(b.Scopes) == 0 {
		a.Scopes, b.Scopes = nil, nil
	}
	return times && reflect.DeepEqual(a, b)
}

// FuzzMemory: whatever is remembered, and however the clock was set, what counts
// is no older than it may be, and is remembered again as it was.
func FuzzMemory(f *testing.F) {
	for _, content := range []string{
		"", "{", "null", "[]", `{"api":{"asked":"AT","status":401,"own":true,"message":"Bad credentials"}}`,
		`{"api":{"asked":"AT","status":200,"own":true,"login":"octocat","scopes":["repo"],"has_scopes":true,"expires":"2035-01-02T03:04:05Z"}}`,
		`{"api":{"asked":"AT","status":403,"own":true,"message":"account suspended"},"accepted":{"asked":"0001-01-01T00:00:00Z"}}`,
		`{"registry":{"asked":"AT","status":200,"own":true}}`, `{"registry":{"asked":"AT","status":403,"own":true,"code":"DENIED"}}`,
		`{"unclear":{"at":"AT","api":{"asked":"AT","status":503},"registry":{"trouble":"no answer in time"}}}`,
		`{"unclear":{"at":"AT","api":{"asked":"0001-01-01T00:00:00Z","status":401,"own":true},"registry":{"status":200,"own":true}}}`,
		`{"api":{"asked":"9999-12-31T23:59:59.999999999+23:59","status":401,"own":true}}`,
	} {
		for _, age := range []time.Duration{0, time.Second, answerAge, time.Minute, rejectionAge, 1 << 62, -time.Second, -1 << 62} {
			f.Add(content, int64(age))
		}
	}
	m := cache{dir: f.TempDir()}
	f.Fuzz(func(t *testing.T, content string, age int64) {
		at := time.Now().Add(-time.Duration(age)).Format(time.RFC3339Nano)
		if err := os.WriteFile(m.path("key"), []byte(strings.ReplaceAll(content, "AT", at)), 0o600); err != nil {
			t.Fatal(err)
		}
		r := m.load("key")
		put := time.Now().Add(-time.Second)
		known, ok := m.fresh(r, put)
		limit := answerAge
		if known.API.StateByAPI() == github.Invalid {
			limit = rejectionAge
		}
		for _, a := range []github.Answer{known.API, known.Registry} {
			clear := a.StateByAPI() != github.Unknown || a.StateByRegistry() != github.Unknown
			if old := time.Since(a.Asked); ok && clear && (old < 0 || old > limit+time.Second) {
				t.Errorf("what was said %v ago counts: %+v", old, a)
			}
		}
		if v := judge(Candidate{Source: "GH_TOKEN", Token: mustParse(t, "gho_example")}, github.WritePackages, known); ok && !github.IsLogin(v.User) {
			t.Errorf("the user is %q", v.User)
		}
		m.store("key", r, known)
		if ok && known.API.StateByAPI() != github.Unknown {
			if again, ok := m.fresh(m.load("key"), put); !ok || !sameFacts(again.API, known.API.WithoutTexts()) {
				t.Errorf("remembered as %+v: %+v", again.API, known.API)
			}
		}
	})
}

// FuzzPlaces: whatever is in the places for tokens, what is handed out is
// there too and can be a token, its user is one, and nothing is said of what does
// not serve but what it is.
func FuzzPlaces(f *testing.F) {
	for _, seed := range [][4]string{
		{"gho_example_of_a_secret", "", "", ""},
		{" ghp_example_of_a_secret\r\n", "", "", ""},
		{"gho_example of a secret", "", "", ""},
		{"gho_example_of_a_secret\x1b[2J", `{"registries":{"ghcr.io":{"scope":"read:packages","user":"octocat"}}}`, "", ""},
		{"", `{"registries":{"containers.example.com":{}}}`, `{"user":"octocat","memory":"../stranger"}`, `{"username":"octocat","secret":"gho_example_of_a_secret"}`},
		{"", `{"registries":{"ghcr.io":{"scope":"gho_example_of_a_secret"}}}`, "{", `{"username":"gho_example_of_a_secret","secret":"gho_example_of_a_secret"}`},
		{"", `{"registries":{"ghcr.io":{"user":"<token>"}}}`, `{"user":1}`, `{"username":"<token>","secret":"gho example"}`},
		{"", `{"registries":` + strings.Repeat("1", 500) + `}`, `{"user":"octo\ncat"}`, `{"secret":["gho_example_of_a_secret"]}`},
		{"", "null", "{}", "gho_example_of_a_secret"},
		{"github_pat_example_of_a_secret", "{}", `{"user":"gho_example_of_a_secret"}`, `{"secret":"ghr_example_of_a_secret"}`},
		{strings.Repeat("x", 8<<10+1), "[]", "[]", "[]"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	for name, value := range emptyMachine(f.TempDir()) {
		f.Setenv(name, value)
	}
	f.Setenv("GHCR_DEBUG", "1")
	settings, _ := SettingsPath()
	logins, _ := loginsDir()
	cache, _ := os.UserCacheDir()
	stranger := filepath.Join(cache, "stranger.json")
	for _, dir := range []string{logins, cache} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, variable, settingsText, record, item string) {
		if strings.ContainsRune(variable, 0) {
			return // no system has such variables
		}
		t.Setenv("GH_TOKEN", variable)
		for path, text := range map[string]string{settings: settingsText, filepath.Join(logins, github.DotCom): record, stranger: "{}"} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		keyring := &credentialstest.Keyring{NotFound: ErrNotInKeyring}
		_ = keyring.Set(loginService, github.DotCom, item)
		var said bytes.Buffer
		// The API says nothing clear, and the registry takes every token.
		h := &Helper{Stderr: &said, Transport: sameAnswer("HTTP/1.1 200 OK\r\n\r\n{\"token\":\"x\"}"), Keyring: keyring, UserAgent: "test"}
		var given loginItem
		_ = json.Unmarshal([]byte(item), &given)

		user, secret, err := h.Get("ghcr.io")
		switch {
		case protocol.IsErrCredentialsNotFound(err):
		case err != nil || !github.IsLogin(user) || user == secret:
			t.Errorf("got %q, %v", user, err)
		case secret != strings.TrimSpace(variable) && secret != strings.TrimSpace(given.Secret):
			t.Errorf("%q stands nowhere", secret)
		case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
			t.Errorf("%q is no token", secret)
		}
		logins, err := h.List()
		for registry, user := range logins {
			if _, ok := github.RegistryNamed(registry); !ok || err != nil || !github.IsLogin(user) {
				t.Errorf("listed %q, %q, %v", registry, user, err)
			}
		}
		if s, err := ReadSettings(); err == nil {
			_ = EditSettings(func(*Settings) error { return nil })
			if now, err := os.ReadFile(settings); err != nil || string(now) != settingsText {
				t.Errorf("settings: %q became %q, %v", settingsText, now, err)
			}
			add := func(s *Settings) error {
				s.Registries = map[string]RegistrySettings{"ghcr.io": {User: "hubot"}}
				return nil
			}
			_ = add(&s)
			if err := EditSettings(add); err != nil {
				t.Errorf("settings: %v", err)
			}
			if now, err := ReadSettings(); err != nil || !reflect.DeepEqual(now, s) {
				t.Errorf("settings: %+v, %v", now, err)
			}
		}
		if err := h.Delete("ghcr.io"); err != nil || hasLoginRecord(github.DotCom) {
			t.Errorf("erase: %v", err)
		}
		if _, err := os.Stat(stranger); err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(said.String()) {
			if len(line) > 4000 {
				t.Errorf("too long: %q", line)
			}
		}
		if strings.ContainsAny(said.String(), "\x00\x1b\r\x7f") || !utf8.Valid(said.Bytes()) {
			t.Errorf("not fit for a terminal: %q", &said)
		}
		for _, secret := range []string{strings.TrimSpace(variable), given.Secret, item} {
			// What looks like no token may be a user's name elsewhere.
			token, err := github.ParseToken(secret)
			name := (err != nil || token.Kind() == github.UnknownKind) && strings.Contains(record+settingsText, secret)
			if len(secret) > 20 && !name && strings.Contains(said.String(), secret) {
				t.Errorf("%q is in %q", secret, &said)
			}
		}
	})
}
