package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// A file of gh's that cannot be read is named; it is no "not logged in".
func TestBrokenHostsFiles(t *testing.T) {
	onlyOnStage(t)
	const fixNamed = "fix what is named above, then try again"
	put := func(content string) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			check(t, home.WriteFile(".config/gh/hosts.yml", strings.ReplaceAll(content, "TOKEN", tokenIn(t, home))))
		}
	}
	instead := func(make func(path string) error) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			path := filepath.Join(home.Dir, ".config/gh/hosts.yml")
			check(t, os.Remove(path))
			check(t, make(path))
		}
	}
	linkTo := func(target string) func(string) error {
		return func(path string) error { return os.Symlink(target, path) }
	}
	troubles := []trouble{
		{"empty", put(""), noneFound, requests{}, promptly},
		{"of another host", put("git.example.com:\n    user: octocat\n    oauth_token: TOKEN\n"), noneFound, requests{}, promptly},
		{"a tab, and a variable has the token", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			command.Env = append(command.Env, "GHCR_TOKEN="+tokenIn(t, home))
			put("github.com:\n\toauth_token: TOKEN\n")(t, home, command)
		}, given, requests{once, never}, promptly},
		{"aliases of aliases beside it", put(bomb()), given, requests{once, never}, promptly},
	}
	for _, c := range []struct {
		name    string
		arrange func(*testing.T, *stage.Home, *exec.Cmd)
		said    string
	}{
		{"a tab", put("github.com:\n\toauth_token: TOKEN\n"), "FILE, line 2: not valid YAML"},
		{"a quote without end", put("github.com:\n    oauth_token: \"TOKEN\n"), "FILE, line 2: not valid YAML"},
		{"a merge that was not finished", put("<<<<<<< HEAD\ngithub.com:\n    oauth_token: TOKEN\n"), "FILE, line 1: not valid YAML"},
		{"a list", put("- github.com\n- TOKEN\n"), "FILE, line 1: not valid YAML"},
		{"a word", put("TOKEN\n"), "FILE, line 1: not valid YAML"},
		{"zeros, as a power cut leaves them", put(strings.Repeat("\x00", 200)), "FILE, line 1: not valid YAML"},
		{"UTF-16 without a mark", put("g\x00i\x00t\x00h\x00u\x00b\x00.\x00c\x00o\x00m\x00:\x00"), "FILE, line 1: not valid YAML"},
		{"another encoding", put("github.com:\n    user: m\xfcller\n    oauth_token: TOKEN\n"), "FILE, line 2: not valid YAML"},
		{"deep", put(strings.Repeat("[", 20_000)), "FILE, line 1: not valid YAML"},
		{"large", put("github.com:\n    oauth_token: TOKEN\n" + strings.Repeat("#\n", 1<<20)), "FILE is larger than 1048576 bytes"},
		{"a directory", instead(func(path string) error { return os.Mkdir(path, 0o700) }), "FILE is a directory"},
		{"a link that leads nowhere", instead(linkTo("nowhere")), "FILE is a link that leads nowhere"},
		{"a link to itself", instead(linkTo("hosts.yml")), "open FILE: too many levels of symbolic links"},
		{"a link to a device", instead(linkTo("/dev/zero")), "FILE is not a regular file"},
	} {
		want := noToken(strings.ReplaceAll(c.said, "FILE", "HOME/.config/gh/hosts.yml"), fixNamed)
		want.stderr = strings.Replace(want.stderr, "gh, octocat", "gh", 1) // the account's name is in the file
		troubles = append(troubles, trouble{c.name, c.arrange, want, requests{}, promptly})
	}
	meet(t, "hosts.yml", troubles)
}

// A file system that hangs, as that of a server does which is gone, leaves the last
// limit of all.
func TestBrokenFileSystem(t *testing.T) {
	onlyOnStage(t)
	device, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this kernel has no FUSE; modprobe fuse, or use one that has it: ", err)
	}
	if err != nil {
		missing(t, fmt.Sprintf("no FUSE here: %v: modprobe fuse, and be one who may open it", err))
	}
	check(t, device.Close())
	meet(t, "hosts.yml, on a file system that hangs", []trouble{
		{"for good", func(t *testing.T, _ *stage.Home, command *exec.Cmd) {
			// A process that reads from the device serves it: none does.
			mounted(t, command, `exec 8<>/dev/fuse && mount -i -t fuse -o fd=8,rootmode=40000,user_id=0,group_id=0 hung "$HOME/.config/gh"`)
		}, answer{1, notFound, "docker-credential-ghcr: error: no answer within 30s\n"}, requests{}, wholeLimit},
	})
}

