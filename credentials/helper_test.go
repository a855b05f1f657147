package credentials

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

// untouchable fails the test that opens it: a keyring, and the way to any server.
type untouchable struct{ t *testing.T }

func (u untouchable) Get(service, user string) (string, error) {
	u.t.Errorf("read %s of %q from the keyring", service, user)
	return "", errors.New("untouchable")
}

func (u untouchable) Set(service, user, _ string) error {
	u.t.Errorf("wrote %s of %q to the keyring", service, user)
	return errors.New("untouchable")
}

func (u untouchable) Delete(service, user string) error {
	u.t.Errorf("deleted %s of %q from the keyring", service, user)
	return errors.New("untouchable")
}

func (u untouchable) RoundTrip(r *http.Request) (*http.Response, error) {
	u.t.Errorf("sent %s %s", r.Method, r.URL)
	return nil, errors.New("untouchable")
}

func TestAForeignRegistryOpensNothing(t *testing.T) {
	m := newMachine(t)
	allVariables(t)
	t.Setenv("GH_HOST", "git.example.com")
	m.hosts("\tthis would be a fault, were it read\n")
	m.settings("so would this")
	before := m.files()
	h := &Helper{Stderr: mustNotWrite{t}, Transport: untouchable{t}, Keyring: untouchable{t}}
	for _, serverURL := range foreign {
		user, secret, err := h.Get(serverURL)
		if user != "" || secret != "" || !protocol.IsErrCredentialsNotFound(err) {
			t.Errorf("get %q: got %q, %q, %v", serverURL, user, secret, err)
		}
		if err := h.Delete(serverURL); err != nil {
			t.Errorf("erase %q: %v", serverURL, err)
		}
		err = h.Add(&protocol.Credentials{ServerURL: serverURL, Username: "octocat", Secret: "gho_" + canary})
		if err == nil || shows(err.Error()) || strings.ContainsAny(err.Error(), "\n\x1b\x00") {
			t.Errorf("store %q: %v", serverURL, err)
		}
		if _, err := h.Search(serverURL); !errors.Is(err, ErrForeign) {
			t.Errorf("searched for %q", serverURL)
		}
	}
	if after := m.files(); !maps.Equal(before, after) {
		t.Errorf("before there was %q, now %q", before, after)
	}
}

// A broken file may have named the enterprise host of a registry: no place is opened,
// and the person is told which file it is.
func TestABrokenFileThatMayNameAnEnterpriseHostIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		breakIt func(m *machine)
		source  Source
		file    func(m *machine) string
	}{
		"hosts.yml": {func(m *machine) { m.hosts("\tbroken\n") }, GH, func(m *machine) string { return m.hostsPath() }},
		"settings":  {func(m *machine) { m.settings("broken") }, SettingsFile, func(m *machine) string { path, _ := SettingsPath(); return path }},
		"both":      {func(m *machine) { m.settings("broken"); m.hosts("\tbroken\n") }, SettingsFile, func(m *machine) string { path, _ := SettingsPath(); return path }},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			allVariables(t)
			c.breakIt(m)
			for _, serverURL := range []string{"containers.git.example.com", "https://docker.git.example.com/v2/"} {
				var said bytes.Buffer
				h := &Helper{Stderr: &said, Transport: untouchable{t}, Keyring: untouchable{t}}
				_, _, err := h.Get(serverURL)
				if !protocol.IsErrCredentialsNotFound(err) {
					t.Errorf("get %s: %v", serverURL, err)
				}
				if !strings.Contains(said.String(), "  "+string(c.source)+": "+c.file(m)) || !strings.HasSuffix(said.String(), "hint: fix what is named above, then try again\n") {
					t.Errorf("get %s said %q", serverURL, &said)
				}
				var unreadable *UnreadableError
				if _, err := h.Search(serverURL); !errors.As(err, &unreadable) || unreadable.Source != c.source {
					t.Errorf("searched for %s: %v", serverURL, err)
				}
				if err := h.Delete(serverURL); err != nil {
					t.Errorf("erase %s: %v", serverURL, err)
				}
				if err := h.Add(&protocol.Credentials{ServerURL: serverURL, Username: "octocat", Secret: "gho_x"}); err == nil || !strings.Contains(err.Error(), c.file(m)) {
					t.Errorf("store %s: %v", serverURL, err)
				}
			}
			// What no file could make a GitHub host stays silent.
			h := &Helper{Stderr: mustNotWrite{t}, Transport: untouchable{t}, Keyring: untouchable{t}}
			if _, _, err := h.Get("docker.io"); !protocol.IsErrCredentialsNotFound(err) {
				t.Errorf("get docker.io: %v", err)
			}
		})
	}
}

func TestGetTakesTheFirstGoodTokenAndOpensNoPlaceBehindIt(t *testing.T) {
	// Every place has a token of its own; those that are good are named.
	for _, test := range []struct {
		name string
		good []string
		want string
		// reads are the uses of the keyring.
		reads []string
	}{
		{"a variable", []string{"gho_ghcr", "gho_login", "gho_stored"}, "gho_ghcr", nil},
		{"a later variable", []string{"gho_github", "gho_login", "gho_stored"}, "gho_github", nil},
		{"docker login", []string{"gho_login", "gho_stored"}, "gho_login", []string{"get docker-credential-ghcr github.com"}},
		{"gh", []string{"gho_stored"}, "gho_stored", []string{"get docker-credential-ghcr github.com", "get gh:github.com octocat"}},
		{"nobody", nil, "", []string{"get docker-credential-ghcr github.com", "get gh:github.com octocat"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			allVariables(t)
			m.dockerLogin(github.DotCom, "octocat", "gho_login")
			m.ghKeyringLogin(github.DotCom, "octocat", "gho_stored")
			opened := m.opened()
			for _, secret := range test.good {
				m.token(secret, "write:packages")
			}
			if test.want != "" {
				m.found("ghcr.io", "octocat", test.want)
			} else {
				m.refused("ghcr.io")
			}
			if got := m.keyring.Calls()[opened:]; !slices.Equal(got, test.reads) {
				t.Errorf("used the keyring %q, want %q", got, test.reads)
			}
			order := []string{"gho_ghcr", "gho_gh", "gho_github", "gho_login", "gho_stored"}
			var asked []string
			for _, r := range m.github.Requests() {
				asked = append(asked, r.Secret)
			}
			if test.want != "" {
				order = order[:slices.Index(order, test.want)+1]
			}
			if !slices.Equal(asked, order) {
				t.Errorf("asked about %q, want %q", asked, order)
			}
		})
	}
}

func TestWithoutARecordOfALoginNoKeyringIsOpened(t *testing.T) {
	m := newMachine(t)
	m.ghLogin(github.DotCom, "octocat", "gho_example")
	m.keep(loginService, github.DotCom, `{"username":"octocat","secret":"gho_unrecorded"}`)
	m.token("gho_example", "write:packages")
	h := m.helper()
	h.Keyring = untouchable{t}
	if _, secret, err := h.Get("ghcr.io"); secret != "gho_example" || err != nil {
		t.Errorf("got %q, %v", secret, err)
	}
}

