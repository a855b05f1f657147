package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// cachePath is where the answers about a token of github.com are remembered.
func (m *machine) cachePath(secret string) string {
	m.Helper()
	return openCache(false).path(mustParse(m, secret).Key(github.DotCom))
}

// variable puts a token into GH_TOKEN.
func (m *machine) variable(secret string) {
	m.Helper()
	m.Setenv("GH_TOKEN", secret)
}

// apiDown and registryDown make a server say nothing clear.
func (m *machine) apiDown() {
	m.github.Break("", credentialstest.API, credentialstest.ServerError(503))
}

func (m *machine) registryDown() {
	m.github.Break("", credentialstest.Registry, credentialstest.ServerError(503))
}

func (m *machine) up() {
	m.github.Break("", credentialstest.API, nil)
	m.github.Break("", credentialstest.Registry, nil)
}

func TestADeadTokenIsAskedAboutOnceIn50Gets(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.ghLogin(github.DotCom, "octocat", "gho_dead")
		for range 50 {
			m.says("ghcr.io",
				"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
				"  gh, octocat: rejected by GitHub: expired or revoked",
				"docker-credential-ghcr: hint: run: gh auth login -h github.com -s write:packages",
			)
			time.Sleep(10 * time.Second)
		}
		m.wantAsked(1, 0)
	})
}

func TestHowLongAnAnswerIsAsGoodAsAFreshOne(t *testing.T) {
	for _, test := range []struct {
		name    string
		prepare func(m *machine)
		life    time.Duration
		// api and registry are the requests that one asking takes.
		api, registry int
	}{
		{"a good answer", func(m *machine) { m.token("gho_example", "write:packages") }, 10 * time.Second, 1, 0},
		{"an answer that shows that the scope is missing", func(m *machine) { m.token("gho_example", "repo") }, 10 * time.Second, 1, 0},
		{"an answer that names no scopes", func(m *machine) { m.github.Add("gho_example", credentialstest.Token{Login: "octocat"}) }, 10 * time.Second, 1, 0},
		{"a rejection", func(m *machine) {}, 15 * time.Minute, 1, 0},
		{"a suspension", func(m *machine) {
			m.github.Add("gho_example", credentialstest.Token{Login: "octocat", Suspended: true})
		}, 15 * time.Minute, 1, 0},
		{"the registry's yes", func(m *machine) { m.token("gho_example", "write:packages"); m.apiDown() }, 10 * time.Second, 1, 1},
		{"the registry's no", func(m *machine) { m.apiDown() }, 10 * time.Second, 1, 1},
		{"no answer", func(m *machine) { m.apiDown(); m.registryDown() }, 0, 1, 1},
		{"a proxy's page", func(m *machine) {
			m.github.Break("", credentialstest.API, credentialstest.ProxyUnauthorized)
			m.github.Break("", credentialstest.Registry, credentialstest.ProxyPage)
		}, 0, 1, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(m *machine) {
				m.variable("gho_example")
				test.prepare(m)
				first := m.get("ghcr.io")
				m.wantAsked(test.api, test.registry)
				again := func() {
					m.Helper()
					if got := m.get("ghcr.io"); got.user != first.user || got.secret != first.secret || got.stderr != first.stderr {
						m.Errorf("got %+v, first %+v", got, first)
					}
				}
				if test.life > 0 {
					time.Sleep(test.life - time.Nanosecond)
					again()
					m.wantAsked(test.api, test.registry)
					time.Sleep(time.Nanosecond)
				}
				again()
				m.wantAsked(2*test.api, 2*test.registry)
			})
		})
	}
}

func TestWhatIsRememberedOfOneTokenIsNotSaidOfAnother(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.Setenv("GH_HOST", "acme.ghe.com")
		m.variable("gho_dead")
		m.refused("ghcr.io")
		m.token("gho_example", "write:packages")
		m.variable("gho_example")
		m.found("ghcr.io", "octocat", "gho_example")
		m.github.Add("gho_dead", credentialstest.Token{Host: "acme.ghe.com", Login: "octocat", Scopes: []string{"write:packages"}})
		m.variable("gho_dead")
		m.refused("ghcr.io")
		m.found("containers.acme.ghe.com", "octocat", "gho_dead")
	})
}