// bomb is small and would be large.
func bomb() string {
	text := "a0: &a0 [x]\n"
	for i := range 30 {
		text += fmt.Sprintf("a%d: &a%[1]d [*a%d, *a%[2]d, *a%[2]d]\n", i+1, i)
	}
	return text + "github.com:\n    user: octocat\n    oauth_token: TOKEN\n"
}

// hosts.yml changes while it is read. One that is replaced in one piece always
// gives a token, the old or the new; one that is cut off and written anew, as gh
// does it, may also give none.
func TestHostsFileChangesWhileItIsRead(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const inOnePiece, cutOff = "replaced in one piece", "cut off and written anew"
	compareFaults(t, "hosts.yml, changing while it is read", []string{
		tableRow(inOnePiece, "the token", "0", "", "at once", "for each token at most 1 in ten seconds", "0"),
		tableRow(cutOff, "the token; while it is cut off, not found", "0; 1", "nothing, or the reason", "at once", "for each token at most 1 in ten seconds", "0"),
	})
	for _, how := range []string{inOnePiece, cutOff} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			home, elsewhere := s.Home(t.TempDir()), s.Home(t.TempDir())
			tokens := []string{tokenFor(t.Name() + "first"), tokenFor(t.Name() + "second")}
			var answers []string
			for _, token := range tokens {
				s.GitHub.Add(token, healthy)
				answers = append(answers, credential("ghcr.io", "octocat", token))
			}
			check(t, home.LogIn("github.com", "octocat", tokens[0]))
			write := func(token string) error { return home.LogIn("github.com", "octocat", token) }
			if how == inOnePiece {
				const path = ".config/gh/hosts.yml"
				write = func(token string) error {
					return errors.Join(elsewhere.LogIn("github.com", "octocat", token),
						os.Rename(filepath.Join(elsewhere.Dir, path), filepath.Join(home.Dir, path)))
				}
			}
			stop, stopped := make(chan struct{}), make(chan error, 1)
			go func() {
				var err error
				for i := 0; err == nil; i++ {
					select {
					case <-stop:
						stopped <- nil
						return
					default:
						err = write(tokens[i%2])
					}
				}
				stopped <- err
			}()
			seen := make(map[string]bool)
			begun := time.Now()
			for range 60 {
				got := bounded(home.Command(stage.Product, "get"), "ghcr.io", promptly+allowance)
				reason := got.stderr == "" || strings.HasPrefix(got.stderr, "docker-credential-ghcr: error: ")
				switch {
				case got.code == 0 && got.stderr == "" && slices.Contains(answers, got.stdout):
					seen[got.stdout] = true
				case got.code == 1 && got.stdout == notFound && reason && how == cutOff:
				default:
					t.Errorf("got %+v", got)
				}
			}
			close(stop)
			check(t, <-stopped)
			if len(seen) != len(tokens) {
				t.Errorf("given were %d tokens, want both", len(seen))
			}
			for _, token := range tokens {
				asked, spells := askedWith(t, s, token), 1+int(time.Since(begun)/answerLife)
				if asked.api < once || asked.api > once*spells || asked.registry != never {
					t.Errorf("asked were %+v in %d times ten seconds", asked, spells)
				}
				memoryIsWhole(t, home, token)
			}
		})
	}
}

