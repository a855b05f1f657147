package credentials

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func TestATokenThatWasTypedAsTheUserIsNoLogin(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"octocat": true, "octocat_acme": true, "gho": true, "ghp-octocat": true, "github": true, "github_patrol": true, "octo_gho_cat": true,
		"": false, "octo cat": false, "octocat@example.com": false, "hunter2": false,
		"gho_x": false, "ghp_" + canary: false, "ghs_1": false, "ghu_": false, "ghr_x": false, "github_pat_x": false,
		"0123456789abcdef0123456789abcdef01234567": false, "0123456789abcdef0123456789abcdef0123456": true,
	} {
		if got := loginOrNone(name, "hunter2"); (got == name && name != "") != want {
			t.Errorf("%q: got %q", name, got)
		}
	}
}

// proxies are values of HTTPS_PROXY that hold a password and lead nowhere.
var proxies = []string{
	"http://me:" + canary + "@127.0.0.1:1",
	"http://" + canary + "@127.0.0.1:1",
	"http://me:x%20%2F%40" + canary + "@127.0.0.1:1",
	"https://me:" + canary + "@127.0.0.1:1",
	"socks5://me:" + canary + "@127.0.0.1:1",
	"me:" + canary + "@127.0.0.1:1",
}

func getAsChild() {
	h := &Helper{Stderr: os.Stderr, UserAgent: "docker-credential-ghcr/test"}
	user, secret, err := h.Get("ghcr.io")
	fmt.Println(user, secret, err)
}

func TestAProxysPasswordIsNotShown(t *testing.T) {
	t.Parallel()
	for _, proxy := range proxies {
		t.Run(proxy, func(t *testing.T) {
			t.Parallel()
			output, err := child(t, "get", "GH_TOKEN=gho_example", "GHCR_NO_MEMORY=1", "GHCR_DEBUG=1", "HTTPS_PROXY="+proxy).CombinedOutput()
			if err != nil || !strings.Contains(string(output), "GH_TOKEN: could not be checked: API: ") {
				t.Fatalf("%v: %s", err, output)
			}
			if shows(string(output)) {
				t.Errorf("shows it:\n%s", output)
			}
		})
	}
}

// Some proxies say in the first line of their refusal what they were sent.
func TestAProxyThatRepeatsItsLoginIsNotRepeated(t *testing.T) {
	t.Parallel()
	credentialstest.NeedLoopback(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	defer serving.Wait()
	defer listener.Close()
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				fmt.Fprintf(conn, "HTTP/1.1 407 Proxy-Authorization: %s is not good\r\nContent-Length: 0\r\n\r\n", request.Header.Get("Proxy-Authorization"))
			}
			conn.Close()
		}
	})
	output, err := child(t, "get", "GH_TOKEN=gho_example", "GHCR_NO_MEMORY=1", "GHCR_DEBUG=1", "HTTPS_PROXY=http://me:"+canary+"@"+listener.Addr().String()).CombinedOutput()
	if err != nil || !strings.Contains(string(output), "could not be checked: API: Proxy-Authorization: Basic **** is not good") || shows(string(output)) {
		t.Errorf("%v: %s", err, output)
	}
}

func TestTheProxyOfTheEnvironmentIsUsedAndSeesNoToken(t *testing.T) {
	t.Parallel()
	credentialstest.NeedLoopback(t)
	var seen log
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(&seen, "%s %s %v\n", r.Method, r.Host, r.Header)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	output, err := child(t, "get", "GH_TOKEN=gho_"+canary, "GHCR_NO_MEMORY=1", "HTTPS_PROXY="+proxy.URL).CombinedOutput()
	if err != nil || !strings.Contains(string(output), "could not be checked: API: Bad Gateway; registry: Bad Gateway") {
		t.Errorf("%v: %s", err, output)
	}
	for _, want := range []string{"CONNECT api.github.com:443", "CONNECT ghcr.io:443"} {
		if !strings.Contains(seen.String(), want) {
			t.Errorf("no %s in\n%s", want, seen.String())
		}
	}
	if shows(seen.String()) || shows(string(output)) {
		t.Errorf("the token was seen:\n%s\n%s", seen.String(), output)
	}
}
