package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
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
		Short: "Say whether an image may be pushed, and if not, why",
		Long: `Say whether an image may be pushed, and if not, why.

The registry itself is asked, by an upload that is opened and dropped, and
GitHub is asked about the package. Nothing is uploaded and nothing is created.
IMAGE may be pasted with https://, docker:// or oci://, or as the address of the
package's page. The exit status is 0 if it is allowed, 1 if not, 3 if nobody can
say.`,
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
	command.Flags().BoolVar(&pull, "pull", false, "ask whether it may be pulled")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

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
	// Notes are what stands in others' way, such as a repository's workflows.
	Notes []denial.Diagnosis `json:"notes"`
}

func (c *checked) did(id, state, format string, args ...any) {
	c.Steps = append(c.Steps, step{id, state, fmt.Sprintf(format, args...)})
}

// job is the GitHub Actions job that we run in; nil elsewhere.
type job struct {
	repository string
	id         int64 // 0 if the job does not say
}

func currentJob() *job {
	repository := os.Getenv("GITHUB_REPOSITORY")
	if os.Getenv("GITHUB_ACTIONS") != "true" || repository == "" {
		return nil
	}
	id, _ := strconv.ParseInt(os.Getenv("GITHUB_REPOSITORY_ID"), 10, 64)
	return &job{repository, id}
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
	c := inspectImage(ctx, search, i, push)
	if asJSON {
		err = printJSON(w.stdout, c)
	} else {
		c.print(newScreen(w.stdout))
	}
	if summary := os.Getenv("GITHUB_STEP_SUMMARY"); currentJob() != nil && summary != "" {
		if err := c.summarize(summary); err != nil {
			fmt.Fprintf(w.stderr, "%s: warning: the job's summary: %v\n", programName, err)
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

// imageFacts are what was learnt about an image, for diagnose.
type imageFacts struct {
	push    bool
	job     *job
	verdict credentials.Verdict // good, or zero
	refused []credentials.Verdict
	// exchange and probe are the registry's answers.
	exchange, probe github.Answer
	// owner, pkg and bearer are GitHub's: bearer is the repository that bears the
	// name of the linked one now.
	owner  github.Owner
	pkg    github.Package
	bearer github.Repository
}

// inspectImage asks everything and judges it.
func inspectImage(ctx context.Context, search *credentials.Search, i denial.Image, push bool) *checked {
	c := &checked{Image: i.String(), Action: "pull", Notes: []denial.Diagnosis{}}
	if push {
		c.Action = "push"
	}
	f := imageFacts{push: push, job: currentJob()}
	s := newSituation(search, i, f.job, push)
	if i.Spelled != "" {
		c.did("name", "failed", "%s", i.UpperCase())
		c.conclude("upper-case", s)
		return c
	}
	f.askToken(ctx, c, search)
	f.askRegistry(ctx, c, search, i)
	f.askGitHub(ctx, c, search, i)
	s.Settings = cmp.Or(f.pkg.Page, s.Settings)
	s.Linked = f.pkg.Repository
	c.judge(f, s)
	if c.Diagnosis != nil && c.Diagnosis.Cause == "missing-scope" && !f.verdict.Token.IsZero() {
		c.Diagnosis.Fix = denial.Fix(search.FixFor(f.verdict, credentials.LacksScope, github.WritePackages))
	}
	if v := f.verdict; c.Diagnosis != nil && strings.HasPrefix(c.Diagnosis.Fix.Command, "gh auth login ") && !v.Token.IsZero() && v.Source != credentials.GH {
		// The token goes before gh's, so a login alone would change nothing.
		c.Diagnosis.Fix = denial.Fix{Advice: fmt.Sprintf("take this token away (%s), then run: %s", v.Source, c.Diagnosis.Fix.Command)}
	}
	return c
}

func newSituation(search *credentials.Search, i denial.Image, j *job, push bool) denial.Situation {
	s := denial.Situation{
		Registry:   i.Registry,
		Host:       search.Registry.Host,
		Scope:      string(github.WritePackages),
		Owner:      i.Owner,
		Lower:      i.Whole(),
		Repository: i.Repository(),
	}
	if !push {
		s.Scope = string(search.Scope)
	}
	if j != nil {
		s.Repository = j.repository
	}
	s.Settings = denial.SettingsPage(s.Host, "users", i.Owner, i.Name)
	return s
}

// askToken finds the token as get does.
func (f *imageFacts) askToken(ctx context.Context, c *checked, search *credentials.Search) {
	for v := range search.Verdicts(ctx) {
		if v.Good() {
			f.verdict = v
			c.did("token", "passed", "%s: %s of %s", v.Source, v.Token.Kind(), v.User)
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
	if !f.push {
		state = "unknown" // the image may be public
	}
	c.did("token", state, "%s", strings.Join(evidence, "; "))
}

// askRegistry asks the registry for a bearer token, and then the question itself.
func (f *imageFacts) askRegistry(ctx context.Context, c *checked, search *credentials.Search, i denial.Image) {
	if f.push && f.verdict.Token.IsZero() {
		c.did("exchange", "skipped", "without a token nothing can be pushed")
		c.did("registry", "skipped", "without a token nothing can be pushed")
		return
	}
	var bearer github.Token
	client := search.GitHub(f.verdict.Source)
	f.exchange, bearer = client.Exchange(ctx, f.verdict.User, f.verdict.Token, i.Path, f.push)
	if bearer.IsZero() {
		c.did("exchange", stateOf(f.exchange), "%s", evidenceOf(f.exchange))
		c.did("registry", "skipped", "the registry gave no token to ask with")
		return
	}
	c.did("exchange", "passed", "the registry takes the token")
	if f.verdict.Token.IsZero() {
		c.Steps[len(c.Steps)-1].Evidence = "the registry lets anybody ask"
	}
	if f.push {
		f.probe = client.ProbePush(ctx, f.verdict.Token, bearer, i.Path)
	} else {
		f.probe = client.ProbePull(ctx, f.verdict.Token, bearer, i.Path, i.Manifest())
	}
	if f.allowed() {
		c.did("registry", "passed", "the registry allows the %s", c.Action)
	} else {
		c.did("registry", stateOf(f.probe), "%s", evidenceOf(f.probe))
	}
}

// allowed reports whether the registry itself said yes.
func (f *imageFacts) allowed() bool {
	if f.push {
		return f.probe.Own && f.probe.Status == http.StatusAccepted
	}
	return f.probe.Own && f.probe.Status == http.StatusOK
}

// stateOf says whether an answer is a no, or no answer.
func stateOf(a github.Answer) string {
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		if a.Own && !a.Limited {
			return "failed"
		}
	}
	return "unknown"
}

func evidenceOf(a github.Answer) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s", statusText(a), cmp.Or(a.Trouble, a.Message)))
}

func statusText(a github.Answer) string {
	if a.Status == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
}

// askGitHub asks whose the package is and which repository it is linked to. It is
// asked even when the registry said yes: workflows may be in a worse position than
// the person who asks.
func (f *imageFacts) askGitHub(ctx context.Context, c *checked, search *credentials.Search, i denial.Image) {
	token := f.verdict.Token
	if token.IsZero() {
		c.did("package", "skipped", "GitHub says nothing about packages without a token")
		return
	}
	client := search.GitHub(f.verdict.Source)
	f.owner = client.Owner(ctx, token, i.Owner)
	f.pkg = client.Package(ctx, token, f.owner, i.Owner, i.Name)
	if !f.pkg.Own || f.pkg.Status != http.StatusOK {
		evidence := evidenceOf(f.pkg.Answer)
		if f.pkg.Status == http.StatusNotFound {
			evidence = "GitHub shows no such package: it does not exist yet, or this token may not see it"
		}
		c.did("package", "unknown", "%s", evidence)
		return
	}
	if f.pkg.Repository != "" {
		f.bearer = client.Repository(ctx, token, f.pkg.Repository)
	}
	c.did("package", "passed", "%s, %s", f.pkg.Visibility, f.link())
}

// link says which repository the package is linked to.
func (f *imageFacts) link() string {
	switch {
	case f.pkg.Repository == "":
		return "linked to no repository"
	case f.recreated():
		return fmt.Sprintf("linked to a repository %s of id %d; the one that bears the name now has id %d", f.pkg.Repository, f.pkg.RepositoryID, f.bearer.ID)
	case f.deleted():
		return fmt.Sprintf("linked to a repository %s that this token does not see, or that is no more", f.pkg.Repository)
	}
	return "linked to " + f.pkg.Repository
}

func (f *imageFacts) recreated() bool {
	return f.bearer.Status == http.StatusOK && f.bearer.ID != 0 && f.bearer.ID != f.pkg.RepositoryID
}

func (f *imageFacts) deleted() bool {
	return f.pkg.Repository != "" && f.bearer.Own && f.bearer.Status == http.StatusNotFound
}

// workflowsCause is what keeps workflows from the package, "" if nothing is seen
// that does. Without a job the repository that bears the linked one's name is meant.
func (f *imageFacts) workflowsCause() string {
	switch {
	case f.pkg.Status != http.StatusOK || !f.pkg.Own:
		return ""
	case f.pkg.Repository == "":
		return "not-linked"
	case f.job == nil:
		if f.recreated() {
			return "recreated-repository"
		}
	case f.job.id != 0 && f.job.id == f.pkg.RepositoryID:
	case !strings.EqualFold(f.job.repository, f.pkg.Repository):
		return "linked-elsewhere"
	case f.job.id != 0 || f.recreated():
		return "recreated-repository"
	}
	return ""
}

// judge makes an answer of the facts.
func (c *checked) judge(f imageFacts, s denial.Situation) {
	id := f.diagnose()
	if id == "" {
		c.Answer = "allowed"
		if note := f.workflowsCause(); note != "" && f.push && !f.inJob() {
			c.Notes = append(c.Notes, denial.Named(note).In(s))
		}
		return
	}
	if id == "actions-no-access" {
		id = cmp.Or(f.workflowsCause(), id)
	}
	c.conclude(id, s)
	if id == "unreachable" || id == "rate-limited" || id == "unclear" && stateOf(f.last()) != "failed" {
		c.Answer = "unknown"
	}
	// The page holds an authorization request, and a job's log has many readers.
	if page := cmp.Or(f.pkg.SSOPage, f.owner.SSOPage); id == "sso-not-authorized" && page != "" && f.job == nil {
		c.Diagnosis.Page = page
		c.Diagnosis.Fix = denial.Fix{Advice: "authorize the token for " + s.Owner + " on this page"}
	}
	if f.verdict.Token.IsZero() && len(f.refused) > 0 && c.Answer == "denied" {
		c.Diagnosis.Fix = denial.Fix(credentials.LeastFix(f.refused))
	}
}

// conclude is a no.
func (c *checked) conclude(id string, s denial.Situation) {
	d := denial.Named(id).In(s)
	c.Answer, c.Diagnosis = "denied", &d
}

// inJob reports whether the token is the running job's own.
func (f *imageFacts) inJob() bool {
	return f.job != nil && f.verdict.Token.Kind() == github.Installation
}

// diagnose is the cause of a no, "" for a yes. It is pure.
func (f *imageFacts) diagnose() string {
	last := f.last()
	switch {
	case f.allowed():
		return ""
	case f.verdict.Token.IsZero() && (f.push || stateOf(last) == "failed"):
		return f.tokenCause()
	case last.Limited:
		return "rate-limited"
	case !last.Own || last.Status >= http.StatusInternalServerError:
		return "unreachable"
	}
	switch id := denial.CauseOf(last.Message); id {
	case "", "dead-credential", "not-readable", "no-token", "never-pushed", "unclear":
		// The token lives: GitHub has just said so. What remains is the image.
		return f.withoutWords(id)
	case "may-not-create", "actions-other-owner":
		if f.ownerUnknown() {
			return "owner-unknown"
		}
		return id
	case "no-write-role":
		return f.roleCause()
	default:
		return id
	}
}

// last is the answer that decides.
func (f *imageFacts) last() github.Answer {
	if f.probe.Status != 0 || f.probe.Trouble != "" {
		return f.probe
	}
	return f.exchange
}

func (f *imageFacts) ownerUnknown() bool {
	return f.owner.Own && f.owner.Status == http.StatusNotFound
}

// tokenCause is the cause where no token could be asked with.
func (f *imageFacts) tokenCause() string {
	if len(f.refused) == 0 {
		if f.job != nil {
			return "actions-no-token"
		}
		return "no-token"
	}
	least := credentials.LeastRefused(f.refused)
	switch least.Fault {
	case credentials.Rejected:
		return "dead-credential"
	case credentials.LacksScope:
		return "missing-scope"
	case credentials.WrongKind:
		if least.Token.Kind() == github.AppRefresh {
			return "refresh-token"
		}
		return "fine-grained-token"
	case credentials.Unreachable:
		if denial.CauseOf(least.Reason) == "rate-limited" {
			return "rate-limited"
		}
		return "unreachable"
	}
	return "no-usable-token"
}

// withoutWords is the cause of a no that the registry does not explain, though
// the token lives. The API may be more outspoken.
func (f *imageFacts) withoutWords(id string) string {
	last := f.last()
	said := denial.CauseOf(f.pkg.Message)
	switch {
	case f.pkg.SSOPage != "" || f.owner.SSOPage != "":
		return "sso-not-authorized"
	case said == "sso-not-authorized" || said == "classic-token-forbidden" || said == "oauth-app-restricted":
		return said
	case f.ownerUnknown():
		return "owner-unknown"
	case f.push && len(f.verdict.Scopes) > 0 && !slices.Contains(f.verdict.Scopes, string(github.WritePackages)):
		return "missing-scope"
	case f.inJob() && f.pkg.Own && f.pkg.Status == http.StatusForbidden && !f.pkg.Limited:
		return "actions-no-permission"
	case last.Status == http.StatusNotFound && !f.push:
		return "never-pushed"
	case id == "" && last.Message != "" || stateOf(last) != "failed":
		return "unclear"
	}
	return f.roleCause()
}

// roleCause is the cause of a no of the package itself.
func (f *imageFacts) roleCause() string {
	switch {
	case f.push && f.inJob():
		return "actions-no-access"
	case f.push:
		return "no-write-role"
	case f.inJob():
		return "actions-not-readable"
	}
	return "not-readable"
}

// print shows the answer to a person.
func (c *checked) print(s *screen) {
	s.heading(c.Action + " " + c.Image)
	for _, step := range c.Steps {
		s.say(2, marks[step.State], "%s: %s", step.ID, step.Evidence)
	}
	switch {
	case c.Answer == "allowed":
		s.say(0, good, "you may %s %s", c.Action, c.Image)
	case c.Answer == "unknown":
		s.say(0, care, "nobody can say whether you may %s it: %s", c.Action, c.Diagnosis.What)
		printFix(s, *c.Diagnosis)
	default:
		s.say(0, bad, "you may not %s it: %s", c.Action, c.Diagnosis.What)
		printFix(s, *c.Diagnosis)
	}
	for _, note := range c.Notes {
		s.say(0, care, "%s", note.What)
		printFix(s, note)
	}
}

var marks = map[string]mark{"passed": good, "failed": bad, "unknown": care, "skipped": plain}

// summarize adds the answer to the summary of the running job, for those who look
// at it in the browser.
func (c *checked) summarize(path string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s `%s`: %s\n\n", c.Action, c.Image, c.Answer)
	for _, step := range c.Steps {
		fmt.Fprintf(&b, "- %s %s: %s\n", marks[step.State], step.ID, step.Evidence)
	}
	all := c.Notes
	if c.Diagnosis != nil {
		all = append([]denial.Diagnosis{*c.Diagnosis}, all...)
	}
	for _, d := range all {
		fmt.Fprintf(&b, "\n%s\n\n%s\n", d.What, strings.TrimSpace(d.Fix.String()+" "+d.Page))
	}
	b.WriteByte('\n')
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(b.String())
	return errors.Join(err, file.Close())
}
