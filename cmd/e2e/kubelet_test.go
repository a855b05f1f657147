package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

const (
	kubeletAPI = "credentialprovider.kubelet.k8s.io/v1"
	// codec is the tool that decodes with the kubelet's own types and strict decoder.
	codec = "kubelet-codec"
)

// kubeletAnswer is an answer in the kubelet's words.
type kubeletAnswer struct {
	APIVersion, Kind, CacheKeyType, CacheDuration string

	Auth map[string]struct{ Username, Password string }
}

// kubeletCase is one request of a kubelet.
type kubeletCase struct {
	name  string
	image string
	// token is in GHCR_TOKEN; nil is none.
	token *credentialstest.Token
	// expires is how long the token is valid; 0 is for ever.
	expires time.Duration
	// secret is what GHCR_TOKEN has instead, if it is not a token that GitHub knows.
	secret string
	// request is what is sent instead of a request for the image.
	request string
	args    []string
	env     []string
	arrange func(t *testing.T, secret string, command *exec.Cmd)

	// key is under which key the answer has the token; "" is none. user is the user
	// name there if it is not octocat.
	key, user string
	// cache is the duration in the answer; "" is no answer: the kubelet logs reason.
	cache   string
	reason  string
	longest time.Duration
}

func readOnly() *credentialstest.Token {
	return &credentialstest.Token{Login: "octocat", Scopes: []string{"read:packages"}}
}

func kubeletCases() []kubeletCase {
	breaks := func(places map[credentialstest.Place]string) func(*testing.T, string, *exec.Cmd) {
		return func(_ *testing.T, secret string, _ *exec.Cmd) {
			for place, how := range places {
				theStage.GitHub.Break(secret, place, faults[how])
			}
		}
	}
	const image = "ghcr.io/octocat/app"
	hello := `{"apiVersion":"` + kubeletAPI + `","kind":"CredentialProviderRequest","image":"ghcr.io/octocat/app"`
	return []kubeletCase{
		{name: "a valid token", image: image, token: readOnly(), key: "ghcr.io", cache: "5m0s"},
		{name: "an image with a tag and a digest", image: image + ":1@sha256:" + strings.Repeat("0", 64), token: readOnly(), key: "ghcr.io", cache: "5m0s"},
		{name: "an image with a port", image: "ghcr.io:443/octocat/app", token: readOnly(), key: "ghcr.io:443", cache: "5m0s"},
		{name: "--cache-duration 1h", image: image, token: readOnly(), args: []string{"--cache-duration", "1h"}, key: "ghcr.io", cache: "1h0m0s"},
		{name: "a token that expires within 90 seconds", image: image, token: readOnly(), expires: 90 * time.Second, key: "ghcr.io", cache: "1m…s"},
		{name: "a pod's token in the request", image: image, token: readOnly(), request: hello + `,"serviceAccountToken":"` + password + `","serviceAccountAnnotations":{"a":"b"}}`, key: "ghcr.io", cache: "5m0s"},
		{name: "a read-only root file system", image: image, token: readOnly(), arrange: func(t *testing.T, _ string, command *exec.Cmd) {
			if !reallyRoot() {
				t.Skip("only root can make it read-only")
			}
			command.Args = append([]string{"unshare", "-m", "sh", "-c", `mount -o remount,bind,ro / && exec "$@"`, "sh", command.Path}, command.Args[1:]...)
			command.Path = program(t, "unshare", "install util-linux")
		}, key: "ghcr.io", cache: "5m0s"},
		{name: "the API is down, the registry accepts the token", image: image, token: readOnly(), arrange: breaks(map[credentialstest.Place]string{credentialstest.API: "503"}), key: "ghcr.io", user: "x-access-token", cache: "5m0s"},
		{name: "no token", image: image, cache: "0s"},
		{name: "an image on Docker Hub", image: "busybox", token: readOnly(), cache: "0s"},
		{name: "an image on another registry", image: "registry.example.com/a/b", token: readOnly(), cache: "0s"},
		{name: "a registry that only looks like GitHub's", image: "ghcr.io.example.com/a/b", token: readOnly(), cache: "0s"},
		{name: "a revoked token", image: image, token: &credentialstest.Token{Login: "octocat", Dead: true}, reason: "GHCR_TOKEN: rejected by GitHub: expired or revoked"},
		{name: "a token without read:packages", image: image, token: &credentialstest.Token{Login: "octocat", Scopes: []string{"gist"}}, reason: "GHCR_TOKEN: lacks read:packages (has gist)"},
		{name: "GHCR_SCOPE requires write:packages", image: image, token: readOnly(), env: []string{"GHCR_SCOPE=write:packages"}, reason: "GHCR_TOKEN: lacks write:packages (has read:packages)"},
		{name: "a fine-grained token", image: image, secret: "github_pat_" + strings.Repeat("1A", 30), reason: "GHCR_TOKEN: fine-grained personal access token; GitHub Packages does not"},
		{name: "neither the API nor the registry answers", image: image, token: readOnly(), arrange: breaks(map[credentialstest.Place]string{credentialstest.API: "hang", credentialstest.Registry: "hang"}), reason: "GHCR_TOKEN: could not be checked", longest: apiLimit + registryLimit},
		{name: "a request of another version", token: readOnly(), request: strings.Replace(hello, "/v1", "/v1beta1", 1) + "}", reason: `the request has the apiVersion "credentialprovider.kubelet.k8s.io/v1beta1"`},
		{name: "a request of another kind", token: readOnly(), request: strings.Replace(hello, "CredentialProviderRequest", "Pod", 1) + "}", reason: `the request has the kind "Pod"`},
		{name: "a request without an image", token: readOnly(), request: `{"apiVersion":"` + kubeletAPI + `","kind":"CredentialProviderRequest"}`, reason: "the request names no image"},
		{name: "a request that is not JSON", token: readOnly(), request: hello + `,"serviceAccountToken":"` + password, reason: "is not a JSON object"},
		{name: "a request of more than 64 KiB", token: readOnly(), request: hello + `,"x":"` + strings.Repeat("x", 65536) + `"}`, reason: "standard input is longer than 65536 bytes"},
		{name: "nothing comes on standard input", token: readOnly(), arrange: func(t *testing.T, _ string, command *exec.Cmd) {
			reader, writer, err := os.Pipe()
			check(t, err)
			t.Cleanup(func() { _, _ = reader.Close(), writer.Close() })
			command.Stdin = reader
		}, reason: "nothing came on standard input within 10s", longest: stdinLimit},
	}
}

