package denial

import (
	"net"
	"slices"
	"sort"
	"strings"
)

// Whose registry does a line name?

// owner tells whose a named registry or program is.
type owner int

const (
	nobodys owner = iota // a page of documentation, a Go package
	gitHubs              // a GitHub registry
	maybe                // has the form of an enterprise registry that is not configured
	others
)

// name is a registry, or a program that is not a registry's client, on a line.
type name struct {
	of      owner
	text    string
	at, end int
	// program says that it names no registry; a registry on the same line counts
	// more.
	program bool
}

// namer finds names on lines.
type namer struct {
	// configured returns the GitHub host of a registry that this user has
	// configured, or "".
	configured func(registry string) string
}

const layers = "pkg-containers.githubusercontent.com"

// ownerOf tells whose a host is.
func (n namer) ownerOf(host string) owner {
	switch {
	case host == "ghcr.io" || host == "docker.pkg.github.com" || host == layers:
		return gitHubs
	case slices.Contains(pages, host) || slices.ContainsFunc(pageDomains, func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }):
		return nobodys
	case slices.ContainsFunc(pageLabels, func(label string) bool { return strings.HasPrefix(host, label) }):
		return nobodys
	}
	enterprise, isContainers := strings.CutPrefix(host, "containers.")
	switch {
	case isContainers && strings.HasSuffix(enterprise, ".ghe.com") && strings.Count(enterprise, ".") == 2:
		return gitHubs
	case isContainers || strings.HasPrefix(host, "docker."):
		if n.configured(host) != "" {
			return gitHubs
		}
		if isContainers {
			return maybe
		}
	}
	return others
}

// Hosts in logs that are not registries.
var (
	pages       = []string{"github.com", "api.github.com", "raw.githubusercontent.com", "objects.githubusercontent.com", "aka.ms", "goo.gl", "gopkg.in", "support.github.com"}
	pageDomains = []string{"docs.github.com", "golang.org", "sigs.k8s.io", "fluxcd.io", "argoproj.io", "kubernetes.io", "helm.sh", "uber.org", "opencontainers.org", "w3.org", "json-schema.org", "githubassets.com"}
	pageLabels  = []string{"docs.", "help.", "support.", "www.", "developer.", "blog.", "cloud.", "learn.", "wiki.", "go.", "app.kubernetes."}
)

// bareRegistries are those that people name without anything around it.
var bareRegistries = []string{
	"ghcr.io", "docker.pkg.github.com", layers, "docker.io", "registry-1.docker.io", "index.docker.io", "auth.docker.io", "hub.docker.com", "registry.hub.docker.com",
	"quay.io", "gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io", "k8s.gcr.io", "registry.k8s.io", "mcr.microsoft.com", "public.ecr.aws", "registry.gitlab.com", "registry.digitalocean.com",
	"registry.redhat.io", "registry.access.redhat.com", "nvcr.io", "docker.elastic.co", "lscr.io", "icr.io", "cgr.dev",
	"npm.pkg.github.com", "maven.pkg.github.com", "nuget.pkg.github.com", "rubygems.pkg.github.com", "pypi.org", "codeberg.org",
}

var registryDomains = []string{".amazonaws.com", ".azurecr.io", ".pkg.dev", ".gcr.io", ".jfrog.io", ".ocir.io", ".icr.io", ".aliyuncs.com", ".blob.core.windows.net", ".docker.com"}

// IsOtherRegistry reports whether a host is a registry that is known not to be GitHub's.
func IsOtherRegistry(host string) bool {
	host = strings.ToLower(strings.TrimSpace(host))
	if host == "ghcr.io" || host == layers || strings.HasSuffix(host, ".github.com") {
		return false
	}
	return slices.Contains(bareRegistries, host) ||
		slices.ContainsFunc(registryDomains, func(domain string) bool { return strings.HasSuffix(host, domain) })
}

