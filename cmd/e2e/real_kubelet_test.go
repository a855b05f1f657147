package e2e

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

var realKubelet = flag.Bool("kubelet", false, "build the kubelet's plugin code, which takes minutes, and pull credentials through it")

// node is the kubelet's own code, in a process that looks up one image after the other,
// with the product as its plugin.
type node struct {
	images  io.WriteCloser
	answers *bufio.Scanner
	log     *strings.Builder
	ended   func() error
}

// startNode starts one with a configuration that kubelet --print-config printed.
func startNode(t *testing.T, s *stage.Stage, tokenFile string, args ...string) *node {
	t.Helper()
	product := program(t, stage.Product, "it is built before the tests")
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	check(t, os.Mkdir(bin, 0o755))
	check(t, os.Symlink(product, filepath.Join(bin, stage.Product)))
	environment := []string{"PATH=/usr/bin:/bin", "SSL_CERT_FILE=" + s.CAFile, "SSL_CERT_DIR=" + filepath.Join(dir, "none"), "CACHE_DIRECTORY=" + dir}
	print := exec.Command(product, append([]string{"kubelet", "--print-config"}, args...)...)
	print.Env = append(environment, "GHCR_TOKEN_FILE="+tokenFile)
	config, err := print.Output()
	check(t, err)
	file := filepath.Join(dir, "config.yaml")
	check(t, os.WriteFile(file, config, 0o600))

	n := &node{log: new(strings.Builder)}
	command := exec.Command(program(t, "kubelet", "run with -kubelet"), file, bin)
	command.Env, command.Dir, command.Stderr = environment, "/", n.log
	n.images, err = command.StdinPipe()
	check(t, err)
	out, err := command.StdoutPipe()
	check(t, err)
	n.answers = bufio.NewScanner(out)
	check(t, command.Start())
	n.ended = command.Wait
	t.Cleanup(func() { _ = n.images.Close() })
	return n
}

// pull looks an image up, as the kubelet does before it pulls it.
func (n *node) pull(t *testing.T, image string) (passwords []string) {
	t.Helper()
	_, err := io.WriteString(n.images, image+"\n")
	check(t, err)
	if !n.answers.Scan() {
		t.Fatalf("the kubelet's code ended: %v\n%s", n.ended(), n.log)
	}
	var found []struct{ Username, Password string }
	check(t, json.Unmarshal(n.answers.Bytes(), &found))
	for _, c := range found {
		passwords = append(passwords, c.Password)
	}
	return passwords
}

// end ends the process and returns what it has logged.
func (n *node) end(t *testing.T) string {
	t.Helper()
	check(t, n.images.Close())
	check(t, n.ended())
	return n.log.String()
}

