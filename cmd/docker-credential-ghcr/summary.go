package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
)

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
	return "`" + strings.ReplaceAll(visible(strings.Join(strings.Fields(text), " ")), "`", "'") + "`"
}

// appendTo appends to a file. It does not wait for a reader at the other end of a pipe.
func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE|nonBlocking, 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err == nil {
		_, err = file.WriteString(text)
	}
	return errors.Join(err, file.Close())
}