// on finds the names on a line, in order.
func (n namer) on(l line) []name {
	names := n.hosts(l.low)
	for _, said := range hubImages {
		if at := strings.Index(l.low, said.before); at >= 0 {
			if hub, ok := hubImage(l.low, at+len(said.before), said.plain); ok {
				names = append(names, hub)
			}
		}
	}
	for _, words := range otherWords {
		if at := strings.Index(l.low, words.text); at >= 0 {
			names = append(names, name{of: others, text: words.of, at: at, end: at + len(words.text)})
		}
	}
	if !slices.ContainsFunc(names, func(name name) bool { return !name.program && name.of == gitHubs }) {
		names = append(names, programs(l)...)
	}
	sort.SliceStable(names, func(i, j int) bool { return names[i].at < names[j].at })
	return names
}

// hosts finds the registries that are named by their hosts.
func (n namer) hosts(low string) (names []name) {
	// What a proxy is called is not what is asked through it.
	limit := len(low)
	if at := strings.Index(low, "proxyconnect"); at >= 0 {
		limit = at
	}
	for at := 0; at < limit; {
		if !isHostByte(low[at]) {
			at++
			continue
		}
		end := at
		for end < limit && isHostByte(low[end]) {
			end++
		}
		if host := strings.Trim(low[at:end], ".-"); isNamed(low, at, at+len(host), host) {
			if of := n.ownerOf(host); of != nobodys {
				names = append(names, name{of: of, text: host, at: at, end: at + len(host)})
			}
		}
		at = end + 1
	}
	return names
}

func isHostByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '-'
}

// isNamed reports whether a word of a text is the host of a registry: in an
// address, in an image's name, in a question for its address, or alone if it is
// well known.
func isNamed(low string, at, end int, host string) bool {
	if host == "" || len(host) > 100 {
		return false
	}
	before, after := low[:at], low[end:]
	scheme := strings.HasSuffix(before, "://")
	if !scheme {
		switch last := lastByte(before); last {
		case '@':
			scheme = strings.Contains(before[max(0, len(before)-300):], "://")
			if !scheme {
				return false
			}
		case '/', '_', '%', '\\', '$', '{':
			return false
		}
	}
	if strings.HasSuffix(before, "lookup ") {
		return true
	}
	dotted := strings.Contains(host, ".") && !strings.Contains(host, "..")
	address := net.ParseIP(host) != nil
	switch {
	case scheme:
		return !strings.HasSuffix(before, "unix://") && !strings.HasSuffix(before, "file://") && (dotted || strings.HasPrefix(after, "/") || strings.HasPrefix(after, ":"))
	case slices.Contains(bareRegistries, host):
		return true
	case dotted && !address && slices.ContainsFunc(registryDomains, func(domain string) bool { return strings.HasSuffix(host, domain) }):
		return true
	case loggedIn(before):
		return dotted || strings.HasPrefix(after, ":")
	}
	// host/path, host:port/path
	port := after
	if rest, ok := strings.CutPrefix(after, ":"); ok {
		port = strings.TrimLeft(rest, "0123456789")
		if digits := len(rest) - len(port); digits < 2 || digits > 5 {
			return false
		}
		return strings.HasPrefix(port, "/") && len(port) > 1 && isHostByte(port[1])
	}
	if !dotted || address || !strings.HasPrefix(after, "/") || len(after) < 2 || !isHostByte(after[1]) {
		return false
	}
	top := host[strings.LastIndexByte(host, '.')+1:]
	return len(top) >= 2 && !strings.ContainsAny(top, "0123456789-") && !slices.Contains(fileEndings, top)
}

func lastByte(text string) byte {
	if text == "" {
		return 0
	}
	return text[len(text)-1]
}

// fileEndings are ends of files' names that look like a domain.
var fileEndings = []string{"go", "js", "ts", "py", "rb", "rs", "md", "sh", "yml", "yaml", "json", "git", "sock", "tgz", "jar", "java"}

// loggedIn reports whether a client speaks of logging in to what follows.
func loggedIn(before string) bool {
	for _, words := range []string{"docker login ", "podman login ", "logging into ", "logging in to ", "logging into \"", "logging in to \"", "login to ", "registry login "} {
		if strings.HasSuffix(before, words) {
			return true
		}
	}
	return false
}

const hub = "Docker Hub"

