package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// A newcomer with real gh and no login: one command, one yes, gh's own questions,
// and the push works.
func TestSetupLeadsThroughLogin(t *testing.T) {
	t.Parallel()
	home := homeWithGH(t)
	layer := filepath.Join(home.Dir, "layer.tar")
	check(t, os.WriteFile(layer, layerTar(t), 0o600))
	push := []string{"crane", "append", "-f", layer, "-t", "ghcr.io/octocat/newcomer:1"}
	program(t, "crane", "it is built from tools/crane, which wants the network once")
	fails(t, home, push)

	x := onTerminal(t, 100, home.Command(stage.Product, "setup"))
	x.awaits("X no GitHub login was found for github.com")
	x.awaits("Run it now? gh auth login -h github.com -s write:packages [y/N] ")
	x.types("y\n")
	for _, question := range []string{"preferred protocol", "Authenticate Git", "How would you like to authenticate"} {
		x.awaits(question)
		x.types("\n")
	}
	x.awaits("First copy your one-time code: ")
	x.awaits("Press Enter")
	x.types("\n")
	x.awaits("Logged in as octocat")
	x.awaits("✓ docker uses ")
	x.awaits("✓ gh, octocat: OAuth app token gho_****")
	x.awaits("(docker gets this one)")
	if code, _ := x.ends(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	succeeds(t, home, push)
	if tags := onlyOnStage(t).Images.Tags("ghcr.io", "octocat/newcomer"); len(tags) != 1 {
		t.Errorf("pushed are %v", tags)
	}
}

// Who is logged in by plain gh auth login lacks the scope, as everybody does at
// first, and gets it in the same way.
func TestSetupLeadsToTheMissingScope(t *testing.T) {
	t.Parallel()
	home := homeWithGH(t)
	const token = "gho_terminal_noscope"
	onlyOnStage(t).GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"gist", "read:org", "repo"}})
	logIn := home.Command("gh", "auth", "login", "--hostname", "github.com", "--with-token")
	logIn.Stdin = strings.NewReader(token)
	if said, err := logIn.CombinedOutput(); err != nil {
		t.Fatalf("gh auth login: %v\n%s", err, said)
	}
	x := onTerminal(t, 100, home.Command(stage.Product, "setup"))
	x.awaits("X gh, octocat: lacks write:packages (has gist, read:org, repo)")
	x.awaits("Run it now? gh auth refresh -h github.com -s write:packages [y/N] ")
	x.types("yes\n")
	x.awaits("Authenticate Git")
	x.types("\n")
	x.awaits("Press Enter")
	x.types("\n")
	x.awaits("✓ gh, octocat: OAuth app token gho_**** with gist, read:org, repo, workflow, write:packages")
	if code, _ := x.ends(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Nothing is run without a yes.
func TestSetupTakesNoForAnAnswer(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"no": "n\n", "nothing": "\n", "something": "yellow\n", "the end of the input": "\x04",
	} {
		home := onlyOnStage(t).Home(t.TempDir())
		ran := standInForGH(t, home, "exit 0")
		x := onTerminal(t, 100, home.Command(stage.Product, "setup"))
		x.awaits("[y/N] ")
		x.types(keys)
		if code, _ := x.ends(); code != 0 {
			t.Errorf("%s: exit code %d", name, code)
		}
		if ran() {
			t.Errorf("%s: gh was run", name)
		}
	}
}

// An interrupt at the question ends all.
func TestSetupEndsAtAnInterrupt(t *testing.T) {
	t.Parallel()
	home := onlyOnStage(t).Home(t.TempDir())
	ran := standInForGH(t, home, "exit 0")
	x := onTerminal(t, 100, home.Command(stage.Product, "setup"))
	x.awaits("[y/N] ")
	x.types("\x03")
	if code, _ := x.ends(); code == 0 {
		t.Error("exit code 0")
	}
	if ran() {
		t.Error("gh was run")
	}
}

// What gh could not do is not passed over.
func TestSetupSaysThatTheCommandFailed(t *testing.T) {
	t.Parallel()
	home := onlyOnStage(t).Home(t.TempDir())
	standInForGH(t, home, "echo 'gh: out of order' >&2; exit 4")
	x := onTerminal(t, 100, home.Command(stage.Product, "setup"))
	x.awaits("[y/N] ")
	x.types("y\n")
	x.awaits("gh: out of order")
	x.awaits("docker-credential-ghcr: error: gh auth login -h github.com -s write:packages: exit status 4")
	x.awaits("docker-credential-ghcr: hint: run it again, then: docker-credential-ghcr status")
	if code, _ := x.ends(); code != 1 {
		t.Errorf("exit code %d", code)
	}
}

