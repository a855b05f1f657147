package credentialstest

import (
	"net"
	"strings"
)

// Alias lets requests to host, a gateway or a loopback address with its port, be
// answered as if they had been sent to as. It is how gh's api_host setting and
// registries on a port of their own are played.
func (g *GitHub) Alias(host, as string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.aliases[strings.ToLower(host)] = as
}

func (g *GitHub) destination(host, path string) destination {
	host = strings.ToLower(host)
	g.mu.Lock()
	if as, ok := g.aliases[host]; ok {
		host = as
	}
	g.mu.Unlock()
	host = withoutPort(host)

	if github, ok := githubOfRegistry(host); ok {
		to := destination{place: Images, github: github, registry: host}
		if path == "/token" {
			to.place = Registry
		}
		return to
	}
	if host == "api.github.com" {
		return destination{place: API, github: "github.com"}
	}
	if sub, ok := strings.CutPrefix(host, "api."); ok && strings.HasSuffix(sub, ".ghe.com") {
		return destination{place: API, github: sub}
	}
	if host != "github.com" && !strings.HasSuffix(host, ".ghe.com") {
		switch {
		case path == "/api/v3", strings.HasPrefix(path, "/api/v3/"):
			return destination{place: API, github: host, prefix: "/api/v3"}
		case path == "/api/graphql":
			return destination{place: API, github: host, prefix: "/api"}
		}
	}
	return destination{place: Web, github: host}
}

// githubOfRegistry names the GitHub host behind a registry. The forms are those of
// https://docs.github.com/packages/working-with-a-github-packages-registry/working-with-the-container-registry
// and its pages for GHE.com and GitHub Enterprise Server.
func githubOfRegistry(host string) (string, bool) {
	if host == "ghcr.io" || host == "docker.pkg.github.com" {
		return "github.com", true
	}
	if github, ok := strings.CutPrefix(host, "containers."); ok && strings.Contains(github, ".") {
		return github, true
	}
	if github, ok := strings.CutPrefix(host, "docker."); ok && strings.Contains(github, ".") {
		return github, true
	}
	return "", false
}

// githubHost takes a GitHub host, a registry's, or "" for github.com.
func githubHost(host string) string {
	host = withoutPort(strings.ToLower(host))
	if host == "" {
		return "github.com"
	}
	if github, ok := githubOfRegistry(host); ok {
		return github
	}
	return host
}

func withoutPort(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		return h
	}
	return host
}
