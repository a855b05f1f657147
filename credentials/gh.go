package credentials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/cli/go-gh/v2/pkg/config"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/internal/trusted"
)

// ghStore is what gh's two files say. gh itself is never started: its start
// costs ten times the reading, and since 2.97 it waits two minutes for a keyring
// prompt that gets no answer. It never writes gh's files.
type ghStore struct {
	hostsPath string
	hosts     *config.Config
	hostsErr  error
	general   *config.Config
}

// readGH reads gh's files. What is not there is empty; what cannot be read is
// kept as the error of the file. config.yml matters only for the socket in it,
// and a broken one stops gh: so it counts like a broken hosts.yml.
func readGH() *ghStore {
	dir, ok := ghDir()
	if !ok {
		return &ghStore{hosts: config.ReadFromString(""), general: config.ReadFromString("")}
	}
	s := &ghStore{hostsPath: filepath.Join(dir, "hosts.yml")}
	s.hosts, s.hostsErr = readYAML(s.hostsPath)
	var err error
	if s.general, err = readYAML(filepath.Join(dir, "config.yml")); err != nil && s.hostsErr == nil {
		s.hostsErr = err
	}
	return s
}

// ghDir is gh's configuration directory. Without a home, go-gh answers with a
// path that is relative to the working directory: a stranger's repository could
// then name the host that tokens are sent to. Only a path that somebody set may
// be relative.
func ghDir() (dir string, ok bool) {
	dir = config.ConfigDir()
	return dir, filepath.IsAbs(dir) || os.Getenv("GH_CONFIG_DIR") != "" || os.Getenv("XDG_CONFIG_HOME") != ""
}

// readYAML reads a file of gh's with gh's own reader, which drops errors: what
// has content but no key did not parse.
func readYAML(path string) (*config.Config, error) {
	content, err := trusted.Read(path)
	if err != nil {
		if trusted.IsAbsent(err) {
			err = nil
		}
		return config.ReadFromString(""), err
	}
	parsed, ok := parseYAML(string(content))
	if !ok {
		return parsed, fmt.Errorf("%s%s: not valid YAML", path, brokenLine(string(content)))
	}
	return parsed, nil
}

// parseYAML parses a map. Strangers' bytes meet somebody else's parser here.
func parseYAML(text string) (parsed *config.Config, ok bool) {
	defer func() {
		if recover() != nil {
			parsed, ok = config.ReadFromString(""), false
		}
	}()
	parsed = config.ReadFromString(text)
	keys, err := parsed.Keys(nil)
	return parsed, err == nil && (len(keys) > 0 || !hasYAMLContent(text))
}

// maxSearched bounds the text in which a broken line is searched, in bytes.
const maxSearched = 64 << 10

// brokenLine names the line at which a text stops being YAML, which go-gh does
// not say: where the shortest beginning ends that does not parse either.
func brokenLine(text string) string {
	if len(text) > maxSearched {
		return ""
	}
	lines := strings.SplitAfter(text, "\n")
	first := sort.Search(len(lines), func(n int) bool {
		_, ok := parseYAML(strings.Join(lines[:n+1], ""))
		return !ok
	})
	return fmt.Sprintf(", line %d", min(first+1, len(lines)))
}

// hasYAMLContent reports whether text is more than comments, document marks and
// an empty map.
func hasYAMLContent(text string) bool {
	for line := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		line, _, _ = strings.Cut(line, "#")
		switch strings.TrimSpace(line) {
		case "", "---", "...", "{}", "null", "~":
		default:
			return true
		}
	}
	return false
}

// get is a value of a host's entry; "" if it is not there, or null.
func (s *ghStore) get(keys ...string) string {
	value, _ := s.hosts.Get(keys)
	switch value = strings.TrimSpace(value); value {
	case "null", "~":
		return ""
	}
	return value
}

// isText reports whether a value of a host's entry is one that gh would read: not
// a list and not a map.
func (s *ghStore) isText(keys ...string) bool {
	inner, err := s.hosts.Keys(keys)
	return err != nil || len(inner) == 0
}

// names reports whether hosts.yml has an entry for host.
func (s *ghStore) names(host string) bool { return slices.Contains(s.hostNames(), host) }

func (s *ghStore) hostNames() []string {
	names, _ := s.hosts.Keys(nil)
	return names
}

// users are the accounts of a host. An account that is not among them was logged
// out, whatever gh's keyring still holds of it.
func (s *ghStore) users(host string) []string {
	names, _ := s.hosts.Keys([]string{host, "users"})
	return names
}

