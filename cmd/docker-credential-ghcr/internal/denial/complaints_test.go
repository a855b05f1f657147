package denial

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// githubOnly is a user who has configured no enterprise host.
func githubOnly(registry string) string {
	if registry == "ghcr.io" || registry == "docker.pkg.github.com" {
		return "github.com"
	}
	return ""
}

func contents(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// complaint is a text and what a knowledgeable person says about it.
type complaint struct {
	name, text string
	first      string // the causes that may come first, separated by |; none
	offers     string // causes of which one must be offered, separated by |
	says, not  string // what the answer must and must not say
	check      string // the check command, "" if any will do
}

// shortfall says how an answer falls short of a complaint, "" if it does not.
func (c complaint) shortfall() string {
	e := Explain(c.text, githubOnly)
	cause := e.Cause
	if cause == "" || cause == "other-registry" {
		cause = "none"
	}
	if !slices.Contains(strings.Split(c.first, "|"), cause) {
		return "names " + cause + ", not " + c.first
	}
	offered, said := []string{cause}, []string{e.What, e.Fix.String(), e.Page, e.Check}
	for _, other := range e.Or {
		offered = append(offered, other.Cause)
		said = append(said, other.What, other.Fix.String(), other.Page)
	}
	text := strings.Join(said, "\n")
	switch {
	case c.offers != "" && !slices.ContainsFunc(strings.Split(c.offers, "|"), func(id string) bool { return slices.Contains(offered, id) }):
		return "offers " + strings.Join(offered, ", ") + ", none of " + c.offers
	case c.says != "" && !strings.Contains(text, c.says):
		return "does not say " + c.says + ": " + text
	case c.not != "" && strings.Contains(text, c.not):
		return "says " + c.not + ": " + text
	case c.check != "" && e.Check != c.check:
		return "names the check " + e.Check + ", not " + c.check
	}
	return ""
}

// fieldComplaints are made after what people posted in public, each for a kind.
func fieldComplaints(t testing.TB) (all []complaint) {
	t.Helper()
	rows := strings.Split(strings.TrimSpace(contents(t, "testdata/field/expected.tsv")), "\n")[1:]
	for _, row := range rows {
		fields := append(strings.Split(row, "\t"), make([]string, 6)...)
		all = append(all, complaint{
			name: fields[0], text: contents(t, filepath.Join("testdata/field", fields[0])),
			first: fields[1], offers: fields[2], says: fields[3], not: fields[4], check: fields[5],
		})
	}
	return all
}

// inventedComplaints are more of the same kinds.
func inventedComplaints(t testing.TB) (all []complaint) {
	t.Helper()
	for _, block := range regexp.MustCompile(`(?m)^## `).Split(contents(t, "testdata/invented.txt"), -1)[1:] {
		head, text, ok := strings.Cut(block, "\n---\n")
		if !ok {
			t.Fatalf("no text: %q", block)
		}
		c := complaint{text: text}
		for n, line := range strings.Split(head, "\n") {
			key, value, _ := strings.Cut(line, ": ")
			switch {
			case n == 0:
				c.name = line
			case key == "first":
				c.first = value
			case key == "offers":
				c.offers = value
			case key == "says":
				c.says = value
			case key == "not":
				c.not = value
			case key == "check":
				c.check = value
			default:
				t.Fatalf("%s: unknown line %q", c.name, line)
			}
		}
		all = append(all, c)
	}
	return all
}

// At least 95 of 100 are explained as a knowledgeable person would.
func TestComplaintsFromTheFieldAreExplained(t *testing.T) {
	t.Parallel()
	complaints := fieldComplaints(t)
	short := 0
	for _, c := range complaints {
		if why := c.shortfall(); why != "" {
			short++
			t.Logf("%s: %s", c.name, why)
		}
	}
	if len(complaints) < 80 || short*100 > 5*len(complaints) {
		t.Errorf("%d of %d complaints are not explained", short, len(complaints))
	}
}

func TestInventedComplaintsAreExplained(t *testing.T) {
	t.Parallel()
	complaints := inventedComplaints(t)
	if len(complaints) < 100 {
		t.Fatalf("found %d complaints", len(complaints))
	}
	for _, c := range complaints {
		if why := c.shortfall(); why != "" {
			t.Errorf("%s: %s", c.name, why)
		}
	}
}

// clientOutputs are the files of testdata/clients: what real clients printed, most of
// it when they spoke to the pretend GitHub of cmd/e2e, each in the folder of its
// cause. In those whose name ends in words-hidden, the client does not print the
// registry's words, and the cause is the most likely one of several.
func clientOutputs(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/clients/*/*.txt")
	if err != nil || len(paths) < 50 {
		t.Fatalf("found %d outputs, %v", len(paths), err)
	}
	return paths
}

func TestOutputsOfRealClientsAreExplained(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`(?i)ghcr\.io/(token\?[^\s"]*repository%3A)?(v2/)?(acme|octocat)(/|%2F)|/v2/acme/app/blobs/uploads/ in ghcr\.io`)
	for _, path := range clientOutputs(t) {
		text, name, cause := contents(t, path), filepath.Base(path), filepath.Base(filepath.Dir(path))
		e := Explain(text, githubOnly)
		if cause == "none" {
			if e.Known() && !e.Foreign() {
				t.Errorf("%s: got %q", path, e.Cause)
			}
			continue
		}
		if e.Cause != cause {
			t.Errorf("%s: got %q", path, e.Cause)
		}
		if e.What == "" || (e.Fix.Command == "") == (e.Fix.Advice == "") {
			t.Errorf("%s: %+v", path, e)
		}
		if named.MatchString(text) == strings.Contains(e.Check, "OWNER") {
			t.Errorf("%s: %s", path, e.Check)
		}
		pull := strings.HasSuffix(e.Check, " --pull")
		tells := strings.Contains(name, "-pull") && !strings.Contains(e.Check, "OWNER")
		if tells && !pull || strings.Contains(name, "-push") && pull {
			t.Errorf("%s: %s", path, e.Check)
		}
	}
}
