package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// dead looks like a personal access token (classic) and is none.
var dead = "ghp_" + (rand.Text() + rand.Text())[:36]

// promise runs what docker-credential-ghcr promises, step by step.
func (s *session) promise(ctx context.Context) {
	s.get(ctx)
	s.check(ctx, "check that a package that does not exist may be pushed", "allowed", s.token, s.image())
	if s.docker {
		s.push(ctx)
	} else {
		for _, what := range []string{"push with docker", "private pull with docker", "public pull with a dead token", "explain what docker says of a denied push"} {
			s.report.skip(what, "no docker with an engine here")
		}
	}
	if s.pushed {
		s.check(ctx, "check that the package may be pushed", "allowed", s.token, s.image())
		s.check(ctx, "check that the package may be pulled", "allowed", s.token, s.image()+":1", "--pull")
		s.explain(ctx)
	}
	s.check(ctx, "check that another's package may not be pushed", "denied", s.token, s.foreign)
	if s.docker {
		s.publicPull(ctx)
	}
	s.refuse(ctx, "refuse a dead token", dead, "rejected")
	const narrow = "refuse a token without the scope"
	if token := os.Getenv(narrowToken); token != "" {
		s.refuse(ctx, narrow, token, "lacks-scope")
	} else {
		s.report.skip(narrow, narrowToken+" is not set")
	}
}

func (s *session) get(ctx context.Context) {
	begun := time.Now()
	r := s.runWith(ctx, s.token, "ghcr.io", "docker-credential-ghcr", "get")
	var credential struct{ Username, Secret string }
	err := r.err
	switch {
	case err != nil:
	case json.Unmarshal([]byte(r.stdout), &credential) != nil:
		err = errors.New("no JSON")
	case credential.Secret != s.token:
		err = errors.New("another token than the one given")
	case r.stderr != "":
		err = errors.New("it should say nothing on standard error")
	}
	found := fmt.Sprintf("as %s, in %d ms", credential.Username, time.Since(begun).Milliseconds())
	if err != nil {
		found = r.both()
	}
	s.report.step("get", found, err)
}

func (s *session) check(ctx context.Context, what, want, token, image string, flags ...string) {
	r := s.run(ctx, token, append([]string{"docker-credential-ghcr", "check", image, "--json"}, flags...)...)
	f, err := parse(r)
	found := f.Answer
	if f.Cause != "" {
		found += ", " + f.Cause
	}
	if err == nil && f.Answer != want {
		err = fmt.Errorf("should be %s", want)
	}
	if err != nil {
		found += " " + r.both()
	}
	s.report.step(what, found, err)
}

// refuse wants get to give nothing for a token, and to say why. What the reason is,
// status has as a word that does not change.
func (s *session) refuse(ctx context.Context, what, token, verdict string) {
	r := s.runWith(ctx, token, "ghcr.io", "docker-credential-ghcr", "get")
	var status struct {
		Registries []struct {
			Candidates []struct{ Source, Verdict string }
		}
	}
	var err error
	switch {
	case r.code != 1 || !strings.Contains(r.stdout, "credentials not found in native keychain"):
		err = errors.New("docker should be told that there is none")
	case !strings.Contains(r.stderr, refusal):
		err = errors.New("the reason is not on standard error")
	default:
		err = json.Unmarshal([]byte(s.run(ctx, token, "docker-credential-ghcr", "status", "--json").stdout), &status)
	}
	if err == nil {
		err = fmt.Errorf("the verdict should be %s", verdict)
		for _, registry := range status.Registries {
			for _, candidate := range registry.Candidates {
				if candidate.Source == "GHCR_TOKEN" && candidate.Verdict == verdict {
					err = nil
				}
			}
		}
	}
	s.report.step(what, r.stderr, err)
}

// refusal begins what the program says on standard error.
const refusal = "docker-credential-ghcr: error:"

func (s *session) push(ctx context.Context) {
	image := s.image() + ":1"
	if r := s.runWith(ctx, "", layer(), "docker", "import", "-", image); r.err != nil {
		s.report.step("push with docker", r.both(), r.err)
		return
	}
	r := s.run(ctx, s.token, "docker", "push", image)
	// Part of it may have arrived.
	s.pushed = true
	s.report.step("push with docker", last(r.both()), r.err)
	if r.err != nil {
		a, err := s.ask(ctx, "GET", s.endpoint(), withToken(s.token))
		s.pushed = err != nil || a.status != 404
		return
	}
	s.run(ctx, "", "docker", "rmi", image)
	r = s.run(ctx, s.token, "docker", "pull", image)
	s.report.step("private pull with docker", last(r.both()), r.err)
}

func (s *session) publicPull(ctx context.Context) {
	s.run(ctx, "", "docker", "rmi", s.public)
	r := s.run(ctx, dead, "docker", "pull", s.public)
	err := r.err
	if err == nil && !strings.Contains(r.stderr, refusal) {
		err = errors.New("the reason is not on standard error")
	}
	s.report.step("public pull with a dead token", last(r.stdout)+" "+r.stderr, err)
	s.run(ctx, "", "docker", "rmi", s.public)
}

// explain has docker denied at our own package: without a token.
func (s *session) explain(ctx context.Context) {
	denied := s.run(ctx, "", "docker", "push", s.image()+":1")
	if denied.err == nil {
		s.report.step("explain what docker says of a denied push", "a push without a token", errors.New("it should be denied"))
		return
	}
	r := s.runWith(ctx, "", denied.both(), "docker-credential-ghcr", "explain", "--json")
	f, err := parse(r)
	if err == nil && (f.Cause == "" || f.Cause == "unclear") {
		err = errors.New("no cause")
	}
	s.report.step("explain what docker says of a denied push", last(denied.both())+" → "+f.Cause, err)
}

// layer is a tar file of one small file.
func layer() string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	const content = "made by docker-credential-ghcr's live test\n"
	_ = w.WriteHeader(&tar.Header{Name: "live.txt", Mode: 0o644, Size: int64(len(content)), ModTime: time.Now()})
	_, _ = w.Write([]byte(content))
	_ = w.Close()
	return b.String()
}

// last is the last line of a text that says anything.
func last(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
