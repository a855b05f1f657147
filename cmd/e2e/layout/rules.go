package main

import (
	"fmt"
	"slices"
	"strings"
)

const (
	mostFilesInCycle = 2
	command          = "cmd/docker-credential-ghcr"
	library          = "credentials"
	pretend          = "credentials/credentialstest" // for tests: it may do what it needs
	dockersPackage   = "github.com/docker/docker-credential-helpers/credentials"
	dockersAlias     = "protocol"
)

// mostEdges limits the references between files of a package.
var mostEdges = map[string]int{command: 75, library: 60}

// forbiddenImports names, for a package and all below it, what it may not import,
// and with it all below that.
var forbiddenImports = map[string][]string{
	command:                      {"github.com/cli/go-gh", "github.com/zalando/go-keyring"},
	command + "/internal/denial": {"github.com/spf13/cobra", "github.com/spf13/pflag", "net/http", "golang.org/x/term", "os/exec"},
	library:                      {"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"},
}

// forbiddenObjects names, likewise, what a package may not use: a library gets its
// arguments and its streams from its caller, and never ends the process.
var forbiddenObjects = map[string][]string{
	library: {"os.Args", "os.Stdin", "os.Stdout", "os.Stderr", "os.Exit", "fmt.Print", "fmt.Println", "fmt.Printf"},
}

// brokenRules returns a sentence for each rule that the package breaks.
func (g *graph) brokenRules() (broken []string) {
	say := func(format string, args ...any) {
		broken = append(broken, g.path+": "+fmt.Sprintf(format, args...))
	}
	if cycle := g.largestCycle(); len(cycle) > mostFilesInCycle {
		say("%d files depend on each other in a cycle, at most %d may: %s", len(cycle), mostFilesInCycle, strings.Join(cycle, " "))
	}
	if most, limited := mostEdges[g.path]; limited && g.edgeCount() > most {
		say("%d references between files, at most %d are allowed", g.edgeCount(), most)
	}
	if g.path == pretend {
		return broken
	}
	for _, file := range g.inits {
		say("%s has an init function", file)
	}
	for place, forbidden := range forbiddenImports {
		if !within(g.path, place) {
			continue
		}
		for _, i := range g.imports {
			if slices.ContainsFunc(forbidden, func(path string) bool { return within(i.path, path) }) {
				say("%s imports %s", i.file, i.path)
			}
		}
	}
	for place, forbidden := range forbiddenObjects {
		if !within(g.path, place) {
			continue
		}
		for _, s := range g.selects {
			if slices.Contains(forbidden, s.object) {
				say("%s uses %s", s.file, s.object)
			}
		}
	}
	for _, i := range g.imports {
		if i.path == dockersPackage && i.alias != dockersAlias {
			say("%s imports %s under another name than %s", i.file, i.path, dockersAlias)
		}
	}
	slices.Sort(broken)
	return broken
}

// within says whether a path is the place or below it.
func within(path, place string) bool {
	return path == place || strings.HasPrefix(path, place+"/")
}
