package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"io"
	"runtime/debug"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
)

// programName is the program that docker looks for on its PATH when credHelpers says ghcr.
const programName = "docker-credential-" + dockerconfig.HelperName

const modulePath = "github.com/docker-credential-ghcr/docker-credential-ghcr"

// linkedVersion is set by the linker for releases.
var linkedVersion string

// version is what the linker set, else the module version or revision that the go
// command recorded.
func version() string {
	if linkedVersion != "" {
		return linkedVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "v0.0.0-devel"
	}
	return strings.TrimSuffix(info.Main.Version, "+dirty")
}

// world is what the program sees of where it runs, apart from the environment and
// the files.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// isInteractive reports whether a person can answer a question.
func (w world) isInteractive() bool {
	return terminal.IsTerminal(w.stdin) && terminal.IsTerminal(w.stderr)
}

// confirm asks the person a question.
func (w world) confirm(question string) bool { return terminal.Confirm(w.stdin, w.stderr, question) }
