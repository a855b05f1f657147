package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

func revokeCommand(w world) *cobra.Command {
	var registry string
	var yes bool
	command := &cobra.Command{
		Use:   "revoke [SOURCE]",
		Short: "Kill a token at GitHub, for good",
		Long: `Kill a token at GitHub, for good: the one that docker gets now, or that of the
SOURCE named as status names it: a variable, gh, or docker-login. With - the
token is read from standard input, one that leaked, say. It is never an argument.

What will die is shown, and you are asked first.`,
		Example: `  docker-credential-ghcr revoke
  docker-credential-ghcr revoke GH_TOKEN
  docker-credential-ghcr revoke - --yes < leaked-token`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{errors.New("name one source")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return revoke(cmd.Context(), w, registry, strings.Join(args, ""), yes)
		},
	}
	command.Flags().StringVar(&registry, "registry", "ghcr.io", "the registry or GitHub host")
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return command
}

func revoke(ctx context.Context, w world, registry, source string, yes bool) error {
	registry, err := registryNamed(registry)
	if err != nil {
		return err
	}
	search, ok := w.helper(true).Search(registry)
	if !ok {
		return unknownHost(registry)
	}
	v, err := condemned(ctx, w, search, source)
	if err != nil {
		return err
	}
	if v.Fault == credentials.Rejected {
		return fmt.Errorf("the token is dead already: %s", v.Reason)
	}
	fmt.Fprintf(w.stderr, "%s\n%s\n", describe(v, search.Registry.Host), othersWhoUse(v))
	switch {
	case yes:
	case source == "-" || !w.isTerminal():
		return mendable{errors.New("nothing was revoked, since nobody said yes"), "run it again with --yes"}
	case !w.confirm("Kill it for good?"):
		return errors.New("nothing was revoked")
	}
	return kill(ctx, w, search, v)
}

// condemned is the token to kill, with what GitHub says of it now.
func condemned(ctx context.Context, w world, search *credentials.Search, source string) (v credentials.Verdict, err error) {
	if source == "-" {
		text, err := io.ReadAll(io.LimitReader(w.stdin, maxInput))
		if err != nil {
			return v, err
		}
		token, err := credentials.ParseToken(string(bytes.TrimSpace(text)))
		if err != nil {
			return v, fmt.Errorf("what came on standard input %w", err)
		}
		return search.Judge(ctx, credentials.Candidate{Source: "standard input", Token: token}), nil
	}
	var seen []string
	for v := range search.Verdicts(ctx) {
		name := sourceWord(v.Source)
		seen = append(seen, name)
		switch {
		case v.Token.IsZero():
		case source == "" && v.Good(), strings.EqualFold(source, name):
			return v, nil
		}
	}
	if source == "" {
		return v, mendable{errors.New("docker gets no token now, so there is none to revoke"), "to revoke another, name its source as status shows it"}
	}
	return v, usageError{fmt.Errorf("there is no token in %q; there is: %s", source, strings.Join(append(slices.Compact(seen), "-"), ", "))}
}

// sourceWord is a source's name without blanks, for a command line.
func sourceWord(s credentials.Source) string { return strings.ReplaceAll(string(s), " ", "-") }

func describe(v credentials.Verdict, host string) string {
	text := fmt.Sprintf("This kills the %s of %s on %s, found in: %s", v.Token.Kind(), v.User, host, v.Source)
	if v.HasScopes {
		text += fmt.Sprintf(" (%s)", strings.Join(v.Scopes, ", "))
	}
	return text
}

// othersWhoUse says who else will be without it.
func othersWhoUse(v credentials.Verdict) string {
	switch {
	case v.Source == credentials.GH:
		return "gh itself uses it, and git if gh serves git: both will be logged out on this machine. There is no way back."
	case v.Token.Kind() == credentials.Installation:
		return "The rest of the job, or whatever else uses this installation token, will be without it. There is no way back."
	}
	return "Every machine and program that uses it will be without it. There is no way back."
}

// kill revokes the token, looks whether it is dead, and drops what we hold of it.
func kill(ctx context.Context, w world, search *credentials.Search, v credentials.Verdict) error {
	a := search.Revoke(ctx, v.Token)
	if err := revocationError(a, search.Registry.Host); err != nil {
		return err
	}
	s := newScreen(w.stdout)
	after, ok := w.helper(true).Search(search.Registry.Name)
	if !ok {
		return unknownHost(search.Registry.Name)
	}
	now := after.Judge(ctx, credentials.Candidate{Source: v.Source, Login: v.Login, Token: v.Token})
	if now.Fault == credentials.Rejected || v.Token.Kind() == credentials.FineGrained {
		s.say(0, good, "the token is revoked")
	} else {
		s.say(0, care, "GitHub took the request, and the token still works; it may take a moment: run %s status", programName)
	}
	if err := after.Forget(ctx, v); err != nil {
		s.say(0, care, "what was kept of it could not be dropped: %v", err)
	}
	s.detail(0, "For a new one with the right scope:")
	s.whole(0, newTokenFix(v, search).String())
	return nil
}

// newTokenFix says how to get a new token in the place of a dead one.
func newTokenFix(v credentials.Verdict, search *credentials.Search) credentials.Fix {
	switch v.Source {
	case credentials.GH, "standard input":
		return credentials.Fix{Command: fmt.Sprintf("gh auth login -h %s -s %s", search.Registry.Host, search.Scope)}
	case credentials.DockerLogin:
		return credentials.Fix{Command: "docker login " + search.Registry.Name}
	}
	return credentials.Fix{Advice: fmt.Sprintf("put a new token into %s", v.Source)}
}

// revocationError says why a token was not revoked.
func revocationError(a credentials.Answer, host string) error {
	switch {
	case a.Status == http.StatusAccepted || a.Status == http.StatusNoContent:
		return nil
	case a.Status == 0:
		return mendable{fmt.Errorf("%s could not be reached: %s; nothing was revoked", host, a.Trouble), "run it again"}
	case a.Limited:
		return mendable{fmt.Errorf("the rate limit of %s is used up; nothing was revoked", host), "run it again in an hour"}
	case a.Status == http.StatusNotFound:
		return mendable{fmt.Errorf("this is not offered by %s; nothing was revoked", host), "revoke it at https://" + host + "/settings/tokens"}
	}
	return fmt.Errorf("%s refused: %s; nothing was revoked", host, evidenceOf(a))
}
