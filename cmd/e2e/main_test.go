package e2e

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/namespace"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// theStage is one for all tests, since there is but one port 443. Every test has
// tokens and repositories of its own.
var theStage *stage.Stage

// noStage says why there is none.
var noStage error

func TestMain(m *testing.M) {
	testscript.Main(onStage{m}, programs)
}

// onStage runs the tests inside the namespace, with the stage open.
type onStage struct{ *testing.M }

func (m onStage) Run() int {
	flag.Parse()
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		return fatal(err)
	}
	defer os.RemoveAll(dir)
	inside, code, err := namespace.Enter(stage.Hosts(), func() error {
		if testing.Short() {
			return stage.Build(dir) // the clients take minutes the first time
		}
		if _, err := stage.FindWine(); err == nil {
			if err := stage.BuildForWindows(dir); err != nil {
				return err
			}
		}
		return stage.Build(dir, tools()...)
	})
	switch {
	case errors.Is(err, namespace.ErrUnavailable) && os.Getenv("CI") != "true":
		noStage = err
		return m.M.Run()
	case err != nil:
		return fatal(err)
	case !inside:
		return code
	}
	leaveOwner()
	theStage, err = stage.Open(dir)
	if err != nil {
		return fatal(err)
	}
	defer theStage.Close()
	return m.M.Run()
}

// leaveOwner drops what whoever runs the tests has in the environment: logins,
// proxies, a session bus.
func leaveOwner() {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if name != "PATH" && name != "TMPDIR" && name != "CI" && !strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "E2E_") {
			_ = os.Unsetenv(name)
		}
	}
}

func fatal(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// onlyOnStage skips a test that cannot do without the stage.
func onlyOnStage(t *testing.T) *stage.Stage {
	t.Helper()
	if theStage == nil {
		missing(t, noStage.Error())
	}
	return theStage
}

// missing skips a test that needs something real, and says what and how to get
// it. In CI, where everything is to be installed, it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// program finds a real program or skips the test.
func program(t *testing.T, name, howToGetIt string) string {
	t.Helper()
	path, err := stage.Program(name)
	if err != nil {
		if _, err := os.Stat(filepath.Join("tools", name)); err == nil && testing.Short() {
			t.Skip(name + " is not built with -short; run it without")
		}
		missing(t, fmt.Sprintf("no %s here: %s", name, howToGetIt))
	}
	return path
}