func TestWithoutAnyTokenNothingIsSaid(t *testing.T) {
	for _, serverURL := range []string{"ghcr.io", "https://GHCR.IO/v2/", "docker.pkg.github.com", "containers.acme.ghe.com"} {
		m := newMachine(t)
		m.notFound(serverURL)
		m.wantAsked(0, 0)
		if m.opened() > 0 {
			t.Errorf("%s: used the keyring %q", serverURL, m.keyring.Calls())
		}
	}
}

func TestATokenInTwoPlacesIsAskedAboutOnce(t *testing.T) {
	posix(t)
	m := newMachine(t)
	t.Setenv("GHCR_NO_MEMORY", "1")
	t.Setenv("GH_TOKEN", "gho_dead")
	t.Setenv("GITHUB_TOKEN", "gho_dead")
	m.ghLogin(github.DotCom, "octocat", "gho_dead")
	m.says("ghcr.io",
		"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
		"  GH_TOKEN: rejected by GitHub: expired or revoked",
		"  GITHUB_TOKEN: rejected by GitHub: expired or revoked",
		"  gh, octocat: rejected by GitHub: expired or revoked",
		"docker-credential-ghcr: hint: run: env -u GH_TOKEN -u GITHUB_TOKEN gh auth login -h github.com -s write:packages",
	)
	m.wantAsked(1, 0)
}

func TestGetEndsInTimeWhateverHangs(t *testing.T) {
	hang := func(places ...credentialstest.Place) func(*machine) {
		return func(m *machine) {
			for _, place := range places {
				m.github.Break("", place, credentialstest.Hang)
			}
		}
	}
	for _, test := range []struct {
		name  string
		hang  func(m *machine)
		limit time.Duration
		good  bool
	}{
		{"the API, and the registry vouches", hang(credentialstest.API), github.APILimit, true},
		{"the API and the registry", hang(credentialstest.API, credentialstest.Registry), github.APILimit + github.RegistryLimit, false},
		{"the registry, which is not asked", hang(credentialstest.Registry), 0, true},
		{"half an answer of each", func(m *machine) {
			m.github.Break("", credentialstest.API, credentialstest.HangInBody)
			m.github.Break("", credentialstest.Registry, credentialstest.HangInBody)
		}, github.APILimit + github.RegistryLimit, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(m *machine) {
				m.ghLogin(github.DotCom, "octocat", "gho_example")
				m.token("gho_example", "write:packages")
				test.hang(m)
				begun := time.Now()
				if got := m.get("ghcr.io"); (got.err == nil) != test.good {
					m.Errorf("got %+v", got)
				}
				if took := time.Since(begun); took != test.limit {
					m.Errorf("took %v, want %v", took, test.limit)
				}
			})
		})
	}
}

func TestGetEndsIn30SecondsEvenIfEverythingHangs(t *testing.T) {
	inBubble(t, func(m *machine) {
		for name, secret := range variableTokens {
			m.Setenv(name, secret)
		}
		m.dockerLogin(github.DotCom, "octocat", "gho_login")
		m.ghKeyringLogin(github.DotCom, "octocat", "gho_stored")
		release := make(chan struct{})
		defer close(release)
		m.keyring.Hang(release)
		m.github.Break("", credentialstest.API, credentialstest.Hang)
		m.github.Break("", credentialstest.Registry, credentialstest.Hang)
		for _, secret := range []string{"gho_ghcr", "gho_gh", "gho_github"} {
			defer m.hold(secret)()
		}
		begun := time.Now()
		said := m.refused("ghcr.io")
		if took := time.Since(begun); took > 30*time.Second {
			m.Errorf("took %v", took)
		}
		if n := strings.Count(said, "\n"); n != 7 {
			m.Errorf("said\n%s", said)
		}
	})
}

func TestATokenGoesToItsOwnHostsOnlyAndOverTLS(t *testing.T) {
	// A token of each host, wherever it may be.
	hosts := map[string][]string{
		"github.com":      {"api.github.com", "ghcr.io"},
		"acme.ghe.com":    {"api.acme.ghe.com", "containers.acme.ghe.com"},
		"git.example.com": {"git.example.com", "containers.git.example.com", "docker.git.example.com"},
	}
	own := map[string][]string{}
	for host, allowed := range hosts {
		for _, source := range []string{"login", "gh"} {
			own["gho_"+source+"_"+host] = allowed
		}
	}
	both := slices.Concat(hosts["github.com"], hosts["acme.ghe.com"])
	own["gho_ghcr"], own["gho_gh"], own["gho_github"] = hosts["github.com"], both, both
	own["gho_ghenterprise"], own["gho_githubenterprise"] = hosts["git.example.com"], hosts["git.example.com"]

	evil := credentialstest.RedirectTo("https://evil.example/user")
	for name, prepare := range map[string]func(m *machine){
		"while all tokens are dead": func(*machine) {},
		"while the API is down":     func(m *machine) { m.apiDown() },
		"while everything is down":  func(m *machine) { m.apiDown(); m.registryDown() },
		"while everything is redirected": func(m *machine) {
			m.github.Break("", credentialstest.API, evil)
			m.github.Break("", credentialstest.Registry, evil)
		},
		"while all are redirected home": func(m *machine) {
			m.github.Break("", credentialstest.API, credentialstest.RedirectTo("http://api.github.com/user"))
		},
		"while a proxy wants a login": func(m *machine) { m.github.Break("", credentialstest.API, credentialstest.ProxyUnauthorized) },
		"while the registry has no bearer": func(m *machine) {
			m.apiDown()
			m.github.Break("", credentialstest.Registry, credentialstest.Status(401, ""))
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GHCR_NO_MEMORY", "1")
			allVariables(t)
			var yaml strings.Builder
			for host := range hosts {
				m.dockerLogin(host, "octocat", "gho_login_"+host)
				yaml.WriteString(host + ":\n    user: octocat\n    oauth_token: gho_gh_" + host + "\n")
			}
			m.hosts(yaml.String())
			prepare(m)
			for _, serverURL := range []string{
				"ghcr.io", "docker.pkg.github.com", "containers.acme.ghe.com", "containers.other.ghe.com", "containers.git.example.com", "docker.git.example.com",
				"containers.evil.example", "docker.evil.example", "http://ghcr.io", "ghcr.io.evil.example",
			} {
				m.refused(serverURL)
				_ = m.store(serverURL, "octocat", "ghp_stored_at_"+strings.NewReplacer("/", "", ":", "").Replace(serverURL))
				m.erase(serverURL)
			}
			requests := m.github.Requests()
			if len(requests) < 20 {
				t.Errorf("there were but %d requests", len(requests))
			}
			for _, r := range requests {
				allowed := own[r.Secret]
				if at, ok := strings.CutPrefix(r.Secret, "ghp_stored_at_"); ok {
					registry, _ := github.ParseRegistry(at, func(host string) bool { return host == "git.example.com" })
					allowed = append(slices.Clone(hosts[registry.Host]), registry.Name, "api."+registry.Host)
				}
				if strings.Contains(r.Host, "other.ghe.com") && slices.Contains([]string{"gho_gh", "gho_github"}, r.Secret) {
					allowed = append(allowed, "api.other.ghe.com", "containers.other.ghe.com")
				}
				if !slices.Contains(allowed, r.Host) {
					t.Errorf("%s went to %s", r.Secret, r.Host)
				}
				if !r.TLS {
					t.Errorf("%s went to %s in clear", r.Secret, r.Host)
				}
				if r.UserAgent != "docker-credential-ghcr/test" || r.Method != "GET" || r.Body != "" || strings.Contains(r.Path+r.Query, "gho_") {
					t.Errorf("sent %+v", r)
				}
			}
		})
	}
}

