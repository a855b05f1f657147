package main

import (
	"errors"
	"fmt"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
)

// errSaid ends a command with exit status 1 when all has been said.
var errSaid = errors.New("said")

// usageError is a mistake in the words: it ends with the usage and exit status 2.
type usageError struct{ error }

// mendable is an error with the fix that mends it.
type mendable struct {
	error
	fix string
}

// complain tells a person what went wrong and what mends it.
func complain(w world, err error) {
	fmt.Fprintf(w.stderr, "%s: error: %s\n", programName, visible(err.Error()))
	var fix string
	var m mendable
	var config *dockerconfig.Error
	switch {
	case errors.As(err, &m):
		fix = m.fix
	case errors.As(err, &config):
		fix = config.Fix
	}
	if fix != "" {
		fmt.Fprintf(w.stderr, "%s: hint: %s\n", programName, visible(fix))
	}
}
