// Command picture draws the terminal picture of the README from a real run: setup,
// the one command that was missing, status. Run it with `go run ./picture FILE`.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func main() {
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		code = 1
	}
	os.Exit(code)
}

func run() (code int, err error) {
	if len(os.Args) != 2 {
		return 0, errors.New("name the file to draw into")
	}
	file, err := filepath.Abs(os.Args[1])
	if err != nil {
		return 0, err
	}
	return stage.Perform(func(s *stage.Stage, home *stage.Home) error {
		return draw(s, home, file)
	}, "gh", "freeze")
}

func draw(s *stage.Stage, home *stage.Home, file string) error {
	const before, after = "gho_before", "gho_after"
	s.GitHub.Add(before, credentialstest.Token{Login: "octocat", Scopes: []string{"gist", "read:org", "repo"}})
	s.GitHub.SignIn("octocat")
	s.GitHub.NextDeviceToken(after, credentialstest.Token{Login: "octocat"})
	if err := home.LogIn("github.com", "octocat", before); err != nil {
		return err
	}
	home.Setenv("TERM", "xterm-256color")
	home.Setenv("GH_TELEMETRY", "0")
	var screen strings.Builder
	for _, line := range []string{
		"docker-credential-ghcr setup",
		"gh auth refresh -h github.com -s write:packages",
		"docker-credential-ghcr status",
	} {
		out, err := home.Command("script", "-qec", line+" </dev/null", "/dev/null").Output()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", line, err, out)
		}
		fmt.Fprintf(&screen, "\x1b[1m$ %s\x1b[0m\n%s\n", line, bytes.TrimSpace(bytes.ReplaceAll(out, []byte("\r"), nil)))
	}
	text := filepath.Join(home.Dir, "screen.ansi")
	svg := filepath.Join(home.Dir, "screen.svg")
	if err := os.WriteFile(text, []byte(screen.String()), 0o600); err != nil {
		return err
	}
	freeze := home.Command("freeze", text, "-o", svg, "--language", "ansi", "--padding", "16", "--background", "#0d1117", "--font.size", "13")
	if out, err := freeze.CombinedOutput(); err != nil {
		return fmt.Errorf("freeze: %w\n%s", err, out)
	}
	drawn, err := os.ReadFile(svg)
	if err != nil {
		return err
	}
	// The reader's own monospaced font does as well as one of 300 KB.
	drawn = embedded.ReplaceAll(drawn, nil)
	drawn = bytes.ReplaceAll(drawn, []byte("JetBrains Mono"), []byte("ui-monospace, monospace"))
	return os.WriteFile(file, drawn, 0o644)
}

var embedded = regexp.MustCompile(`(?s)<style>.*?</style>\s*`)
