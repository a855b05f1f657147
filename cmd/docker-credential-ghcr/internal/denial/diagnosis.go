package denial

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// Facts are what was learned about an image and the login that is sent for it.
type Facts struct {
	Push bool
	// Reference is the tag or digest that is asked for.
	Reference string
	Job       *Job
	// HasToken tells whether there is a token to ask with, Kind and Scopes what it is.
	HasToken bool
	Kind     github.Kind
	Scopes   []string
	// Refused is why the token that is easiest to fix was not used; nil if none was
	// found at all.
	Refused *Refusal
	// Exchange and Probe are the registry's answers.
	Exchange, Probe github.Answer
	// Owner, Package and Namesake are GitHub's: Namesake is the repository that has the
	// name of the linked one now.
	Owner    github.Owner
	Package  github.Package
	Namesake github.Repository
	// Tags are some that the image has, if the one asked for is missing.
	Tags []string
}

// Job is a job of GitHub Actions.
type Job struct {
	Repository string
	ID         int64 // the repository's; 0 if the job does not say
	// ReadOnly is set if GitHub gives such jobs a token that cannot write: a pull request
	// from a fork started it, or Dependabot.
	ReadOnly bool
}

// Refusal is why a token is not used.
type Refusal struct {
	// Fault is one of package credentials.
	Fault  string
	Reason string
	Kind   github.Kind
}

// The faults that have causes of their own, as package credentials names them.
const (
	Rejected    = "rejected"
	LacksScope  = "lacks-scope"
	WrongKind   = "wrong-kind"
	Unreachable = "unreachable"
)

// The statuses of HTTP that tell something.
const (
	ok           = 200
	accepted     = 202
	unauthorized = 401
	forbidden    = 403
	notFound     = 404
	serverError  = 500
)

// Judgement is the answer to a check.
type Judgement struct {
	// Answer is allowed, denied or unknown.
	Answer string
	// Diagnosis is why not; nil if it is allowed.
	Diagnosis *Diagnosis
	// Notes are what others cannot do.
	Notes []Diagnosis
}

// Judge makes an answer of the facts.
func (f *Facts) Judge(s Situation) (a Judgement) {
	id := f.cause()
	if id == "" {
		a.Answer = "allowed"
		if note := f.workflowsCause(); note != "" && f.Push && !f.inJob() {
			a.Notes = append(a.Notes, Named(note).In(s))
		}
		return a
	}
	if id == "actions-no-access" {
		id = cmp.Or(f.workflowsCause(), id)
	}
	d := Named(id).In(s)
	a.Answer, a.Diagnosis = "denied", &d
	switch id {
	case "unreachable", "rate-limited", "throttled", "untrusted-certificate":
		a.Answer = "unknown"
	case "unclear":
		if StateOf(f.last()) != "failed" {
			a.Answer = "unknown"
		}
	case "never-pushed":
		f.nameTags(a.Diagnosis)
	}
	f.refine(a.Diagnosis)
	if id == "actions-no-permission" && f.Owner.Organization && strings.Contains(f.last().Message, "Create") {
		// The same words are those of an organization that forbids creating packages.
		a.Notes = append(a.Notes, Named("may-not-create").In(s))
	}
	// The page holds an authorization request, and a job's log has many readers.
	if page := cmp.Or(f.Package.SSOPage, f.Owner.SSOPage); id == "sso-not-authorized" && page != "" && f.Job == nil {
		a.Diagnosis.Page = page
		a.Diagnosis.Fix = Fix{Advice: "authorize the token for " + s.Owner + " on this page"}
	}
	return a
}

// Allowed reports whether the registry itself said yes.
func (f *Facts) Allowed() bool {
	if f.Push {
		return f.Probe.Own && f.Probe.Status == accepted
	}
	return f.Probe.Own && f.Probe.Status == ok
}

// StateOf says whether an answer is a no, or no answer.
func StateOf(a github.Answer) string {
	switch a.Status {
	case unauthorized, forbidden, notFound:
		if a.Own && !a.Limited {
			return "failed"
		}
	}
	return "unknown"
}

// Link says which repository the package is linked to.
func (f *Facts) Link() string {
	switch {
	case f.Package.Repository == "":
		return "linked to no repository"
	case f.recreated():
		return fmt.Sprintf("linked to a repository %s with the id %d; the one with that name now has the id %d", f.Package.Repository, f.Package.RepositoryID, f.Namesake.ID)
	case f.deleted():
		return fmt.Sprintf("linked to a repository %s that was deleted or that this token does not see", f.Package.Repository)
	}
	return "linked to " + f.Package.Repository
}

func (f *Facts) recreated() bool {
	return f.Namesake.Status == ok && f.Namesake.ID != 0 && f.Namesake.ID != f.Package.RepositoryID
}

func (f *Facts) deleted() bool {
	return f.Package.Repository != "" && f.Namesake.Own && f.Namesake.Status == notFound
}

// workflowsCause is what keeps workflows from the package, "" if nothing is seen
// that does. Without a job the repository with the linked one's name is meant.
func (f *Facts) workflowsCause() string {
	switch {
	case f.Package.Status != ok || !f.Package.Own:
		return ""
	case f.Package.Repository == "":
		return "not-linked"
	case f.Job == nil:
		if f.recreated() {
			return "recreated-repository"
		}
	case f.Job.ID != 0 && f.Job.ID == f.Package.RepositoryID:
	case !strings.EqualFold(f.Job.Repository, f.Package.Repository):
		return "linked-elsewhere"
	case f.Job.ID != 0 || f.recreated():
		return "recreated-repository"
	}
	return ""
}

