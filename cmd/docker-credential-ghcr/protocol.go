package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
	"unicode"

	protocol "github.com/docker/docker-credential-helpers/credentials"
)

// The limits of a call by a client. No client says how long it will wait for us
// or what it may send; see the limits in package credentials for what happens
// inside a verb.
const (
	stdinLimit = 10 * time.Second
	maxInput   = 64 << 10
	// verbLimit is the last resort, should something hang that has no limit of its
	// own, such as a file on a dead network. It counts from the start.
	verbLimit = 30 * time.Second
	// sayLimit is how long whoever reads stderr may take. A reason is worth no more.
	sayLimit = time.Second
)

// protocolUsage is how docker-credential-helpers sums up the protocol.
const protocolUsage = "Usage: " + programName + " <store|get|erase|list|version>"

// answer serves one verb of docker's protocol. What goes to stdout is written
// in one piece and only once it is whole.
func answer(verb string, rest []string, w world) int {
	begun := time.Now()
	w.stderr = &timeoutWriter{Writer: w.stderr}
	protocol.Name, protocol.Package, protocol.Version = programName, modulePath, version()
	if len(rest) > 0 {
		fmt.Fprintln(w.stdout, protocolUsage)
		return 1
	}
	var input []byte
	if verb == "get" || verb == "store" || verb == "erase" {
		var err error
		if input, err = readInput(w.stdin); err != nil {
			return fail(verb, err, w)
		}
	}
	out, err := handle(verb, input, w, begun.Add(verbLimit))
	if err != nil {
		return fail(verb, err, w)
	}
	if _, err := w.stdout.Write(out); err != nil {
		return 1
	}
	return 0
}

// handle lets docker's library serve the verb.
func handle(verb string, input []byte, w world, ends time.Time) ([]byte, error) {
	if (verb == "get" || verb == "erase") && bytes.ContainsFunc(input, unicode.IsControl) {
		// The library joins lines: two could make a name that neither is.
		return nil, protocol.NewErrCredentialsNotFound()
	}
	return within(ends, func() ([]byte, error) {
		var out bytes.Buffer
		err := protocol.HandleCommand(w.helper(false), verb, bytes.NewReader(input), &out)
		return out.Bytes(), err
	})
}

// within runs what answers a client. Whatever happens to it, the client gets an answer,
// and no stack trace.
func within[T any](ends time.Time, run func() (T, error)) (answer T, err error) {
	type result struct {
		answer T
		err    error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if recover() != nil {
				done <- result{err: errors.New("internal error, please report it with GHCR_DEBUG=1")}
			}
		}()
		answer, err := run()
		done <- result{answer, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.err
	case <-time.After(time.Until(ends)):
		return answer, fmt.Errorf("no answer within %v", verbLimit)
	}
}

// fail tells the client how a verb failed: on stdout, where it reads, in the
// words that it knows. Every failure of get is "not found" to it, so
// that it goes on without a token; the reason goes to the person on stderr.
func fail(verb string, err error, w world) int {
	notFound := protocol.IsErrCredentialsNotFound(err)
	known := notFound || protocol.IsCredentialsMissingServerURL(err)
	said, code := err, 1
	switch {
	case verb == "erase":
		// docker keeps a plain-text login and podman crashes when erase fails.
		said, code = nil, 0
	case notFound || verb == "get" && !known:
		said = protocol.NewErrCredentialsNotFound()
	}
	if said != nil {
		fmt.Fprintln(w.stdout, said)
	}
	if !known && (verb == "get" || verb == "erase") {
		fmt.Fprintf(w.stderr, "%s: error: %v\n", programName, err)
	}
	return code
}

// timeoutWriter writes to a reader that may have stopped reading: then it gives up
// permanently.
type timeoutWriter struct {
	io.Writer
	gaveUp atomic.Bool
}

func (w *timeoutWriter) Write(text []byte) (int, error) {
	if w.gaveUp.Load() {
		return len(text), nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = w.Writer.Write(bytes.Clone(text))
	}()
	select {
	case <-done:
	case <-time.After(sayLimit):
		w.gaveUp.Store(true)
	}
	return len(text), nil
}

// readInput reads what the client sends, trimmed of the white space that some
// put around it.
func readInput(stdin io.Reader) ([]byte, error) {
	type result struct {
		input []byte
		err   error
	}
	done := make(chan result, 1)
	go func() {
		input, err := io.ReadAll(io.LimitReader(stdin, maxInput+1))
		done <- result{input, err}
	}()
	select {
	case r := <-done:
		switch {
		case r.err != nil:
			return nil, fmt.Errorf("standard input: %w", r.err)
		case len(r.input) > maxInput:
			return nil, fmt.Errorf("standard input is longer than %d bytes", maxInput)
		}
		return bytes.TrimSpace(r.input), nil
	case <-time.After(stdinLimit):
		return nil, fmt.Errorf("nothing came on standard input within %v; registry clients send the registry's name there", stdinLimit)
	}
}
