package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

// Which login does a client send for a registry, if it does not ask this program?

// sender is a client that sends a login of its own.
type sender struct {
	client string
	// where is the place that has the login.
	where string
	// remove is the command that removes it.
	remove  string
	verdict credentials.Verdict
}

// stale reports whether GitHub rejects the login.
func (s sender) stale() bool { return s.verdict.Fault == credentials.Rejected }

// senders finds the clients that send a login of their own, docker first.
func senders(ctx context.Context, search *credentials.Search) (all []sender) {
	if s, ok := dockerAsSender(ctx, search); ok {
		all = append(all, s)
	}
	registry := search.Registry.Name
	for _, file := range loginFiles() {
		if s, ok := file.sender(ctx, search, registry); ok {
			all = append(all, s)
		}
	}
	return all
}

// dockerAsSender finds the login that docker sends before it asks this program, or
// instead.
func dockerAsSender(ctx context.Context, search *credentials.Search) (s sender, ok bool) {
	registry := search.Registry.Name
	s = sender{client: "docker", remove: "docker logout " + registry}
	if content := os.Getenv("DOCKER_AUTH_CONFIG"); content != "" {
		if config, err := dockerconfig.Parse("DOCKER_AUTH_CONFIG", []byte(content)); err == nil {
			for _, l := range plainTextLogins(config, registry) {
				s.where, s.remove = "DOCKER_AUTH_CONFIG", shell.Ours.Unset("DOCKER_AUTH_CONFIG")
				s.verdict = search.Judge(ctx, candidateOf(l))
				return s, true
			}
		}
	}
	path, err := dockerConfigFile()
	if err != nil {
		return s, false
	}
	config, err := dockerconfig.Read(path)
	if err != nil || config.UsesHelper(registry) {
		return s, false
	}
	for c := range earlierLoginsIn(ctx, config, registry) {
		if !c.Token.IsZero() {
			s.where, s.verdict = string(c.Source), search.Judge(ctx, c)
			return s, true
		}
	}
	return s, false
}

// loginFile is a file in which a client looks before it looks into docker's.
type loginFile struct{ client, path, logout string }

// loginFiles are those of podman and helm.
func loginFiles() []loginFile {
	home, _ := os.UserHomeDir()
	files := []loginFile{{"podman", os.Getenv("REGISTRY_AUTH_FILE"), "podman logout "}}
	if files[0].path == "" {
		second := filepath.Join(cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")), "containers", "auth.json")
		files = []loginFile{{"podman", podmanAuthFile(), "podman logout "}, {"podman", second, "podman logout --authfile " + shell.Ours.Word(second) + " "}}
	}
	return append(files, loginFile{"helm", helmRegistryFile(runtime.GOOS, os.Getenv, home), "helm registry logout "})
}

// sender judges the login that the file has for the registry.
func (f loginFile) sender(ctx context.Context, search *credentials.Search, registry string) (s sender, ok bool) {
	if !filepath.IsAbs(f.path) {
		return s, false
	}
	config, err := dockerconfig.Read(f.path)
	if err != nil || !config.Trusted() || config.UsesHelper(registry) {
		return s, false
	}
	for _, l := range plainTextLogins(config, registry) {
		return sender{f.client, terminal.Tilde(f.path), f.logout + registry, search.Judge(ctx, candidateOf(l))}, true
	}
	return s, false
}

// in is the situation of a client that sends a login.
func (s sender) in(situation denial.Situation) denial.Situation {
	situation.Client, situation.Logout = s.client, s.remove
	return situation
}
