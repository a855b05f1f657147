// Command live runs what docker-credential-ghcr promises against the real GitHub and
// ghcr.io, with a token that a person or a job of GitHub Actions gives it, and prints
// a table. It makes one private package under the token's owner, with a name that is
// free, and deletes it at the end. Nothing else is touched.
//
//	GHCR_TOKEN=… make live          a personal access token (classic) with write:packages and delete:packages
//	make live < FILE                the same, from a file
//
// LIVE_NARROW_TOKEN may hold one without write:packages, LIVE_SCOPELESS_TOKEN an OAuth
// app's without any scope, and LIVE_APP_USER_TOKEN a GitHub App's user token: what is
// tried with them is left out otherwise.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.program, "program", "", "the docker-credential-ghcr to run; it is built if not given")
	flag.StringVar(&o.public, "public", "ghcr.io/stefanprodan/podinfo:6.0.0", "an image that everybody may pull")
	flag.StringVar(&o.foreign, "foreign", "ghcr.io/stefanprodan/podinfo", "an image that the token may not push")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

type options struct{ program, public, foreign string }

var errFailed = errors.New("not all went as promised")

func run(ctx context.Context, o options) error {
	token, err := readToken()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "live")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.program == "" {
		o.program = filepath.Join(dir, "bin", "docker-credential-ghcr")
		if err := build(ctx, o.program); err != nil {
			return err
		}
	}
	r := &report{secrets: []string{token}}
	for _, name := range []string{narrowToken, scopelessToken, appUserToken} {
		r.secrets = append(r.secrets, os.Getenv(name))
	}
	s, err := newSession(ctx, dir, o, token, r)
	if err != nil {
		return errors.New(r.redacted(err.Error()))
	}
	s.promise(ctx)
	s.observe(ctx)
	s.cleanUp() // when interrupted, too
	r.print(os.Stdout)
	if summary := os.Getenv("GITHUB_STEP_SUMMARY"); summary != "" {
		file, err := os.OpenFile(summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		r.print(file)
		if err := file.Close(); err != nil {
			return err
		}
	}
	if r.failed() {
		return errFailed
	}
	return ctx.Err()
}

const (
	narrowToken    = "LIVE_NARROW_TOKEN"
	scopelessToken = "LIVE_SCOPELESS_TOKEN"
	appUserToken   = "LIVE_APP_USER_TOKEN"
)

// readToken takes the token from the environment, else from standard input.
func readToken() (string, error) {
	for _, name := range []string{"GHCR_TOKEN", "GITHUB_TOKEN"} {
		if token := os.Getenv(name); token != "" {
			return token, nil
		}
	}
	if info, err := os.Stdin.Stat(); err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return "", errors.New("no token: set GHCR_TOKEN, or redirect standard input from a file that has it")
	}
	line, err := bufio.NewReader(io.LimitReader(os.Stdin, 4096)).ReadString('\n')
	if token := strings.TrimSpace(line); token != "" {
		return token, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = errors.New("standard input is empty")
	}
	return "", fmt.Errorf("no token: set GHCR_TOKEN, or redirect standard input from a file that has it: %w", err)
}

// build builds the program as it is released.
func build(ctx context.Context, program string) error {
	module, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "go", "build", "-tags", "nethttpomithttp2", "-trimpath", "-buildvcs=false", "-o", program, "./cmd/docker-credential-ghcr")
	command.Dir = filepath.Join(filepath.Dir(strings.TrimSpace(string(module))), "..", "..")
	command.Env = append(withoutTokens(os.Environ()), "CGO_ENABLED=0")
	command.Stderr = os.Stderr
	return command.Run()
}
