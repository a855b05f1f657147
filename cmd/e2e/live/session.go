package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// session is one run: a token, its owner, and the one package that is made.
type session struct {
	options
	report *report
	token  string
	inJob  bool
	home   string
	env    []string // of the programs, without a token
	owner  string
	kind   string // "User" or "Organization"
	name   string
	docker bool // an engine answers
	pushed bool // the package exists
}

const (
	commandLimit = 3 * time.Minute
	requestLimit = 30 * time.Second
)

// newSession finds out who the token's owner is, and that what is made can be deleted.
func newSession(ctx context.Context, dir string, o options, token string, r *report) (*session, error) {
	s := &session{options: o, report: r, token: token, inJob: os.Getenv("GITHUB_ACTIONS") == "true", home: filepath.Join(dir, "home")}
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		return nil, err
	}
	program, err := filepath.Abs(o.program)
	if err != nil {
		return nil, err
	}
	s.env = append(withoutTokens(os.Environ()),
		"PATH="+filepath.Dir(program)+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"HOME="+s.home, "DOCKER_CONFIG="+filepath.Join(s.home, ".docker"),
		"XDG_CONFIG_HOME="+filepath.Join(s.home, ".config"), "XDG_CACHE_HOME="+filepath.Join(s.home, ".cache"),
		"DBUS_SESSION_BUS_ADDRESS=disabled:", "GITHUB_STEP_SUMMARY=")
	if err := s.findOwner(ctx); err != nil {
		return nil, err
	}
	random := make([]byte, 4)
	_, _ = rand.Read(random)
	s.name = "docker-credential-ghcr-live-" + hex.EncodeToString(random)
	s.docker = s.run(ctx, "", "docker", "version").err == nil
	if said := s.run(ctx, "", "docker-credential-ghcr", "setup"); said.err != nil {
		return nil, fmt.Errorf("setup: %w: %s", said.err, said.both())
	}
	return s, nil
}

func (s *session) findOwner(ctx context.Context) error {
	root, err := s.ask(ctx, http.MethodGet, "https://api.github.com/", withToken(s.token))
	if err != nil {
		return err
	}
	if root.status != http.StatusOK {
		return fmt.Errorf("GitHub does not take the token: %s", root)
	}
	switch scopes, named := root.header["X-Oauth-Scopes"]; {
	case s.inJob:
		s.owner, _, _ = strings.Cut(os.Getenv("GITHUB_REPOSITORY"), "/")
		if s.owner == "" {
			return errors.New("GITHUB_REPOSITORY names no owner")
		}
	case !named:
		return errors.New("the token names no scopes: it must be a personal access token (classic), or the job's own")
	default:
		for _, scope := range []string{"write:packages", "delete:packages"} {
			if !slices.Contains(strings.Split(strings.ReplaceAll(scopes[0], " ", ""), ","), scope) {
				return fmt.Errorf("the token lacks the scope %s, without which what this makes could not be deleted", scope)
			}
		}
		user, err := s.ask(ctx, http.MethodGet, "https://api.github.com/user", withToken(s.token))
		if err != nil {
			return err
		}
		s.owner = user.field("login")
		if s.owner == "" {
			return fmt.Errorf("GitHub does not say whose token it is: %s", user)
		}
	}
	owner, err := s.ask(ctx, http.MethodGet, "https://api.github.com/users/"+s.owner, withToken(s.token))
	if err != nil {
		return err
	}
	if s.kind = owner.field("type"); s.kind == "" {
		return fmt.Errorf("GitHub does not say what %s is: %s", s.owner, owner)
	}
	return nil
}

// image is the one package, and what its REST endpoint is.
func (s *session) image() string { return "ghcr.io/" + s.repository() }

func (s *session) repository() string { return strings.ToLower(s.owner) + "/" + s.name }

func (s *session) endpoint() string {
	owners := "users"
	if s.kind == "Organization" {
		owners = "orgs"
	}
	return "https://api.github.com/" + owners + "/" + s.owner + "/packages/container/" + s.name
}

// cleanUp deletes the package, for which it takes a time of its own.
func (s *session) cleanUp() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s.run(ctx, "", "docker", "rmi", s.image()+":1")
	const what = "delete the package"
	if !s.pushed {
		s.report.skip(what, "none was made")
		return
	}
	endpoint := s.endpoint()
	if s.kind == "User" && !s.inJob {
		endpoint = "https://api.github.com/user/packages/container/" + s.name
	}
	a, err := s.ask(ctx, http.MethodDelete, endpoint, withToken(s.token))
	if err == nil && a.status != http.StatusNoContent {
		err = errors.New("delete it by hand on GitHub")
	}
	s.report.step(what+" "+s.repository(), a.String(), err)
}

// said is what a program did.
type said struct {
	stdout, stderr string
	err            error
	code           int
}

func (r said) both() string { return strings.TrimSpace(r.stdout + "\n" + r.stderr) }

// run runs a program without a token in its environment, or with one, which is never an argument.
func (s *session) run(ctx context.Context, token string, words ...string) said {
	return s.runWith(ctx, token, "", words...)
}

func (s *session) runWith(ctx context.Context, token, input string, words ...string) said {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	name := words[0]
	if name == "docker-credential-ghcr" {
		name = s.program
	}
	command := exec.CommandContext(ctx, name, words[1:]...)
	command.WaitDelay = 5 * time.Second
	command.Env = s.env
	if token != "" {
		variable := "GHCR_TOKEN="
		if s.inJob && token == s.token {
			variable = "GITHUB_TOKEN="
		}
		command.Env = append(slices.Clip(command.Env), variable+token)
	}
	command.Stdin = strings.NewReader(input)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	r := said{stdout: stdout.String(), stderr: stderr.String(), err: err, code: -1}
	if command.ProcessState != nil {
		r.code = command.ProcessState.ExitCode()
	}
	return r
}

// withoutTokens is an environment in which no token is found.
func withoutTokens(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return strings.Contains(name, "TOKEN") || strings.HasPrefix(name, "GH_") || name == "GHCR_SCOPE"
	})
}

// finding is what check --json or explain --json say, as far as it matters here.
type finding struct {
	Answer    string
	Cause     string
	Check     string
	Diagnosis *struct{ Cause string }
}

func parse(r said) (finding, error) {
	var f finding
	if err := json.Unmarshal([]byte(r.stdout), &f); err != nil {
		return f, fmt.Errorf("no JSON: %w", err)
	}
	if f.Diagnosis != nil {
		f.Cause = f.Diagnosis.Cause
	}
	return f, nil
}
