// Command wine runs a program of Windows in a Windows that is made for it, out of
// reach of any network, and removed thereafter. It serves as go test's -exec:
//
//	GOOS=windows go test -exec wine ./...
//
// See ../../../.ci/windows.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/namespace"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "wine:", err)
		code = 1
	}
	os.Exit(code)
}

func run(line []string) (code int, err error) {
	if len(line) == 0 {
		return 0, errors.New("usage: wine PROGRAM [ARGUMENT…]")
	}
	inside, code, err := namespace.Enter("127.0.0.1 localhost\n", func() error { return nil })
	if err != nil || !inside {
		return code, err
	}
	w, err := stage.StartWine()
	if err != nil {
		return 0, err
	}
	defer w.Close()
	command := w.Command(line[0], line[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := command.Run(); command.ProcessState == nil {
		return 0, err
	}
	return command.ProcessState.ExitCode(), nil
}
