package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// Streams that are closed from the start. What would have gone there goes nowhere
// else: not into the file that is opened next and gets the number.
func TestClosedStreams(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for _, c := range []struct {
		name, closed, token string
		code                int
		stdout, stderr      string
	}{
		{"stdin", "<&-", "good", 1, "no credentials server URL\n", ""},
		{"stdout", ">&-", "good", 0, "", ""},
		{"stderr", "2>&-", "good", 0, "TOKEN", ""},
		{"stdout and stderr", ">&- 2>&-", "good", 0, "", ""},
		{"all", "<&- >&- 2>&-", "good", 1, "", ""},
		{"stdout, refused", ">&-", "dead", 1, "", refusal("rejected by GitHub: expired or revoked", "run: gh auth login -h github.com -s write:packages")},
		{"stderr, refused", "2>&-", "dead", 1, notFound, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			token := tokenFor("closed" + c.name + c.token)
			if c.token == "good" {
				s.GitHub.Add(token, healthy)
			}
			home := s.Home(t.TempDir())
			check(t, home.LogIn("github.com", "octocat", token))
			before := contentsOf(t, home)
			command := home.Command(stage.Product, "get")
			inShell(command, "exec "+c.closed)
			stdout := strings.Replace(c.stdout, "TOKEN", credential("ghcr.io", "octocat", token), 1)
			bounded(command, "ghcr.io", hangs).wants(t, c.code, stdout, c.stderr)
			if got := contentsOf(t, home); !maps.Equal(got, before) {
				t.Errorf("the home was changed to %q", got)
			}
			memoryIsWhole(t, home, token)
		})
	}
}

// A get that is ended midway ends, by that signal, with what it has started, and
// nothing that it leaves is in the way of the next.
func TestEndedMidway(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			token := tokenFor("ended" + signal.String())
			s.GitHub.Add(token, healthy)
			s.GitHub.Break(token, credentialstest.API, credentialstest.Hang)
			home := s.Home(t.TempDir())
			check(t, home.LogIn("github.com", "octocat", token))
			before := contentsOf(t, home)
			command := home.Command(stage.Product, "get")
			command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			var stdout, stderr bytes.Buffer
			command.Stdin, command.Stdout, command.Stderr = strings.NewReader("ghcr.io"), &stdout, &stderr
			check(t, command.Start())
			timer := time.AfterFunc(hangs, func() { _ = command.Process.Kill() })
			defer timer.Stop()
			for begun := time.Now(); len(s.GitHub.RequestsWith(token)) == 0 && time.Since(begun) < hangs; {
				time.Sleep(10 * time.Millisecond)
			}
			group := command.Process.Pid
			check(t, command.Process.Signal(signal))
			_ = command.Wait()
			answer{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}.wants(t, -1, "", "")
			if status := command.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != signal {
				t.Errorf("ended by %v", status.Signal())
			}
			if err := syscall.Kill(-group, 0); err != syscall.ESRCH {
				t.Errorf("something of it is still there: %v", err)
			}
			if got := contentsOf(t, home); !maps.Equal(got, before) {
				t.Errorf("the home was changed to %q", got)
			}
			memoryIsWhole(t, home, token)
			s.GitHub.Break(token, credentialstest.API, nil)
			ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
		})
	}
}

// With few file descriptors there is a token or a reason, and docker goes on. With
// fewer than seven the runtime of Go does not start.
func TestFewFileDescriptors(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	for limit := 7; limit <= 20; limit++ {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			token := tokenFor(fmt.Sprint("descriptors", limit))
			s.GitHub.Add(token, healthy)
			home := s.Home(t.TempDir())
			check(t, home.LogIn("github.com", "octocat", token))
			before := contentsOf(t, home)
			command := home.Command(stage.Product, "get")
			inShell(command, fmt.Sprint("ulimit -n ", limit))
			got := bounded(command, "ghcr.io", hangs)
			switch {
			case got.code == 1 && got.stdout == notFound && strings.HasPrefix(got.stderr, "docker-credential-ghcr: error: ") && limit < 12:
			default:
				got.wants(t, 0, credential("ghcr.io", "octocat", token), "")
			}
			if got := contentsOf(t, home); !maps.Equal(got, before) {
				t.Errorf("the home was changed to %q", got)
			}
			memoryIsWhole(t, home, token)
			ask(t, home, "get", "ghcr.io").wants(t, 0, credential("ghcr.io", "octocat", token), "")
		})
	}
}

// Fifty at once, again and again: each has the token, and GitHub is asked once
// while an answer is remembered.
func TestFiftyAtOnce(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	lasting := 20 * time.Second
	if *soak > 0 {
		lasting = time.Minute
	}
	token := tokenFor("fifty")
	s.GitHub.Add(token, healthy)
	home := s.Home(t.TempDir())
	check(t, home.LogIn("github.com", "octocat", token))
	begun, gets := time.Now(), 0
	for time.Since(begun) < lasting && !t.Failed() {
		var outcomes []chan answer
		for range 50 {
			outcome := make(chan answer, 1)
			outcomes = append(outcomes, outcome)
			command := home.Command(stage.Product, "get")
			go func() { outcome <- bounded(command, "ghcr.io", hangs) }()
		}
		for _, outcome := range outcomes {
			(<-outcome).wants(t, 0, credential("ghcr.io", "octocat", token), "")
			gets++
		}
	}
	// GitHub is asked again when ten seconds have passed since it was asked.
	asked, most := askedWith(t, s, token), 1+int(time.Since(begun)/(10*time.Second))
	t.Logf("%d gets, asked were %+v", gets, asked)
	if asked.api > most || asked.registry > 0 {
		t.Errorf("asked were %+v in %d gets, want %d of the API at most", asked, gets, most)
	}
	memoryIsWhole(t, home, token)
}
