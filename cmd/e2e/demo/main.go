// Command demo shows the main job, with a real client against a pretend GitHub and
// registry: no account, no network. Run it with `go run ./demo`.
package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func main() {
	code, err := stage.Perform(func(s *stage.Stage, home *stage.Home) error {
		return play(&show{stage: s, home: home})
	}, "crane")
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		code = 1
	}
	os.Exit(code)
}

const (
	first, second = "gho_pretend1", "gho_pretend2"

	push       = "crane append -f hello.tar -t ghcr.io/octocat/hello:"
	pullPublic = "crane pull ghcr.io/acme/public:latest public.tar"
)

func play(s *show) error {
	scopes := []string{"gist", "read:org", "repo", "write:packages"}
	s.stage.GitHub.Add(first, credentialstest.Token{Login: "octocat", Scopes: scopes})
	s.stage.GitHub.AddPackage("", credentialstest.Package{Owner: "acme", Name: "public", OwnerKind: "Organization", Public: true})
	if err := errors.Join(
		s.stage.Images.Put("ghcr.io", "acme/public", "latest"),
		s.home.LogIn("github.com", "octocat", first),
		s.home.WriteFile(".docker/config.json", `{"credHelpers": {"ghcr.io": "ghcr"}}`+"\n"),
		s.home.WriteFile("hello.tar", layer("hello.txt", "hello\n")),
	); err != nil {
		return err
	}

	s.say("github.com, api.github.com and ghcr.io are played on this machine, in a network",
		"of their own. Somebody has a GitHub login, made with gh:")
	s.do("cat ~/.config/gh/hosts.yml")
	s.say("and docker is told to ask docker-credential-ghcr about ghcr.io:")
	s.do("cat ~/.docker/config.json")
	s.say("That is all. There was no docker login, and a push works:")
	s.do(push + "1")
	s.requests()
	s.expect(s.tags() == "1", "the image arrived")

	s.stage.GitHub.Revoke(first)
	s.say("Now the token is revoked at GitHub. A good answer counts for ten seconds:")
	s.do("sleep 10")
	s.say("The dead token is not sent to the registry. The reason and the fix are",
		"above what the client says:")
	shown := s.shownToRegistry(first)
	s.fail(push+"2", "docker-credential-ghcr: hint: run: gh auth login -h github.com -s write:packages")
	s.requests()
	s.expect(s.tags() == "1", "nothing arrived")
	s.say("A public image can be pulled all the same; with the dead token it could not:")
	s.do(pullPublic)
	s.requests()
	s.expect(s.shownToRegistry(first) == shown, "the registry was shown no dead token")

	s.stage.GitHub.Add(second, credentialstest.Token{Login: "octocat", Scopes: scopes})
	if err := s.home.LogIn("github.com", "octocat", second); err != nil {
		return err
	}
	s.say("After the command that the hint names (played here), the push works again:")
	s.do(push + "2")
	s.requests()
	s.expect(s.tags() == "1 2", "the second image arrived")
	return s.err
}

// layer is a tar file of one file.
func layer(name, content string) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), ModTime: time.Unix(0, 0)})
	if err == nil {
		_, err = w.Write([]byte(content))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.String()
}

// show runs one thing after the other until the first that does not go as told.
type show struct {
	stage *stage.Stage
	home  *stage.Home
	seen  int // requests that were shown
	err   error
}

// say prints what a person who shows this would say.
func (s *show) say(lines ...string) {
	if s.err == nil {
		fmt.Printf("\n%s\n\n", dim("# "+strings.Join(lines, "\n# ")))
	}
}

// do runs a command that must succeed.
func (s *show) do(line string) {
	if _, err := s.run(line); s.err == nil && err != nil {
		s.err = fmt.Errorf("%s: %w", line, err)
	}
}

// fail runs a command that must fail and say something on its way.
func (s *show) fail(line, word string) {
	said, err := s.run(line)
	switch {
	case s.err != nil:
	case err == nil:
		s.err = fmt.Errorf("%s: should have failed", line)
	case !strings.Contains(said, word):
		s.err = fmt.Errorf("%s: did not say %q", line, word)
	}
}

func (s *show) run(line string) (said string, err error) {
	if s.err != nil {
		return "", nil
	}
	fmt.Println("$ " + bold(line))
	words := strings.Fields(strings.ReplaceAll(line, "~", s.home.Dir))
	command := s.home.Command(words[0], words[1:]...)
	var out bytes.Buffer
	command.Stdout = io.MultiWriter(os.Stdout, &out)
	command.Stderr = command.Stdout
	err = command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		fmt.Println(dim(fmt.Sprintf("(exit code %d)", exit.ExitCode())))
	}
	return out.String(), err
}

// expect ends the show if what was said is not so.
func (s *show) expect(so bool, what string) {
	if s.err == nil && !so {
		s.err = fmt.Errorf("not true: %s", what)
	}
}

func (s *show) tags() string {
	return strings.Join(s.stage.Images.Tags("ghcr.io", "octocat/hello"), " ")
}

func (s *show) shownToRegistry(token string) (times int) {
	for _, r := range s.stage.GitHub.RequestsWith(token) {
		if r.Place == credentialstest.Registry {
			times++
		}
	}
	return times
}

// requests prints who asked GitHub what since it was last called.
func (s *show) requests() {
	if s.err != nil {
		return
	}
	all := s.stage.GitHub.Requests()
	table := new(strings.Builder)
	columns := tabwriter.NewWriter(table, 0, 0, 2, ' ', 0)
	images := 0
	for _, r := range all[s.seen:] {
		if r.Place == credentialstest.Images {
			images++
			continue
		}
		who, _, _ := strings.Cut(r.UserAgent, "/")
		fmt.Fprintf(columns, "%s\t%s https://%s%s\t%s\t%d\n", who, r.Method, r.Host, r.Path, with(r), r.Status)
	}
	_ = columns.Flush() // to a builder
	fmt.Printf("\n%s", dim(table.String()))
	fmt.Println(dim(fmt.Sprintf("and what crane asked of https://ghcr.io/v2/: %d", images)))
	s.seen = len(all)
}

// with says what a request carried, with stars for the secret.
func with(r credentialstest.Request) string {
	if r.Secret == "" {
		return "without a token"
	}
	kind, _, _ := strings.Cut(r.Secret, "_")
	return "with " + kind + "_****"
}

func bold(text string) string { return styled("1", text) }
func dim(text string) string  { return styled("2", text) }

func styled(code, text string) string {
	info, err := os.Stdout.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("NO_COLOR") != "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
