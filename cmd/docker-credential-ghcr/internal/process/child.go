// Package process starts other programs, and keeps our own from leaving a core dump.
//
// A program gets our environment without the token that is for us alone, and the
// usual SIGPIPE, which we ignore. In the background it also gets a time limit, after
// which it is killed with its children, and a limit for its output.
package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// maxOutput bounds what a program may print.
const maxOutput = 64 << 10

// Background is a program that answers us and that no person sees.
func Background(ctx context.Context, program string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, args...)
	command.Env = childEnvironment()
	command.WaitDelay = time.Second
	killWithChildren(command)
	return command
}

// OutputOf runs a program and returns what it printed.
func OutputOf(command *exec.Cmd) ([]byte, error) {
	var out limitedBuffer
	command.Stdout = &out
	if err := start(command); err != nil {
		return nil, err
	}
	err := command.Wait()
	return out.content.Bytes(), err
}

// Foreground runs a program in the person's terminal.
func Foreground(ctx context.Context, without []string, program string, args ...string) error {
	command := exec.CommandContext(ctx, program, args...)
	command.Env = childEnvironment(without...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := start(command); err != nil {
		return err
	}
	return command.Wait()
}

// start starts a program with the usual SIGPIPE: what we ignore stays ignored in a
// child, and what we catch does not. signal.Reset does not end an Ignore.
func start(command *exec.Cmd) error {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	defer signal.Ignore(syscall.SIGPIPE)
	return command.Start()
}

// childEnvironment is our environment without GHCR_TOKEN and the other names.
func childEnvironment(without ...string) []string {
	var environment []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		drop := strings.EqualFold(name, "GHCR_TOKEN")
		for _, other := range without {
			drop = drop || name == other
		}
		if !drop {
			environment = append(environment, variable)
		}
	}
	return environment
}

// limitedBuffer takes as much as a small answer may have, and then fails. It must not
// offer the buffer's ReadFrom, which has no limit.
type limitedBuffer struct{ content bytes.Buffer }

func (b *limitedBuffer) Write(text []byte) (int, error) {
	if b.content.Len()+len(text) > maxOutput {
		return 0, errors.New("the answer is too long")
	}
	return b.content.Write(text)
}

// GHRun is one call of gh.
type GHRun struct {
	Without []string // variables that gh must not see
	Args    []string
}

// GHRuns reads a command line that the credentials package wrote for a person to
// paste. ok is false if it has anything but gh auth in it.
func GHRuns(line string) (runs []GHRun, ok bool) {
	line = strings.ReplaceAll(line, "; if ($?) { ", " && ")
	for part := range strings.SplitSeq(line, " && ") {
		run := GHRun{}
		words := strings.Fields(strings.TrimSuffix(part, " }"))
		for len(words) > 0 {
			if name, isPowerShell := strings.CutSuffix(words[0], "='';"); isPowerShell && strings.HasPrefix(name, "$env:") {
				run.Without = append(run.Without, strings.TrimPrefix(name, "$env:"))
				words = words[1:]
			} else if len(words) > 2 && words[0] == "env" && words[1] == "-u" {
				run.Without = append(run.Without, words[2])
				words = slices.Concat([]string{"env"}, words[3:])
			} else if words[0] == "env" {
				words = words[1:]
			} else {
				break
			}
		}
		if len(words) < 3 || words[0] != "gh" || words[1] != "auth" || strings.ContainsAny(strings.Join(words, ""), `'"$;&|<>(){}\`) {
			return nil, false
		}
		run.Args = words[1:]
		runs = append(runs, run)
	}
	return runs, true
}