// On a node there is no HOME. Each answer is decoded by the kubelet's own strict codec,
// which is built without -short only.
func TestKubelet(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	var mu = make(chan struct{}, 1)
	rows := make(map[string]string)
	cases := kubeletCases()
	t.Run("cases", func(t *testing.T) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				row := c.run(t, s)
				mu <- struct{}{}
				rows[c.name] = row
				<-mu
			})
		}
	})
	var table strings.Builder
	table.WriteString("# What the kubelet gets\n\n`go test -run '^TestKubelet$'` compares this table, and with `-update` writes it. There is no HOME, and GHCR_TOKEN has the token.\n\n| situation | exit status | answer for | cacheDuration | reason on standard error |\n|---|---|---|---|---|\n")
	for _, c := range cases {
		if rows[c.name] == "" {
			return // this machine cannot have it, or it failed
		}
		table.WriteString(rows[c.name])
	}
	compareFile(t, "KUBELET.md", table.String())
}

func (c kubeletCase) run(t *testing.T, s *stage.Stage) (row string) {
	t.Helper()
	secret := c.secret
	if c.token != nil {
		secret = tokenFor("kubelet")
		if c.expires > 0 {
			c.token.Expires = time.Now().Add(c.expires)
		}
		s.GitHub.Add(secret, *c.token)
	}
	command := onNode(t, s, secret, append([]string{"kubelet"}, c.args...), c.env...)
	request := c.request
	if request == "" {
		request = requestFor(t, c.image)
	}
	command.Stdin = strings.NewReader(request)
	if c.arrange != nil {
		c.arrange(t, secret, command)
	}
	got := bounded(command, "", c.longest+allowance)
	if err := findGroup(command); err == nil {
		t.Error("a process is left")
	}
	if secret != "" && strings.Contains(got.stderr, secret) || strings.Contains(got.stderr+got.stdout, password) {
		t.Errorf("a secret is in %+v", got)
	}
	if c.cache == "" {
		if got.code != 1 || got.stdout != "" || !strings.Contains(got.stderr, c.reason) || !strings.HasPrefix(got.stderr, stage.Product+": error: ") {
			t.Fatalf("got %+v, want exit status 1 and %q", got, c.reason)
		}
		return fmt.Sprintf("| %s | 1 | | | %s |\n", c.name, c.reason)
	}
	if got.code != 0 || got.stderr != "" {
		t.Fatalf("got %+v", got)
	}
	answer := decodeAsKubelet(t, got.stdout)
	if answer.CacheKeyType != "Registry" || !matches(answer.CacheDuration, c.cache) {
		t.Errorf("got %+v, want cacheDuration %s", answer, c.cache)
	}
	auth, found := answer.Auth[c.key]
	switch {
	case c.key == "" && len(answer.Auth) != 0, c.key != "" && len(answer.Auth) != 1:
		t.Errorf("got %+v", answer)
	case c.key != "" && (!found || auth.Username != cmp.Or(c.user, "octocat") || auth.Password != secret):
		t.Errorf("got %+v for %s", answer.Auth, c.key)
	}
	return fmt.Sprintf("| %s | 0 | %s | %s | |\n", c.name, c.key, c.cache)
}