func TestBothRegistriesOfAHostShareWhatIsRemembered(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "write:packages")
		m.found("ghcr.io", "octocat", "gho_example")
		m.found("docker.pkg.github.com", "octocat", "gho_example")
		m.wantAsked(1, 0)
	})
}

func TestAChangedRequirementCountsAtOnce(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "read:packages")
		m.refused("ghcr.io")
		m.Setenv("GHCR_SCOPE", "read:packages")
		m.found("ghcr.io", "octocat", "gho_example")
		m.Setenv("GHCR_SCOPE", "")
		m.refused("ghcr.io")
		m.wantAsked(1, 0)
	})
}

func TestTheScopesLastKnownServeTheWitness(t *testing.T) {
	for _, test := range []struct {
		name   string
		scopes []string
		good   bool
	}{
		{"good ones", []string{"write:packages"}, true},
		{"others", []string{"repo"}, false},
		{"none", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(m *machine) {
				m.variable("gho_example")
				m.token("gho_example", test.scopes...)
				m.get("ghcr.io")
				time.Sleep(20 * 24 * time.Hour)
				m.apiDown()
				for range 3 {
					v := m.only("ghcr.io")
					if v.Good() != test.good || !v.Witnessed || v.User != "octocat" || !test.good && v.Fault != LacksScope {
						m.Errorf("got %+v", v)
					}
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

func TestTheScopesLastKnownOutliveARejection(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "repo")
		m.refused("ghcr.io")
		time.Sleep(time.Minute)
		m.github.Add("gho_example", credentialstest.Token{Login: "octocat", Suspended: true})
		m.refused("ghcr.io")
		time.Sleep(time.Hour)
		m.token("gho_example", "repo")
		m.apiDown()
		if v := m.only("ghcr.io"); v.Fault != LacksScope {
			m.Errorf("got %+v", v)
		}
	})
}

func TestTheNewestClearAnswerCounts(t *testing.T) {
	for _, test := range []struct {
		name string
		// first is what GitHub says at first, then what it says later.
		first, then func(m *machine)
		// wait is between the two, fresh whether the later one is asked for afresh.
		wait  time.Duration
		fresh bool
		good  bool
	}{
		{
			"the API's yes after its no", func(m *machine) {}, func(m *machine) { m.token("gho_example", "write:packages") },
			time.Minute, true, true,
		},
		{
			"the API's no after its yes", func(m *machine) { m.token("gho_example", "write:packages") }, func(m *machine) { m.github.Revoke("gho_example") },
			time.Second, true, false,
		},
		{
			"the registry's yes after the API's no", func(m *machine) {}, func(m *machine) { m.token("gho_example", "write:packages"); m.apiDown() },
			time.Minute, true, true,
		},
		{
			"the registry's no after the API's yes", func(m *machine) { m.token("gho_example", "write:packages") }, func(m *machine) { m.github.Revoke("gho_example"); m.apiDown() },
			time.Second, true, false,
		},
		{
			"the registry's yes when the API's no is too old", func(m *machine) {}, func(m *machine) { m.token("gho_example", "write:packages"); m.apiDown() },
			time.Hour, false, true,
		},
		{
			"the registry's no when the API's yes is too old", func(m *machine) { m.token("gho_example", "write:packages") }, func(m *machine) { m.github.Revoke("gho_example"); m.apiDown() },
			time.Hour, false, false,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(m *machine) {
				m.variable("gho_example")
				test.first(m)
				m.get("ghcr.io")
				time.Sleep(test.wait)
				test.then(m)
				h := m.helper()
				h.Fresh = test.fresh
				if _, _, err := h.Get("ghcr.io"); (err == nil) != test.good {
					m.Errorf("the later answer gave %v", err)
				}
				requests := len(m.github.Requests())
				time.Sleep(time.Second)
				if got := m.get("ghcr.io"); (got.err == nil) != test.good {
					m.Errorf("after it, get gave %+v", got)
				}
				if n := len(m.github.Requests()); n != requests {
					m.Errorf("get asked %d times more", n-requests)
				}
			})
		})
	}
}

