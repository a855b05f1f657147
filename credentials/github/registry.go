package github

import "strings"

// Registry is a container registry of GitHub's and the GitHub host whose tokens
// it takes.
type Registry struct {
	// Name is the registry as clients' configuration files name it: ghcr.io.
	Name string
	// Host is the GitHub host: github.com.
	Host string
}

// registriesOfDotCom lists the registries of github.com by exact name. The
// second is the older one; migrated packages answer under both.
var registriesOfDotCom = []string{"ghcr.io", "docker.pkg.github.com"}

// ParseRegistry finds the registry that a client names by a server URL. Whether
// an enterprise host is one of this user's is asked of configured, and only then:
// for all other names the name alone decides, so that nothing need be opened.
func ParseRegistry(serverURL string, configured func(host string) bool) (Registry, bool) {
	name, ok := registryName(serverURL)
	if !ok {
		return Registry{}, false
	}
	for _, known := range registriesOfDotCom {
		if name == known {
			return Registry{Name: name, Host: DotCom}, true
		}
	}
	host, ok := strings.CutPrefix(name, "containers.")
	if ok && IsTenant(host) {
		return Registry{Name: name, Host: host}, true
	}
	if !ok {
		host, ok = strings.CutPrefix(name, "docker.")
	}
	if !ok || !MayBeEnterprise(host) || !configured(host) {
		return Registry{}, false
	}
	return Registry{Name: name, Host: host}, true
}

// RegistryOf names the registry that docker asks for when images of a host are
// meant. ok is false for a host that has none.
func RegistryOf(host string) (name string, ok bool) {
	if host == DotCom {
		return registriesOfDotCom[0], true
	}
	return "containers." + host, IsTenant(host) || MayBeEnterprise(host)
}

// registryName reduces the spellings in which clients name a registry to its
// host name in lower case. What is not one of them, or names another scheme, a
// user or a port, is not ok.
func registryName(serverURL string) (name string, ok bool) {
	name, ok = LowerASCII(strings.TrimSpace(serverURL))
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
	return name, IsHostname(name)
}

// ShownURL is what may be shown of a server URL: a user and a password in it are
// private.
func ShownURL(serverURL string) string {
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
	return Printable(host)
}

// RegistryNamed is the registry that a person means by its own name or by that
// of its GitHub host, whether or not the host is configured. ok is false for what
// can be neither.
func RegistryNamed(name string) (registry string, ok bool) {
	if r, ok := ParseRegistry(name, func(string) bool { return true }); ok {
		return r.Name, true
	}
	host, ok := registryName(name)
	if !ok {
		return "", false
	}
	return RegistryOf(host)
}

// HostNamed is the GitHub host of a registry, whether or not it is configured.
func HostNamed(registry string) string {
	r, _ := ParseRegistry(registry, func(string) bool { return true })
	return r.Host
}