// Memory that cannot be read or written costs a request and nothing else.
func TestBrokenMemory(t *testing.T) {
	onlyOnStage(t)
	// remembering is a home in which a get has remembered its answer.
	remembering := func(t *testing.T, home *stage.Home) {
		ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", tokenIn(t, home)), "")
	}
	// in lets the program run where its memory is mounted otherwise.
	in := func(mount string) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			check(t, os.MkdirAll(memoryOf(home), 0o700))
			mounted(t, command, `cd "$HOME/.cache/docker-credential-ghcr" && `+mount)
		}
	}
	// instead has something else where the file of a token's answer was.
	instead := func(suffix string, put func(path string) error) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			remembering(t, home)
			paths, err := filepath.Glob(filepath.Join(memoryOf(home), "*"+suffix))
			check(t, err)
			if len(paths) != 1 {
				t.Fatalf("remembered is %q", paths)
			}
			check(t, os.Remove(paths[0]))
			check(t, put(paths[0]))
		}
	}
	holding := func(content string) func(*testing.T, *stage.Home, *exec.Cmd) {
		return instead(".json", func(path string) error { return os.WriteFile(path, []byte(content), 0o600) })
	}
	// asked has all that is remembered be of another time, after a get that API and
	// registry answered so.
	asked := func(ago time.Duration, api, registry http.Handler) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			token := tokenIn(t, home)
			theStage.GitHub.Break(token, credentialstest.API, api)
			theStage.GitHub.Break(token, credentialstest.Registry, registry)
			ask(t, home, "get", "ghcr.io")
			date(t, home, time.Now().Add(-ago))
			theStage.GitHub.Break(token, credentialstest.Registry, nil)
			if registry != nil {
				theStage.GitHub.Break(token, credentialstest.API, nil)
			}
		}
	}
	unavailable := credentialstest.ServerError(503)
	dead := credentialstest.Status(401, `{"message": "Bad credentials"}`)
	// locks has the file of the lock be of another time.
	locks := func(ago time.Duration) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			asked(time.Hour, nil, nil)(t, home, command)
			check(t, os.Chtimes(lockOf(t, home), time.Time{}, time.Now().Add(-ago)))
		}
	}
	meet(t, "Memory", []trouble{
		{"read-only", in(`mount --bind . . && mount -o remount,bind,ro .`), given, requests{once, never}, promptly},
		{"full", in(`mount -t tmpfs -o size=4k full . && ! head -c 9000 /dev/zero 2>/dev/null >"$PWD/fill"`), given, requests{once, never}, promptly},
		{"without a free inode", in(`mount -t tmpfs -o nr_inodes=1 full .`), given, requests{once, never}, promptly},
		{"without locks", func(t *testing.T, _ *stage.Home, command *exec.Cmd) { withoutLocks(t, command) }, given, requests{once, never}, promptly},
		{"a file for a directory", func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			check(t, home.WriteFile(".cache", ""))
		}, given, requests{once, never}, promptly},
		{"empty", holding(""), given, requests{2, never}, promptly},
		{"cut short", holding(`{"api":{"asked":"20`), given, requests{2, never}, promptly},
		{"of another type", holding(`{"api":[],"accepted":7}`), given, requests{2, never}, promptly},
		{"zeros", holding(strings.Repeat("\x00", 100)), given, requests{2, never}, promptly},
		{"large", holding(strings.Repeat(" ", 2<<20)), given, requests{2, never}, promptly},
		{"a directory for a file", instead(".json", func(path string) error { return os.Mkdir(path, 0o700) }), given, requests{2, never}, promptly},
		{"a link to a device", instead(".json", func(path string) error { return os.Symlink("/dev/zero", path) }), given, requests{2, never}, promptly},
		{"a pipe for a file", instead(".json", func(path string) error { return unix.Mkfifo(path, 0o600) }), given, requests{2, never}, promptly},
		{"a directory for the lock", instead(".lock", func(path string) error { return os.Mkdir(path, 0o700) }), given, requests{once, never}, promptly},
		{"locked by one who does not end", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			program(t, "flock", "apt-get install util-linux")
			asked(time.Hour, nil, nil)(t, home, command)
			inShell(command, `exec 9>"`+lockOf(t, home)+`"; flock 9`)
		}, given, requests{2, never}, lockLimit},

		// The clock was put forward or back by an hour since; see also TestClockOff.
		{"a good answer of a moment ago", asked(time.Second, nil, nil), given, requests{once, never}, promptly},
		{"a good answer of an hour ago", asked(time.Hour, nil, nil), given, requests{2, never}, promptly},
		{"a good answer of an hour ahead", asked(-time.Hour, nil, nil), given, requests{2, never}, promptly},
		{"a rejection of a moment ago", asked(time.Second, dead, unavailable), noToken(rejectedByGitHub, logIn), requests{once, never}, promptly},
		{"a rejection of an hour ago", asked(time.Hour, dead, unavailable), given, requests{2, never}, promptly},
		{"a rejection of an hour ahead", asked(-time.Hour, dead, unavailable), given, requests{2, never}, promptly},
		{"the registry's answer of a moment ago", asked(time.Second, unavailable, nil), given, requests{once, once}, promptly},
		{"the registry's answer of an hour ago", asked(time.Hour, unavailable, nil), given, requests{2, 2}, promptly},
		{"the registry's answer of an hour ahead", asked(-time.Hour, unavailable, nil), given, requests{2, 2}, promptly},
		{"no answer of a moment ago", asked(time.Second, unavailable, unavailable), given, requests{2, once}, promptly},
		{"no answer of an hour ahead", asked(-time.Hour, unavailable, unavailable), given, requests{2, once}, promptly},
		{"a lock of an hour ago", locks(time.Hour), given, requests{2, never}, promptly},
		{"a lock of an hour ahead", locks(-time.Hour), given, requests{2, never}, promptly},
	})
}

