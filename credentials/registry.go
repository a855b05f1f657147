package credentials

import "strings"

// Registry is a container registry of GitHub's and the GitHub host whose tokens
// it takes.
type Registry struct {
	// Name is the registry as clients' configuration files name it: ghcr.io.
	Name string
	// Host is the GitHub host: github.com.
	Host string
}

const githubCom = "github.com"

// registriesOfGitHubCom lists the registries of github.com by exact name. The
// second is the older one; migrated packages answer under both.
var registriesOfGitHubCom = []string{"ghcr.io", "docker.pkg.github.com"}

// notEnterprise lists the domains that no enterprise host is ever in: GitHub's
// own. A registry name that leads into one of them and is not listed above is a
// look-alike.
var notEnterprise = []string{githubCom, "ghe.com", "ghcr.io", "github.localhost"}

// parseRegistry finds the registry that a client names by a server URL. Whether
// an enterprise host is one of this user's is asked of configured, and only then:
// for all other names the name alone decides, so that nothing need be opened.
func parseRegistry(serverURL string, configured func(host string) bool) (Registry, bool) {
	name, ok := registryName(serverURL)
	if !ok {
		return Registry{}, false
	}
	for _, known := range registriesOfGitHubCom {
		if name == known {
			return Registry{Name: name, Host: githubCom}, true
		}
	}
	host, ok := strings.CutPrefix(name, "containers.")
	if ok && isTenant(host) {
		return Registry{Name: name, Host: host}, true
	}
	if !ok {
		host, ok = strings.CutPrefix(name, "docker.")
	}
	if !ok || !mayBeEnterprise(host) || !configured(host) {
		return Registry{}, false
	}
	return Registry{Name: name, Host: host}, true
}

// registryOf names the registry that docker asks for when images of a host are
// meant. ok is false for a host that has none.
func registryOf(host string) (name string, ok bool) {
	if host == githubCom {
		return registriesOfGitHubCom[0], true
	}
	return "containers." + host, isTenant(host) || mayBeEnterprise(host)
}

// registryName reduces the spellings in which clients name a registry to its
// host name in lower case. What is not one of them, or names another scheme, a
// user or a port, is not ok.
func registryName(serverURL string) (name string, ok bool) {
	name, ok = lowerASCII(strings.TrimSpace(serverURL))
	if !ok {
		return "", false
	}
	if scheme, rest, found := strings.Cut(name, "://"); found {
		if scheme != "https" {
			return "", false
		}
		name = rest
	}
	name, _, _ = strings.Cut(name, "/")
	name = strings.TrimSuffix(name, ":443")
	return name, isHostname(name)
}

// lowerASCII is text in lower case. It is not ok if there is anything but
// printable ASCII in it: Unicode has letters whose lower case is in ASCII, the
// Kelvin sign for one.
func lowerASCII(text string) (lower string, ok bool) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", false
	}
	return strings.ToLower(text), true
}

// isHostname accepts what DNS calls a host name (RFC 1123, section 2.1), in lower
// case and without the final dot.
func isHostname(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	return true
}

// shownURL is what may be shown of a server URL: a user and a password in it are
// nobody's business.
func shownURL(serverURL string) string {
	host := strings.TrimSpace(serverURL)
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host = rest
	}
	if end := strings.IndexAny(host, `/\?#`); end >= 0 {
		host = host[:end]
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	// A password with a slash in it ends the host before the user does.
	if name, port, _ := strings.Cut(host, ":"); strings.Trim(port, "0123456789") != "" {
		host = name
	}
	return printable(host)
}

// isTenant reports whether host is SUBDOMAIN.ghe.com.
func isTenant(host string) bool {
	sub, ok := strings.CutSuffix(host, ".ghe.com")
	return ok && isHostname(sub) && !strings.Contains(sub, ".")
}

// mayBeEnterprise reports whether host can be a GitHub Enterprise Server: it has
// a dot, which keeps docker.io out, and is none of GitHub's own.
func mayBeEnterprise(host string) bool {
	for _, domain := range notEnterprise {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return false
		}
	}
	return strings.Contains(host, ".") && isHostname(host)
}

// isEnterprise tells the class of a host: it decides which variables may be used
// for it and where its API is.
func isEnterprise(host string) bool { return host != githubCom && !isTenant(host) }

// RegistryNamed is the registry that a person means by its own name or by that
// of its GitHub host, whether or not the host is configured. ok is false for what
// can be neither.
func RegistryNamed(name string) (registry string, ok bool) {
	if r, ok := parseRegistry(name, func(string) bool { return true }); ok {
		return r.Name, true
	}
	host, ok := registryName(name)
	if !ok {
		return "", false
	}
	return registryOf(host)
}

// HostNamed is the GitHub host of a registry, whether or not it is configured.
func HostNamed(registry string) string {
	r, _ := parseRegistry(registry, func(string) bool { return true })
	return r.Host
}