func TestNoSecretIsInAnyMessageTraceOrFile(t *testing.T) {
	for name, prepare := range map[string]func(m *machine){
		"good tokens": func(m *machine) {
			for _, prefix := range []string{"ghp_", "gho_", "ghs_"} {
				m.token(prefix+canary, "write:packages")
			}
		},
		"good tokens that lack the scope": func(m *machine) {
			for _, prefix := range []string{"ghp_", "gho_", "ghs_"} {
				m.token(prefix+canary, "repo")
			}
		},
		"dead tokens": func(m *machine) {},
		"no server":   func(m *machine) { m.apiDown(); m.registryDown() },
		"a parrot":    func(m *machine) { m.parrot() },
		"a broken file": func(m *machine) {
			m.hosts("github.com:\n    user: octocat\n    oauth_token: gho_" + canary + "\n\tx: y\n")
		},
		"a broken item":     func(m *machine) { m.keep(loginService, github.DotCom, "gho_"+canary) },
		"a locked keyring":  func(m *machine) { m.keyring.Fail(errors.New("failed to unlock correct collection")) },
		"a broken keyring":  func(m *machine) { m.keyring.Panic("gho_" + canary) },
		"a broken variable": func(m *machine) { m.Setenv("GH_TOKEN", "gho_"+canary+" gho_"+canary) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GHCR_DEBUG", "1")
			t.Setenv("GH_TOKEN", "ghs_"+canary)
			t.Setenv("GITHUB_TOKEN", "github_pat_"+canary)
			m.dockerLogin(github.DotCom, "octocat", "ghp_"+canary)
			m.ghKeyringLogin(github.DotCom, "octocat", "gho_"+canary)
			prepare(m)
			var said bytes.Buffer
			h := m.helper()
			h.Stderr = &said
			_, _, err := h.Get("ghcr.io")
			errs := []error{err}
			for _, secret := range []string{"ghp_new" + canary, "gho_" + canary, canary, "gho_" + canary + " x", `{"` + canary + `"`} {
				errs = append(errs, h.Add(&protocol.Credentials{ServerURL: "ghcr.io", Username: "octocat", Secret: secret}))
			}
			for _, secret := range []string{"ghp_typed" + canary, "gho_" + canary, "github_pat_" + canary} {
				errs = append(errs, h.Add(&protocol.Credentials{ServerURL: "ghcr.io", Username: secret, Secret: secret}))
			}
			logins, err := h.List()
			errs = append(errs, err, h.Delete("ghcr.io"))
			if !strings.Contains(said.String(), "docker-credential-ghcr: debug: ") {
				t.Errorf("traced nothing: %s", said.String())
			}
			if shows(said.String()) {
				t.Errorf("said\n%s", said.String())
			}
			for _, err := range errs {
				if err != nil && shows(err.Error()) {
					t.Errorf("error %v", err)
				}
			}
			for registry, user := range logins {
				if shows(registry + user) {
					t.Errorf("listed %v", logins)
				}
			}
			for path, content := range m.files() {
				if path != m.hostsPath() && (shows(path) || shows(content)) {
					t.Errorf("%s holds %s", path, content)
				}
			}
			for _, call := range m.keyring.Calls() {
				if shows(call) {
					t.Errorf("named a secret to the keyring: %s", call)
				}
			}
		})
	}
}

// parrot lets the servers repeat what they were sent.
func (m *machine) parrot() {
	repeat := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, secret, _ := r.BasicAuth()
		text := r.Header.Get("Authorization") + " " + secret
		asIfOwn(500, `{"message":`+inJSON(text)+`,"errors":[{"code":`+inJSON(text)+`,"message":`+inJSON(text)+`}]}`).ServeHTTP(w, r)
	})
	m.github.Break("", credentialstest.API, repeat)
	m.github.Break("", credentialstest.Registry, repeat)
}

func TestTheTraceTellsEveryPlaceEveryRequestAndEveryVerdict(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.Setenv("GHCR_DEBUG", "1")
		m.Setenv("GITHUB_TOKEN", "github_pat_example")
		m.dockerLogin(github.DotCom, "octocat", "ghp_dead")
		m.ghLogin(github.DotCom, "octocat", "gho_example")
		m.token("gho_example", "write:packages")
		m.github.Break("ghp_dead", credentialstest.API, credentialstest.ServerError(502))
		got := m.get("ghcr.io")
		if got.secret != "gho_example" {
			m.Errorf("got %+v", got)
		}
		want := []string{
			"ghcr.io accepts tokens of github.com with the scope write:packages",
			"GHCR_TOKEN: nothing",
			"GH_TOKEN: nothing",
			"GITHUB_TOKEN: found",
			"GITHUB_TOKEN: fine-grained personal access token; GitHub Packages does not take it",
			"keyring: read docker-credential-ghcr github.com: done in 0s",
			"docker login: found",
			"GET https://api.github.com/user: 502 in 0s",
			"GET https://ghcr.io/token: 403 in 0s",
			"docker login, octocat: rejected by the registry: expired or revoked",
			"gh: found",
			"GET https://api.github.com/user: 200 in 0s",
			"gh, octocat: good",
		}
		m.traced(got.stderr, want...)
	})
}

// traced checks what the trace told, line by line.
func (m *machine) traced(text string, want ...string) {
	m.Helper()
	var told strings.Builder
	for _, line := range want {
		told.WriteString("docker-credential-ghcr: debug: " + line + "\n")
	}
	if text != told.String() {
		m.Errorf("traced\n%s\nwant\n%s", text, told.String())
	}
}

func TestTheTraceTellsWhatIsStoredErasedAndListed(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.Setenv("GHCR_DEBUG", "1")
		m.token("ghp_example", "write:packages")
		m.hosts("acme.ghe.com:\n    user: hubot_acme\ngithub.com:\n    git_protocol: ssh\n")
		opened := []string{
			"ghcr.io accepts tokens of github.com with the scope write:packages",
			"GHCR_TOKEN: nothing", "GH_TOKEN: nothing", "GITHUB_TOKEN: nothing", "docker login: nothing",
			"keyring: read gh:github.com: secret not found in keyring in 0s",
			"gh: nothing",
		}
		var said bytes.Buffer
		h := m.helper()
		h.Stderr = &said
		tell := func(want ...string) {
			m.Helper()
			m.traced(said.String(), want...)
			said.Reset()
		}
		if err := h.Add(&protocol.Credentials{ServerURL: "ghcr.io", Username: "hubot", Secret: "ghp_dead"}); err == nil {
			m.Error("stored a dead token")
		}
		tell(append(slices.Clone(opened),
			"GET https://api.github.com/user: 401 in 0s",
			"password, hubot: rejected by GitHub: expired or revoked")...)
		if err := h.Add(&protocol.Credentials{ServerURL: "ghcr.io", Username: "ghp_example", Secret: "ghp_example"}); err != nil {
			m.Error(err)
		}
		tell(append(slices.Clone(opened),
			"GET https://api.github.com/user: 200 in 0s",
			"password: good",
			"keyring: write docker-credential-ghcr github.com: done in 0s")...)
		list := func(want ...string) {
			m.Helper()
			if _, err := h.List(); err != nil {
				m.Error(err)
			}
			for _, line := range want {
				if !containsLine(said.String(), "docker-credential-ghcr: debug: "+line+"\n") {
					m.Errorf("traced\n%s\nwithout %s", said.String(), line)
				}
			}
			said.Reset()
		}
		list(`ghcr.io: user "octocat"`, `containers.acme.ghe.com: user "hubot_acme"`)
		if err := h.Delete("ghcr.io"); err != nil {
			m.Error(err)
		}
		tell("keyring: delete docker-credential-ghcr github.com: done in 0s")
		list(`ghcr.io: user ""`, `containers.acme.ghe.com: user "hubot_acme"`)
	})
}