func TestFreshAsksAnewAndLetsOthersKnow(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "write:packages")
		h := m.helper()
		h.Fresh = true
		for n := range 3 {
			if user, secret, err := h.Get("ghcr.io"); user != "octocat" || secret != "gho_example" || err != nil {
				m.Errorf("got %q, %q, %v", user, secret, err)
			}
			m.wantAsked(n+1, 0)
		}
		m.found("ghcr.io", "octocat", "gho_example")
		m.wantAsked(3, 0)
	})
}

func TestFreshAsksOnceAboutATokenThatIsInTwoPlaces(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.ghLogin(github.DotCom, "octocat", "gho_example")
		s, _ := (&Helper{Transport: m.github.Transport(), Keyring: m.keyring, UserAgent: "x", Fresh: true}).Search("ghcr.io")
		n := 0
		for v := range s.Verdicts(m.Context()) {
			n++
			if v.Fault != Rejected {
				m.Errorf("got %+v", v)
			}
		}
		if n != 2 {
			m.Errorf("got %d verdicts", n)
		}
		m.wantAsked(1, 0)
	})
}

func TestAClockThatGoesBackwardsMakesMemoryWorthless(t *testing.T) {
	for name, prepare := range map[string]func(m *machine){
		"of a good answer": func(m *machine) { m.token("gho_example", "write:packages") },
		"of a rejection":   func(m *machine) {},
		"of the registry":  func(m *machine) { m.token("gho_example", "write:packages"); m.apiDown() },
	} {
		t.Run(name, func(t *testing.T) {
			var cache string
			inBubble(t, func(m *machine) {
				time.Sleep(time.Hour)
				m.variable("gho_example")
				prepare(m)
				m.get("ghcr.io")
				content, err := os.ReadFile(m.cachePath("gho_example"))
				if err != nil {
					m.Fatal(err)
				}
				cache = string(content)
			})
			// Every bubble's clock begins at the same time.
			inBubble(t, func(m *machine) {
				m.variable("gho_example")
				prepare(m)
				m.write(m.cachePath("gho_example"), cache)
				m.get("ghcr.io")
				if n := len(m.github.Requests()); n == 0 {
					m.Error("no request was sent")
				}
			})
		})
	}
}

// lockOf is the lock beside what is remembered.
func lockOf(path string) string { return strings.TrimSuffix(path, ".json") + ".lock" }

func TestMemoryThatCannotBeReadIsNoTrouble(t *testing.T) {
	for name, spoil := range map[string]func(m *machine, path string){
		"empty":    func(m *machine, path string) { m.write(path, "") },
		"not JSON": func(m *machine, path string) { m.write(path, "remembered\n") },
		"cut short": func(m *machine, path string) {
			m.write(path, `{"api":{"asked":"2000-01-01T00:00:00Z","status":200,"own":tr`)
		},
		"of another form": func(m *machine, path string) { m.write(path, `{"api":{"asked":946684800,"status":"200"}}`) },
		"a list":          func(m *machine, path string) { m.write(path, "[1, 2]") },
		"null":            func(m *machine, path string) { m.write(path, "null") },
		"an empty object": func(m *machine, path string) { m.write(path, "{}") },
		"of another program": func(m *machine, path string) {
			m.write(path, `{"registry":"ghcr.io","api":null,"accepted":[],"version":3}`)
		},
		"from the end of time": func(m *machine, path string) {
			m.write(path, `{"api":{"asked":"9999-12-31T23:59:59Z","status":401,"own":true}}`)
		},
		"from before time": func(m *machine, path string) {
			m.write(path, `{"api":{"asked":"0001-01-01T00:00:00Z","status":401,"own":true}}`)
		},
		"without a time":                        func(m *machine, path string) { m.write(path, `{"api":{"status":401,"own":true}}`) },
		"of a status that means nil":            func(m *machine, path string) { m.write(path, `{"api":{"asked":"2000-01-01T00:00:00Z","own":true}}`) },
		"2 MiB":                                 func(m *machine, path string) { m.write(path, strings.Repeat(" ", 2<<20)) },
		"a directory":                           func(m *machine, path string) { m.write(filepath.Join(path, "x"), "") },
		"a link that leads nowhere":             func(m *machine, path string) { m.link(path) },
		"a directory as the lock":               func(m *machine, path string) { m.write(filepath.Join(lockOf(path), "x"), "") },
		"a link that leads nowhere as the lock": func(m *machine, path string) { m.link(lockOf(path)) },
		"a file as the folder":                  func(m *machine, path string) { m.write(filepath.Dir(path), "") },
		"a file as the folder of the folder": func(m *machine, path string) {
			m.write(filepath.Dir(filepath.Dir(path)), "")
		},
		"a folder that may not be written": func(m *machine, path string) {
			m.write(path, "")
			if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
				m.Fatal(err)
			}
			m.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o700) })
		},
		"no place for it": func(m *machine, _ string) {
			for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
				m.Setenv(name, "")
			}
		},
		"a place that is not absolute": func(m *machine, _ string) { m.Setenv("XDG_CACHE_HOME", "cache") },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(m *machine) {
				m.variable("gho_example")
				m.token("gho_example", "write:packages")
				spoil(m, m.cachePath("gho_example"))
				m.found("ghcr.io", "octocat", "gho_example")
				m.wantAsked(1, 0)
				time.Sleep(time.Minute)
				m.github.Revoke("gho_example")
				m.refused("ghcr.io")
				m.wantAsked(2, 0)
			})
		})
	}
}

