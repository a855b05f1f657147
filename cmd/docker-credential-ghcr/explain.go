package main

import (
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

// maxComplaint bounds what explain reads, in bytes.
const maxComplaint = 8 << 20

func explainCommand(w world) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "explain [TEXT]",
		Short: "Say what docker's complaint means and what mends it",
		Long: `Say what a client's complaint means and what mends it: docker's, buildx's,
podman's, crane's or a workflow's. It is read from standard input, or is the
argument. Nothing is asked over the network.`,
		Example: `  docker push ghcr.io/octocat/app 2>&1 | docker-credential-ghcr explain
  docker-credential-ghcr explain "denied: permission_denied: write_package"`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return explain(w, strings.Join(args, " "), asJSON)
			}
			if isTerminal(w.stdin) {
				return usageError{errors.New("give the complaint on standard input or as an argument")}
			}
			text, err := io.ReadAll(io.LimitReader(w.stdin, maxComplaint))
			if err != nil {
				return err
			}
			return explain(w, string(text), asJSON)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// explanation is the answer of explain. Its JSON form is documented in README.
type explanation struct {
	// Words are those of the text that tell the cause.
	Words string `json:"words"`
	diagnosis
	// Workflow is what the same words mean in a workflow, if that is something else.
	Workflow *diagnosis `json:"workflow"`
	// Check is the command that has the registry and GitHub asked.
	Check string `json:"check"`
}

// explain says what a complaint means. Nothing of the text is repeated but the
// words that are known, and the image's name.
func explain(w world, text string, asJSON bool) error {
	text = plainText(text)
	found, ok := imageIn(text)
	e := explanation{Check: programName + " check ghcr.io/OWNER/IMAGE"}
	if ok {
		e.Check = programName + " check " + found.String()
	}
	id, words := causeOf(text)
	if id == "" {
		return mendable{errors.New("nothing in the text is known to be a registry's denial"), "run: " + e.Check}
	}
	s := situationOf(found)
	e.Words, e.diagnosis = strings.ToLower(words), causeNamed(id).in(s)
	if id == "no-write-role" {
		workflow := causeNamed("actions-no-access").in(s)
		e.Workflow = &workflow
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
	if e.Workflow != nil {
		s.say(0, plain, "in a workflow of GitHub Actions: %s", e.Workflow.What)
		e.Workflow.printFix(s)
	}
	s.say(0, plain, "to have the registry and GitHub asked:")
	s.whole(0, "run: "+e.Check)
}

// situationOf is the situation as far as the text tells it.
func situationOf(i image) situation {
	s := situation{registry: "ghcr.io", host: "github.com", scope: string(credentials.WritePackages), owner: "OWNER", repository: "OWNER/REPOSITORY", linked: "the repository", lower: "the name in lower case"}
	if i.path != "" {
		s.registry, s.host, s.owner, s.lower = i.registry, credentials.HostNamed(i.registry), i.owner, i.String()
		s.repository = i.owner + "/" + i.name
	}
	name := i.name
	if name == "" {
		name = "IMAGE"
	}
	s.settings = strings.Replace(settingsPage(s.host, s.owner, name, false), "/users/", "/{users|orgs}/", 1)
	return s
}

var (
	escapes  = regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\\u001b\[[0-9;]*m`)
	newlines = regexp.MustCompile(`\s*(\r?\n|\\n)\s*`)
	inText   = regexp.MustCompile(`(?i)\b((?:ghcr\.io|docker\.pkg\.github\.com|containers\.[a-z0-9.-]+|docker\.[a-z0-9-]+\.[a-z0-9.-]+)/(?:v2/)?[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)+)`)
)

// plainText takes the colours out, and joins lines that a terminal or a log broke.
func plainText(text string) string {
	text = escapes.ReplaceAllString(text, "")
	text = strings.ReplaceAll(text, `\"`, `"`)
	return newlines.ReplaceAllString(text, " ")
}

// imageIn is the first image in a text.
func imageIn(text string) (image, bool) {
	for _, match := range inText.FindAllString(text, -1) {
		match = strings.Replace(match, "/v2/", "/", 1)
		for _, tail := range []string{"/manifests/", "/blobs/"} {
			match, _, _ = strings.Cut(match, tail)
		}
		if i, err := parseImage(match); err == nil {
			return i, true
		}
	}
	return image{}, false
}
