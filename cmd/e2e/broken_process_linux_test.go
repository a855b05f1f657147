package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// Streams that are closed or not served. What would have gone there goes
// nowhere else: not into the file that is opened next and gets the number.
func TestBrokenStreams(t *testing.T) {
	onlyOnStage(t)
	redirected := func(to string) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(_ *testing.T, _ *stage.Home, command *exec.Cmd) { inShell(command, "exec "+to) }
	}
	// and breaks a second thing.
	and := func(one, other func(*testing.T, *stage.Home, *exec.Cmd)) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			one(t, home, command)
			other(t, home, command)
		}
	}
	dead := func(t *testing.T, home *stage.Home, _ *exec.Cmd) {
		theStage.GitHub.Break(tokenIn(t, home), credentialstest.API, credentialstest.Status(401, `{"message": "Bad credentials"}`))
	}
	stdout := func(open func(*testing.T) *os.File) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, _ *stage.Home, command *exec.Cmd) { command.Stdout = open(t) }
	}
	stderr := func(open func(*testing.T) *os.File) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, _ *stage.Home, command *exec.Cmd) { command.Stderr = open(t) }
	}
	unsaid := answer{1, notFound, ""}
	meet(t, "Streams", []trouble{
		{"stdin: closed", redirected("<&-"), answer{1, "no credentials server URL\n", ""}, requests{}, promptly},
		{"stdin: nothing comes", func(t *testing.T, _ *stage.Home, command *exec.Cmd) {
			reader, writer, err := os.Pipe()
			check(t, err)
			t.Cleanup(func() { _, _ = reader.Close(), writer.Close() })
			command.Stdin = reader
		}, answer{1, notFound, "docker-credential-ghcr: error: nothing came on standard input within 10s; registry clients send the registry's name there\n"}, requests{}, stdinLimit},
		{"stdin: endless", redirected("</dev/zero"), answer{1, notFound, "docker-credential-ghcr: error: standard input is longer than 65536 bytes\n"}, requests{}, promptly},
		{"stdin: a directory", redirected("</"), answer{1, notFound, "docker-credential-ghcr: error: standard input: read /dev/stdin: is a directory\n"}, requests{}, promptly},
		{"stdout: closed", redirected(">&-"), answer{0, "", ""}, requests{once, never}, promptly},
		{"stdout: closed, and refused", and(redirected(">&-"), dead), answer{1, "", refusal(rejectedByGitHub, logIn)}, requests{once, never}, promptly},
		{"stdout: not read", stdout(deaf), answer{1, "", ""}, requests{once, never}, promptly},
		{"stdout: a full disk", redirected(">/dev/full"), answer{1, "", ""}, requests{once, never}, promptly},
		{"stderr: closed", redirected("2>&-"), given, requests{once, never}, promptly},
		{"stderr: closed, and refused", and(redirected("2>&-"), dead), unsaid, requests{once, never}, promptly},
		{"stderr: not read, and refused", and(stderr(deaf), dead), unsaid, requests{once, never}, promptly},
		{"stderr: full, and refused", and(stderr(full), dead), unsaid, requests{once, never}, sayLimit},
		{"stdout and stderr: closed", redirected(">&- 2>&-"), answer{0, "", ""}, requests{once, never}, promptly},
		{"all: closed", redirected("<&- >&- 2>&-"), answer{1, "", ""}, requests{}, promptly},
	})
}

