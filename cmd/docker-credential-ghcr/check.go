package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
		Short: "Check whether an image can be pushed, and if not, why",
		Long: `Check whether an image can be pushed, and if not, why.

It checks the login that docker, podman and helm would send, asks the registry
itself (it opens an upload and drops it), and asks GitHub about the package. Nothing
is uploaded and nothing is created. IMAGE may be pasted with https://, docker:// or
oci://, or as the address of the package's page. The exit status is 0 if it is
allowed, 1 if not, 3 if that is unknown.`,
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
	command.Flags().BoolVar(&pull, "pull", false, "check whether it can be pulled")
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
	// Notes are what others cannot do, such as a repository's workflows.
	Notes []denial.Diagnosis `json:"notes"`
}

func (c *checked) did(id, state, format string, args ...any) {
	c.Steps = append(c.Steps, step{id, state, fmt.Sprintf(format, args...)})
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
		err = printJSON(w.stdout, c)
	} else {
		c.print(newScreen(w.stdout))
	}
	if summary := os.Getenv("GITHUB_STEP_SUMMARY"); currentJob() != nil && summary != "" {
		if err := c.summarize(summary); err != nil {
			fmt.Fprintf(w.stderr, "%s: warning: the job's summary was not written: %s\n", programName, visible(err.Error()))
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
	push bool
	// reference is the tag or digest that is asked for.
	reference reference
	job       *job
	verdict   credentials.Verdict // good, or zero
	refused   []credentials.Verdict
	// exchange and probe are the registry's answers.
	exchange, probe github.Answer
	// owner, pkg and bearer are GitHub's: namesake is the repository that has the
	// name of the linked one now.
	owner    github.Owner
	pkg      github.Package
	namesake github.Repository
	// sent is docker's own login, if it sends one; stale are the clients that send one
	// which GitHub rejects.
	sent  *sender
	stale []sender
	// tags are some that the image has, if the one asked for is missing.
	tags []string
}

// inspectImage asks everything and judges it.
func inspectImage(ctx context.Context, search *credentials.Search, i denial.Image, push bool, required github.Scope) *checked {
	c := &checked{Image: i.Whole(), Action: "pull", Notes: []denial.Diagnosis{}}
	if push {
		c.Action = "push"
	}
	f := imageFacts{push: push, reference: reference(i.Manifest()), job: currentJob()}
	s := newSituation(search, i, f.job, push)
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
	s.Settings = cmp.Or(f.pkg.Page, s.Settings)
	s.Linked = f.pkg.Repository
	c.judge(f, s)
	f.concludeStale(c, s)
	if c.Diagnosis != nil && c.Diagnosis.Cause == "missing-scope" && !f.verdict.Token.IsZero() {
		c.Diagnosis.Fix = denial.Fix(search.FixFor(f.verdict, credentials.LacksScope, github.Scope(s.Scope)))
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
		s.Scope = string(github.ReadPackages)
	}
	if j != nil {
		s.Repository = j.repository
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
	if !f.push {
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
	c.did("exchange", "passed", "the registry accepts the token")
	if f.verdict.Token.IsZero() {
		c.Steps[len(c.Steps)-1].Evidence = "the registry answers without a login"
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
	if !f.push && f.probe.Own && f.probe.Status == http.StatusNotFound {
		f.tags = client.Tags(ctx, bearer, i.Path)
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
		c.did("package", "skipped", "GitHub tells nothing about packages without a token")
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
		f.namesake = client.Repository(ctx, token, f.pkg.Repository)
	}
	c.did("package", "passed", "%s, %s", f.pkg.Visibility, f.link())
}

// link says which repository the package is linked to.
func (f *imageFacts) link() string {
	switch {
	case f.pkg.Repository == "":
		return "linked to no repository"
	case f.recreated():
		return fmt.Sprintf("linked to a repository %s with the id %d; the one with that name now has the id %d", f.pkg.Repository, f.pkg.RepositoryID, f.namesake.ID)
	case f.deleted():
		return fmt.Sprintf("linked to a repository %s that was deleted or that this token does not see", f.pkg.Repository)
	}
	return "linked to " + f.pkg.Repository
}

func (f *imageFacts) recreated() bool {
	return f.namesake.Status == http.StatusOK && f.namesake.ID != 0 && f.namesake.ID != f.pkg.RepositoryID
}

func (f *imageFacts) deleted() bool {
	return f.pkg.Repository != "" && f.namesake.Own && f.namesake.Status == http.StatusNotFound
}

// workflowsCause is what keeps workflows from the package, "" if nothing is seen
// that does. Without a job the repository with the linked one's name is meant.
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
	switch id {
	case "unreachable", "rate-limited", "throttled", "untrusted-certificate":
		c.Answer = "unknown"
	case "unclear":
		if stateOf(f.last()) != "failed" {
			c.Answer = "unknown"
		}
	case "never-pushed":
		f.nameTags(c.Diagnosis)
	}
	f.refine(c.Diagnosis)
	if id == "actions-no-permission" && f.owner.Organization && strings.Contains(f.last().Message, "Create") {
		// The same words are those of an organization that forbids creating packages.
		c.Notes = append(c.Notes, denial.Named("may-not-create").In(s))
	}
	// The page holds an authorization request, and a job's log has many readers.
	if page := cmp.Or(f.pkg.SSOPage, f.owner.SSOPage); id == "sso-not-authorized" && page != "" && f.job == nil {
		c.Diagnosis.Page = page
		c.Diagnosis.Fix = denial.Fix{Advice: "authorize the token for " + s.Owner + " on this page"}
	}
	if f.verdict.Token.IsZero() && len(f.refused) > 0 && c.Answer == "denied" && id != "account-suspended" {
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
		if denial.CauseOf(last.Message) == "throttled" {
			return "throttled"
		}
		return "rate-limited"
	case denial.CauseOf(last.Trouble) == "untrusted-certificate":
		return "untrusted-certificate"
	case !last.Own || last.Status >= http.StatusInternalServerError:
		return "unreachable"
	case f.isApp() && f.refusesApp():
		return "app-token"
	}
	switch id := denial.CauseOf(last.Message); id {
	case "", "dead-credential", "not-readable", "no-token", "never-pushed", "unclear":
		// The token lives: GitHub has just said so. What remains is the image.
		return f.withoutWords(id)
	case "actions-no-permission":
		return f.permissionCause()
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
		if denial.CauseOf(least.Reason) == "account-suspended" {
			return "account-suspended"
		}
		return "dead-credential"
	case credentials.LacksScope:
		return "missing-scope"
	case credentials.WrongKind:
		if least.Token.Kind() == github.AppRefresh {
			return "refresh-token"
		}
		return "fine-grained-token"
	case credentials.Unreachable:
		switch id := denial.CauseOf(least.Reason); id {
		case "rate-limited", "untrusted-certificate", "ip-allow-list":
			return id
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
	case said == "sso-not-authorized" || said == "classic-token-forbidden" || said == "oauth-app-restricted" || said == "ip-allow-list":
		return said
	case f.ownerUnknown():
		return "owner-unknown"
	case f.push && len(f.verdict.Scopes) > 0 && !slices.Contains(f.verdict.Scopes, string(github.WritePackages)):
		return "missing-scope"
	case f.inJob() && f.pkg.Own && f.pkg.Status == http.StatusForbidden && !f.pkg.Limited:
		return f.permissionCause()
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
		s.say(0, care, "it is unknown whether you may %s %s: %s", c.Action, c.Image, c.Diagnosis.What)
		printFix(s, *c.Diagnosis)
	default:
		s.say(0, bad, "you may not %s %s: %s", c.Action, c.Image, c.Diagnosis.What)
		printFix(s, *c.Diagnosis)
	}
	for _, note := range c.Notes {
		s.say(0, care, "%s", note.What)
		printFix(s, note)
	}
}

var marks = map[string]mark{"passed": good, "failed": bad, "unknown": care, "skipped": plain}

// isApp reports whether the token is a GitHub App's own, outside of a job.
func (f *imageFacts) isApp() bool {
	return f.job == nil && f.verdict.Token.Kind() == github.Installation
}

// refusesApp reports whether an answer is of those that a GitHub App's token gets from
// GitHub Packages, which does not serve it.
func (f *imageFacts) refusesApp() bool {
	switch denial.CauseOf(f.last().Message) {
	case "", "dead-credential", "not-readable", "no-token", "unclear", "actions-no-permission":
		return stateOf(f.last()) == "failed" && f.last().Status != http.StatusNotFound
	}
	return false
}

// permissionCause is why a job's token may not do it.
func (f *imageFacts) permissionCause() string {
	switch {
	case !f.inJob():
		return "app-token"
	case f.push && f.job.readOnly:
		return "actions-read-only"
	}
	return "actions-no-permission"
}

// nameTags says that the image exists, if it does, and which tags it has.
func (f *imageFacts) nameTags(d *denial.Diagnosis) {
	if f.pkg.Status != http.StatusOK && len(f.tags) == 0 {
		return
	}
	d.What = "the image exists, and it has no " + f.reference.kind() + " " + string(f.reference)
	if len(f.tags) > 0 {
		d.What += "; some of its tags are " + strings.Join(f.tags, ", ")
	}
	d.Fix = denial.Fix{Advice: "check the tag, or push it"}
}

// reference is the tag or digest that was asked for.
type reference string

func (r reference) kind() string {
	if strings.Contains(string(r), ":") {
		return "digest"
	}
	return "tag"
}

// refine says more of a cause than its table can.
func (f *imageFacts) refine(d *denial.Diagnosis) {
	switch d.Cause {
	case "rate-limited":
		for _, a := range []github.Answer{f.last(), f.pkg.Answer, f.owner.Answer} {
			if a.Limited && !a.Until.IsZero() {
				d.Fix = denial.Fix{Advice: "try again after " + a.Until.Local().Format("15:04:05 MST")}
				return
			}
		}
	case "may-not-create":
		if f.owner.Kind() == "users" {
			d.Fix, d.Page = denial.Fix{Advice: "push to a namespace of your own"}, ""
		}
	}
}
