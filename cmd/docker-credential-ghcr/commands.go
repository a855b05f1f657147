package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
)

// rootCommand has the words that a person types. Those of docker's protocol
// never come here: see run.
func rootCommand(w world) *cobra.Command {
	root := &cobra.Command{
		Use:   programName,
		Short: "Give docker the GitHub login you already have",
		Long: `Give docker, and every other registry client, the GitHub login you already have
for ghcr.io, with a token that was checked a moment ago.

docker itself runs this program with get, store, erase or list. You run setup
once, and status when something is in the way.`,
		Example: `  docker-credential-ghcr setup
  docker push ghcr.io/OWNER/IMAGE
  docker-credential-ghcr status`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return nil
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError{errors.New("no command was given")}
		},
	}
	root.SetIn(w.stdin)
	root.SetOut(w.stdout)
	root.SetErr(w.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd == root {
			fmt.Fprintln(w.stdout, protocolUsage)
			fmt.Fprintln(w.stdout)
		}
		help(cmd, args)
	})
	root.AddCommand(setupCommandOf(w), statusCommand(w), checkCommand(w), explainCommand(w), revokeCommand(w))
	root.SetHelpCommand(helpCommand(root))
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Example = "  docker-credential-ghcr completion bash > ~/.local/share/bash-completion/completions/docker-credential-ghcr"
			c.Args = cobra.ArbitraryArgs
			c.RunE = func(*cobra.Command, []string) error {
				return usageError{errors.New("name a shell: bash, zsh, fish or powershell")}
			}
		}
	}
	return root
}

// helpCommand is cobra's, but that it does not take an unknown command for none.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [command]",
		Short:   "Say what a command does",
		Example: "  docker-credential-ghcr help setup",
		RunE: func(_ *cobra.Command, args []string) error {
			asked, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usageError{fmt.Errorf("unknown command %q", strings.Join(args, " "))}
			}
			return asked.Help()
		},
	}
}

// command runs what a person typed.
func command(args []string, w world) int {
	// explain may be given a log that has one in it, and repeats nothing of it.
	if len(args) > 0 && args[0] != "explain" && slices.ContainsFunc(args, denial.HasToken) {
		complain(w, errors.New("a token is never an argument, where others can see it"))
		return 2
	}
	root := rootCommand(w)
	root.SetArgs(args)
	cmd, err := root.ExecuteC() // an interrupt ends it at once, at a question too
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
