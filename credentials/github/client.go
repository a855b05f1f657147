package github

import (
	"cmp"
	"net/http"
)

// defaultUserAgent goes with every request of a caller that names no other: GitHub
// answers 403 to requests without one, which would say nothing about the token.
const defaultUserAgent = "docker-credential-ghcr"

// Client asks one GitHub host and its registry. It keeps no state.
type Client struct {
	Registry Registry
	// Route is where the API of the host is. It does not count for the registry.
	Route Route
	// Transport reaches the servers, except through a socket of the route. nil is
	// [NewTransport].
	Transport http.RoundTripper
	UserAgent string
	// Trace gets a line for every request, without secrets. It can be nil.
	Trace func(format string, args ...any)
}

// Route is where gh's settings say that requests to a host's API go. The zero value
// is the host's own API.
type Route struct {
	// APIHost is the host that gh's setting api_host names.
	APIHost string
	// Socket is the path of the unix socket that gh's setting http_unix_socket names.
	Socket string
	// Err says why the settings cannot be used: then the API is not asked.
	Err error
}

// String says where questions go, "" if to the host's own API.
func (r Route) String() string {
	switch {
	case r.Socket != "":
		return "the socket " + Printable(r.Socket) + " of gh's http_unix_socket"
	case r.APIHost != "":
		return r.APIHost + ", gh's api_host"
	}
	return ""
}

// apiBase is where the REST API of a host is. See
// https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api
// and, for gh's setting api_host, go-gh's pkg/api.
func apiBase(host, apiHost string) string {
	switch {
	case apiHost != "" && IsEnterprise(host):
		return "https://" + apiHost + "/api/v3"
	case apiHost != "":
		return "https://" + apiHost
	case IsEnterprise(host):
		return "https://" + host + "/api/v3"
	}
	return "https://api." + host
}

// registryHost is the registry that is asked: both registries of github.com take the
// same tokens, and images answer under both names.
func (c *Client) registryHost() string {
	if c.Registry.Host == DotCom {
		return registriesOfDotCom[0]
	}
	return c.Registry.Name
}

func (c *Client) transport() http.RoundTripper {
	if c.Transport != nil {
		return c.Transport
	}
	return NewTransport()
}

func (c *Client) userAgent() string { return cmp.Or(c.UserAgent, defaultUserAgent) }

func (c *Client) trace(format string, args ...any) {
	if c.Trace != nil {
		c.Trace(format, args...)
	}
}