// inJob reports whether the token is the running job's own.
func (f *Facts) inJob() bool {
	return f.Job != nil && f.Kind == github.Installation
}

// cause is the cause of a no, "" for a yes. It is pure.
func (f *Facts) cause() string {
	last := f.last()
	switch {
	case f.Allowed():
		return ""
	case !f.HasToken && (f.Push || StateOf(last) == "failed"):
		return f.tokenCause()
	case last.Limited:
		if CauseOf(last.Message) == "throttled" {
			return "throttled"
		}
		return "rate-limited"
	case CauseOf(last.Trouble) == "untrusted-certificate":
		return "untrusted-certificate"
	case !last.Own || last.Status >= serverError:
		return "unreachable"
	case f.isApp() && f.refusesApp():
		return "app-token"
	}
	switch id := CauseOf(last.Message); id {
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
func (f *Facts) last() github.Answer {
	if f.Probe.Status != 0 || f.Probe.Trouble != "" {
		return f.Probe
	}
	return f.Exchange
}

func (f *Facts) ownerUnknown() bool {
	return f.Owner.Own && f.Owner.Status == notFound
}

// tokenCause is the cause where no token could be asked with.
func (f *Facts) tokenCause() string {
	if f.Refused == nil {
		if f.Job != nil {
			return "actions-no-token"
		}
		return "no-token"
	}
	switch f.Refused.Fault {
	case Rejected:
		if CauseOf(f.Refused.Reason) == "account-suspended" {
			return "account-suspended"
		}
		return "dead-credential"
	case LacksScope:
		return "missing-scope"
	case WrongKind:
		if f.Refused.Kind == github.AppRefresh {
			return "refresh-token"
		}
		return "fine-grained-token"
	case Unreachable:
		switch id := CauseOf(f.Refused.Reason); id {
		case "rate-limited", "untrusted-certificate", "ip-allow-list":
			return id
		}
		return "unreachable"
	}
	return "no-usable-token"
}

// withoutWords is the cause of a no that the registry does not explain, though
// the token lives. The API may be more outspoken.
func (f *Facts) withoutWords(id string) string {
	last := f.last()
	said := CauseOf(f.Package.Message)
	switch {
	case f.Package.SSOPage != "" || f.Owner.SSOPage != "":
		return "sso-not-authorized"
	case said == "sso-not-authorized" || said == "classic-token-forbidden" || said == "oauth-app-restricted" || said == "ip-allow-list":
		return said
	case f.ownerUnknown():
		return "owner-unknown"
	case f.Push && len(f.Scopes) > 0 && !slices.Contains(f.Scopes, string(github.WritePackages)):
		return "missing-scope"
	case f.inJob() && f.Package.Own && f.Package.Status == forbidden && !f.Package.Limited:
		return f.permissionCause()
	case last.Status == notFound && !f.Push:
		return "never-pushed"
	case id == "" && last.Message != "" || StateOf(last) != "failed":
		return "unclear"
	}
	return f.roleCause()
}

// roleCause is the cause of a no of the package itself.
func (f *Facts) roleCause() string {
	switch {
	case f.Push && f.inJob():
		return "actions-no-access"
	case f.Push:
		return "no-write-role"
	case f.inJob():
		return "actions-not-readable"
	}
	return "not-readable"
}

// isApp reports whether the token is a GitHub App's own, outside of a job.
func (f *Facts) isApp() bool {
	return f.Job == nil && f.Kind == github.Installation
}

// refusesApp reports whether an answer is of those that a GitHub App's token gets from
// GitHub Packages, which does not serve it.
func (f *Facts) refusesApp() bool {
	switch CauseOf(f.last().Message) {
	case "", "dead-credential", "not-readable", "no-token", "unclear", "actions-no-permission":
		return StateOf(f.last()) == "failed" && f.last().Status != notFound
	}
	return false
}

// permissionCause is why a job's token may not do it.
func (f *Facts) permissionCause() string {
	switch {
	case !f.inJob():
		return "app-token"
	case f.Push && f.Job.ReadOnly:
		return "actions-read-only"
	}
	return "actions-no-permission"
}

// nameTags says that the image exists, if it does, and which tags it has.
func (f *Facts) nameTags(d *Diagnosis) {
	if f.Package.Status != ok && len(f.Tags) == 0 {
		return
	}
	d.What = "the image exists, and it has no " + kindOf(f.Reference) + " " + f.Reference
	if len(f.Tags) > 0 {
		d.What += "; some of its tags are " + strings.Join(f.Tags, ", ")
	}
	d.Fix = Fix{Advice: "check the tag, or push it"}
}

func kindOf(reference string) string {
	if strings.Contains(reference, ":") {
		return "digest"
	}
	return "tag"
}

// refine says more of a cause than its table can.
func (f *Facts) refine(d *Diagnosis) {
	switch d.Cause {
	case "rate-limited":
		for _, a := range []github.Answer{f.last(), f.Package.Answer, f.Owner.Answer} {
			if a.Limited && !a.Until.IsZero() {
				d.Fix = Fix{Advice: "try again after " + a.Until.Local().Format("15:04:05 MST")}
				return
			}
		}
	case "may-not-create":
		if f.Owner.Kind() == "users" {
			d.Fix, d.Page = Fix{Advice: "push to a namespace of your own"}, ""
		}
	}
}
