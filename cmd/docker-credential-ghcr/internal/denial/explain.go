package denial

import (
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// Explanation says what a client's output means. Its JSON form is documented in
// README.
type Explanation struct {
	// Words are those of the text that tell the cause.
	Words string `json:"words"`
	Diagnosis
	// Or is what the same words can mean as well.
	Or []Diagnosis `json:"or"`
	// Check is the command that asks the registry and GitHub, "" if there is none to
	// ask.
	Check string `json:"check"`
	// Registry, Image, Action and Place are what was tried, and where; "" if the text
	// does not tell.
	Registry string `json:"registry"`
	Image    string `json:"image"`
	Action   string `json:"action"`
	Place    Place  `json:"place"`
}

// Known reports whether the text has a denial that is known; other-registry is one.
func (e Explanation) Known() bool { return e.Cause != "" }

// Foreign reports whether the text is about another registry or program.
func (e Explanation) Foreign() bool { return e.Cause == "other-registry" }

// Program is the name under which commands are printed.
const Program = "docker-credential-ghcr"

// Explain says what a client's output means. configured returns the GitHub host of a
// registry that this user has configured, "" for every other one: what a stranger's
// log names gets no command. Nothing of the text is repeated except the words that
// are known, the image's name, and the registry's.
func Explain(output string, configured func(registry string) string) Explanation {
	t := read(output, namer{configured})
	found, foreign := decisive(t.denials())
	if found == nil {
		return t.foreign(foreign)
	}
	place, action := placeOf(t.lines), t.actionOf(found.line)
	ids := ordered(found, place, action)
	image, ok := t.imageAt(found.line, found.at)
	if !ok && t.namesNoImage(found) {
		ids = []string{"invalid-name"}
	}
	if found.of == maybe {
		image, ok = Image{}, false
	}
	if ids[0] == "never-pushed" {
		action = "pull"
	}
	s := situationOf(image, ok, action, place, configured)
	c := t.clientOf(found.line)
	s.Client, s.Logout = c.name, c.logout+s.Registry
	s.Address = t.addressAt(found, s.Registry)
	s.Helper = t.helperAt(found.line)
	if ids[0] == "upper-case" && !ok {
		s.Lower = t.lowerAt(found.line)
	}
	e := Explanation{Words: strings.ToLower(found.words), Or: []Diagnosis{}, Registry: s.Registry, Action: action, Place: place}
	if ok {
		e.Image = image.Whole()
	}
	e.Check = checkFor(image, ok, action)
	for n, id := range ids {
		d := diagnose(id, s, found)
		if n == 0 {
			e.Diagnosis = d
		} else {
			e.Or = append(e.Or, d)
		}
	}
	if found.of == maybe || ok && s.Host == "" {
		e.withoutCommands(t.registryAt(found))
	}
	return e
}

// diagnose fills in a cause. Where this program refused a token, it has said itself
// how to fix it: nothing of a client's login is wrong.
func diagnose(id string, s Situation, found *evidence) Diagnosis {
	d := Named(id).In(s)
	if id == "dead-credential" && found.by == byGitHub && s.Place == Machine {
		d.What = "the token that docker-credential-ghcr found is wrong, expired or revoked"
		d.Fix = advise("do what its hint says; docker-credential-ghcr status shows it again")
	}
	return d
}

// withoutCommands takes the commands away that would speak to a host which only the
// text names.
func (e *Explanation) withoutCommands(registry string) {
	e.Registry, e.Image, e.Check = registry, "", ""
	fix := advise("if this is the registry of a GitHub Enterprise host that you use, log in to that host with gh, set it up with docker-credential-ghcr setup, and try again")
	e.Fix, e.Page = fix, ""
	e.Or = []Diagnosis{}
}

// foreign explains a text without a denial of GitHub's.
func (t text) foreign(last *evidence) (e Explanation) {
	e.Or, e.Place = []Diagnosis{}, placeOf(t.lines)
	other := ""
	if last != nil {
		other, e.Words = last.other, strings.ToLower(last.words)
	}
	misspelled, meant := "", ""
	for n := range t.lines {
		for _, name := range t.names[n] {
			if m, ok := near(name.text); ok && name.of == others && (other == "" || other == name.text) {
				misspelled, meant = name.text, m
			}
		}
	}
	if misspelled != "" {
		other = misspelled
	}
	if other == "" {
		image, ok := t.imageAt(len(t.lines)-1, 0)
		if ok && configuredOrOwn(image) {
			e.Registry, e.Image = image.Registry, image.Whole()
			e.Action = t.actionOf(len(t.lines) - 1)
		}
		e.Check = checkFor(image, ok, e.Action)
		return e
	}
	other = shownName(other)
	e.Registry = registryNamed(other)
	e.Diagnosis = Named("other-registry").In(Situation{Other: other})
	if meant != "" {
		e.What = other + " is not a GitHub registry"
		e.Fix = advise("did you mean " + meant + "?")
	}
	return e
}

// shownName is what a registry or program that is not GitHub's is called.
func shownName(other string) string {
	if other == "docker.io" || strings.HasSuffix(other, ".docker.io") || strings.HasSuffix(other, ".docker.com") {
		return hub
	}
	return shown(other, 80)
}

// registryNamed is the registry behind what people call it, "" if it is none.
func registryNamed(called string) string {
	switch called {
	case hub:
		return "docker.io"
	case "Quay":
		return "quay.io"
	}
	if strings.ContainsAny(called, " ") || !strings.ContainsAny(called, ".:") {
		return ""
	}
	return called
}

// configuredOrOwn reports whether an image is on a registry whose name alone tells
// that it is GitHub's.
func configuredOrOwn(i Image) bool {
	return i.Registry == "ghcr.io" || i.Registry == "docker.pkg.github.com"
}

// checkFor is the command that asks about the same image.
func checkFor(i Image, ok bool, action string) string {
	command := Program + " check ghcr.io/OWNER/IMAGE"
	if ok {
		command = Program + " check " + i.Whole()
		if action != "pull" && i.IsDigest() {
			command = Program + " check " + i.String()
		}
	}
	if action == "pull" {
		command += " --pull"
	}
	return command
}

// situationOf is the situation as far as a text tells it.
func situationOf(i Image, ok bool, action string, place Place, configured func(string) string) Situation {
	s := Situation{
		Registry: "ghcr.io", Host: "github.com", Scope: "write:packages",
		Owner: "OWNER", Repository: "OWNER/REPOSITORY", Linked: "the repository", Lower: "the name in lower case", Place: place,
	}
	if action == "pull" {
		s.Scope = "read:packages"
	}
	name := "IMAGE"
	if ok {
		s.Registry, s.Host, s.Owner, s.Lower, name = i.Registry, configured(i.Registry), i.Owner, i.Whole(), i.Name
		s.Repository = i.Repository()
	}
	s.Settings = github.SettingsPage(s.Host, "", s.Owner, name)
	return s
}

// addressAt is the host that a denial's line asks.
func (t text) addressAt(e *evidence, registry string) string {
	if strings.Contains(t.lines[e.line].low, layers) {
		return layers
	}
	if subject, ok := nearestOn(t.names[e.line], e.at); ok && !subject.program && subject.of == gitHubs {
		return subject.text
	}
	return registry
}

// registryAt is the registry that a denial's line names.
func (t text) registryAt(e *evidence) string {
	subject, ok := nearestOn(t.names[e.line], e.at)
	if !ok {
		subject, _ = t.nearest(e.line, byRegistry)
	}
	return shown(subject.text, 100)
}

// namesNoImage reports whether a denial is about an image without an owner.
func (t text) namesNoImage(e *evidence) bool {
	for n := max(0, e.line-5); n <= min(len(t.lines)-1, e.line+5); n++ {
		if namesNoImage(t.lines[n]) {
			return true
		}
	}
	return false
}

var (
	helperName = pattern(`docker-credential-[a-z0-9_.-]{1,40}`)
	upperName  = pattern(`\(([A-Za-z0-9._/-]{1,200})\) must be`)
)

func (t text) helperAt(n int) string {
	helper := helperName().FindString(t.lines[n].low)
	if helper == "" || tokenLike().MatchString(helper) {
		return "docker-credential-…"
	}
	return strings.TrimRight(helper, ".-_")
}

func (t text) lowerAt(n int) string {
	if match := upperName().FindStringSubmatch(t.lines[n].text); match != nil && !tokenLike().MatchString(match[1]) {
		return strings.ToLower(match[1])
	}
	return "the name in lower case"
}

// CauseOf is the cause that the words of a registry or of GitHub's API tell; "" if they
// are not known. Whatever they name, they are GitHub's.
func CauseOf(words string) string {
	lines := linesOf(words)
	t := text{lines: lines, names: make([][]name, len(lines)), above: make([]int, len(lines)), below: make([]int, len(lines)), depth: make([]int, len(lines))}
	for n := range lines {
		t.above[n], t.below[n] = -1, -1
	}
	found, _ := decisive(t.denials())
	if found == nil {
		return ""
	}
	return found.causes[0]
}