func TestTheTraceRepeatsNoPasswordOfAnAddress(t *testing.T) {
	m := newMachine(t)
	t.Setenv("GHCR_DEBUG", "1")
	for serverURL, shown := range addressesWithPasswords {
		got := m.get(serverURL)
		m.traced(got.stderr, inJSON(shown)+": not a GitHub registry")
		h, said := m.helper(), &bytes.Buffer{}
		h.Stderr = said
		err := h.Add(&protocol.Credentials{ServerURL: serverURL, Username: "octocat", Secret: "hunter2"})
		if err == nil || shows(err.Error()) || shows(said.String()) || !strings.Contains(err.Error(), "not for "+shown+";") {
			t.Errorf("store %s: %v, said %s", serverURL, err, said)
		}
	}
}

func TestTheTraceIsForThoseWhoAskForItOnly(t *testing.T) {
	for value, on := range map[string]bool{"": false, "0": false, "false": false, "1": true, "2": true, "true": true, "yes": true, " ": true} {
		m := newMachine(t)
		t.Setenv("GHCR_DEBUG", value)
		t.Setenv("GH_TOKEN", "gho_example")
		m.token("gho_example", "write:packages")
		for _, serverURL := range []string{"ghcr.io", "docker.io"} {
			if got := m.get(serverURL); (got.stderr != "") != on {
				t.Errorf("with %q, get %s said %q", value, serverURL, got.stderr)
			}
		}
	}
}

func TestAHelperWithoutStderrTellsNobody(t *testing.T) {
	m := newMachine(t)
	t.Setenv("GHCR_DEBUG", "1")
	t.Setenv("GH_TOKEN", "gho_dead")
	if _, _, err := m.helper().Get("ghcr.io"); !protocol.IsErrCredentialsNotFound(err) {
		t.Errorf("got %v", err)
	}
}

// kept is what the keyring holds for docker login.
func (m *machine) kept(host string) string {
	m.Helper()
	content, err := m.keyring.Get(loginService, host)
	if err != nil && !errors.Is(err, ErrNotInKeyring) {
		m.Fatal(err)
	}
	return content
}

