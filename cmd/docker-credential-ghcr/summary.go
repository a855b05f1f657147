package main

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// appendTo appends to a file. It does not wait for a reader at the other end of a pipe.
func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE|nonBlocking(), 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err == nil {
		_, err = file.WriteString(text)
	}
	return errors.Join(err, file.Close())
}

// nonBlocking keeps an open from waiting for the other end of a pipe.
func nonBlocking() int {
	if runtime.GOOS == "windows" {
		return 0
	}
	return syscall.O_NONBLOCK
}
