// Command docker-credential-ghcr gives docker, and every other registry client,
// the GitHub login that a person already has. Clients run it with one of the
// words of their protocol; a person runs it with one of the others.
package main

import (
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Whoever stops reading what we say must not end us before the answer is given.
	// To catch the signal instead would take a tenth of the start.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(os.Args[1:], world{os.Stdin, os.Stdout, os.Stderr}))
}

// world is what the program sees of where it runs, but for the environment and
// the files.
type world struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// run does what the words say and returns the exit status: 0, 1 for what failed or
// is not so, 2 for words that are not known, 3 for what nobody can say.
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
