package denial

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// Image is an image in a GitHub registry.
type Image struct {
	Registry string
	// Path is OWNER/NAME, Reference a tag or digest, "" if none is written.
	Path, Reference string
	Owner, Name     string
	// Spelled is the path as it was written, "" if that was in lower case.
	Spelled string
}

func (i Image) String() string { return i.Registry + "/" + i.Path }

// Whole returns the image with its tag or digest, if it has one.
func (i Image) Whole() string {
	switch {
	case i.Reference == "":
		return i.String()
	case i.IsDigest():
		return i.String() + "@" + i.Reference
	}
	return i.String() + ":" + i.Reference
}

// IsDigest reports whether the reference is a digest.
func (i Image) IsDigest() bool { return strings.Contains(i.Reference, ":") }

// Manifest returns the reference that a client asks for.
func (i Image) Manifest() string { return cmp.Or(i.Reference, "latest") }

// Repository returns the repository whose workflows are likely to push the image.
func (i Image) Repository() string {
	name, _, _ := strings.Cut(i.Name, "/")
	return i.Owner + "/" + name
}

// UpperCase says which parts of the path have upper case in them.
func (i Image) UpperCase() string {
	parts := slices.DeleteFunc(strings.Split(i.Spelled, "/"), func(part string) bool { return part == strings.ToLower(part) })
	if len(parts) == 1 {
		return parts[0] + " has upper case in it"
	}
	return strings.Join(parts, " and ") + " have upper case in them"
}

// pattern compiles a regular expression when it is first used: a get uses none,
// and compiling all of them took a fifth of its time.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// packagePage is the address, without https://, of a package's page at GitHub.
var packagePage = pattern(`^([^/]+)/(?:(?:users|orgs)/([^/]+)/packages/container(?:/package)?|([^/]+)/[^/]+/pkgs/container)/([^/?#]+)`)

// withoutScheme removes what browsers, skopeo and helm write before an image's
// name, and turns the page of a package into the name of its image.
func withoutScheme(text string) string {
	text = strings.TrimSpace(text)
	if scheme, rest, ok := strings.Cut(text, "://"); ok && slices.Contains([]string{"https", "http", "docker", "oci"}, strings.ToLower(scheme)) {
		text = rest
	}
	text = strings.TrimRight(text, "/")
	if page := packagePage().FindStringSubmatch(text); page != nil {
		registry, ok := github.RegistryNamed(page[1])
		name, err := url.PathUnescape(page[4])
		if ok && err == nil && github.HostNamed(page[1]) == "" {
			return strings.ToLower(registry + "/" + page[2] + page[3] + "/" + name)
		}
	}
	return text
}

// How paths, tags and digests are written, with upper case allowed in a path, see
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
var (
	imagePath   = pattern(`^[a-zA-Z0-9]+((\.|_|__|-+|/)[a-zA-Z0-9]+)*$`)
	imageTag    = pattern(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	imageDigest = pattern(`^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$`)
)

// maxPath is how long a path can be for clients, registry included.
const maxPath = 255

// ParseImage reads an image's name as a person writes or pastes it, with or
// without the registry. Upper case is a mistake with a cause of its own.
func ParseImage(written string) (Image, error) {
	text, digest, hasDigest := strings.Cut(withoutScheme(written), "@")
	if hasDigest && !imageDigest().MatchString(digest) {
		// Not repeated: it could be a password.
		return Image{}, errors.New("what follows @ must be a digest, such as ghcr.io/octocat/app@sha256:…; a user or password is not part of an image's name")
	}
	registry, rest, ok := strings.Cut(text, "/")
	if !ok || !strings.ContainsAny(registry, ".:") && registry != "localhost" {
		registry, rest = "ghcr.io", text
	}
	path, tag, hasTag := strings.Cut(rest, ":")
	i := Image{Path: strings.ToLower(path), Reference: cmp.Or(digest, tag)}
	if path != i.Path {
		i.Spelled = path
	}
	if i.Owner, i.Name, _ = strings.Cut(i.Path, "/"); i.Owner == "" || i.Name == "" {
		return Image{}, fmt.Errorf("%.200q names no owner and image; write it as OWNER/NAME", written)
	}
	if len(registry+"/"+path) > maxPath || !imagePath().MatchString(path) || hasTag && !imageTag().MatchString(tag) {
		return Image{}, fmt.Errorf("%.200q is not the name of an image, such as ghcr.io/octocat/app:1.2", written)
	}
	switch i.Registry, _ = github.RegistryNamed(registry); {
	case strings.EqualFold(registry, "github.com"):
		return Image{}, errors.New("github.com's images are on ghcr.io; write it as ghcr.io/OWNER/NAME")
	case github.HostNamed(registry) == "":
		return Image{}, fmt.Errorf("%.200q is not a GitHub container registry", registry)
	}
	return i, nil
}
