package stage

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/namespace"
)

// Perform builds the product and the tools named into the .local/bin of a new home,
// and has act play there, on a stage of its own. For that it starts this program
// once more, with the same arguments, and returns its exit code.
func Perform(act func(*Stage, *Home) error, tools ...string) (code int, err error) {
	const bin = ".local/bin"
	home := strings.TrimSuffix(os.Getenv(variable), bin)
	inside, code, err := namespace.Enter(Hosts(), func() (err error) {
		if home, err = os.MkdirTemp("", "home"); err != nil {
			return err
		}
		return Build(filepath.Join(home, bin), tools...)
	})
	if !inside {
		return code, errors.Join(err, os.RemoveAll(home))
	}
	if err != nil {
		return 0, err
	}
	s, err := Open(home)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	return 0, act(s, s.Home(filepath.Clean(home)))
}