func TestWithoutMemoryEveryGetAsks(t *testing.T) {
	for value, off := range map[string]bool{"1": true, "true": true, "yes": true, "2": true, "0": false, "false": false, "": false} {
		t.Run("GHCR_NO_MEMORY="+value, func(t *testing.T) {
			m := newMachine(t)
			t.Setenv("GHCR_NO_MEMORY", value)
			m.variable("gho_dead")
			m.refused("ghcr.io")
			m.refused("ghcr.io")
			if off {
				m.wantAsked(2, 0)
			} else {
				m.wantAsked(1, 0)
			}
			if files := m.files(); (len(files) == 0) != off {
				t.Errorf("there are %q", files)
			}
		})
	}
}

func TestMemoryHoldsNoSecretAndIsForItsOwnerOnly(t *testing.T) {
	m := newMachine(t)
	for _, secret := range []string{"gho_" + canary, "ghp_" + canary, "ghs_" + canary} {
		m.variable(secret)
		m.get("ghcr.io")
		m.token(secret, "write:packages")
		t.Setenv("GH_TOKEN", secret+"x")
		m.apiDown()
		m.get("ghcr.io")
		m.up()
	}
	files := m.files()
	if len(files) != 2*6 {
		t.Errorf("there are %d files", len(files))
	}
	for path, content := range files {
		if shows(path) || shows(content) {
			t.Errorf("%s holds %s", path, content)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		dir, err := os.Stat(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && (info.Mode().Perm() != 0o600 || dir.Mode().Perm() != 0o700) {
			t.Errorf("%s has mode %v in %v", path, info.Mode(), dir.Mode())
		}
	}
}

func TestOf20ThatAskAtOnceOneAsks(t *testing.T) {
	for _, test := range []struct {
		name          string
		prepare       func(m *machine)
		api, registry int
		user          string
	}{
		{"about a good token", func(m *machine) {
			m.token("gho_example", "write:packages")
			m.github.Break("", credentialstest.API, credentialstest.Slow(time.Second, nil))
		}, 1, 0, "octocat"},
		{"about a dead token", func(m *machine) {
			m.github.Break("", credentialstest.API, credentialstest.Slow(time.Second, nil))
		}, 1, 0, ""},
		{"while the API is down", func(m *machine) {
			m.token("gho_example", "write:packages")
			m.apiDown()
			m.github.Break("", credentialstest.Registry, credentialstest.Slow(time.Second, nil))
		}, 1, 1, "x-access-token"},
		{"while the API hangs", func(m *machine) {
			m.token("gho_example", "write:packages")
			m.github.Break("", credentialstest.API, credentialstest.Hang)
			m.github.Break("", credentialstest.Registry, credentialstest.Slow(time.Second/2, nil))
		}, 1, 1, "x-access-token"},
		{"while the API and the registry answer in riddles", func(m *machine) {
			m.token("gho_example", "write:packages")
			m.apiDown()
			m.github.Break("", credentialstest.Registry, credentialstest.Slow(time.Second, credentialstest.ProxyDenied))
		}, 1, 1, ""},
		{"while nothing answers", func(m *machine) {
			m.token("gho_example", "write:packages")
			m.github.Break("", credentialstest.API, credentialstest.Hang)
			m.github.Break("", credentialstest.Registry, credentialstest.Hang)
		}, 1, 1, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, func(m *machine) {
				m.variable("gho_example")
				test.prepare(m)
				m.burst(20, test.user)
				m.wantAsked(test.api, test.registry)
			})
		})
	}
}