func TestWhatIsStored(t *testing.T) {
	unlock := unlock(shell.Ours, "").String()
	alone := "the token was not kept, and is never kept in a plain file: "
	for _, test := range []struct {
		name      string
		prepare   func(m *machine)
		serverURL string
		user      string
		secret    string
		// err is the error; "" is success. kept is what the keyring then holds.
		err  string
		kept string
	}{
		{
			"what get gave from gh", func(m *machine) {
				m.ghLogin(github.DotCom, "octocat", "gho_example")
				m.token("gho_example", "write:packages")
			},
			"ghcr.io", "octocat", "gho_example", "", "",
		},
		{
			"what get gave from gh's keyring", func(m *machine) {
				m.ghKeyringLogin(github.DotCom, "octocat", "gho_example")
				m.token("gho_example", "write:packages")
			},
			"ghcr.io", "octocat", "gho_example", "", "",
		},
		{
			"what get gave from a variable, with a line's end", func(m *machine) {
				m.variable("gho_example")
				m.token("gho_example", "write:packages")
			},
			"https://ghcr.io", "octocat", " gho_example\n", "", "",
		},
		{
			"a candidate that is dead meanwhile", func(m *machine) { m.ghLogin(github.DotCom, "octocat", "gho_dead") },
			"ghcr.io", "octocat", "gho_dead", "", "",
		},
		{
			"a candidate behind a good one", func(m *machine) {
				m.variable("gho_example")
				m.token("gho_example", "write:packages")
				m.ghLogin(github.DotCom, "octocat", "gho_dead")
			},
			"ghcr.io", "octocat", "gho_dead", "", "",
		},
		{
			"our own entry", func(m *machine) { m.dockerLogin(github.DotCom, "octocat", "ghp_own") },
			"ghcr.io", "octocat", "ghp_own", "", `{"username":"octocat","secret":"ghp_own"}`,
		},
		{
			"a good other token", func(m *machine) {
				m.ghLogin(github.DotCom, "octocat", "gho_example")
				m.token("ghp_other", "write:packages")
			},
			"ghcr.io", "hubot", "ghp_other", "", `{"username":"octocat","secret":"ghp_other"}`,
		},
		{
			"a good token, by the older registry", func(m *machine) { m.token("ghp_other", "write:packages") },
			"https://docker.pkg.github.com/v2/", "hubot", "ghp_other", "", `{"username":"octocat","secret":"ghp_other"}`,
		},
		{
			"a good token in the place of our own entry", func(m *machine) {
				m.dockerLogin(github.DotCom, "octocat", "ghp_own")
				m.token("ghp_other", "write:packages")
			},
			"ghcr.io", "hubot", "ghp_other", "", `{"username":"octocat","secret":"ghp_other"}`,
		},
		{
			"a token of an installation", func(m *machine) { m.github.Add("ghs_other", credentialstest.Token{}) },
			"ghcr.io", "x-access-token", "ghs_other", "", `{"username":"x-access-token","secret":"ghs_other"}`,
		},
		{
			"a token that cannot be checked", func(m *machine) { m.apiDown(); m.registryDown() },
			"ghcr.io", "octocat", "ghp_other", "", `{"username":"octocat","secret":"ghp_other"}`,
		},
		{
			"a token for which the registry vouches", func(m *machine) { m.token("ghp_other", "write:packages"); m.apiDown() },
			"ghcr.io", "octocat", "ghp_other", "", `{"username":"octocat","secret":"ghp_other"}`,
		},
		{
			"a token that was typed as the user too", func(m *machine) { m.token("ghp_other", "write:packages") },
			"ghcr.io", "ghp_other", "ghp_other", "", `{"username":"octocat","secret":"ghp_other"}`,
		},
		{
			"a token that was typed as the user too and cannot be checked", func(m *machine) { m.apiDown(); m.registryDown() },
			"ghcr.io", "ghp_other", "ghp_other", "", `{"username":"x-access-token","secret":"ghp_other"}`,
		},
		{
			"another token typed as the user, which cannot be checked", func(m *machine) { m.apiDown(); m.registryDown() },
			"ghcr.io", "github_pat_another", "ghp_other", "", `{"username":"x-access-token","secret":"ghp_other"}`,
		},
		{
			"an e-mail address typed as the user, with a token that cannot be checked", func(m *machine) { m.apiDown(); m.registryDown() },
			"ghcr.io", "octocat@example.com", "ghp_other", "", `{"username":"x-access-token","secret":"ghp_other"}`,
		},
		{
			"a dead token that was typed as the user too", func(*machine) {},
			"ghcr.io", "ghp_dead", "ghp_dead",
			"the personal access token (classic) was not kept: rejected by GitHub: expired or revoked\nhint: use a token made at https://github.com/settings/tokens/new?scopes=write%3Apackages as the password", "",
		},
		{
			"a dead token", func(*machine) {},
			"ghcr.io", "octocat", "ghp_dead",
			"the personal access token (classic) was not kept: rejected by GitHub: expired or revoked\nhint: use a token made at https://github.com/settings/tokens/new?scopes=write%3Apackages as the password", "",
		},
		{
			"a dead token in the place of our own entry", func(m *machine) { m.dockerLogin(github.DotCom, "octocat", "ghp_own") },
			"ghcr.io", "octocat", "ghp_dead",
			"the personal access token (classic) was not kept: rejected by GitHub: expired or revoked\nhint: use a token made at https://github.com/settings/tokens/new?scopes=write%3Apackages as the password",
			`{"username":"octocat","secret":"ghp_own"}`,
		},
		{
			"a token that lacks the scope", func(m *machine) { m.token("ghp_other", "repo") },
			"ghcr.io", "octocat", "ghp_other",
			"the personal access token (classic) was not kept: lacks write:packages (has repo)\nhint: use a token made at https://github.com/settings/tokens/new?scopes=write%3Apackages as the password", "",
		},
		{
			"a fine-grained token", func(m *machine) { m.token("github_pat_other", "write:packages") },
			"ghcr.io", "octocat", "github_pat_other",
			"the fine-grained personal access token was not kept: fine-grained personal access token; GitHub Packages does not take it\nhint: use a token made at https://github.com/settings/tokens/new?scopes=write%3Apackages as the password", "",
		},
		{
			"a password of two words", func(*machine) {},
			"ghcr.io", "octocat", "correct horse",
			"the password was not kept: the value has a blank, control or non-ASCII character inside\nhint: use the token itself as the password; a new one is made at https://github.com/settings/tokens/new?scopes=write%3Apackages", "",
		},
		{
			"an empty password", func(*machine) {},
			"ghcr.io", "octocat", "",
			"the password was not kept: the value is empty\nhint: use the token itself as the password; a new one is made at https://github.com/settings/tokens/new?scopes=write%3Apackages", "",
		},
		{
			"a good token where there is no keyring", func(m *machine) {
				m.token("ghp_other", "write:packages")
				m.keyring.Fail(errors.New("dbus: invalid bus address"))
			},
			"ghcr.io", "octocat", "ghp_other",
			alone + "no keyring can be reached from here: dbus: invalid bus address\nhint: set GHCR_TOKEN instead of docker login", "",
		},
		{
			"a good token where there is no keyring, for a tenant", func(m *machine) {
				m.github.Add("ghp_other", credentialstest.Token{Host: "acme.ghe.com", Login: "octocat", Scopes: []string{"write:packages"}})
				m.keyring.Fail(errors.New("dbus: invalid bus address"))
			},
			"containers.acme.ghe.com", "octocat", "ghp_other",
			alone + "no keyring can be reached from here: dbus: invalid bus address\nhint: set GH_TOKEN instead of docker login", "",
		},
		{
			"a good token where the keyring is locked", func(m *machine) {
				m.token("ghp_other", "write:packages")
				m.keyring.Fail(errors.New("failed to unlock correct collection"))
			},
			"ghcr.io", "octocat", "ghp_other",
			"the token was not kept: the keyring is locked\nhint: " + unlock, "",
		},
		{
			"a good token where the keyring fails", func(m *machine) {
				m.token("ghp_other", "write:packages")
				m.keyring.Panic("oh")
			},
			"ghcr.io", "octocat", "ghp_other",
			alone + "the keyring failed: the keyring's connection broke\nhint: set GHCR_TOKEN instead of docker login", "",
		},
		{
			"what get gave where the keyring is locked", func(m *machine) {
				m.variable("gho_example")
				m.token("gho_example", "write:packages")
				m.keyring.Fail(errors.New("failed to unlock correct collection"))
			},
			"ghcr.io", "octocat", "gho_example", "", "",
		},
		{
			"a login for another registry", func(*machine) {},
			"https://index.docker.io/v1/", "octocat", "hunter2",
			"docker-credential-ghcr keeps logins for GitHub's container registries only, not for index.docker.io; remove it from credsStore or credHelpers there", "",
		},
		{
			"a login for an address with a password", func(m *machine) { m.token("ghp_other", "write:packages") },
			"https://octocat:ghp_inside@ghcr.io", "octocat", "ghp_other",
			"docker-credential-ghcr keeps logins for GitHub's container registries only, not for ghcr.io; remove it from credsStore or credHelpers there", "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			test.prepare(m)
			before := m.files()
			err := m.store(test.serverURL, test.user, test.secret)
			if test.err == "" && err != nil || test.err != "" && (err == nil || err.Error() != test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
			m.keyring.Fail(nil)
			m.keyring.Panic(nil)
			host := github.DotCom
			if strings.Contains(test.serverURL, "ghe.com") {
				host = "acme.ghe.com"
			}
			if got := m.kept(host); got != test.kept {
				t.Errorf("kept %q, want %q", got, test.kept)
			}
			record, recorded, _ := readLoginRecord(host)
			if recorded != (test.kept != "") || recorded && !strings.HasPrefix(test.kept, `{"username":`+inJSON(record.User)+",") {
				t.Errorf("recorded is %+v, %v", record, recorded)
			}
			for path, content := range m.files() {
				if strings.Contains(content, test.secret) && test.secret != "" && before[path] != content {
					t.Errorf("%s holds %s", path, content)
				}
			}
		})
	}
}

func TestWhatWasStoredIsGivenAndAfterEraseIsNot(t *testing.T) {
	for _, test := range []struct{ serverURL, host string }{
		{"ghcr.io", "github.com"},
		{"containers.acme.ghe.com", "acme.ghe.com"},
		{"containers.git.example.com", "git.example.com"},
	} {
		t.Run(test.serverURL, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GH_HOST", "git.example.com")
			m.github.Add("ghp_example", credentialstest.Token{Host: test.host, Login: "octocat", Scopes: []string{"write:packages"}})
			if err := m.store(test.serverURL, "somebody", "ghp_example"); err != nil {
				t.Fatal(err)
			}
			m.found("https://"+test.serverURL+"/v2/", "octocat", "ghp_example")
			if want := map[string]string{test.serverURL: "octocat"}; !maps.Equal(m.list(), want) {
				t.Errorf("listed %v, want %v", m.list(), want)
			}
			for range 2 { // as docker does
				if said := m.erase(test.serverURL); said != "" {
					t.Errorf("erase said %q", said)
				}
			}
			m.notFound(test.serverURL)
			if m.keyring.Len() != 0 || len(m.list()) != 0 {
				t.Errorf("left are %d items, %v", m.keyring.Len(), m.list())
			}
			for path := range m.files() {
				if !strings.HasSuffix(path, ".lock") {
					t.Errorf("left is %s", path)
				}
			}
		})
	}
}

