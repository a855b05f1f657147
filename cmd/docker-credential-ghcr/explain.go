package main

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// maxComplaint bounds what explain looks at, in bytes from the end: logs end with
// what went wrong.
const maxComplaint = 256 << 10

func explainCommand(w world) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "explain [TEXT]",
		Short: "Say what docker's complaint means and what mends it",
		Long: `Say what a client's complaint means and what mends it: docker's, buildx's,
podman's, crane's or a workflow's. It is read from standard input, or is the
argument; of a long log the last denial counts. Nothing is asked over the
network.`,
		Example: `  docker push ghcr.io/octocat/app 2>&1 | docker-credential-ghcr explain
  docker-credential-ghcr explain "denied: permission_denied: write_package"`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return explain(w, strings.Join(args, " "), asJSON)
			}
			if isTerminal(w.stdin) {
				return usageError{errors.New("give the complaint on standard input or as an argument")}
			}
			text, err := readEnd(w.stdin, maxComplaint)
			if err != nil {
				return err
			}
			return explain(w, text, asJSON)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// readEnd reads all and returns the last n bytes.
func readEnd(r io.Reader, n int) (string, error) {
	var end []byte
	block := make([]byte, 64<<10)
	for {
		read, err := r.Read(block)
		end = append(end, block[:read]...)
		if len(end) > 2*n || err != nil {
			end = end[max(0, len(end)-n):]
		}
		switch err {
		case nil:
		case io.EOF:
			return string(end), nil
		default:
			return "", err
		}
	}
}

// explanation is the answer of explain. Its JSON form is documented in README.
type explanation struct {
	// Words are those of the text that tell the cause.
	Words string `json:"words"`
	diagnosis
	// Or is what the same words can mean as well.
	Or []diagnosis `json:"or"`
	// Check is the command that has the registry and GitHub asked.
	Check string `json:"check"`
}

// explain says what a complaint means. Nothing of the text is repeated but the
// words that are known, and the image's name.
func explain(w world, text string, asJSON bool) error {
	text = plainText(text)
	d, known := findDenial(text)
	found, ok := imageIn(text, d.at)
	e := explanation{Words: strings.ToLower(d.words), Or: []diagnosis{}, Check: programName + " check ghcr.io/OWNER/IMAGE"}
	if ok {
		e.Check = checkCommandFor(found, d.cause == "never-pushed" || pulls.compiled().MatchString(text) && !pushes.compiled().MatchString(text))
	}
	if !ok && ofOthers.compiled().MatchString(text) {
		return mendable{errors.New("it is about Docker Hub, not about a registry of GitHub's"), "name the image ghcr.io/OWNER/IMAGE"}
	}
	if !known {
		return mendable{errors.New("nothing in the text is known to be a registry's denial"), "run: " + e.Check}
	}
	s := situationOf(found)
	e.diagnosis = causeNamed(d.cause).in(s)
	for _, id := range d.or {
		e.Or = append(e.Or, causeNamed(id).in(s))
	}
	if asJSON {
		return printJSON(w.stdout, e)
	}
	e.print(newScreen(w.stdout))
	return nil
}

func (e explanation) print(s *screen) {
	s.say(0, bad, "%q: %s", e.Words, e.What)
	e.printFix(s)
	for _, other := range e.Or {
		s.say(0, plain, "or %s", other.What)
		other.printFix(s)
	}
	s.say(0, plain, "to have the registry and GitHub asked:")
	s.whole(0, "run: "+e.Check)
}

// checkCommandFor is the command that has the registry asked the same. What is
// pulled has a tag; what is pushed gets one.
func checkCommandFor(i image, pull bool) string {
	if pull {
		return programName + " check " + i.whole() + " --pull"
	}
	return programName + " check " + i.String()
}

// situationOf is the situation as far as the text tells it.
func situationOf(i image) situation {
	s := situation{registry: "ghcr.io", host: "github.com", scope: string(github.WritePackages), owner: "OWNER", repository: "OWNER/REPOSITORY", linked: "the repository", lower: "the name in lower case"}
	if i.path != "" {
		s.registry, s.host, s.owner, s.lower = i.registry, github.HostNamed(i.registry), i.owner, i.whole()
		s.repository = i.repository()
	}
	name := i.name
	if name == "" {
		name = "IMAGE"
	}
	s.settings = strings.Replace(settingsPage(s.host, s.owner, name, false), "/users/", "/{users|orgs}/", 1)
	return s
}

var (
	escapes  = patternOf(`\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\\u001b\[[0-9;]*m`)
	newlines = patternOf(`\s*(?:\r?\n|\\n)\s*`)

	// Not docker.HOST, the older name of an enterprise registry: others have such names too.
	named     = patternOf(`(?i)\b(?:ghcr\.io|docker\.pkg\.github\.com|containers\.[a-z0-9.-]+)(?:/[a-z0-9][a-z0-9._-]*){2,}(?::[a-z0-9_][a-z0-9._-]*)?(?:@sha256:[0-9a-f]{64})?`)
	tokenLike = patternOf(`(?i)gh[a-z]_[a-z0-9]{10}|github_pat_`)

	// Clients that push also look, by digest, for what is there already.
	pulls  = patternOf(`(?i)\bpull|(?:%3A|:)pull(?:[&"\s]|$)|GET "?https://[^\s"]+/manifests/|/manifests/[\w.-]+(?:"|\s|: )|failed to resolve|initializing source`)
	pushes = patternOf(`(?i)\bpush|/uploads/`)
)

// plainText takes the colours out, and the quoting of a log in JSON, with all that
// stands around the ends of lines.
func plainText(text string) string {
	text = escapes.compiled().ReplaceAllString(text, "")
	text = strings.ReplaceAll(text, `\"`, `"`)
	return newlines.compiled().ReplaceAllString(text, "\n")
}

// imageIn is the image that a text speaks of: the last one before the place of the
// denial, or else the first one after it.
func imageIn(text string, at int) (image, bool) {
	matches := imagesIn(text[:at])
	slices.Reverse(matches)
	for _, match := range append(matches, imagesIn(text[at:])...) {
		if tokenLike.compiled().MatchString(match) {
			continue
		}
		if i, err := parseImage(strings.TrimRight(match, "._-")); err == nil {
			return i, true
		}
	}
	return image{}, false
}

// addresses are those of a registry that hold an image's name.
var addresses = []struct {
	form *pattern
	name string
}{
	{patternOf(`https://([^\s/"]+)/v2/([^\s"]+)/manifests/(sha256:[0-9a-f]{64})`), "$1/$2@$3"},
	{patternOf(`https://([^\s/"]+)/v2/([^\s"]+)/manifests/(\w[\w.-]*)`), "$1/$2:$3"},
	{patternOf(`https://([^\s/"]+)/v2/([^\s"]+)/(?:blobs|tags|referrers)/`), "$1/$2 "},
	{patternOf(`/v2/([^\s"]+)/blobs/uploads/ in ([^\s:]+)`), "$2/$1 "}, // podman
	{patternOf(`https://([^\s/"]+)/token\?[^\s"]*?scope=repository:([^\s":&]+):`), "$1/$2 "},
}

func imagesIn(text string) []string {
	text = strings.NewReplacer("%2F", "/", "%3A", ":").Replace(text)
	for _, address := range addresses {
		text = address.form.compiled().ReplaceAllString(text, address.name)
	}
	return named.compiled().FindAllString(text, -1)
}
