package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
)

func explainCommand(w world) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "explain [TEXT]",
		Short: "Explain a failed push or pull",
		Long: `Explain a failed push or pull: why it failed, and how to fix it. The input is what
docker, buildx, podman, crane, helm, a cluster or a workflow printed, on standard
input or as an argument. In a long log the last denial counts. explain uses no
network.

The exit status is 0 if the text has a denial of a GitHub registry, else 1.`,
		Example: `  docker push ghcr.io/octocat/app 2>&1 | docker-credential-ghcr explain
  docker-credential-ghcr explain "denied: permission_denied: write_package"`,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return explain(w, strings.Join(args, " "), asJSON)
			}
			if terminal.IsTerminal(w.stdin) {
				return usageError{errors.New("give the text on standard input or as an argument")}
			}
			text, err := readEnd(w.stdin, denial.MaxText)
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

// explain prints what a client's output means.
func explain(w world, text string, asJSON bool) error {
	e := denial.Explain(text, w.configuredHost())
	switch {
	case asJSON && e.Known():
		if err := terminal.PrintJSON(w.stdout, e); err != nil || !e.Foreign() {
			return err
		}
		return errSaid
	case e.Foreign():
		return fixable{errors.New(e.What), e.Fix.String()}
	case !e.Known():
		hint := "run: " + e.Check
		return fixable{errors.New("the text has no known denial of a registry"), hint}
	}
	printExplanation(terminal.NewScreen(w.stdout), e)
	return nil
}

// configuredHost returns the GitHub host of a registry if it is github.com's or this
// user has named the host.
func (w world) configuredHost() func(registry string) string {
	return func(registry string) string {
		if search, err := w.helper(false).Search(registry); err == nil {
			return search.Registry.Host
		}
		return ""
	}
}

func printExplanation(s *terminal.Screen, e denial.Explanation) {
	s.Say(0, terminal.Bad, "%q: %s", e.Words, e.What)
	printFix(s, e.Diagnosis)
	for _, other := range e.Or {
		s.Say(0, terminal.Plain, "or %s", other.What)
		printFix(s, other)
	}
	if e.Check != "" {
		s.Say(0, terminal.Plain, "to find out which, ask the registry and GitHub:")
		s.Whole(0, "run: "+e.Check)
	}
}
