// Command docker-credential-ghcr gives docker, and every other registry client,
// the GitHub login that a person already has. Clients run it with a verb of their
// protocol; a person runs it with one of the other commands.
package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/process"

	"os"
	"os/signal"
	"syscall"
)

func main() {
	process.DisableCoreDumps()
	// Whoever stops reading what we say must not end us before the answer is given.
	// To catch the signal instead would take a tenth of the start.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], world{os.Stdin, os.Stdout, os.Stderr}))
}

// run runs a verb or a command and returns the exit status: 0 for success or yes, 1
// for failure or no, 2 for unknown commands and flags, 3 if the answer is unknown.
func run(args []string, w world) int {
	if len(args) == 0 {
		return command(args, w)
	}
	switch word := args[0]; word {
	case "get", "store", "erase", "list", "version":
		return answer(word, args[1:], w)
	case "--version", "-v":
		return answer("version", args[1:], w)
	}
	return command(args, w)
}
