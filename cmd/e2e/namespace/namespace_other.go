//go:build !linux

// Package namespace runs a program where the names of GitHub are this machine,
// and where no process outside can see it.
package namespace

import (
	"errors"
	"fmt"
)

// ErrUnavailable says that namespaces cannot be had; the text says what would help.
var ErrUnavailable = errors.New("no network namespace to be had")

// Enter fails: only Linux has network namespaces.
func Enter(hosts string, before func() error) (inside bool, code int, err error) {
	return false, 0, fmt.Errorf("%w: it takes Linux, in a virtual machine or a privileged container", ErrUnavailable)
}