// Lines are folded to a narrow terminal, between words; what may be pasted is not.
func TestNarrowTerminal(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const columns, login = 40, "a-login-of-thirty-nine-characters-as-it"
	const token = "gho_narrow"
	s.GitHub.Add(token, credentialstest.Token{Login: login, Scopes: []string{"gist", "read:org", "repo", "workflow", "write:packages"}})
	home := s.Home(t.TempDir())
	check(t, home.LogIn("github.com", login, token))
	home.Setenv("GH_TOKEN", "github_pat_narrow")
	home.Setenv("DOCKER_AUTH_CONFIG", `{"auths":{"ghcr.io":{"auth":"aHVudGVyOjI="}}}`)
	code, screen := onTerminal(t, columns, home.Command(stage.Product, "status")).ends()
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	screen = plain(screen)
	for _, whole := range []string{
		"\n    run: docker-credential-ghcr setup\n",
		"\n    run: env -u GH_TOKEN gh auth login -h github.com -s write:packages\n",
		"\n    run: unset DOCKER_AUTH_CONFIG\n",
	} {
		if !strings.Contains(screen, whole) {
			t.Errorf("%q is not on a line of its own", whole)
		}
	}
	folded := 0
	for line := range strings.Lines(screen) {
		line = strings.TrimSuffix(line, "\n")
		words := strings.Fields(line)
		aWord := len(words) <= 1 || len(words) == 2 && len(words[0]) == 1 // behind a mark
		if utf8.RuneCountInString(line) > columns && !aWord && !strings.Contains(line, "run: ") {
			t.Errorf("longer than %d: %q", columns, line)
		}
		if strings.HasPrefix(line, "    ") && !strings.Contains(line, "run: ") {
			folded++
		}
	}
	if folded == 0 {
		t.Error("nothing was folded")
	}
}

// Colour is for terminals, and for those who want it.
func TestColour(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	coloured := func(variables ...string) bool {
		home := s.Home(t.TempDir())
		for _, variable := range variables {
			name, value, _ := strings.Cut(variable, "=")
			home.Setenv(name, value)
		}
		_, screen := onTerminal(t, 100, home.Command(stage.Product, "status")).ends()
		if !strings.Contains(plain(screen), "\n  X no GitHub login was found for github.com\n") {
			t.Errorf("%v: the screen is %q", variables, screen)
		}
		return strings.Contains(screen, "\x1b[31mX\x1b[0m")
	}
	if !coloured() {
		t.Error("no colour on a terminal")
	}
	if coloured("NO_COLOR=1") {
		t.Error("colour with NO_COLOR")
	}
	if coloured("TERM=dumb") {
		t.Error("colour with TERM=dumb")
	}
	home := s.Home(t.TempDir())
	home.Setenv("TERM", "xterm-256color")
	if got := words(t, home, "status"); strings.Contains(got.stdout, "\x1b") {
		t.Errorf("colour in a pipe: %q", got.stdout)
	}
}

// homeWithGH has a keyring, and a gh that can be driven line by line.
func homeWithGH(t *testing.T) *stage.Home {
	t.Helper()
	program(t, "gh", "it is built from tools/gh unless the tests are run with -short, and wants the network once")
	program(t, "git", "apt-get install git")
	home := onlyOnStage(t).Home(t.TempDir())
	startKeyring(t, home)
	home.Setenv("GH_TELEMETRY", "0")
	home.Setenv("GH_ACCESSIBLE_PROMPTER", "enabled")
	home.Setenv("GH_BROWSER", "true") // the program of that name
	return home
}

// standInForGH puts a shell script in gh's place, and returns what tells whether it ran.
func standInForGH(t *testing.T, home *stage.Home, script string) (ran func() bool) {
	t.Helper()
	mark := filepath.Join(home.Dir, "gh-ran")
	check(t, home.WriteFile("stand-in/gh", "#!/bin/sh\ntouch '"+mark+"'\n"+script+"\n"))
	check(t, os.Chmod(filepath.Join(home.Dir, "stand-in/gh"), 0o755))
	home.Setenv("PATH", filepath.Join(home.Dir, "stand-in")+":"+filepath.Dir(program(t, stage.Product, ""))+":"+os.Getenv("PATH"))
	return func() bool {
		_, err := os.Stat(mark)
		return err == nil
	}
}