// candidate is the token of an account: the active one's, or user's if that is
// not "". ok is false when nothing says that there is one.
func (s *ghStore) candidate(ctx context.Context, k *limitedKeyring, host, user string) (c Candidate, ok bool) {
	c.Source = GH
	if s.hostsErr != nil {
		return c.withFileError(s.hostsErr), true
	}
	if !s.names(host) {
		return c, false
	}
	if !s.isText(host, "oauth_token") {
		c.Fault, c.Reason = Broken, fmt.Sprintf("%s: oauth_token of %s is not a text", s.hostsPath, host)
		return c, true
	}
	c.Login = s.get(host, "user")
	if user == "" || user == c.Login {
		return s.resolve(ctx, k, c, host, s.get(host, "oauth_token"), c.Login, "")
	}
	c.Login = user
	if !slices.Contains(s.users(host), user) {
		c.Fault, c.Reason = Missing, "gh is not logged in to this account, which GHCR_USER or setup named"
		return c, true
	}
	c.Inactive = true
	return s.resolve(ctx, k, c, host, s.get(host, "users", user, "oauth_token"), user)
}

// resolve finds the token of an account as gh does: in hosts.yml in clear, then in
// the keyring's slots of the host. The slot without a name is the active account's.
func (s *ghStore) resolve(ctx context.Context, k *limitedKeyring, c Candidate, host, inClear string, slots ...string) (Candidate, bool) {
	if inClear != "" {
		return c.WithSecret(inClear), true
	}
	for _, slot := range slices.Compact(slots) {
		secret, err := k.get(ctx, "gh:"+host, slot)
		switch {
		case err == nil && strings.TrimSpace(secret) != "":
			return c.WithSecret(secret), true
		case errors.Is(err, errNoKeyring) && c.Login == "":
			return c, false
		case err != nil && !errors.Is(err, errAbsent) && c.Fault == "":
			// gh goes on to the next slot, which may be in order.
			c = c.withKeyringError(err)
		}
	}
	if c.Fault == "" {
		c.Fault, c.Reason = Missing, "gh is logged in, but the keyring holds no token of this account"
	}
	// An entry without a user holds preferences: it does not say that there is one.
	return c, c.Login != "" || c.Fault != Missing
}

// apiHost is the host that gh's setting api_host (gh 2.100) names for the API of
// a host, or "". gh takes a bare host name only, and refuses to work with
// another value.
func (s *ghStore) apiHost(host string) (string, error) {
	name, ok := github.LowerASCII(s.get(host, "api_host"))
	isText := s.isText(host, "api_host")
	if name == "" && ok && isText {
		return "", nil
	}
	if !ok || !isText || !github.IsHostname(name) {
		return "", fmt.Errorf("%s: api_host of %s is not a host name", s.hostsPath, host)
	}
	return name, nil
}

// isAbsolute reports whether gh's directory is not one in the working directory, where
// a stranger's repository may have put it.
func (s *ghStore) isAbsolute() bool { return filepath.IsAbs(s.hostsPath) }

// route is where gh sends its requests to the API of a host. What a file in the working
// directory says about that does not count.
func (s *ghStore) route(host string) github.Route {
	if !s.isAbsolute() {
		return github.Route{}
	}
	apiHost, err := s.apiHost(host)
	socket, socketErr := s.socket()
	return github.Route{APIHost: apiHost, Socket: socket, Err: cmp.Or(err, socketErr)}
}

// socket is the unix socket through which gh's setting http_unix_socket sends all of
// its requests, or "". Only an absolute path counts, and only a socket that no other
// user could have made.
func (s *ghStore) socket() (string, error) {
	path, _ := s.general.Get([]string{"http_unix_socket"})
	switch path = strings.TrimSpace(path); {
	case path == "" || path == "null" || path == "~":
		return "", nil
	case !filepath.IsAbs(path):
		return "", fmt.Errorf("http_unix_socket in gh's config.yml is not an absolute path")
	}
	info, err := os.Stat(path)
	if err == nil {
		err = trusted.Check(path, info)
	}
	if err == nil {
		err = trusted.CheckDir(filepath.Dir(path))
	}
	return path, err
}

// ghDefaultHost is the host that GH_HOST names, or "".
func ghDefaultHost() string {
	host, _ := github.LowerASCII(strings.TrimSpace(os.Getenv("GH_HOST")))
	return host
}