// lockOf is the file with which several gets agree who asks.
func lockOf(t *testing.T, home *stage.Home) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(memoryOf(home), "*.lock"))
	check(t, err)
	if len(paths) != 1 {
		t.Fatalf("the locks are %q", paths)
	}
	return paths[0]
}

// date makes all that is remembered in a home of another time.
func date(t *testing.T, home *stage.Home, when time.Time) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(memoryOf(home), "*.json"))
	check(t, err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		check(t, err)
		asked := regexp.MustCompile(`"(asked|at)":"2[^"]+"`).ReplaceAll(content, []byte(`"$1":"`+when.Format(time.RFC3339Nano)+`"`))
		if string(asked) == string(content) {
			t.Fatalf("%s is not dated: %q", path, content)
		}
		check(t, os.WriteFile(path, asked, 0o600))
	}
}

// A home that cannot be written, or does not exist, does not prevent a token. A person
// without one has it in a variable.
func TestBrokenHomes(t *testing.T) {
	onlyOnStage(t)
	homeless := func(dir string, variables ...string) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			command.Env = slices.DeleteFunc(slices.Clone(command.Env), func(variable string) bool {
				return strings.HasPrefix(variable, "HOME=") || strings.HasPrefix(variable, "XDG_")
			})
			for _, name := range variables {
				command.Env = append(command.Env, name+"="+tokenIn(t, home))
			}
			if dir != "" {
				command.Env = append(command.Env, "HOME="+dir)
			}
		}
	}
	meet(t, "Homes", []trouble{
		{"read-only", func(t *testing.T, _ *stage.Home, command *exec.Cmd) {
			mounted(t, command, `mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME"`)
		}, given, requests{once, never}, promptly},
		{"none", homeless("", "GHCR_TOKEN"), given, requests{once, never}, promptly},
		{"none, nor a variable", homeless(""), noneFound, requests{}, promptly},
		{"not there", homeless("/nowhere/at/all", "GHCR_TOKEN"), given, requests{once, never}, promptly},
		{"a device", homeless("/dev/null", "GHCR_TOKEN"), given, requests{once, never}, promptly},
		{"one in which nothing can be made", homeless("/proc", "GHCR_TOKEN"), given, requests{once, never}, promptly},
		{"no absolute path", homeless("somewhere", "GHCR_TOKEN"), given, requests{once, never}, promptly},
	})
}

// Where nothing can be locked, more than one of several asks, and each has the token.
func TestMemoryWithoutLocks(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	home := s.Home(t.TempDir())
	token := tokenFor("lockless")
	s.GitHub.Add(token, healthy)
	s.GitHub.Break(token, credentialstest.API, credentialstest.Slow(time.Second, nil))
	check(t, home.LogIn("github.com", "octocat", token))
	var outcomes []<-chan answer
	for range 5 {
		command := home.Command(stage.Product, "get")
		withoutLocks(t, command)
		outcomes = append(outcomes, start(t, command, lockLimit+allowance))
	}
	for _, outcome := range outcomes {
		got := <-outcome
		got.wants(t, 0, credential("ghcr.io", "octocat", token), "")
	}
	if asked := askedWith(t, s, token); asked.api < 2 || asked.registry != 0 {
		t.Errorf("asked were %+v: there were locks", asked)
	}
	memoryIsWhole(t, home, token)
	ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
}
