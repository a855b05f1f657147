package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func revokeCommand(w world) *cobra.Command {
	var registry string
	var yes bool
	command := &cobra.Command{
		Use:   "revoke [SOURCE]",
		Short: "Revoke a token at GitHub, permanently",
		Long: `Revoke a token at GitHub, permanently. This cannot be undone.

Without SOURCE it revokes the token that docker gets now. SOURCE is a source as
status names it: a variable, gh, or docker-login. With - it reads the token from
standard input, for example one that leaked. A token is never an argument.

It describes the token and asks before it revokes it.`,
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
	command.Flags().BoolVar(&yes, "yes", false, "revoke without asking")
	return command
}

// revoke asks GitHub within one limit before the question and another after it: a
// person may take any time to answer.
func revoke(ctx context.Context, w world, registry, source string, yes bool) error {
	registry, err := registryNamed(registry)
	if err != nil {
		return err
	}
	search, err := w.helper(true).Search(registry)
	if err != nil {
		return noSearch(registry, err)
	}
	before, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	v, err := tokenToRevoke(before, w, search, source)
	if err != nil {
		return err
	}
	if v.Fault == credentials.Rejected && search.GitHub(v.Source).IsDeadForBoth(before, v.User, v.Token) {
		return fmt.Errorf("the token is already revoked or expired: %s", v.Reason)
	}
	if !search.GitHub(v.Source).Revocable(v.Token.Kind()) {
		return notOffered(v.Token.Kind(), search.Registry.Host)
	}
	fmt.Fprintf(w.stderr, "%s\n%s\n", describe(v, search.Registry.Host), othersWhoUse(v))
	switch {
	case yes:
	case source == "-" || !w.isInteractive():
		return fixable{errors.New("nothing was revoked: this needs a yes"), "run it again with --yes"}
	case !w.confirm("Revoke it permanently?"):
		return errors.New("nothing was revoked")
	}
	after, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	return revokeToken(after, w, search, v)
}

// tokenToRevoke is the token to revoke, with what GitHub says of it now.
func tokenToRevoke(ctx context.Context, w world, search *credentials.Search, source string) (v credentials.Verdict, err error) {
	if source == "-" {
		text, err := io.ReadAll(io.LimitReader(w.stdin, maxInput))
		if err != nil {
			return v, err
		}
		token, err := github.ParseToken(string(bytes.TrimSpace(text)))
		if err != nil {
			return v, fmt.Errorf("the text on standard input %w", err)
		}
		return search.Judge(ctx, credentials.Candidate{Source: credentials.StandardInput, Token: token}), nil
	}
	var seen []string
	for v := range search.Verdicts(ctx) {
		if v.Token.IsZero() {
			continue
		}
		name := sourceWord(string(v.Source))
		if source == "" && v.Good() || strings.EqualFold(sourceWord(source), name) {
			return v, nil
		}
		seen = append(seen, name)
	}
	switch {
	case source == "":
		return v, fixable{errors.New("docker gets no token now, so there is none to revoke"), "to revoke another, name its source as status shows it"}
	case github.KindOf(source) != github.UnknownKind:
		return v, usageError{errors.New("a token is never an argument, where others can see it: give it on standard input, with -")}
	}
	return v, usageError{fmt.Errorf("there is no token in %q; there is: %s", source, strings.Join(append(seen, "-"), ", "))}
}

// sourceWord is a source's name without blanks, for a command line.
func sourceWord(source string) string { return strings.ReplaceAll(source, " ", "-") }

func describe(v credentials.Verdict, host string) string {
	owner := " of " + v.User
	if v.User == "x-access-token" { // no user's name
		owner = ""
	}
	text := fmt.Sprintf("This revokes the %s%s on %s, found in: %s", v.Token.Kind(), owner, host, v.Source)
	if v.HasScopes {
		text += fmt.Sprintf(" (%s)", strings.Join(v.Scopes, ", "))
	}
	if v.Route != "" {
		text += "\nThe request goes through " + v.Route + "."
	}
	return text
}

// othersWhoUse says who else will lose it.
func othersWhoUse(v credentials.Verdict) string {
	switch {
	case v.Source == credentials.GH:
		return "gh itself uses it, and git if gh serves git: both will be logged out on this machine. This cannot be undone."
	case v.Token.Kind() == github.Installation:
		return "The rest of the job, or whatever else uses this installation token, will lose it. This cannot be undone."
	}
	return "Every machine and program that uses it will lose it. This cannot be undone."
}

// revocationWait is how long GitHub may take to reject a token that it has revoked.
const revocationWait = 5 * time.Second

// revokeToken revokes the token, checks that GitHub rejects it, and deletes what we have
// of it.
func revokeToken(ctx context.Context, w world, search *credentials.Search, v credentials.Verdict) error {
	client := search.GitHub(v.Source)
	a := client.Revoke(ctx, v.Token)
	if err := revocationError(a, v.Token.Kind(), search.Registry.Host); err != nil {
		return err
	}
	if !isRejectedSoon(ctx, client, v.Token) {
		return fixable{
			fmt.Errorf("%s accepted the request, but the token still works", search.Registry.Host),
			fmt.Sprintf("it may take a minute: run %s status then, or run this again", programName),
		}
	}
	if err := search.Forget(ctx, v.Token); err != nil {
		fmt.Fprintf(w.stderr, "%s: warning: the token is revoked and still in the keyring: %v\n", programName, err)
	}
	s := terminal.NewScreen(w.stdout)
	if v.Token.Kind() == github.AppRefresh {
		s.Say(0, terminal.Care, "GitHub accepted the request; it does not tell whether a refresh token still works")
	} else {
		s.Say(0, terminal.Good, "the token is revoked")
	}
	s.Detail(0, "For a new one with the right scope:")
	s.Whole(0, renewal(v, search).String())
	return nil
}

// isRejectedSoon asks until GitHub rejects the token.
func isRejectedSoon(ctx context.Context, client *github.Client, token github.Token) bool {
	for ends := time.Now().Add(revocationWait); ; time.Sleep(500 * time.Millisecond) {
		if client.IsDead(ctx, token) {
			return true
		}
		if time.Now().After(ends) || ctx.Err() != nil {
			return false
		}
	}
}

// renewal says how to get a new token to replace a revoked one.
func renewal(v credentials.Verdict, search *credentials.Search) credentials.Fix {
	if v.Source == credentials.GH || v.Source == credentials.StandardInput {
		v.Source = credentials.GH
		return search.FixFor(v, credentials.Rejected, search.Scope)
	}
	// Here the fix names the page that makes one with the scope.
	return search.FixFor(v, credentials.LacksScope, search.Scope)
}

// revocationError says why a token was not revoked.
func revocationError(a github.Answer, kind github.Kind, host string) error {
	switch {
	case a.Status == http.StatusAccepted || a.Status == http.StatusNoContent:
		return nil
	case a.Status == 0:
		return fixable{fmt.Errorf("%s did not answer: %s; the token may still work", host, a.Trouble), "run it again"}
	case a.Limited:
		return fixable{fmt.Errorf("the rate limit of %s is used up; nothing was revoked", host), "run it again in an hour"}
	case a.Status == http.StatusNotFound:
		return notOffered(kind, host)
	}
	return fmt.Errorf("%s refused: %s; nothing was revoked", host, a.Evidence())
}

// notOffered is for kinds of tokens that only a person can revoke at a host.
func notOffered(kind github.Kind, host string) error {
	page := github.TokensPage(host)
	if kind == github.OAuthToken || kind == github.AppUser || kind == github.AppRefresh {
		page = github.ApplicationsPage(host)
	}
	return fixable{fmt.Errorf("%s does not offer to revoke this %s; nothing was revoked", host, kind), "revoke it at " + page}
}