// An unclear answer counts for the processes that waited for it; later ones ask.
func TestAnOutageIsNotRemembered(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "write:packages")
		m.github.Break("", credentialstest.API, credentialstest.Slow(time.Second, credentialstest.ServerError(503)))
		m.registryDown()
		m.burst(3, "")
		m.wantAsked(1, 1)
		m.burst(3, "")
		m.wantAsked(2, 2)
		m.up()
		m.found("ghcr.io", "octocat", "gho_example")
		m.wantAsked(3, 2)
		time.Sleep(time.Minute)
		m.apiDown()
		m.registryDown()
		m.refused("ghcr.io")
		m.wantAsked(4, 3)
	})
}

// Those who waited say of the outage what the one says who asked.
func TestWhoWaitedThroughAnOutageSaysWhatWasTheMatter(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.github.Break("", credentialstest.API, credentialstest.Slow(time.Second, credentialstest.CloseEarly))
		m.github.Break("", credentialstest.Registry, credentialstest.Hang)
		var all sync.WaitGroup
		said := make([]string, 3)
		for n := range said {
			all.Go(func() {
				h, text := m.helper(), &log{}
				h.Stderr = text
				_, _, _ = h.Get("ghcr.io")
				said[n] = text.String()
			})
		}
		all.Wait()
		for _, text := range said {
			if !containsLine(text, "  GH_TOKEN: could not be checked: API: EOF; registry: no answer in time\n") || text != said[0] {
				m.Errorf("said\n%s", text)
			}
		}
		m.wantAsked(1, 1)
	})
}

func TestWhoAsksAfreshIsNotToldOfAnEarlierOutage(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "write:packages")
		m.github.Break("", credentialstest.API, credentialstest.Slow(time.Second, credentialstest.ServerError(503)))
		m.registryDown()
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				h := m.helper()
				h.Fresh = true
				_, _, _ = h.Get("ghcr.io")
			})
		}
		all.Wait()
		m.wantAsked(3, 3)
	})
}

// burst gets from n helpers at once, as docker compose does from n processes.
// Without a user there is to be no token.
func (m *machine) burst(n int, wanted string) {
	m.Helper()
	begun := time.Now()
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			user, secret, err := m.helper().Get("ghcr.io")
			if user != wanted || (secret == "gho_example") != (wanted != "") || (err == nil) != (wanted != "") {
				m.Errorf("got %q, %q, %v", user, secret, err)
			}
		})
	}
	all.Wait()
	if took := time.Since(begun); took > 30*time.Second {
		m.Errorf("took %v", took)
	}
}

// hold takes the lock of a token as another process would.
func (m *machine) hold(secret string) (release func()) {
	m.Helper()
	path := lockOf(m.cachePath(secret))
	m.write(path, "")
	other := flock.New(path)
	if locked, err := other.TryLock(); !locked || err != nil {
		m.Fatalf("locked %v, %v", locked, err)
	}
	return func() { _ = other.Unlock() }
}

func TestALockThatIsNeverReleasedIsWaitedForBriefly(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "write:packages")
		defer m.hold("gho_example")()
		begun := time.Now()
		m.found("ghcr.io", "octocat", "gho_example")
		if took := time.Since(begun); took != lockLimit {
			m.Errorf("took %v", took)
		}
		m.wantAsked(1, 0)
		// What was learned is remembered all the same.
		m.found("ghcr.io", "octocat", "gho_example")
		m.wantAsked(1, 0)
	})
}

