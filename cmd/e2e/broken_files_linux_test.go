package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// A file of gh's that cannot be read is named; it is no "not logged in".
func TestBrokenHostsFiles(t *testing.T) {
	t.Parallel()
	onlyOnStage(t)
	const mend = "mend what is named above, then try again"
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
	troubles := []trouble{{"aliases of aliases beside it", put(bomb()), "", requests{once, never}}}
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
		{"a link to itself", instead(linkTo("hosts.yml")), "stat FILE: too many levels of symbolic links"},
		{"a link to a device", instead(linkTo("/dev/zero")), "FILE is not a regular file"},
	} {
		troubles = append(troubles, trouble{c.name, c.arrange, strings.Replace(refusal(strings.ReplaceAll(c.said, "FILE", "HOME/.config/gh/hosts.yml"), mend), "gh, octocat", "gh", 1), requests{}})
	}
	meet(t, troubles)
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
	for _, inOnePiece := range []bool{true, false} {
		t.Run(fmt.Sprint("in one piece ", inOnePiece), func(t *testing.T) {
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
			if inOnePiece {
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
			given := make(map[string]bool)
			for range 60 {
				got := bounded(home.Command(stage.Product, "get"), "ghcr.io", hangs)
				reason := got.stderr == "" || strings.HasPrefix(got.stderr, "docker-credential-ghcr: error: ")
				switch {
				case got.code == 0 && got.stderr == "" && slices.Contains(answers, got.stdout):
					given[got.stdout] = true
				case got.code == 1 && got.stdout == notFound && reason && !inOnePiece:
				default:
					t.Errorf("got %+v", got)
				}
			}
			close(stop)
			check(t, <-stopped)
			if len(given) != len(tokens) {
				t.Errorf("given were %d tokens, want both", len(given))
			}
		})
	}
}

// Memory that cannot be read or written costs a request and nothing else.
func TestBrokenMemory(t *testing.T) {
	t.Parallel()
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
	asked := func(ago time.Duration) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			remembering(t, home)
			date(t, home, time.Now().Add(-ago))
		}
	}
	meet(t, []trouble{
		{"read-only", in(`mount --bind . . && mount -o remount,bind,ro .`), "", requests{once, never}},
		{"full", in(`mount -t tmpfs -o size=4k full . && ! head -c 9000 /dev/zero 2>/dev/null >"$PWD/fill"`), "", requests{once, never}},
		{"without a free inode", in(`mount -t tmpfs -o nr_inodes=1 full .`), "", requests{once, never}},
		{"a file for a directory", func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
			check(t, home.WriteFile(".cache", ""))
		}, "", requests{once, never}},
		{"empty", holding(""), "", requests{2, never}},
		{"cut short", holding(`{"api":{"asked":"20`), "", requests{2, never}},
		{"of another type", holding(`{"api":[],"accepted":7}`), "", requests{2, never}},
		{"zeros", holding(strings.Repeat("\x00", 100)), "", requests{2, never}},
		{"large", holding(strings.Repeat(" ", 2<<20)), "", requests{2, never}},
		{"a directory for a file", instead(".json", func(path string) error { return os.Mkdir(path, 0o700) }), "", requests{2, never}},
		{"a link to a device", instead(".json", func(path string) error { return os.Symlink("/dev/zero", path) }), "", requests{2, never}},
		{"a directory for the lock", instead(".lock", func(path string) error { return os.Mkdir(path, 0o700) }), "", requests{once, never}},

		// The clock was put forward or back by an hour since.
		{"of a moment ago", asked(time.Second), "", requests{once, never}},
		{"of an hour ago", asked(time.Hour), "", requests{2, never}},
		{"of an hour ahead", asked(-time.Hour), "", requests{2, never}},
	})
}

// date makes all that is remembered in a home of another time.
func date(t *testing.T, home *stage.Home, when time.Time) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(memoryOf(home), "*.json"))
	check(t, err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		check(t, err)
		asked := regexp.MustCompile(`"asked":"2[^"]+"`).ReplaceAll(content, []byte(`"asked":"`+when.Format(time.RFC3339Nano)+`"`))
		if string(asked) == string(content) {
			t.Fatalf("%s is not dated: %q", path, content)
		}
		check(t, os.WriteFile(path, asked, 0o600))
	}
}

// A rejection is remembered for a quarter of an hour, but none of the future's.
func TestRejectionOfAnotherTimeIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for _, ago := range []time.Duration{time.Hour, -time.Hour} {
		home := s.Home(t.TempDir())
		token := tokenFor("rejected" + ago.String())
		check(t, home.LogIn("github.com", "octocat", token))
		ask(t, home, "get", "ghcr.io").wants(t, 1, notFound, refusal("rejected by GitHub: expired or revoked", "run: gh auth login -h github.com -s write:packages"))
		date(t, home, time.Now().Add(-ago))
		s.GitHub.Add(token, healthy)
		ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
	}
}

// A home that cannot be written keeps nobody from a token.
func TestReadOnlyHome(t *testing.T) {
	t.Parallel()
	onlyOnStage(t)
	meet(t, []trouble{
		{"read-only", func(t *testing.T, _ *stage.Home, command *exec.Cmd) {
			mounted(t, command, `mount --bind "$HOME" "$HOME" && mount -o remount,bind,ro "$HOME"`)
		}, "", requests{once, never}},
	})
}

// A person who has no home has a token all the same, in a variable.
func TestNoHome(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for name, dir := range map[string]string{"none": "", "not there": "/nowhere/at/all", "a device": "/dev/null", "the root": "/proc"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := tokenFor(t.Name())
			s.GitHub.Add(token, healthy)
			command := s.Home(t.TempDir()).Command(stage.Product, "get")
			command.Env = slices.DeleteFunc(slices.Clone(command.Env), func(variable string) bool {
				return strings.HasPrefix(variable, "HOME=") || strings.HasPrefix(variable, "XDG_")
			})
			command.Env = append(command.Env, "GHCR_TOKEN="+token)
			if dir != "" {
				command.Env = append(command.Env, "HOME="+dir)
			}
			bounded(command, "ghcr.io", hangs).wants(t, 0, credential("ghcr.io", "octocat", token), "")
			if left, err := os.ReadDir(command.Dir); err != nil || len(left) > 0 {
				t.Errorf("left is %v, %v", left, err)
			}
		})
	}
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
		outcomes = append(outcomes, start(t, command, "ghcr.io"))
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

// withoutLocks lets a program run on a system that has no locks, as some network
// file systems have none.
func withoutLocks(t *testing.T, command *exec.Cmd) {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	command.Env = append(command.Env, lockless+"="+command.Path)
	command.Path = self
}

// lockless marks a run of this program that becomes the one named, without locks.
const lockless = "E2E_WITHOUT_LOCKS"

func init() {
	path, ok := os.LookupEnv(lockless)
	if !ok {
		return
	}
	if err := becomeLockless(path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// becomeLockless has the kernel answer flock with ENOLCK, see seccomp(2).
func becomeLockless(path string) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FLOCK, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(syscall.ENOLCK)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return err
	}
	return syscall.Exec(path, os.Args, os.Environ())
}