func TestEraseFindsALoginWhoseHostIsNoLongerConfigured(t *testing.T) {
	for _, serverURL := range []string{
		"containers.git.example.com", "docker.git.example.com", "https://Containers.Git.Example.com:443/v2/\r\n",
	} {
		t.Run(serverURL, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GH_HOST", "git.example.com")
			m.github.Add("ghp_example", credentialstest.Token{Host: "git.example.com", Login: "monalisa", Scopes: []string{"write:packages"}})
			if err := m.store("containers.git.example.com", "monalisa", "ghp_example"); err != nil {
				t.Fatal(err)
			}
			t.Setenv("GH_HOST", "")
			requests, opened := len(m.github.Requests()), m.opened()
			m.notFound("containers.git.example.com")
			if logins := m.list(); len(logins) > 0 {
				t.Errorf("listed %v", logins)
			}
			// A host that only ends or begins alike is another's.
			m.erase("containers.evil.git.example.com")
			m.erase("containers.git.example.com.evil.example")
			if calls := m.keyring.Calls()[opened:]; len(calls) > 0 {
				t.Errorf("used the keyring %q", calls)
			}
			if said := m.erase(serverURL); said != "" {
				t.Errorf("erase said %q", said)
			}
			if m.keyring.Len() != 0 || hasLoginRecord("git.example.com") {
				t.Errorf("left are %d items", m.keyring.Len())
			}
			if n := len(m.github.Requests()); n != requests {
				t.Errorf("sent %d requests", n-requests)
			}
		})
	}
}

func TestAnEntryThatNobodyVouchedForIsJudgedAtTheNextGet(t *testing.T) {
	m := newMachine(t)
	m.apiDown()
	m.registryDown()
	if err := m.store("ghcr.io", "octocat", "ghp_example"); err != nil {
		t.Fatal(err)
	}
	m.up()
	if v := m.only("ghcr.io"); v.Source != DockerLogin || v.Fault != Rejected {
		t.Errorf("got %+v", v)
	}
}

func TestAKeyringThatHangsWhileStoringMayHaveStored(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.token("ghp_example", "write:packages")
		release := make(chan struct{})
		m.keyring.Hang(release)
		if err := m.store("ghcr.io", "octocat", "ghp_example"); err == nil {
			m.Error("stored")
		}
		if _, recorded, _ := readLoginRecord(github.DotCom); !recorded {
			m.Error("there is no record by which erase would find it")
		}
		close(release)
		m.keyring.Hang(nil)
		time.Sleep(time.Second)
		if said := m.erase("ghcr.io"); said != "" || m.keyring.Len() != 0 {
			m.Errorf("erase said %q, left are %d items", said, m.keyring.Len())
		}
	})
}

func TestAStoreThatFailsLeavesTheEarlierLoginAsItWas(t *testing.T) {
	m := newMachine(t)
	m.token("ghp_own", "write:packages")
	m.token("ghp_other", "write:packages")
	m.dockerLogin(github.DotCom, "octocat", "ghp_own")
	before, _, _ := readLoginRecord(github.DotCom)
	m.keyring.Fail(errors.New("failed to unlock correct collection"))
	if err := m.store("ghcr.io", "hubot", "ghp_other"); err == nil {
		t.Error("stored")
	}
	m.keyring.Fail(nil)
	if after, _, _ := readLoginRecord(github.DotCom); after != before {
		t.Errorf("the record is %+v, before it was %+v", after, before)
	}
	m.found("ghcr.io", "octocat", "ghp_own")
	if got := m.list(); got["ghcr.io"] != "octocat" {
		t.Errorf("listed %v", got)
	}
	m.erase("ghcr.io")
	m.notFound("ghcr.io")
}

func TestALoginWhoseRecordCannotBeWrittenIsNotKept(t *testing.T) {
	m := newMachine(t)
	m.token("ghp_example", "write:packages")
	dir, err := loginsDir()
	if err != nil {
		t.Fatal(err)
	}
	m.write(dir, "a file where the folder would be")
	err = m.store("ghcr.io", "octocat", "ghp_example")
	if err == nil || !strings.Contains(err.Error(), "the record of logins cannot be written") || !strings.Contains(err.Error(), "\nhint: set GHCR_TOKEN instead of docker login") {
		t.Errorf("got %v", err)
	}
	if m.keyring.Len() != 0 {
		t.Error("it is in the keyring, where it would never be found")
	}
}

func TestADamagedEntryOfDockerLoginIsAFault(t *testing.T) {
	for _, test := range []struct {
		name   string
		spoil  func(m *machine, record string)
		fault  Fault
		reason string
	}{
		{"the item is gone", func(m *machine, _ string) { _ = m.keyring.Delete(loginService, github.DotCom) }, Missing, "the keyring no longer holds what docker login put there"},
		{"the item is not JSON", func(m *machine, _ string) { m.keep(loginService, github.DotCom, "gho_"+canary) }, Broken, "the keyring's item docker-credential-ghcr is damaged"},
		{"the item is empty", func(m *machine, _ string) { m.keep(loginService, github.DotCom, "") }, Broken, "the keyring's item docker-credential-ghcr is damaged"},
		{"the item holds no secret", func(m *machine, _ string) { m.keep(loginService, github.DotCom, `{"username":"octocat"}`) }, Broken, "the value is empty"},
		{"the item holds what is no token", func(m *machine, _ string) { m.keep(loginService, github.DotCom, `{"secret":"a b"}`) }, Broken, "the value has a blank, control or non-ASCII character inside"},
		{"the record is a directory", func(m *machine, record string) { os.Remove(record); m.write(filepath.Join(record, "x"), "") }, Broken, "RECORD is a directory"},
		{"the record is a link that leads nowhere", func(m *machine, record string) { m.link(record) }, Broken, "RECORD is a link that leads nowhere"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.dockerLogin(github.DotCom, "octocat", "gho_example")
			dir, err := loginsDir()
			if err != nil {
				t.Fatal(err)
			}
			record := filepath.Join(dir, github.DotCom)
			test.spoil(m, record)
			v := m.only("ghcr.io")
			if v.Source != DockerLogin || v.Fault != test.fault || v.Reason != strings.ReplaceAll(test.reason, "RECORD", record) {
				t.Errorf("got %+v", v)
			}
			if !strings.Contains(v.Fix.String(), "run: docker login ghcr.io") {
				t.Errorf("the fix is %+v", v.Fix)
			}
		})
	}
}

func TestADamagedRecordStillLeadsToTheItem(t *testing.T) {
	for _, content := range []string{"", "{", "null", "[]", `{"user":7}`, "\x00"} {
		m := newMachine(t)
		m.dockerLogin(github.DotCom, "octocat", "gho_example")
		m.token("gho_example", "write:packages")
		dir, _ := loginsDir()
		m.write(filepath.Join(dir, github.DotCom), content)
		m.found("ghcr.io", "octocat", "gho_example")
		if got := m.list(); len(got) != 1 || got["ghcr.io"] == "" {
			t.Errorf("%q: listed %v", content, got)
		}
		if said := m.erase("ghcr.io"); said != "" || m.keyring.Len() != 0 {
			t.Errorf("%q: erase said %q, left are %d items", content, said, m.keyring.Len())
		}
	}
}