func TestWhoWaitedTakesWhatTheOtherLearned(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		release := m.hold("gho_example")
		time.AfterFunc(2*time.Second, func() {
			answer := alive("write:packages")
			answer.Asked = time.Now()
			openCache(false).store(mustParse(m, "gho_example").Key(github.DotCom), cacheEntry{}, facts{API: answer})
			release()
		})
		begun := time.Now()
		m.found("ghcr.io", "octocat", "gho_example")
		if took := time.Since(begun); took < 2*time.Second || took > 3*time.Second {
			m.Errorf("took %v", took)
		}
		m.wantAsked(0, 0)
	})
}

func TestALockFileThatWasLeftBehindHoldsNobodyUp(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_example")
		m.token("gho_example", "write:packages")
		m.hold("gho_example")()
		begun := time.Now()
		m.found("ghcr.io", "octocat", "gho_example")
		if took := time.Since(begun); took != 0 {
			m.Errorf("took %v", took)
		}
	})
}

func TestWhenTheTimeOfACallIsOverTheLockIsNotWaitedFor(t *testing.T) {
	inBubble(t, func(m *machine) {
		defer m.hold("gho_example")()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		begun := time.Now()
		if asks, _ := openCache(false).lock(ctx, mustParse(m, "gho_example").Key(github.DotCom)); !asks {
			m.Error("waits for ever")
		}
		if took := time.Since(begun); took != time.Second {
			m.Errorf("took %v", took)
		}
	})
}

func TestWhatWasNotUsedForLongIsForgotten(t *testing.T) {
	m := newMachine(t)
	dir := filepath.Dir(m.cachePath("gho_example"))
	old, young := time.Now().Add(-unusedAge-time.Hour), time.Now().Add(-unusedAge+time.Hour)
	for name, when := range map[string]time.Time{
		"a.json": old, "a.lock": old, "b.json": young, "b.lock": young, "folder/c.json": old,
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		m.write(path, "{}")
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(filepath.Join(dir, "folder"), old, old); err != nil {
		t.Fatal(err)
	}
	m.variable("gho_dead")
	m.refused("ghcr.io")
	var left []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	for name, stays := range map[string]bool{"a.json": false, "a.lock": false, "b.json": true, "b.lock": true, "folder": true} {
		if slices.Contains(left, name) != stays {
			t.Errorf("%s: left are %q", name, left)
		}
	}
}

func TestForgettingTouchesNoFileButMemorys(t *testing.T) {
	m := newMachine(t)
	cache := openCache(false)
	kept := filepath.Join(filepath.Dir(cache.dir), "kept.json")
	m.write(kept, "{}")
	m.write(filepath.Join(cache.dir, "0123.json"), "{}")
	for _, key := range []string{"", ".", "..", "../kept", `..\kept`, "/etc/passwd", "a/b", "0123.json", "4567"} {
		cache.delete(key)
	}
	if len(m.files()) != 2 {
		t.Errorf("left are %q", m.files())
	}
	cache.delete("0123")
	if len(m.files()) != 1 {
		t.Errorf("left are %q", m.files())
	}
}

func TestARememberedAnswerIsTheAnswer(t *testing.T) {
	m := newMachine(t)
	asked := time.Now().Round(0)
	r := cacheEntry{
		API:      own(401, "Bad credentials"),
		Registry: denial(403, "DENIED", "denied"),
		Accepted: github.Answer{Asked: asked, Status: 200, Own: true, Login: "octocat", HasScopes: true, Scopes: []string{"gist"}, Expires: asked.Add(time.Hour)},
	}
	content, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	cache := openCache(false)
	m.write(cache.path("0123"), string(content))
	got := cache.load("0123")
	again, err := json.Marshal(got)
	if err != nil || string(again) != string(content) {
		t.Errorf("got %s, %v, want %s", again, err, content)
	}
}

// brokenTransport fails as a machine without a network does.
type brokenTransport struct{ err error }

func (b brokenTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

func TestWhatIsRememberedServesWithoutANetwork(t *testing.T) {
	inBubble(t, func(m *machine) {
		m.variable("gho_dead")
		first := m.refused("ghcr.io")
		h := m.helper()
		var said log
		h.Transport, h.Stderr = brokenTransport{errors.New("network is unreachable")}, &said
		if _, _, err := h.Get("ghcr.io"); err == nil || said.String() != first {
			m.Errorf("got %v, said %s", err, said.String())
		}
	})
}