// A get that is ended midway ends, by that signal, with what it has started, and
// nothing that it leaves is in the way of the next. Too little of what a process
// needs gives docker an answer all the same.
func TestBrokenProcesses(t *testing.T) {
	onlyOnStage(t)
	// midway sends a signal when the API is asked, which then answers so.
	midway := func(signal syscall.Signal, then http.Handler) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			note := filepath.Join(shortDir(t), "pid")
			inShell(command, "echo $$ >"+note)
			process := func() (id int) {
				text, err := os.ReadFile(note)
				if err != nil {
					t.Error(err)
				}
				_, _ = fmt.Sscan(string(text), &id)
				return id
			}
			theStage.GitHub.Break(tokenIn(t, home), credentialstest.API, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := syscall.Kill(process(), signal); err != nil {
					t.Error(err)
				}
				then.ServeHTTP(w, r)
			}))
			t.Cleanup(func() {
				if err := syscall.Kill(-process(), 0); err != syscall.ESRCH {
					t.Errorf("%v: something of it is still there: %v", signal, err)
				}
			})
		}
	}
	ended := func(by syscall.Signal) trouble {
		return trouble{fmt.Sprintf("ended midway by signal %d, %[1]v", by), midway(by, credentialstest.Hang), answer{128 + int(by), "", ""}, requests{once, never}, promptly}
	}
	descriptors := func(n int) func(*testing.T, *stage.Home, *exec.Cmd) {
		return func(_ *testing.T, _ *stage.Home, command *exec.Cmd) { inShell(command, fmt.Sprint("ulimit -n ", n)) }
	}
	meet(t, "Processes", []trouble{
		ended(syscall.SIGTERM),
		ended(syscall.SIGINT),
		ended(syscall.SIGHUP),
		ended(syscall.SIGKILL),
		{"signal 13, broken pipe, midway", midway(syscall.SIGPIPE, credentialstest.Regular), given, requests{once, never}, promptly},
		// With fewer than seven the runtime of Go does not start.
		{"seven file descriptors", descriptors(7), answer{1, notFound,
			"docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n  gh…: too many open files…"}, requests{}, promptly},
		{"twelve file descriptors", descriptors(12), given, requests{once, never}, promptly},
		{"three tokens before it that cannot be checked", func(t *testing.T, home *stage.Home, command *exec.Cmd) {
			for _, name := range []string{"GHCR_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"} {
				token := tokenFor(name)
				theStage.GitHub.Break(token, credentialstest.API, credentialstest.Hang)
				theStage.GitHub.Break(token, credentialstest.Registry, credentialstest.Hang)
				command.Env = append(command.Env, name+"="+token)
			}
		}, answer{1, notFound, "docker-credential-ghcr: error: no usable GitHub token for ghcr.io\n" +
			"  GHCR_TOKEN: could not be checked: API: no answer in time; registry: no answer in time\n" +
			"  GH_TOKEN: could not be checked: API: no answer in time; registry: no answer in time\n" +
			"  GITHUB_TOKEN: could not be checked: API: no answer in time; registry: no answer in time\n" +
			"  gh, octocat: could not be checked: API: no answer in time; registry: no answer in time\n" +
			"docker-credential-ghcr: hint: try again when github.com can be reached\n"}, requests{}, wholeLimit},
	})
}

// With few file descriptors there is a token or a reason, and docker goes on.
func TestFewFileDescriptors(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for limit := 7; limit <= 20; limit++ {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			token := tokenFor(fmt.Sprint("descriptors", limit))
			s.GitHub.Add(token, healthy)
			home := s.Home(t.TempDir())
			check(t, home.LogIn("github.com", "octocat", token))
			command := home.Command(stage.Product, "get")
			inShell(command, fmt.Sprint("ulimit -n ", limit))
			got := bounded(command, "ghcr.io", promptly+allowance)
			switch {
			case got.code == 1 && got.stdout == notFound && strings.HasPrefix(got.stderr, "docker-credential-ghcr: error: ") && limit < 12:
			default:
				got.wants(t, 0, credential("ghcr.io", "octocat", token), "")
			}
			memoryIsWhole(t, home, token)
			ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
		})
	}
}

// Fifty at once, again and again for a minute, or less where there is no time: each
// has the token, and GitHub is asked once while an answer is remembered.
func TestFiftyAtOnce(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	compareFaults(t, "Many at once", []string{
		tableRow("fifty at once, again and again", "the token", "0", "", "at once", "at most 1 in ten seconds", "0"),
	})
	lasting := 20 * time.Second
	if *soak > 0 {
		lasting = time.Minute
	}
	token := tokenFor("fifty")
	s.GitHub.Add(token, healthy)
	home := s.Home(t.TempDir())
	check(t, home.LogIn("github.com", "octocat", token))
	before := contentsOf(t, home)
	begun, gets := time.Now(), 0
	for time.Since(begun) < lasting && !t.Failed() {
		var outcomes []chan answer
		for range 50 {
			outcome := make(chan answer, 1)
			outcomes = append(outcomes, outcome)
			command := home.Command(stage.Product, "get")
			go func() { outcome <- bounded(command, "ghcr.io", promptly+allowance) }()
		}
		for _, outcome := range outcomes {
			(<-outcome).wants(t, 0, credential("ghcr.io", "octocat", token), "")
			gets++
		}
	}
	asked, spells := askedWith(t, s, token), 1+int(time.Since(begun)/answerLife)
	t.Logf("%d gets, asked were %+v", gets, asked)
	if asked.api > once*spells || asked.registry != never {
		t.Errorf("asked were %+v in %d gets, want %d of the API at most", asked, gets, spells)
	}
	if got := contentsOf(t, home); !maps.Equal(got, before) {
		t.Errorf("the home was changed to %q", got)
	}
	memoryIsWhole(t, home, token)
}