func TestWhatEraseDoes(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(m *machine)
		// calls are the uses of the keyring, said what the person reads, left
		// whether the record stays.
		calls []string
		said  string
		left  bool
	}{
		{"nothing is there", func(*machine) {}, nil, "", false},
		{"gh is logged in", func(m *machine) { m.ghKeyringLogin(github.DotCom, "octocat", "gho_example") }, nil, "", false},
		{"an item without a record", func(m *machine) { m.keep(loginService, github.DotCom, "x") }, nil, "", false},
		{
			"a login", func(m *machine) { m.dockerLogin(github.DotCom, "octocat", "gho_example") },
			[]string{"delete docker-credential-ghcr github.com"}, "", false,
		},
		{
			"a record without an item", func(m *machine) {
				m.dockerLogin(github.DotCom, "octocat", "gho_example")
				_ = m.keyring.Delete(loginService, github.DotCom)
			},
			[]string{"delete docker-credential-ghcr github.com"}, "", false,
		},
		{
			"a login of another host", func(m *machine) { m.dockerLogin("acme.ghe.com", "octocat", "gho_example") },
			nil, "", false,
		},
		{
			"a keyring that is locked", func(m *machine) {
				m.dockerLogin(github.DotCom, "octocat", "gho_example")
				m.keyring.Fail(errors.New("failed to unlock correct collection"))
			},
			[]string{"delete docker-credential-ghcr github.com"},
			"docker-credential-ghcr: warning: the login for ghcr.io is still in the keyring, run docker logout again: the keyring is locked\n", true,
		},
		{
			"a keyring that is not there", func(m *machine) {
				m.dockerLogin(github.DotCom, "octocat", "gho_example")
				m.keyring.Fail(errors.New("dbus: invalid bus address"))
			},
			[]string{"delete docker-credential-ghcr github.com"},
			"docker-credential-ghcr: warning: the login for ghcr.io is still in the keyring, run docker logout again: no keyring can be reached from here: dbus: invalid bus address\n", true,
		},
		{
			"a keyring that panics", func(m *machine) {
				m.dockerLogin(github.DotCom, "octocat", "gho_example")
				m.keyring.Panic("gho_" + canary)
			},
			[]string{"delete docker-credential-ghcr github.com"},
			"docker-credential-ghcr: warning: the login for ghcr.io is still in the keyring, run docker logout again: the keyring failed: the keyring's connection broke\n", true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.variable("gho_variable")
			test.prepare(m)
			opened := m.opened()
			hosts, _ := os.ReadFile(m.hostsPath())
			if said := m.erase("https://ghcr.io/"); said != test.said {
				t.Errorf("said %q, want %q", said, test.said)
			}
			if calls := m.keyring.Calls()[opened:]; !slices.Equal(calls, test.calls) {
				t.Errorf("used the keyring %q, want %q", calls, test.calls)
			}
			m.wantAsked(0, 0)
			if _, left, _ := readLoginRecord(github.DotCom); left != test.left {
				t.Errorf("the record stays: %v", left)
			}
			if now, _ := os.ReadFile(m.hostsPath()); string(now) != string(hosts) {
				t.Errorf("hosts.yml is now %q", now)
			}
			// Once more, with a keyring that works again.
			m.keyring.Fail(nil)
			m.keyring.Panic(nil)
			if said := m.erase("ghcr.io"); said != "" {
				t.Errorf("the second time said %q", said)
			}
			if _, left, _ := readLoginRecord(github.DotCom); left {
				t.Error("the record stays the second time")
			}
		})
	}
}

func TestEraseForgetsWhatIsRememberedOfItsTokenAndNoOther(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.dockerLogin(github.DotCom, "octocat", "ghp_login")
		m.variable("gho_dead")
		m.refused("ghcr.io")
		m.wantAsked(2, 0)
		m.erase("ghcr.io")
		m.dockerLogin(github.DotCom, "octocat", "ghp_login")
		m.refused("ghcr.io")
		m.wantAsked(3, 0)
		if n := len(m.github.RequestsWith("ghp_login")); n != 2 {
			m.Errorf("asked %d times about docker login's token", n)
		}
	})
}

