package stage

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// isolate makes PATH a folder of links to this machine's programs, without those
// whose presence changes what the product says: another copy of it, other
// credential helpers, and gh. Tests bring their own.
func isolate(dir string) error {
	if err := linkPrograms(dir, func(name string) bool {
		return name != "gh" && !strings.HasPrefix(name, "docker-credential-")
	}); err != nil {
		return err
	}
	return os.Setenv("PATH", dir)
}

// Programs is a PATH with the built programs and, of this machine's, the named ones
// alone. A program that is missing here is missing there too.
func Programs(dir string, names ...string) (path string, err error) {
	err = linkPrograms(dir, func(name string) bool { return slices.Contains(names, name) })
	return os.Getenv(variable) + string(filepath.ListSeparator) + dir, err
}

// linkPrograms fills a new folder with links to the wanted programs on PATH.
func linkPrograms(dir string, wanted func(name string) bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, from := range filepath.SplitList(os.Getenv("PATH")) {
		entries, err := os.ReadDir(from)
		if err != nil {
			continue // PATH may name folders that are not there
		}
		for _, entry := range entries {
			if entry.IsDir() || !wanted(entry.Name()) {
				continue
			}
			err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(dir, entry.Name()))
			if err != nil && !errors.Is(err, fs.ErrExist) { // the first on PATH counts
				return err
			}
		}
	}
	return nil
}
