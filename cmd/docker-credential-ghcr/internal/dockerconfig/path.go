package dockerconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Path is where docker looks for its config.json.
func Path(getenv func(string) string, home string) (string, error) {
	dir := getenv("DOCKER_CONFIG")
	if dir == "" {
		if home == "" {
			return "", errors.New("no home directory; set HOME or DOCKER_CONFIG")
		}
		dir = filepath.Join(home, ".docker")
	}
	return filepath.Abs(filepath.Join(dir, "config.json"))
}

// followLinks finds the file behind links. The file need not exist: docker writes
// through a dangling link too.
func followLinks(path string) (string, error) {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", &Error{Path: path, Err: withoutPath(err), Fix: fixFor(err, filepath.Dir(path))}
	}
	file := path
	for range 40 {
		dir, err := filepath.EvalSymlinks(filepath.Dir(file))
		if err != nil {
			if file == path {
				return path, nil // the directory does not exist yet
			}
			return "", &Error{Path: path,
				Err: fmt.Errorf("is a link to %s: %w", file, withoutPath(err)),
				Fix: "make the directory " + filepath.Dir(file)}
		}
		file = filepath.Join(dir, filepath.Base(file))
		target, err := os.Readlink(file)
		if err != nil {
			return file, nil
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		file = target
	}
	return "", &Error{Path: path, Err: errors.New("too many links")}
}
