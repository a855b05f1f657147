package dockerconfig

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

var (
	errIsDirectory = errors.New("is a directory")
	errReadOnly    = errors.New("is read-only")
	errChanged     = errors.New("another program changed it at the same time")
)

// Error says what is wrong with config.json, where, and how to fix it.
type Error struct {
	Path         string
	Line, Column int // 0 if the text is not the problem
	Err          error
	Fix          string // may be empty
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("%s:%d:%d: %v", e.Path, e.Line, e.Column, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// withoutPath is an error without the path, which the message has already.
func withoutPath(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

func fixFor(err error, dir string) string {
	switch {
	case errors.Is(err, errIsDirectory):
		return "move the directory away"
	case errors.Is(err, errReadOnly):
		return "make the file writable"
	case isDiskFull(err):
		return "free some space where " + dir + " is"
	case errors.Is(err, syscall.EROFS):
		return dir + " is on a read-only file system; change the file where it is made"
	case errors.Is(err, syscall.EBUSY):
		return "the file itself is a mount; mount its directory, or change the file where it comes from"
	case errors.Is(err, fs.ErrPermission):
		return "run this as the owner of " + dir + ", or make the directory and the file yours"
	}
	return ""
}