func TestWhatIsListed(t *testing.T) {
	const both = "git.example.com:\n    user: monalisa\ngithub.com:\n    user: octocat\nacme.ghe.com:\n    user: hubot_acme\n"
	for _, test := range []struct {
		name    string
		prepare func(m *machine)
		want    map[string]string
	}{
		{"nothing", func(*machine) {}, nil},
		{"gh's login", func(m *machine) { m.ghKeyringLogin(github.DotCom, "octocat", "gho_x") }, map[string]string{"ghcr.io": "octocat"}},
		{"gh's logins at several hosts", func(m *machine) { m.hosts(both) }, map[string]string{
			"ghcr.io": "octocat", "containers.git.example.com": "monalisa", "containers.acme.ghe.com": "hubot_acme",
		}},
		{"a token of gh's without a user", func(m *machine) { m.hosts("github.com:\n    oauth_token: gho_x\n") }, map[string]string{"ghcr.io": "x-access-token"}},
		{"an entry of gh's with preferences only", func(m *machine) { m.hosts("github.com:\n    git_protocol: ssh\n") }, nil},
		{"hosts that have no registry", func(m *machine) {
			m.hosts("localhost:\n    user: a\ngithub.localhost:\n    user: b\nghcr.io:\n    user: c\n\"a b.example\":\n    user: d\nghe.com:\n    user: e\n")
		}, nil},
		{"a user that is none", func(m *machine) { m.hosts("github.com:\n    user: \"a b\"\n") }, nil},
		{"a user that is none, with a token", func(m *machine) { m.hosts("github.com:\n    user: <token>\n    oauth_token: gho_x\n") }, map[string]string{"ghcr.io": "x-access-token"}},
		{"the account that setup named", func(m *machine) {
			m.hosts("github.com:\n    users:\n        octocat:\n        hubot:\n    user: octocat\n")
			m.settings(`{"registries":{"ghcr.io":{"user":"hubot"}}}`)
		}, map[string]string{"ghcr.io": "hubot"}},
		{"the account that setup named, for the other registry", func(m *machine) {
			m.hosts("github.com:\n    user: octocat\n")
			m.settings(`{"registries":{"docker.pkg.github.com":{"user":"hubot"}}}`)
		}, map[string]string{"ghcr.io": "octocat"}},
		{"the account that setup named, though gh has no login", func(m *machine) {
			m.settings(`{"registries":{"ghcr.io":{"user":"hubot"}}}`)
		}, nil},
		{"docker login's before the account that setup named", func(m *machine) {
			m.hosts("github.com:\n    user: octocat\n")
			m.settings(`{"registries":{"ghcr.io":{"user":"hubot"}}}`)
			m.dockerLogin(github.DotCom, "monalisa", "ghp_x")
		}, map[string]string{"ghcr.io": "monalisa"}},
		{"docker login's", func(m *machine) { m.dockerLogin(github.DotCom, "octocat", "ghp_x") }, map[string]string{"ghcr.io": "octocat"}},
		{"docker login's before gh's", func(m *machine) {
			m.hosts(both)
			m.dockerLogin(github.DotCom, "hubot", "ghp_x")
		}, map[string]string{"ghcr.io": "hubot", "containers.git.example.com": "monalisa", "containers.acme.ghe.com": "hubot_acme"}},
		{"docker login's with a user that is none", func(m *machine) { m.dockerLogin(github.DotCom, "octocat@example.com", "ghp_x") }, map[string]string{"ghcr.io": "x-access-token"}},
		{"docker login's with a token as its user, as it was once kept", func(m *machine) { m.dockerLogin(github.DotCom, "ghp_"+canary, "ghp_"+canary) }, map[string]string{"ghcr.io": "x-access-token"}},
		{"a variable alone", func(m *machine) { m.Setenv("GH_TOKEN", "gho_x") }, map[string]string{"ghcr.io": "x-access-token"}},
		{"our variable alone", func(m *machine) { m.Setenv("GHCR_TOKEN", "gho_x") }, map[string]string{"ghcr.io": "x-access-token"}},
		{"a variable beside gh's login", func(m *machine) {
			m.Setenv("GH_TOKEN", "gho_x")
			m.hosts("github.com:\n    user: octocat\n")
		}, map[string]string{"ghcr.io": "octocat"}},
		{"a variable that is broken", func(m *machine) { m.Setenv("GH_TOKEN", "a b") }, nil},
		{"an enterprise variable without a host", func(m *machine) { m.Setenv("GH_ENTERPRISE_TOKEN", "gho_x") }, nil},
		{"an enterprise variable with a host", func(m *machine) {
			m.Setenv("GH_ENTERPRISE_TOKEN", "gho_x")
			m.Setenv("GH_HOST", "git.example.com")
		}, map[string]string{"containers.git.example.com": "x-access-token"}},
		{"an enterprise variable with a host of the settings", func(m *machine) {
			m.Setenv("GH_ENTERPRISE_TOKEN", "gho_x")
			m.settings(`{"registries":{"containers.git.example.com":{},"ghcr.io":{}}}`)
		}, map[string]string{"containers.git.example.com": "x-access-token"}},
		{"hosts.yml is broken", func(m *machine) {
			m.hosts("\t")
			m.Setenv("GH_TOKEN", "gho_x")
		}, map[string]string{"ghcr.io": "x-access-token"}},
		{"the settings are broken", func(m *machine) {
			m.settings("[")
			m.hosts("github.com:\n    user: octocat\n")
		}, map[string]string{"ghcr.io": "octocat"}},
		{"the folder of records holds something else", func(m *machine) {
			dir, _ := loginsDir()
			m.write(filepath.Join(dir, "a b"), "{}")
			m.write(filepath.Join(dir, ".hidden"), "{}")
			m.write(filepath.Join(dir, "git.example.com", "x"), "{}")
		}, nil},
		{"the folder of records is a file", func(m *machine) {
			dir, _ := loginsDir()
			m.write(dir, "")
		}, nil},
		{"no home", func(m *machine) {
			for _, name := range []string{"HOME", "USERPROFILE", "AppData", "LocalAppData", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "GH_CONFIG_DIR"} {
				m.Setenv(name, "")
			}
			m.Chdir(m.TempDir())
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			test.prepare(m)
			opened := m.opened()
			if got := m.list(); !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			m.wantAsked(0, 0)
			if m.opened() != opened {
				t.Errorf("used the keyring %q", m.keyring.Calls()[opened:])
			}
		})
	}
}

func TestEachHostHasItsOwnLogin(t *testing.T) {
	m := newMachine(t)
	m.hosts("git.example.com:\n    user: monalisa\n    oauth_token: gho_enterprise\ngithub.com:\n    user: octocat\n    oauth_token: gho_com\nacme.ghe.com:\n    user: hubot_acme\n    oauth_token: gho_tenant\n")
	for _, test := range []struct{ registry, host, user, secret string }{
		{"ghcr.io", "github.com", "octocat", "gho_com"},
		{"docker.pkg.github.com", "github.com", "octocat", "gho_com"},
		{"containers.acme.ghe.com", "acme.ghe.com", "hubot_acme", "gho_tenant"},
		{"containers.git.example.com", "git.example.com", "monalisa", "gho_enterprise"},
		{"docker.git.example.com", "git.example.com", "monalisa", "gho_enterprise"},
	} {
		m.github.Add(test.secret, credentialstest.Token{Host: test.host, Login: test.user, Scopes: []string{"write:packages"}})
		m.found(test.registry, test.user, test.secret)
	}
}

func TestGetAndSearchAgreeWhateverTheFacts(t *testing.T) {
	secrets := []string{"gho_good", "gho_scopeless", "gho_dead", "github_pat_x", "ghs_good", "a b"}
	for _, variable := range secrets {
		for _, stored := range secrets[:5] {
			t.Run(variable+" before "+stored, func(t *testing.T) {
				m := newMachine(t)
				m.token("gho_good", "write:packages")
				m.token("gho_scopeless", "repo")
				m.github.Add("ghs_good", credentialstest.Token{})
				m.variable(variable)
				m.ghLogin(github.DotCom, "octocat", stored)
				got := m.get("ghcr.io")
				var first *Verdict
				for _, v := range m.verdicts("ghcr.io") {
					if v.Good() && first == nil {
						first = &v
					}
					if fixed := (v.Fix.Command == "") != (v.Fix.Advice == ""); fixed == v.Good() {
						t.Errorf("%s: good is %v, the fix is %+v", v.Candidate, v.Good(), v.Fix)
					}
				}
				switch {
				case first == nil && (got.err == nil || got.stderr == ""):
					t.Errorf("nothing is good, but get gave %+v", got)
				case first != nil && (got.err != nil || got.secret != first.Token.Reveal() || got.user != first.User || got.stderr != ""):
					t.Errorf("good is %+v, but get gave %+v", first, got)
				}
			})
		}
	}
}

// GitHub answers 403 to requests without a User-Agent, which says nothing about the token.
func TestTheZeroHelperChecksTheScope(t *testing.T) {
	m := newMachine(t)
	m.variable("gho_example")
	m.token("gho_example", "repo")
	h := &Helper{Transport: m.github.Transport(), Keyring: m.keyring}
	if _, secret, err := h.Get("ghcr.io"); secret != "" || !protocol.IsErrCredentialsNotFound(err) {
		t.Errorf("got %q, %v", secret, err)
	}
	for _, r := range m.github.Requests() {
		if r.UserAgent != "docker-credential-ghcr" {
			t.Errorf("asked as %q", r.UserAgent)
		}
	}
}

// What several goroutines say does not mix: bytes.Buffer is for one at a time.
func TestSeveralGoroutinesMayUseOneHelper(t *testing.T) {
	m := newMachine(t)
	m.variable("github_pat_example")
	h, said := m.helper(), &bytes.Buffer{}
	h.Stderr = said
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { _, _, _ = h.Get("ghcr.io") })
	}
	all.Wait()
	if n := strings.Count(said.String(), "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n  GH_TOKEN: "); n != 8 {
		t.Errorf("%d of 8 refusals are whole:\n%s", n, said)
	}
}