// onNode is the product as a kubelet under systemd starts it: as root, without HOME.
func onNode(t *testing.T, s *stage.Stage, secret string, args []string, env ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(program(t, stage.Product, "it is built before the tests"), args...)
	dir := t.TempDir()
	command.Dir = "/"
	command.Env = append([]string{
		"PATH=/usr/bin:/bin",
		"SSL_CERT_FILE=" + s.CAFile,
		"SSL_CERT_DIR=" + filepath.Join(dir, "no-certificates"),
		"CACHE_DIRECTORY=" + dir, // not this machine's /run
	}, env...)
	if secret != "" {
		command.Env = append(command.Env, "GHCR_TOKEN="+secret)
	}
	inGroup(command)
	return command
}

// requestFor is a request as the kubelet encodes it.
func requestFor(t *testing.T, image string) string {
	t.Helper()
	if testing.Short() {
		text, err := json.Marshal(map[string]string{"kind": "CredentialProviderRequest", "apiVersion": kubeletAPI, "image": image})
		check(t, err)
		return string(text)
	}
	text, err := exec.Command(program(t, codec, "run without -short"), "request", image).Output()
	check(t, err)
	return string(text)
}

// decodeAsKubelet decodes strictly, and without -short with the kubelet's own codec.
func decodeAsKubelet(t *testing.T, text string) (answer kubeletAnswer) {
	t.Helper()
	if !testing.Short() {
		var stderr bytes.Buffer
		command := exec.Command(program(t, codec, "run without -short"), "response")
		command.Stdin, command.Stderr = strings.NewReader(text), &stderr
		decoded, err := command.Output()
		if err != nil {
			t.Fatalf("the kubelet cannot decode %s: %s", text, stderr.String())
		}
		text = string(decoded)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	check(t, decoder.Decode(&answer))
	return answer
}

// The configuration that is printed is one that the kubelet takes.
func TestKubeletTakesThePrintedConfig(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	if testing.Short() {
		t.Skip(codec + " is not built with -short; run it without")
	}
	home := s.Home(t.TempDir())
	check(t, home.LogIn("git.example.com", "octocat", "gho_kubelet_config"))
	check(t, home.Command(stage.Product, "setup", "--registry", "containers.git.example.com").Run())
	printed, err := home.Command(stage.Product, "kubelet", "--print-config", "--cache-duration", "2m").Output()
	check(t, err)
	command := exec.Command(program(t, codec, "run without -short"), "config")
	command.Stdin = bytes.NewReader(printed)
	decoded, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%s", printed, decoded)
	}
	for _, want := range []string{`"matchImages":["containers.git.example.com","ghcr.io"]`, `"args":["kubelet","--cache-duration=2m0s"]`, `"defaultCacheDuration":"0s"`, `{"name":"GHCR_TOKEN_FILE","value":"/etc/ghcr/token"}`, `{"name":"XDG_CONFIG_HOME","value":"` + filepath.Join(home.Dir, ".config") + `"}`} {
		if !strings.Contains(string(decoded), want) {
			t.Errorf("%s is not in %s", want, decoded)
		}
	}
}

// compareFile holds a generated file against what it is now, or writes it.
func compareFile(t *testing.T, path, content string) {
	t.Helper()
	if *update {
		check(t, os.WriteFile(path, []byte(content), 0o644))
		return
	}
	old, err := os.ReadFile(path)
	check(t, err)
	if string(old) != content {
		t.Errorf("%s says\n%s\nbut it is\n%s\nto take it over: go test -run '^%s$' -update", path, old, content, t.Name())
	}
}