// The kubelet's real code runs the product as its plugin. Nothing is cached of a failure,
// and a pull is never held up for long.
func TestRealKubelet(t *testing.T) {
	if !*realKubelet {
		t.Skip("the kubelet's code takes minutes to build; run make kubelet")
	}
	s := onlyOnStage(t)
	const image, other = "ghcr.io/octocat/app:1", "ghcr.io/octocat/other:1"
	write := func(t *testing.T, file, secret string) {
		t.Helper()
		check(t, os.WriteFile(file+".new", []byte(secret+"\n"), 0o600))
		check(t, os.Rename(file+".new", file))
	}
	var table strings.Builder
	table.WriteString("# What the kubelet's own code makes of the answers\n\nWritten by `make kubelet`, which builds `k8s.io/kubernetes/pkg/credentialprovider/plugin` v1.37.2 and looks images up through it. The configuration is what `kubelet --print-config` prints; there is no HOME.\n\n| situation | images, in order | credentials | requests to the API | longest wait | in the kubelet's log |\n|---|---|---|---|---|---|\n")
	for _, c := range []struct {
		name   string
		token  *credentialstest.Token // nil: there is no token file
		hang   bool
		args   []string
		images []string
		// between happens after the first image.
		between func(t *testing.T, file, secret string) (next string)
		found   []bool
		api     int
		logged  string
		longest time.Duration
	}{
		{name: "a valid token", token: readOnly(), images: []string{image, other, image}, found: []bool{true, true, true}, api: 1},
		{name: "an image of another registry", token: readOnly(), images: []string{"busybox", "registry.example.com/a/b"}, found: []bool{false, false}},
		{name: "a revoked token", token: &credentialstest.Token{Login: "octocat", Dead: true}, images: []string{image, image, other}, found: []bool{false, false, false}, api: 1,
			logged: "rejected by GitHub: expired or revoked"},
		{name: "no token file", images: []string{image}, found: []bool{false}, logged: "GHCR_TOKEN_FILE: "},
		{name: "neither the API nor the registry answers", token: readOnly(), hang: true, images: []string{image}, found: []bool{false}, api: 1,
			logged: "could not be checked", longest: apiLimit + registryLimit},
		{name: "the token is replaced, the old one revoked, after the cache duration", token: readOnly(), args: []string{"--cache-duration=1s"}, images: []string{image, image}, found: []bool{true, true}, api: 2,
			between: func(t *testing.T, file, secret string) string {
				next := tokenFor("real_kubelet_next")
				s.GitHub.Add(next, *readOnly())
				s.GitHub.Revoke(secret)
				write(t, file, next)
				time.Sleep(2 * time.Second) // the kubelet's cache has no other clock
				return next
			}},
		{name: "the token is revoked and not replaced", token: readOnly(), args: []string{"--cache-duration=1s"}, images: []string{image, image}, found: []bool{true, false}, api: 2,
			between: func(t *testing.T, _, secret string) string {
				s.GitHub.Revoke(secret)
				time.Sleep(answerLife + time.Second) // a good answer is cached so long
				return secret
			}, logged: "rejected by GitHub: expired or revoked"},
	} {
		ok := t.Run(c.name, func(t *testing.T) {
			file, secret := filepath.Join(t.TempDir(), "token"), tokenFor("real_kubelet")
			secrets := []string{secret}
			if c.token != nil {
				s.GitHub.Add(secret, *c.token)
				write(t, file, secret)
			}
			if c.hang {
				s.GitHub.Break(secret, credentialstest.API, credentialstest.Hang)
				s.GitHub.Break(secret, credentialstest.Registry, credentialstest.Hang)
			}
			n := startNode(t, s, file, c.args...)
			for i, image := range c.images {
				begun := time.Now()
				got := n.pull(t, image)
				if took := time.Since(begun); took > c.longest+allowance {
					t.Errorf("%s: a pull waited %v", image, took)
				}
				if found := len(got) == 1 && got[0] == secret; found != c.found[i] || !found && len(got) > 0 {
					t.Errorf("image %d, %s: got %q, want %t", i, image, got, c.found[i])
				}
				if i == 0 && c.between != nil {
					secret = c.between(t, file, secret)
					secrets = append(secrets, secret)
				}
			}
			log, api := n.end(t), 0
			for _, request := range s.GitHub.Requests() {
				if request.Place == credentialstest.API && (request.Secret == secrets[0] || request.Secret == secrets[len(secrets)-1]) {
					api++
				}
			}
			if api != c.api {
				t.Errorf("the API was asked %d times, want %d", api, c.api)
			}
			if c.logged == "" && strings.Contains(log, "Failed to provide") || !strings.Contains(log, c.logged) {
				t.Errorf("want %q in the log:\n%s", c.logged, log)
			}
			for _, secret := range secrets {
				if strings.Contains(log, secret) {
					t.Errorf("the token is in the log:\n%s", log)
				}
			}
		})
		if !ok {
			continue
		}
		wait := "none"
		if c.longest > 0 {
			wait = c.longest.String()
		}
		var found []string
		for _, yes := range c.found {
			found = append(found, map[bool]string{true: "the token", false: "none"}[yes])
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %d | %s | %s |\n", c.name, strings.Join(c.images, ", "), strings.Join(found, ", "), c.api, wait, c.logged)
	}
	if !t.Failed() {
		compareFile(t, "KUBELET-PLUGIN.md", table.String())
	}
}
