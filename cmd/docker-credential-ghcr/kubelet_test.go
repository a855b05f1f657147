package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func requestFor(image string) string {
	text, _ := json.Marshal(image)
	return `{"kind":"CredentialProviderRequest","apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":` + string(text) + `}`
}

const emptyAnswer = `{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","kind":"CredentialProviderResponse","cacheKeyType":"Registry","cacheDuration":"0s","auth":{}}` + "\n"

func TestTheKubeletGetsAnEmptyAnswer(t *testing.T) {
	for name, input := range map[string]string{
		"no token":                requestFor("ghcr.io/octocat/app"),
		"a foreign image":         requestFor("quay.io/octocat/app"),
		"Docker Hub":              requestFor("nginx:1.27"),
		"Docker Hub with a path":  requestFor("octocat/app"),
		"a name like ghcr.io":     requestFor("ghcr.io"),
		"a look-alike":            requestFor("evilghcr.io/octocat/app"),
		"another port":            requestFor("ghcr.io:5000/octocat/app"),
		"a scheme":                requestFor("https://ghcr.io/octocat/app"),
		"a user":                  requestFor("octocat@ghcr.io/octocat/app"),
		"white space":             requestFor(" ghcr.io/octocat/app"),
		"white space of Unicode":  requestFor("\u00a0ghcr.io/octocat/app"),
		"a line end":              requestFor("ghcr.io\n/octocat/app"),
		"only a slash":            requestFor("/"),
		"unknown fields":          strings.Replace(requestFor("ghcr.io/octocat/app"), "{", `{"more":[1,{"x":null}],"serviceAccountToken":7,`, 1),
		"white space around it":   "\n\t" + requestFor("ghcr.io/octocat/app") + "\r\n",
		"a field in another case": strings.Replace(requestFor("ghcr.io/octocat/app"), "{", `{"Image":"x","KIND":"x",`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			moveIn(t)
			if got, want := call(strings.NewReader(input), "kubelet"), (outcome{0, emptyAnswer, ""}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestTheKubeletIsToldWhatIsWrongWithItsRequest(t *testing.T) {
	good := requestFor("ghcr.io/octocat/app")
	for name, test := range map[string]struct{ input, want string }{
		"nothing":             {"", "is not a JSON object"},
		"no JSON":             {"ghcr.io", "is not a JSON object"},
		"a list":              {"[]", "is not a JSON object"},
		"null":                {"null", "is not a JSON object"},
		"two requests":        {good + good, "is not a JSON object"},
		"half a request":      {good[:len(good)/2], "is not a JSON object"},
		"too much":            {strings.Repeat("x", maxInput+1), "is longer than 65536 bytes"},
		"another version":     {strings.Replace(good, "/v1", "/v1beta1", 1), `apiVersion "credentialprovider.kubelet.k8s.io/v1beta1"`},
		"no version":          {`{"kind":"CredentialProviderRequest","image":"ghcr.io/octocat/app"}`, `apiVersion ""`},
		"a version's number":  {`{"apiVersion":1}`, "apiVersion is not a string"},
		"another kind":        {strings.Replace(good, "Request", "Response", 1), `kind "CredentialProviderResponse"`},
		"no kind":             {`{"apiVersion":"credentialprovider.kubelet.k8s.io/v1","image":"ghcr.io/octocat/app"}`, `kind ""`},
		"no image":            {requestFor(""), "names no image"},
		"an image's list":     {strings.Replace(good, `"ghcr.io/octocat/app"`, `["ghcr.io/octocat/app"]`, 1), "image is not a string"},
		"an image's case":     {strings.Replace(good, `"image"`, `"Image"`, 1), "names no image"},
		"a control character": {strings.Replace(good, "/v1", `/v1\u001b[31m`, 1), `apiVersion "credentialprovider.kubelet.k8s.io/v1[31m"`},
	} {
		t.Run(name, func(t *testing.T) {
			moveIn(t)
			const secret = "eyJhbGciOi"
			input := strings.Replace(test.input, "{", `{"serviceAccountToken":"`+secret+`",`, 1)
			got := call(strings.NewReader(input), "kubelet")
			if got.code != 1 || got.stdout != "" || !strings.Contains(got.stderr, test.want) || strings.Contains(got.stderr, secret) {
				t.Errorf("got %+v, want exit 1 and %q", got, test.want)
			}
		})
	}
}

func TestANegativeCacheDurationIsAWrongCommandLine(t *testing.T) {
	for _, value := range []string{"-1s", "300", "soon"} {
		moveIn(t)
		if got := call(strings.NewReader(requestFor("ghcr.io/octocat/app")), "kubelet", "--cache-duration="+value); got.code != 2 || got.stdout != "" {
			t.Errorf("%s: got %+v", value, got)
		}
	}
}

// nodeOf is a helper for a node whose GHCR_TOKEN is the token.
func nodeOf(t *testing.T, hub *credentialstest.GitHub, token string) *credentials.Helper {
	t.Setenv("GHCR_TOKEN", token)
	return &credentials.Helper{Transport: hub.Transport(), Keyring: new(credentialstest.Keyring), Scope: github.ReadPackages}
}

func TestTheKubeletMayCacheATokenUntilItExpires(t *testing.T) {
	moveIn(t)
	hub := credentialstest.NewGitHub()
	for name, test := range map[string]struct {
		expires time.Duration // 0 is never
		lasts   time.Duration
		least   time.Duration
		most    time.Duration
	}{
		"never":                {0, cacheDuration, cacheDuration, cacheDuration},
		"next week":            {7 * 24 * time.Hour, cacheDuration, cacheDuration, cacheDuration},
		"in three minutes":     {3 * time.Minute, cacheDuration, 2 * time.Minute, 3 * time.Minute},
		"later than one wants": {3 * time.Minute, time.Minute, time.Minute, time.Minute},
		"not to be cached":     {3 * time.Minute, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			token := credentialstest.Token{Login: "octocat", Scopes: []string{"read:packages"}}
			if test.expires > 0 {
				token.Expires = time.Now().Add(test.expires)
			}
			hub.Add("ghp_expiring", token)
			answer, err := answerKubelet(nodeOf(t, hub, "ghp_expiring"), kubeletRequest{image: "ghcr.io/octocat/app"}, test.lasts)
			if err != nil {
				t.Fatal(err)
			}
			lasts, err := time.ParseDuration(answer.CacheDuration)
			if err != nil || lasts < test.least || lasts > test.most {
				t.Errorf("got %s, want %v to %v", answer.CacheDuration, test.least, test.most)
			}
			if answer.Auth["ghcr.io"] != (kubeletAuth{"octocat", "ghp_expiring"}) {
				t.Errorf("got %v", answer.Auth)
			}
		})
	}
}

func TestTheAnswerNamesTheRegistryAsTheImageDoes(t *testing.T) {
	moveIn(t)
	hub := credentialstest.NewGitHub()
	hub.Add("ghp_spelled", credentialstest.Token{Login: "octocat", Scopes: []string{"read:packages"}})
	helper := nodeOf(t, hub, "ghp_spelled")
	digest := "@sha256:" + strings.Repeat("0", 64)
	for image, registry := range map[string]string{
		"ghcr.io/octocat/app":                "ghcr.io",
		"ghcr.io/octocat/app:1.2":            "ghcr.io",
		"ghcr.io/octocat/app" + digest:       "ghcr.io",
		"ghcr.io/octocat/app:1.2" + digest:   "ghcr.io",
		"ghcr.io:443/octocat/app:1.2":        "ghcr.io:443",
		"GHCR.io/octocat/app":                "GHCR.io",
		"docker.pkg.github.com/octocat/r/a":  "docker.pkg.github.com",
		"ghcr.io/octocat/app/with/more/path": "ghcr.io",
	} {
		answer, err := answerKubelet(helper, kubeletRequest{image: image}, cacheDuration)
		if err != nil || len(answer.Auth) != 1 || answer.Auth[registry].Password != "ghp_spelled" {
			t.Errorf("%s: got %v, %v", image, answer.Auth, err)
		}
	}
}

// Whatever the token, the servers and the scope that is asked for: kubelet gives the
// credential that get gives, and both refuse for the same reasons.
func TestKubeletAndGetNeverDisagree(t *testing.T) {
	moveIn(t)
	dice := rand.New(rand.NewPCG(12, 1))
	const token = "judged_twice"
	kinds := []string{"ghp_", "gho_", "ghu_", "ghs_", "github_pat_", "ghr_", ""}
	scopes := [][]string{nil, {}, {"repo"}, {"read:packages"}, {"write:packages"}, {"repo", "write:packages", "read:org"}}
	breakages := []http.Handler{
		nil, nil, nil, credentialstest.RateLimited, credentialstest.ProxyPage, credentialstest.ProxyUnauthorized, credentialstest.Garbage,
		credentialstest.ServerError(500), credentialstest.CloseEarly, credentialstest.Denied(403, "DENIED", "denied"), credentialstest.Forbidden("no"),
	}
	given, refused, absent := 0, 0, 0
	for round := range 2000 {
		hub := credentialstest.NewGitHub()
		secret := kinds[dice.IntN(len(kinds))] + token
		known := credentialstest.Token{Login: "octocat", Scopes: scopes[dice.IntN(len(scopes))], Dead: dice.IntN(4) == 0, Suspended: dice.IntN(9) == 0}
		if dice.IntN(4) == 0 {
			known.Expires = time.Now().Add(time.Duration(dice.IntN(7200)-1800) * time.Second)
		}
		hub.Add(secret, known)
		hub.Break("", credentialstest.API, breakages[dice.IntN(len(breakages))])
		hub.Break("", credentialstest.Registry, breakages[dice.IntN(len(breakages))])
		if dice.IntN(9) == 0 {
			secret = ""
		}
		t.Setenv("GHCR_SCOPE", []string{"read:packages", "write:packages", "packages"}[dice.IntN(3)])
		what := fmt.Sprintf("round %d: %q, %+v", round, secret, known)

		helper := nodeOf(t, hub, secret)
		answer, kubeletErr := answerKubelet(helper, kubeletRequest{image: "ghcr.io/octocat/app:1"}, cacheDuration)
		asDocker := &credentials.Helper{Transport: helper.Transport, Keyring: helper.Keyring}
		user, password, getErr := asDocker.Get("ghcr.io")

		if kubeletRefusal, getRefusal := (*credentials.Refusal)(nil), (*credentials.Refusal)(nil); errors.As(getErr, &getRefusal) {
			refused++
			if !errors.As(kubeletErr, &kubeletRefusal) || kubeletRefusal.Error() != getRefusal.Error() {
				t.Fatalf("%s: get refuses with %v, kubelet with %v", what, getErr, kubeletErr)
			}
			continue
		}
		if kubeletErr != nil {
			t.Fatalf("%s: kubelet fails with %v, get with %v", what, kubeletErr, getErr)
		}
		if protocol.IsErrCredentialsNotFound(getErr) {
			absent++
			if len(answer.Auth) != 0 || answer.CacheDuration != "0s" {
				t.Fatalf("%s: get finds nothing, kubelet %+v", what, answer)
			}
			continue
		}
		given++
		if getErr != nil || len(answer.Auth) != 1 || answer.Auth["ghcr.io"] != (kubeletAuth{user, password}) {
			t.Fatalf("%s: get gives %q, %v, and kubelet %+v", what, user, getErr, answer)
		}
	}
	if given < 100 || refused < 100 || absent < 50 {
		t.Errorf("too little was tried: %d given, %d refused, %d absent", given, refused, absent)
	}
}

func TestPrintConfigNamesTheRegistriesAndTheirSettings(t *testing.T) {
	moveIn(t)
	t.Setenv("GHCR_TOKEN_FILE", "")
	got := call(strings.NewReader(""), "kubelet", "--print-config")
	want := `apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: docker-credential-ghcr
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    matchImages:
      - "ghcr.io"
    defaultCacheDuration: "0s"
    args:
      - kubelet
    env:
      - name: GHCR_TOKEN_FILE
        value: "/etc/ghcr/token"
`
	if got != (outcome{0, want, ""}) {
		t.Errorf("got %+v, want %s", got, want)
	}
	settings, err := credentials.SettingsPath()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, settings, `{"registries":{"containers.acme.ghe.com":{}}}`, 0o600)
	got = call(strings.NewReader(""), "kubelet", "--print-config", "--cache-duration=1m")
	for _, want := range []string{`- "containers.acme.ghe.com"`, "- --cache-duration=1m0s"} {
		if got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("no %s in %+v", want, got)
		}
	}
	if filepath.Separator == '/' && strings.Contains(got.stdout, settings) {
		t.Errorf("the configuration names the settings' file, not the directory to find them in: %s", got.stdout)
	}
}

func TestStatusForTheKubeletAsksForReadPackagesAndIgnoresDocker(t *testing.T) {
	moveIn(t)
	got := call(strings.NewReader(""), "status", "--kubelet", "--json")
	var shown struct {
		Registries []struct {
			OK     bool   `json:"ok"`
			Scope  string `json:"scope"`
			Wiring struct {
				Findings []finding `json:"findings"`
			} `json:"wiring"`
		} `json:"registries"`
	}
	if err := json.Unmarshal([]byte(got.stdout), &shown); err != nil || len(shown.Registries) != 1 {
		t.Fatalf("got %+v, %v", got, err)
	}
	r := shown.Registries[0]
	if got.code != 1 || r.OK || r.Scope != "read:packages" || len(r.Wiring.Findings) != 1 || r.Wiring.Findings[0].ID != "kubelet-environment" {
		t.Errorf("got %+v", got)
	}
}
