package denial

import (
	"regexp"
	"slices"
	"strings"
)

// Which image does a text speak of?

// mentioned are the forms in which an image is named. Not docker.HOST, the older name
// of an enterprise registry: others have such names, too.
var mentioned = pattern(`(?i)(?:^|[^a-z0-9.@_-]|://[^\s/@]{0,300}@)((?:ghcr\.io|docker\.pkg\.github\.com|containers\.[a-z0-9.-]{1,200})(?:/[a-z0-9][a-z0-9._-]*){2,}(?::[a-z0-9_][a-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?)`)

var tokenLike = pattern(`(?i)gh[a-z]_[a-z0-9]{10}|github_pat_`)

// HasToken reports whether a text has something in it that could be a GitHub token.
func HasToken(text string) bool { return tokenLike().MatchString(text) }

// addresses are those of a registry that hold an image's name, and what else says a
// name in pieces.
var addresses = []struct {
	has  string
	form func() *regexp.Regexp
	name string
}{
	{"/manifests/", pattern(`https://([^\s/"]+)/v2/([^\s"]+)/manifests/(sha256:[0-9a-f]{64})`), "$1/$2@$3"},
	{"/manifests/", pattern(`https://([^\s/"]+)/v2/([^\s"]+)/manifests/(\w[\w.-]*)`), "$1/$2:$3"},
	{"/v2/", pattern(`https://([^\s/"]+)/v2/([^\s"]+)/(?:blobs|tags|referrers)/`), "$1/$2 "},
	{"/blobs/uploads/ in ", pattern(`/v2/([^\s"]+)/blobs/uploads/ in ([^\s:]+)`), "$2/$1 "},
	{"scope=repository:", pattern(`https://([^\s/"]+)/token\?[^\s"]*?scope=repository:([^\s":&]+):`), "$1/$2 "},
	{"reading manifest ", pattern(`reading manifest (\w[\w.-]{0,127}) in ([^\s:]+)`), "$2:$1 "},
	{" token for ", pattern(`\[auth\] ([a-z0-9._/-]+):[a-z,]+ token for ([a-z0-9.-]+)`), "$2/$1 "},
}

// mentionsIn lists the images on a line, in order.
func mentionsIn(text string) (images []Image) {
	text = strings.ReplaceAll(text, ":443/", "/")
	for _, address := range addresses {
		if strings.Contains(text, address.has) {
			text = address.form().ReplaceAllString(text, address.name)
		}
	}
	for _, match := range mentioned().FindAllStringSubmatch(text, -1) {
		if tokenLike().MatchString(match[1]) {
			continue
		}
		if i, err := ParseImage(strings.TrimRight(match[1], "._-")); err == nil {
			images = append(images, i)
		}
	}
	return images
}

// imageAt is the image that a denial at a place of a text is about: the last one
// before it on its line, or the first one after it, or else the nearest line's.
func (t text) imageAt(n, at int) (found Image, ok bool) {
	l := t.lines[n]
	at = min(at, len(l.text))
	if before := mentionsIn(l.text[:at]); len(before) > 0 {
		found, ok = before[len(before)-1], true
	} else if on := mentionsIn(l.text); len(on) > 0 {
		found, ok = on[0], true
	}
	for k := n - 1; k >= 0 && !ok; k-- {
		if above := t.mentions(k); len(above) > 0 {
			found, ok = above[len(above)-1], true
		}
	}
	for k := n + 1; k < len(t.lines) && !ok; k++ {
		if below := t.mentions(k); len(below) > 0 {
			found, ok = below[0], true
		}
	}
	if ok && found.Reference == "" || found.IsDigest() {
		found.Reference = t.tagOf(found, n)
	}
	return found, ok
}

// mentions lists the images on a line that names a registry at all.
func (t text) mentions(n int) []Image {
	if len(t.names[n]) == 0 && !strings.Contains(t.lines[n].low, " token for ") {
		return nil
	}
	return mentionsIn(t.lines[n].text)
}

// tagOf is the tag, or else the digest, that the lines nearest to one name the image
// with.
func (t text) tagOf(i Image, n int) string {
	const far = 200
	reference := i.Reference
	for distance := 0; distance <= far; distance++ {
		for _, k := range []int{n - distance, n + distance} {
			if k < 0 || k >= len(t.lines) || !strings.Contains(t.lines[k].low, i.Path) {
				continue
			}
			for _, other := range slices.Backward(t.mentions(k)) {
				switch {
				case other.String() != i.String() || other.Reference == "":
				case !other.IsDigest():
					return other.Reference
				case reference == "":
					reference = other.Reference
				}
			}
		}
	}
	return reference
}

// nameless are names on a registry that have no owner, or an empty part.
var nameless = pattern(`(?i)(?:^|[^a-z0-9.@/_-]|docker://|oci://)(?:ghcr\.io|docker\.pkg\.github\.com)(?:/[a-z0-9][a-z0-9._-]*(?::[a-z0-9_][a-z0-9._-]*)?(?:$|[^a-z0-9._/:%-])|(?:/[a-z0-9._-]*)*//[a-z0-9._-]|//?(?::|$|\s))`)

// namesNoImage reports whether a line names an image that lacks its owner.
func namesNoImage(l line) bool {
	return strings.Contains(l.low, "ghcr.io/") && nameless().MatchString(l.text) && len(mentionsIn(l.text)) == 0
}
