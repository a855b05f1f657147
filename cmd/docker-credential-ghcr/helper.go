package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/process"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/docker-credential-helpers/client"
	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// helper finds the credential, for docker as for a person. fresh asks GitHub again
// instead of using a cached answer.
func (w world) helper(fresh bool) *credentials.Helper {
	return &credentials.Helper{
		Stderr:    w.stderr,
		UserAgent: programName + "/" + version(),
		Fresh:     fresh,
		Earlier:   earlierLogins,
	}
}

// kubeletHelper finds the credential for a node, which only pulls.
func (w world) kubeletHelper(fresh bool) *credentials.Helper {
	helper := w.helper(fresh)
	helper.Scope = github.ReadPackages
	return helper
}

// tokenFile is where README's recipes put a node's token.
const tokenFile = "/etc/ghcr/token"

// Which logins did docker have before it used us?
//
// They are the last sources of a token, so that setup never takes a login away: what
// docker's own store has for the registry, then the plain-text logins in config.json.

// maxEarlierLogins bounds the plain-text logins that are tried.
const maxEarlierLogins = 5

// earlierLogins finds them. A config.json that docker cannot read has none.
func earlierLogins(ctx context.Context, registry github.Registry) iter.Seq[credentials.Candidate] {
	return func(yield func(credentials.Candidate) bool) {
		path, err := dockerConfigFile()
		if err != nil {
			return
		}
		config, err := dockerconfig.Read(path)
		if err != nil {
			return
		}
		earlierLoginsIn(ctx, config, registry.Name)(yield)
	}
}

// earlierLoginsIn finds the logins by a config that was read.
func earlierLoginsIn(ctx context.Context, config *dockerconfig.Config, registry string) iter.Seq[credentials.Candidate] {
	return func(yield func(credentials.Candidate) bool) {
		store, logins := earlierStore(config, registry), plainTextLogins(config, registry)
		if !config.Trusted() {
			if store != "" || len(logins) > 0 {
				yield(credentials.Candidate{Source: credentials.DockerConfig, Fault: credentials.Broken,
					Reason: terminal.Tilde(config.Path()) + " belongs to another user, or everyone may write it"})
			}
			return
		}
		if c, ok := askStore(ctx, store, registry); ok && !yield(c) {
			return
		}
		for _, l := range logins {
			if !yield(candidateOf(l)) {
				return
			}
		}
	}
}

// earlierStore is the credential helper that docker would ask without us: the one
// that credHelpers names for the registry or named before setup, else credsStore.
func earlierStore(config *dockerconfig.Config, registry string) string {
	if helper, ok := config.Helper(registry); ok && helper != dockerconfig.HelperName {
		return helper
	} else if ok {
		record, _ := dockerconfig.ReadRecord(config.Path(), recordsDir())
		if replaced := record.Changes.ReplacedHelper(registry); replaced != "" {
			return replaced
		}
	}
	return config.CredsStore()
}

// plainTextLogins are the logins in config.json, those first that docker itself would
// use, and no more than a few.
func plainTextLogins(config *dockerconfig.Config, registry string) []dockerconfig.Login {
	var logins []dockerconfig.Login
	for _, docker := range []bool{true, false} {
		for _, l := range config.Logins(registry) {
			if (l.Key == registry) == docker {
				logins = append(logins, l)
			}
		}
	}
	var distinct []dockerconfig.Login
	for _, l := range logins {
		same := func(other dockerconfig.Login) bool { return other.Secret() == l.Secret() }
		if !slices.ContainsFunc(distinct, same) {
			distinct = append(distinct, l)
		}
	}
	return distinct[:min(len(distinct), maxEarlierLogins)]
}

func candidateOf(l dockerconfig.Login) credentials.Candidate {
	return candidateWith(credentials.DockerConfig, l.User, l.Secret())
}

func candidateWith(source credentials.Source, user, secret string) credentials.Candidate {
	return credentials.Candidate{Source: source, Login: loginOf(user, secret)}.WithSecret(secret)
}

// loginOf is the GitHub login of a user name. Some people give the token as the user
// name too, which must not be shown.
func loginOf(user, secret string) string {
	if user == secret || github.KindOf(user) != github.UnknownKind || !github.IsLogin(user) {
		return ""
	}
	return user
}

// identityUser is the user name of a secret that is an identity token, which GitHub
// does not issue.
const identityUser = "<token>"

// guard is set in the environment of the programs that are asked: one that calls us in
// turn gets no answer from itself.
const guard = "DOCKER_CREDENTIAL_GHCR_ASKS"

// errNotAsked is for a program that must not be asked, or is not there.
var errNotAsked = errors.New("not asked")

// askStore asks a program that keeps docker's logins. One that fails has no login:
// docker could not get it either. Only one that does not answer in time is reported
// as a candidate, since that time was lost.
func askStore(ctx context.Context, store, registry string) (c credentials.Candidate, ok bool) {
	if store == "" || os.Getenv(guard) != "" {
		return c, false
	}
	limit := credentials.KeyringLimit()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	source := credentials.Source("docker-credential-" + store)
	login, err := askProgram(ctx, store, registry)
	switch {
	case ctx.Err() != nil:
		return credentials.Candidate{Source: source, Fault: credentials.Timeout, Reason: fmt.Sprintf("no answer within %v", limit)}, true
	case err != nil, login.Secret == "", login.Username == identityUser:
		return c, false
	}
	return candidateWith(source, login.Username, login.Secret), true
}

// askProgram asks docker-credential-STORE with docker's own client.
func askProgram(ctx context.Context, store, registry string) (*protocol.Credentials, error) {
	program, err := storeProgram(store)
	if err != nil {
		return nil, err
	}
	return client.Get(func(args ...string) client.Program {
		command := process.Background(ctx, program, args...)
		command.Env = append(command.Env, guard+"=1")
		return &storeCall{command}
	}, registry)
}

// storeProgram finds the program of a store as docker does. It is never this one, nor
// one that is not on PATH.
func storeProgram(store string) (string, error) {
	name := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r))
	}
	if strings.TrimSuffix(store, ".exe") == dockerconfig.HelperName || strings.ContainsFunc(store, name) {
		return "", errNotAsked
	}
	program, err := exec.LookPath("docker-credential-" + store)
	if err != nil {
		return "", err
	}
	if self, err := os.Executable(); err != nil || sameFile(program, self) {
		return "", errNotAsked
	}
	return program, nil
}

// storeCall is the client's own program, with our limits, and without the store's
// messages on our stderr.
type storeCall struct{ *exec.Cmd }

func (c *storeCall) Output() ([]byte, error) { return process.OutputOf(c.Cmd) }
func (c *storeCall) Input(in io.Reader)      { c.Stdin = in }

// dockerConfigFile is docker's config.json for this person.
func dockerConfigFile() (string, error) {
	home, _ := os.UserHomeDir()
	return dockerconfig.Path(os.Getenv, home)
}

// recordsDir is where the undo records are, beside our settings; "" without a home.
func recordsDir() string {
	settings, err := credentials.SettingsPath()
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(settings), "setup")
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
