package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
)

// errSaid ends a command with exit status 1 when everything has been printed;
// errUnknown ends it with 3: the answer is unknown.
var (
	errSaid    = errors.New("said")
	errUnknown = errors.New("unknown")
)

// usageError is a wrong command line: the command ends with its usage and exit status 2.
type usageError struct{ error }

// fixable is an error with its fix.
type fixable struct {
	error
	fix string
}

// complain tells a person what went wrong and how to fix it.
func complain(w world, err error) {
	fmt.Fprintf(w.stderr, "%s: error: %s\n", programName, terminal.Visible(err.Error()))
	var fix string
	var m fixable
	var config *dockerconfig.Error
	switch {
	case errors.As(err, &m):
		fix = m.fix
	case errors.As(err, &config):
		fix = config.Fix
	}
	if fix != "" {
		fmt.Fprintf(w.stderr, "%s: hint: %s\n", programName, terminal.Visible(fix))
	}
}

// noArguments rejects arguments of a command that takes none.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}
