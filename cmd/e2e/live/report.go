package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"strings"
)

// report is the table that is printed at the end.
type report struct {
	secrets      []string
	steps        []row
	observations []row
}

type row struct {
	what, result, found string
}

const (
	ok      = "ok"
	failed  = "FAILED"
	skipped = "left out"
)

// step notes what a promised step found; wrong says why that is not as promised.
func (r *report) step(what, found string, wrong error) {
	if wrong != nil {
		r.steps = append(r.steps, row{what, failed, wrong.Error() + ": " + found})
		return
	}
	r.steps = append(r.steps, row{what, ok, found})
}

func (r *report) skip(what, why string) { r.steps = append(r.steps, row{what, skipped, why}) }

// saw notes what is not promised by anybody.
func (r *report) saw(what, found string) {
	r.observations = append(r.observations, row{what: what, found: found})
}

func (r *report) failed() bool {
	for _, s := range r.steps {
		if s.result == failed {
			return true
		}
	}
	return false
}

// print writes Markdown, in which there is no secret.
func (r *report) print(w io.Writer) {
	var b strings.Builder
	b.WriteString("\n| step | | found |\n|---|---|---|\n")
	for _, s := range r.steps {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", cell(s.what), s.result, cell(s.found))
	}
	b.WriteString("\n| observed | |\n|---|---|\n")
	for _, o := range r.observations {
		fmt.Fprintf(&b, "| %s | %s |\n", cell(o.what), cell(o.found))
	}
	_, _ = io.WriteString(w, r.redacted(b.String()))
}

const longestCell = 300

// cell is a text in one line that does not end the cell of a table.
func cell(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > longestCell {
		text = string(runes[:longestCell/2]) + " … " + string(runes[len(runes)-longestCell/2:])
	}
	return strings.ReplaceAll(text, "|", `\|`)
}

// redacted replaces the secrets, as they are and in base64.
func (r *report) redacted(text string) string {
	for _, secret := range r.secrets {
		if secret == "" {
			continue
		}
		text = strings.ReplaceAll(text, secret, "***")
		text = strings.ReplaceAll(text, base64.StdEncoding.EncodeToString([]byte(secret)), "***")
	}
	return text
}
