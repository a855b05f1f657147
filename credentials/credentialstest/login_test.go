package credentialstest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

const grant = "&grant_type=urn:ietf:params:oauth:grant-type:device_code"

// begin starts a device flow and returns its device code.
func begin(t *testing.T, via http.RoundTripper, host, scope string) string {
	t.Helper()
	_, body := ask(t, via, "POST", "https://"+host+"/login/device/code", form(), "client_id=gh&scope="+url.QueryEscape(scope))
	var answer struct {
		DeviceCode      string `json:"device_code"`
		UserCode        string `json:"user_code"`
		VerificationURI string `json:"verification_uri"`
		ExpiresIn       int    `json:"expires_in"`
		Interval        int    `json:"interval"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if answer.DeviceCode == "" || len(answer.UserCode) != 9 || answer.VerificationURI != "https://"+host+"/login/device" ||
		answer.ExpiresIn != 900 || answer.Interval != 1 {
		t.Errorf("device code: %s", body)
	}
	return answer.DeviceCode
}

// poll asks once for the token.
func poll(t *testing.T, via http.RoundTripper, host, code, more string) map[string]string {
	t.Helper()
	resp, body := ask(t, via, "POST", "https://"+host+"/login/oauth/access_token", form(), "client_id=gh&device_code="+code+more)
	var answer map[string]string
	if err := json.Unmarshal([]byte(body), &answer); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%d %s: %v", resp.StatusCode, body, err)
	}
	return answer
}

func TestDeviceFlowGivesATokenThatWorks(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		g.SignIn("hubot")
		code := begin(t, via, "github.com", "repo read:packages,write:packages gist")
		if got := poll(t, via, "github.com", code, grant); got["error"] != "authorization_pending" {
			t.Errorf("first poll: %v", got)
		}
		got := poll(t, via, "github.com", code, grant)
		secret := got["access_token"]
		if !strings.HasPrefix(secret, "gho_") || got["token_type"] != "bearer" || got["scope"] != "gist,repo,write:packages" {
			t.Fatalf("second poll: %v", got)
		}
		resp, body := ask(t, via, "GET", "https://api.github.com/user", auth("token "+secret), "")
		if body != `{"login":"hubot","type":"User"}` || resp.Header.Get("X-OAuth-Scopes") != "gist, repo, write:packages" {
			t.Errorf("the token: %s %q", body, resp.Header.Get("X-OAuth-Scopes"))
		}
		if got := poll(t, via, "github.com", code, grant); got["error"] != "incorrect_device_code" {
			t.Errorf("third poll: %v", got)
		}
	})
}

func TestDeviceFlowGivesWhatWasPreset(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		g.NextDeviceToken("gho_first", credentialstest.Token{Login: "monalisa", Scopes: []string{"gist"}})
		g.NextDeviceToken("gho_second", credentialstest.Token{})
		for _, want := range []struct{ host, secret, scope, user string }{
			{"github.com", "gho_first", "gist", `{"login":"monalisa","type":"User"}`},
			{"acme.ghe.com", "gho_second", "repo", octocat},
		} {
			code := begin(t, via, want.host, "repo")
			poll(t, via, want.host, code, grant)
			if got := poll(t, via, want.host, code, grant); got["access_token"] != want.secret || got["scope"] != want.scope {
				t.Errorf("got %v, want %v", got, want)
			}
			api := "https://api." + want.host + "/user"
			if _, body := ask(t, via, "GET", api, auth("token "+want.secret), ""); body != want.user {
				t.Errorf("%s: %s, want %s", api, body, want.user)
			}
		}
	})
}

func TestDeviceFlowIsParticular(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := credentialstest.NewGitHub()
		via := g.Transport()
		code := begin(t, via, "github.com", "")
		if got := poll(t, via, "github.com", code, ""); got["error"] != "unsupported_grant_type" {
			t.Errorf("no grant type: %v", got)
		}
		_, body := ask(t, via, "POST", "https://github.com/login/oauth/access_token", form(), "client_id=other&device_code="+code+grant)
		if body != `{"error":"incorrect_client_credentials"}` {
			t.Errorf("another client: %s", body)
		}
		if got := poll(t, via, "git.example.com", code, grant); got["error"] != "incorrect_device_code" {
			t.Errorf("another host: %v", got)
		}
		time.Sleep(15*time.Minute + time.Second)
		if got := poll(t, via, "github.com", code, grant); got["error"] != "expired_token" {
			t.Errorf("too late: %v", got)
		}

		g.SignIn("")
		code = begin(t, via, "github.com", "")
		poll(t, via, "github.com", code, grant)
		if got := poll(t, via, "github.com", code, grant); got["error"] != "access_denied" {
			t.Errorf("without approval: %v", got)
		}
	})
}

func TestDeviceFlowAnswersInTheFormThatIsAccepted(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, g *credentialstest.GitHub, via http.RoundTripper) {
		header := form()
		delete(header, "Accept")
		resp, body := ask(t, via, "POST", "https://github.com/login/device/code", header, "client_id=gh")
		values, err := url.ParseQuery(body)
		if err != nil || values.Get("device_code") == "" || values.Get("interval") != "1" ||
			!strings.HasPrefix(resp.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			t.Errorf("%s %v %v", body, err, resp.Header)
		}
		if resp, _ := ask(t, via, "POST", "https://github.com/login/device/code", form(), ""); resp.StatusCode != 404 {
			t.Errorf("no client: %d", resp.StatusCode)
		}
		if resp, _ := ask(t, via, "GET", "https://github.com/octocat", nil, ""); resp.StatusCode != 404 {
			t.Errorf("a page: %d", resp.StatusCode)
		}
	})
}
