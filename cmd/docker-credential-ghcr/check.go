package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func checkCommand(w world) *cobra.Command {
	var pull, asJSON bool
	command := &cobra.Command{
		Use:   "check IMAGE",
		Short: "Check whether an image can be pushed or pulled, and why not",
		Long: `Check whether an image can be pushed, or pulled with --pull, and why not.

It checks the login that docker, podman and helm would send, asks the registry
(it starts an upload and cancels it), and asks GitHub about the package. Nothing
is uploaded and nothing is created. IMAGE can have https://, docker:// or oci://
before it, or be the address of the package's page. The exit status is 0 if the
push or pull is allowed, 1 if it is not, 3 if that is unknown.`,
		Example: `  docker-credential-ghcr check ghcr.io/octocat/app
  docker-credential-ghcr check octocat/app:1.2 --pull
  docker-credential-ghcr check containers.example.com/octocat/app --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("name one image, such as ghcr.io/octocat/app")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return check(cmd.Context(), w, args[0], !pull, asJSON)
		},
	}
	command.Flags().BoolVar(&pull, "pull", false, "check whether the image can be pulled")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func check(ctx context.Context, w world, text string, push, asJSON bool) error {
	i, err := denial.ParseImage(text)
	if err != nil {
		return usageError{err}
	}
	search, err := w.helper(true).Search(i.Registry)
	if err != nil {
		return noSearch(i.Registry, err)
	}
	required := search.Scope
	if !push {
		search.Scope = github.ReadPackages
	}
	c := inspectImage(ctx, search, i, push, required)
	if asJSON {
		err = terminal.PrintJSON(w.stdout, c)
	} else {
		c.print(terminal.NewScreen(w.stdout))
	}
	if summary := os.Getenv("GITHUB_STEP_SUMMARY"); currentJob() != nil && summary != "" {
		if err := c.summarize(summary); err != nil {
			fmt.Fprintf(w.stderr, "%s: warning: the job's summary was not written: %s\n", programName, terminal.Visible(err.Error()))
		}
	}
	switch {
	case err != nil:
		return err
	case c.Answer == "denied":
		return errSaid
	case c.Answer == "unknown":
		return errUnknown
	}
	return nil
}

// imageFacts are what was learned about an image.
type imageFacts struct {
	denial.Facts
	verdict credentials.Verdict // good, or zero
	refused []credentials.Verdict
	// sent is docker's own login, if it sends one; stale are the clients that send one
	// which GitHub rejects.
	sent  *sender
	stale []sender
}

// inspectImage asks everything and judges it.
func inspectImage(ctx context.Context, search *credentials.Search, i denial.Image, push bool, required github.Scope) *checked {
	c := &checked{Image: i.Whole(), Action: "pull", Notes: []denial.Diagnosis{}}
	if push {
		c.Action = "push"
	}
	f := imageFacts{Facts: denial.Facts{Push: push, Reference: i.Manifest(), Job: currentJob()}}
	s := newSituation(search, i, f.Job, push)
	if i.Spelled != "" {
		c.did("name", "failed", "%s", i.UpperCase())
		c.conclude("upper-case", s)
		return c
	}
	f.inFront(c, senders(ctx, search))
	if len(f.stale) > 0 && f.stale[0].client == "docker" {
		c.conclude("stale-login", f.stale[0].in(s))
		return c
	}
	f.askToken(ctx, c, search)
	if v := f.verdict; v.Good() && v.HasScopes && !required.In(v.Scopes) && f.sent == nil {
		c.did("client", "unknown", "docker gets this token only after: %s", setupCommand(i.Registry, "--scope "+string(github.ReadPackages)))
	}
	f.askRegistry(ctx, c, search, i)
	f.askGitHub(ctx, c, search, i)
	s.Settings = cmp.Or(f.Package.Page, s.Settings)
	s.Linked = f.Package.Repository
	c.judge(&f, s)
	f.concludeStale(c, s)
	if c.Diagnosis != nil && c.Diagnosis.Cause == "missing-scope" && !f.verdict.Token.IsZero() && s.Place != denial.Actions {
		c.Diagnosis.Fix = withoutPullOnly(search.FixFor(f.verdict, credentials.LacksScope, github.Scope(s.Scope)))
	}
	if v := f.verdict; c.Diagnosis != nil && strings.HasPrefix(c.Diagnosis.Fix.Command, "gh auth login ") && !v.Token.IsZero() && v.Source != credentials.GH {
		// The token goes before gh's, so a login alone would change nothing.
		c.Diagnosis.Fix = denial.Fix{Advice: fmt.Sprintf("take this token away (%s), then run: %s", v.Source, c.Diagnosis.Fix.Command)}
	}
	return c
}

// withoutPullOnly is the fix of a token, for a check of what it may do with one image.
func withoutPullOnly(fix credentials.Fix) denial.Fix {
	return denial.Fix{Command: fix.Command, Advice: fix.Advice}
}

func newSituation(search *credentials.Search, i denial.Image, j *denial.Job, push bool) denial.Situation {
	s := denial.Situation{
		Registry:   i.Registry,
		Host:       search.Registry.Host,
		Scope:      string(github.WritePackages),
		Owner:      i.Owner,
		Lower:      i.Whole(),
		Repository: i.Repository(),
	}
	if !push {
		s.Scope = string(github.ReadPackages)
	}
	if j != nil {
		s.Repository, s.Place = j.Repository, denial.Actions
	}
	s.Settings = github.SettingsPage(s.Host, "", i.Owner, i.Name)
	s.Address, s.Client, s.Logout = i.Registry, "docker", "docker logout "+i.Registry
	return s
}

// askToken finds the token as get does.
func (f *imageFacts) askToken(ctx context.Context, c *checked, search *credentials.Search) {
	for v := range f.verdicts(ctx, search) {
		if v.Good() {
			f.verdict = v
			c.did("token", "passed", "%s: %s%s", v.Source, v.Token.Kind(), ofUser(v))
			return
		}
		f.refused = append(f.refused, v)
	}
	var evidence []string
	for _, v := range f.refused {
		evidence = append(evidence, fmt.Sprintf("%s: %s", v.Candidate, v.Reason))
	}
	if len(evidence) == 0 {
		evidence = []string{"no GitHub login was found"}
	}
	state := "failed"
	if !f.Push {
		state = "unknown" // the image may be public
	}
	c.did("token", state, "%s", strings.Join(evidence, "; "))
}

// ofUser names the user of a token, if it has one: an installation token does not.
func ofUser(v credentials.Verdict) string {
	if v.Token.Kind() == github.Installation {
		return ""
	}
	return " of " + v.User
}

// askRegistry asks the registry for a bearer token, and then the question itself.
func (f *imageFacts) askRegistry(ctx context.Context, c *checked, search *credentials.Search, i denial.Image) {
	if f.Push && f.verdict.Token.IsZero() {
		c.did("exchange", "skipped", "without a token nothing can be pushed")
		c.did("registry", "skipped", "without a token nothing can be pushed")
		return
	}
	var bearer github.Token
	client := search.GitHub(f.verdict.Source)
	f.Exchange, bearer = client.Exchange(ctx, f.verdict.User, f.verdict.Token, i.Path, f.Push)
	if bearer.IsZero() {
		c.did("exchange", denial.StateOf(f.Exchange), "%s", f.Exchange.Evidence())
		c.did("registry", "skipped", "the registry gave no token to ask with")
		return
	}
	c.did("exchange", "passed", "the registry accepts the token")
	if f.verdict.Token.IsZero() {
		c.Steps[len(c.Steps)-1].Evidence = "the registry answers without a login"
	}
	if f.Push {
		f.Probe = client.ProbePush(ctx, f.verdict.Token, bearer, i.Path)
	} else {
		f.Probe = client.ProbePull(ctx, f.verdict.Token, bearer, i.Path, i.Manifest())
	}
	if f.Allowed() {
		c.did("registry", "passed", "the registry allows the %s", c.Action)
	} else {
		c.did("registry", denial.StateOf(f.Probe), "%s", f.Probe.Evidence())
	}
	if !f.Push && f.Probe.Own && f.Probe.Status == http.StatusNotFound {
		f.Tags = client.Tags(ctx, bearer, i.Path)
	}
}

// askGitHub asks whose the package is and which repository it is linked to. It is
// asked even when the registry said yes: workflows may be in a worse position than
// the person who asks.
func (f *imageFacts) askGitHub(ctx context.Context, c *checked, search *credentials.Search, i denial.Image) {
	token := f.verdict.Token
	if token.IsZero() {
		c.did("package", "skipped", "GitHub tells nothing about packages without a token")
		return
	}
	client := search.GitHub(f.verdict.Source)
	f.Owner = client.Owner(ctx, token, i.Owner)
	f.Package = client.Package(ctx, token, f.Owner, i.Owner, i.Name)
	if !f.Package.Own || f.Package.Status != http.StatusOK {
		evidence := f.Package.Answer.Evidence()
		if f.Package.Status == http.StatusNotFound {
			evidence = "GitHub shows no such package: it does not exist yet, or this token may not see it"
		}
		c.did("package", "unknown", "%s", evidence)
		return
	}
	if f.Package.Repository != "" {
		f.Namesake = client.Repository(ctx, token, f.Package.Repository)
	}
	c.did("package", "passed", "%s, %s", f.Package.Visibility, f.Link())
}

// judge makes an answer of the facts.
func (c *checked) judge(f *imageFacts, s denial.Situation) {
	f.HasToken, f.Kind, f.Scopes = !f.verdict.Token.IsZero(), f.verdict.Token.Kind(), f.verdict.Scopes
	if len(f.refused) > 0 {
		least := credentials.LeastRefused(f.refused)
		f.Refused = &denial.Refusal{Fault: string(least.Fault), Reason: least.Reason, Kind: least.Token.Kind()}
	}
	j := f.Judge(s)
	c.Answer, c.Diagnosis, c.Notes = j.Answer, j.Diagnosis, append(c.Notes, j.Notes...)
	if !f.HasToken && f.Refused != nil && c.Answer == "denied" && c.Diagnosis.Cause != "account-suspended" {
		c.Diagnosis.Fix = withoutPullOnly(credentials.LeastFix(f.refused))
	}
}

// inFront looks at the clients that send a login of their own: docker's is the one
// that is judged, and a stale one fails.
func (f *imageFacts) inFront(c *checked, all []sender) {
	for _, s := range all {
		switch v := s.verdict; {
		case s.stale():
			c.did("client", "failed", "%s sends the login in %s: %s", s.client, s.where, v.Reason)
			f.stale = append(f.stale, s)
		case s.client == "docker":
			c.did("client", "passed", "%s sends the login in %s, not the one of %s", s.client, s.where, programName)
			f.sent = &s
		case v.Good():
			c.did("client", "passed", "%s sends the login in %s", s.client, s.where)
		default:
			c.did("client", "unknown", "%s sends the login in %s: %s", s.client, s.where, v.Reason)
		}
	}
}

// verdicts are those of the login that docker sends, or else of the tokens that this
// program finds.
func (f *imageFacts) verdicts(ctx context.Context, search *credentials.Search) iter.Seq[credentials.Verdict] {
	if f.sent != nil {
		return slices.Values([]credentials.Verdict{f.sent.verdict})
	}
	return search.Verdicts(ctx)
}

// concludeStale names the clients, other than docker, that are denied because of a
// stale login.
func (f *imageFacts) concludeStale(c *checked, s denial.Situation) {
	for _, stale := range f.stale {
		if c.Answer == "denied" {
			c.Notes = append(c.Notes, denial.Named("stale-login").In(stale.in(s)))
		} else {
			c.conclude("stale-login", stale.in(s))
		}
	}
}