// hubImages are the words after which a client names an image. Without a registry it
// is Docker Hub's.
var hubImages = []struct {
	before string
	plain  bool // one word without a slash or tag is an image, too
}{
	{"pull access denied for ", true}, {"manifest for ", false}, {"push refers to repository [", true},
	{"docker push ", false}, {"docker pull ", false}, {"docker run ", false}, {"podman pull ", false},
	{"failed to pull image \"", true}, {"back-off pulling image \"", true}, {"pulling image \"", true}, {"failed to resolve reference \"", true},
	{"unable to find image '", true}, {"failed to solve: ", false}, {"load metadata for ", false}, {"pulling image ", false},
}

// hubImage reads the image that follows, if it names no registry.
func hubImage(low string, at int, plain bool) (name, bool) {
	rest := low[at:]
	end := strings.IndexFunc(rest, func(r rune) bool {
		return r >= 0x80 || !isHostByte(byte(r)) && !strings.ContainsRune("/:_@", r)
	})
	if end < 0 {
		end = len(rest)
	}
	image := strings.TrimRight(rest[:end], ":.")
	registry, _, hasPath := strings.Cut(image, "/")
	tagged := strings.Contains(image, ":")
	if image == "" || !isHostByte(image[0]) || hasPath && (strings.ContainsAny(registry, ".:") || registry == "localhost") || strings.Contains(image, "//") {
		return name{}, false
	}
	if !hasPath && !tagged && !plain || strings.HasPrefix(image, "-") {
		return name{}, false
	}
	return name{of: others, text: hub, at: at, end: at + len(image)}, true
}

// otherWords are words that only other registries and services use.
var otherWords = []struct{ text, of string }{
	{"pull rate limit", hub}, {"increase-rate-limit", hub}, {"incorrect username or password", hub},
	{"authorization token has expired. reauthenticate", "Amazon ECR"}, {"arn:aws", "Amazon Web Services"}, {"to perform: ecr:", "Amazon ECR"},
	{"permission \"artifactregistry.", "Google Artifact Registry"}, {"artifactregistry.repositories.", "Google Artifact Registry"}, {"you don't have the needed permissions to perform this operation", "Google Container Registry"},
	{"aka.ms/acr", "Azure Container Registry"}, {"access to the requested resource is not authorized", "Quay"},
	{"unauthorized to access repository:", "Harbor"}, {"http basic: access denied", "GitLab"},
	{"server failed to authenticate the request", "Azure Storage"}, {"when calling the ", "Amazon Web Services"}, {"<code>accessdenied</code>", "object storage"}, {"s3://", "Amazon S3"}, {"gs://", "Google Cloud Storage"},
	{"/homebrew/", "Homebrew"}, {"_bottle_manifest", "Homebrew"},
}

// near returns ghcr.io or another GitHub registry if a host is spelled nearly so.
func near(host string) (meant string, ok bool) {
	if slices.Contains(bareRegistries, host) {
		return "", false
	}
	for _, known := range []string{"ghcr.io", "docker.pkg.github.com"} {
		if isMisspelled(host, known) {
			return known, true
		}
	}
	first, top, _ := strings.Cut(host, ".")
	if first == "ghcr" && slices.Contains([]string{"com", "dev", "net", "org", "co", "oi"}, top) {
		return "ghcr.io", true
	}
	return "", false
}

// isMisspelled reports whether one letter is missing, added or wrong, or letters of
// the first part are in another order.
func isMisspelled(host, known string) bool {
	first, top, _ := strings.Cut(host, ".")
	knownFirst, knownTop, _ := strings.Cut(known, ".")
	if top == knownTop && first != knownFirst && sortedBytes(first) == sortedBytes(knownFirst) {
		return true
	}
	short, long := host, known
	if len(short) > len(long) {
		short, long = long, short
	}
	if len(long)-len(short) > 1 {
		return false
	}
	i := 0
	for i < len(short) && short[i] == long[i] {
		i++
	}
	if len(short) == len(long) {
		return i < len(short) && short[i+1:] == long[i+1:]
	}
	return short[i:] == long[i+1:]
}

func sortedBytes(text string) string {
	letters := strings.Split(text, "")
	slices.Sort(letters)
	return strings.Join(letters, "")
}
