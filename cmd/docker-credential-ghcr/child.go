package main

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

// How do we start another program?
//
// A program gets our environment without the token that is for us alone, and the
// usual SIGPIPE, which we ignore. In the background it also gets a time limit, after
// which it is killed with its children, and a limit for its output.

// maxOutput bounds what a program may print.
const maxOutput = 64 << 10

// background is a program that answers us and that nobody sees.
func background(ctx context.Context, program string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, program, args...)
	command.Env = childEnvironment()
	command.WaitDelay = time.Second
	killWithChildren(command)
	return command
}

// outputOf runs a program and returns what it printed.
func outputOf(command *exec.Cmd) ([]byte, error) {
	var out limitedBuffer
	command.Stdout = &out
	if err := start(command); err != nil {
		return nil, err
	}
	err := command.Wait()
	return out.content.Bytes(), err
}

// foreground runs a program in the person's terminal.
func foreground(ctx context.Context, without []string, program string, args ...string) error {
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

// ghRun is one call of gh.
type ghRun struct {
	without []string // variables that gh must not see
	args    []string
}

// ghRuns reads a command line that the credentials package wrote for a person to
// paste. ok is false if it has anything but gh auth in it.
func ghRuns(line string) (runs []ghRun, ok bool) {
	line = strings.ReplaceAll(line, "; if ($?) { ", " && ")
	for part := range strings.SplitSeq(line, " && ") {
		run := ghRun{}
		words := strings.Fields(strings.TrimSuffix(part, " }"))
		for len(words) > 0 {
			if name, isPowerShell := strings.CutSuffix(words[0], "='';"); isPowerShell && strings.HasPrefix(name, "$env:") {
				run.without = append(run.without, strings.TrimPrefix(name, "$env:"))
				words = words[1:]
			} else if len(words) > 2 && words[0] == "env" && words[1] == "-u" {
				run.without = append(run.without, words[2])
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
		run.args = words[1:]
		runs = append(runs, run)
	}
	return runs, true
}
