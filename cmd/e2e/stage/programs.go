package stage

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// variable hands the folder of built programs to the process in the namespace.
const variable = "E2E_PROGRAMS"

// Product is the name of the program that all this is about.
const Product = "docker-credential-ghcr"

// Tags are the build tags of the product, as the Makefile has them.
const Tags = "nethttpomithttp2"

// Build builds the product as it is released, and the tools named, each pinned by
// tools/NAME/go.mod. It wants the network where the module cache is empty, so it
// comes before the namespace. The folder is the caller's to remove.
//
// A tool that does not build is reported and left out; Program then misses it.
func Build(dir string, tools ...string) error {
	module, err := output(".", "env", "GOMOD")
	if err != nil {
		return err
	}
	module = filepath.Dir(module)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	product := filepath.Join(dir, Product)
	if _, err := output(filepath.Join(module, "..", ".."), "build", "-trimpath", "-tags", Tags, "-gcflags", "github.com/...=-l", "-ldflags", "-s -w", "-o", product, "./cmd/"+Product); err != nil {
		return err
	}
	// Inside, the go command finds its caches by these alone.
	for _, cache := range []string{"GOCACHE", "GOMODCACHE"} {
		path, err := output(module, "env", cache)
		if err != nil {
			return err
		}
		if err := os.Setenv(cache, path); err != nil {
			return err
		}
	}
	for _, tool := range tools {
		if err := link(dir, filepath.Join(module, "tools", tool)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	return os.Setenv(variable, dir)
}

// link builds the tools of a module. If it has but one, that is called as the
// module's folder is: what others call cmd may then get a name.
func link(dir, module string) error {
	list, err := output(module, "list", "tool")
	if err != nil {
		return err
	}
	packages := strings.Fields(list)
	for _, p := range packages {
		name := filepath.Base(p)
		if len(packages) == 1 {
			name = filepath.Base(module)
		}
		// Builds into Go's cache and prints where, so that the next run has it.
		built, err := output(module, "tool", "-n", p)
		if err != nil {
			return err
		}
		if err := os.Symlink(built, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// Program finds a program that Build has built, else one of this machine's.
func Program(name string) (path string, err error) {
	path = filepath.Join(os.Getenv(variable), name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return exec.LookPath(name)
}

// speaksC is the one tool that is nothing without a library of C's.
const speaksC = "docker-credential-secretservice"

func output(dir string, args ...string) (string, error) {
	command := exec.Command("go", args...)
	command.Dir = dir
	if filepath.Base(dir) != speaksC {
		command.Env = append(command.Environ(), "CGO_ENABLED=0")
	}
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), dir, err, complaint.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}
