package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
)

// rootCommand has the commands that a person types. The verbs of docker's protocol
// never come here: see run.
func rootCommand(w world) *cobra.Command {
	root := &cobra.Command{
		Use:   programName,
		Short: "Use the GitHub login you already have for ghcr.io",
		Long: `Let docker and every other registry client use the GitHub login you already have
for ghcr.io, with a token that was checked a moment ago.`,
		Example: `  docker-credential-ghcr setup
  docker push ghcr.io/OWNER/IMAGE
  docker-credential-ghcr status`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("a command is missing")}
			}
			return unknownCommand(cmd, args[0])
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetIn(w.stdin)
	root.SetOut(w.stdout)
	root.SetErr(w.stderr)
	usageOfCommand := (&cobra.Command{}).UsageFunc()
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		if cmd != root {
			return usageOfCommand(cmd)
		}
		return printUsage(root)
	})
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(setupCommandOf(w), statusCommand(w), checkCommand(w), explainCommand(w), revokeCommand(w), kubeletCommand(w))
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpFlag()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Example = "  docker-credential-ghcr completion bash > ~/.local/share/bash-completion/completions/docker-credential-ghcr"
			c.Short = "Print the completion script for a shell"
			c.Args = cobra.ArbitraryArgs
			c.RunE = func(*cobra.Command, []string) error {
				return usageError{errors.New("name a shell: bash, zsh, fish or powershell")}
			}
		}
	}
	return root
}

// printUsage prints the usage of the root command. cobra's own shows the verbs of
// docker's protocol nowhere.
func printUsage(root *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: %s COMMAND [flags]\n\nCommands:\n", programName)
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			fmt.Fprintf(&b, "  %-10s  %s\n", c.Name(), c.Short)
		}
	}
	fmt.Fprintf(&b, `
Docker and other registry clients run: <store|get|erase|list|version>

Examples:
%s

For a command's flags and examples, run: %s help COMMAND
`, root.Example, programName)
	_, err := io.WriteString(root.OutOrStderr(), b.String())
	return err
}

// unknownCommand is the error for a command that does not exist. It suggests the
// nearest one.
func unknownCommand(root *cobra.Command, name string) error {
	root.SuggestionsMinimumDistance = 2
	if near := root.SuggestionsFor(name); len(near) > 0 {
		return usageError{fmt.Errorf("unknown command %q; did you mean %s?", name, near[0])}
	}
	return usageError{fmt.Errorf("unknown command %q", name)}
}

// helpCommand is cobra's, except that an unknown command is an error.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [command]",
		Short:   "Show what a command does",
		Example: "  docker-credential-ghcr help setup",
		RunE: func(_ *cobra.Command, args []string) error {
			asked, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(root, strings.Join(args, " "))
			}
			return asked.Help()
		},
	}
}

// commandLimit is how long a command may take without asking a person.
const commandLimit = 2 * time.Minute

// command runs what a person typed.
func command(args []string, w world) int {
	// explain may get a log that contains one, and repeats nothing of it.
	if len(args) > 0 && args[0] != "explain" && slices.ContainsFunc(args, denial.HasToken) {
		complain(w, errors.New("a token is never an argument: other users can see arguments"))
		return 2
	}
	root := rootCommand(w)
	root.SetArgs(args)
	ctx := context.Background()
	if len(args) > 0 && slices.Contains([]string{"status", "check", "explain"}, args[0]) { // the others ask a person, too
		limited, cancel := context.WithTimeout(ctx, commandLimit)
		defer cancel()
		ctx = limited
	}
	cmd, err := root.ExecuteContextC(ctx) // an interrupt ends it at once, at a question too
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSaid):
		return 1
	case errors.Is(err, errUnknown):
		return 3
	case errors.As(err, &usage):
		complain(w, err)
		fmt.Fprint(w.stderr, cmd.UsageString())
		return 2
	}
	complain(w, err)
	return 1
}
