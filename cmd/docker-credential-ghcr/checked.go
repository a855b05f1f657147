package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"fmt"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
)

// step is one thing that was asked, and what came of it.
type step struct {
	ID string `json:"id"`
	// State is passed, failed, unknown or skipped.
	State    string `json:"state"`
	Evidence string `json:"evidence"`
}

// checked is the answer of check. Its JSON form is documented in README.
type checked struct {
	Image  string `json:"image"`
	Action string `json:"action"`
	// Answer is allowed, denied or unknown.
	Answer string `json:"answer"`
	Steps  []step `json:"steps"`
	// Diagnosis is why not; null if it is allowed.
	Diagnosis *denial.Diagnosis `json:"diagnosis"`
	// Notes are what others cannot do, such as a repository's workflows.
	Notes []denial.Diagnosis `json:"notes"`
}

func (c *checked) did(id, state, format string, args ...any) {
	c.Steps = append(c.Steps, step{id, state, fmt.Sprintf(format, args...)})
}

// conclude is a no.
func (c *checked) conclude(id string, s denial.Situation) {
	d := denial.Named(id).In(s)
	c.Answer, c.Diagnosis = "denied", &d
}

// print shows the answer to a person.
func (c *checked) print(s *terminal.Screen) {
	s.Heading(c.Action + " " + c.Image)
	for _, step := range c.Steps {
		s.Say(2, marks[step.State], "%s: %s", step.ID, step.Evidence)
	}
	switch {
	case c.Answer == "allowed":
		s.Say(0, terminal.Good, "you may %s %s", c.Action, c.Image)
	case c.Answer == "unknown":
		s.Say(0, terminal.Care, "it is unknown whether you may %s %s: %s", c.Action, c.Image, c.Diagnosis.What)
		printFix(s, *c.Diagnosis)
	default:
		s.Say(0, terminal.Bad, "you may not %s %s: %s", c.Action, c.Image, c.Diagnosis.What)
		printFix(s, *c.Diagnosis)
	}
	for _, note := range c.Notes {
		s.Say(0, terminal.Care, "%s", note.What)
		printFix(s, note)
	}
}

var marks = map[string]terminal.Mark{"passed": terminal.Good, "failed": terminal.Bad, "unknown": terminal.Care, "skipped": terminal.Plain}

// summarize adds the answer to the summary of the running job, which people read in the
// browser. What servers say is in code spans: it is text, and never Markdown.
func (c *checked) summarize(path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s: %s\n\n", c.Action, codeSpan(c.Image), c.Answer)
	for _, step := range c.Steps {
		fmt.Fprintf(&b, "- %s %s: %s\n", marks[step.State], step.ID, codeSpan(step.Evidence))
	}
	all := c.Notes
	if c.Diagnosis != nil {
		all = append([]denial.Diagnosis{*c.Diagnosis}, all...)
	}
	for _, d := range all {
		fmt.Fprintf(&b, "\n%s\n\n%s\n", codeSpan(d.What), strings.TrimSpace(codeSpan(d.Fix.String())+" "+d.Page))
	}
	b.WriteByte('\n')
	return appendTo(path, b.String())
}

// codeSpan is a text that Markdown shows as it is.
func codeSpan(text string) string {
	return "`" + strings.ReplaceAll(terminal.Visible(strings.Join(strings.Fields(text), " ")), "`", "'") + "`"
}

// printFix prints how to fix a cause, and the page where.
func printFix(s *terminal.Screen, d denial.Diagnosis) {
	s.Whole(0, d.Fix.String())
	if d.Page != "" {
		s.Whole(0, d.Page)
	}
}
