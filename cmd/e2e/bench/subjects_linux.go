package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// others are credential helpers for other registries and stores.
var others = []string{
	"docker-credential-pass", "docker-credential-secretservice",
	"docker-credential-ecr-login", "docker-credential-gcr",
}

// A subject is something measured.
type subject struct {
	name    string
	args    []string
	home    *stage.Home
	stdin   string
	fresh   bool // nothing may be remembered, and GitHub is to be asked once
	unknown bool // it ends with 1, as it should
	atOnce  int  // how many at the same time, if more than one

	walls []time.Duration
	peak  int64 // resident memory, in KiB; 0 if it was not measured
}

func (s *subject) median() time.Duration {
	walls := slices.Sorted(slices.Values(s.walls))
	return walls[len(walls)/2]
}

// inTurns measures each of the subjects once, then each once more, and so on, so
// that whatever else the machine does is borne by all.
func (b *bench) inTurns(rounds int, subjects ...*subject) error {
	for range rounds {
		for _, s := range subjects {
			if err := b.once(s); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return nil
}

func (b *bench) once(s *subject) error {
	if err := b.forget(s); err != nil {
		return err
	}
	commands := make([]*exec.Cmd, max(s.atOnce, 1))
	for i := range commands {
		commands[i] = s.home.Command(s.args[0], s.args[1:]...)
		commands[i].Stdin = strings.NewReader(s.stdin)
	}
	failures := make([]error, len(commands))
	before := len(b.stage.GitHub.RequestsWith(token))
	var wait sync.WaitGroup
	begun := time.Now()
	for i, command := range commands {
		wait.Go(func() { failures[i] = command.Run() })
	}
	wait.Wait()
	s.walls = append(s.walls, time.Since(begun))
	if asked := len(b.stage.GitHub.RequestsWith(token)) - before; s.fresh && asked != 1 {
		return fmt.Errorf("%d requests, not 1", asked)
	}
	if exit, ok := errors.AsType[*exec.ExitError](failures[0]); s.unknown && ok && exit.ExitCode() == 1 {
		return nil
	}
	return errors.Join(failures...)
}

func (b *bench) forget(s *subject) error {
	if !s.fresh {
		return nil
	}
	return os.RemoveAll(filepath.Join(s.home.Dir, ".cache", stage.Product))
}

// measurePeak has time(1) start the program: the kernel counts to a process what
// its parent had when it was forked, and this one is large.
func (b *bench) measurePeak(s *subject) error {
	if s.atOnce > 1 {
		return nil
	}
	if err := b.forget(s); err != nil {
		return err
	}
	program, err := stage.Program(s.args[0])
	if err != nil {
		return err
	}
	file := filepath.Join(s.home.Dir, "peak")
	command := s.home.Command("time", append([]string{"-q", "-f", "%M", "-o", file, program}, s.args[1:]...)...)
	command.Stdin = strings.NewReader(s.stdin)
	if err := command.Run(); err != nil && !s.unknown {
		return err
	}
	text, err := os.ReadFile(file)
	if err == nil {
		_, err = fmt.Sscan(string(text), &s.peak)
	}
	return err
}
