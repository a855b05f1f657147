package denial

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// held is a token that a client has: its kind and its scopes.
type held struct {
	kind   github.Kind
	scopes []string
}

func tokenOf(t *testing.T, secret string, scopes ...string) held {
	t.Helper()
	token, err := github.ParseToken(secret)
	if err != nil {
		t.Fatal(err)
	}
	return held{token.Kind(), scopes}
}

// with gives facts the token.
func (h held) with(f Facts) Facts {
	f.HasToken, f.Kind, f.Scopes = true, h.kind, h.scopes
	return f
}

// says is an answer of a server's own.
func says(status int, message string) github.Answer {
	return github.Answer{Asked: time.Unix(1, 0), Status: status, Own: true, Message: message}
}

// The states of the registry and of GitHub, as check sees them.
var (
	taken  = says(http.StatusOK, "")
	absent = github.Owner{Answer: says(http.StatusNotFound, "Not Found")}
	user   = github.Owner{Answer: taken}

	hidden   = github.Package{Answer: says(http.StatusNotFound, "Package not found.")}
	unlinked = github.Package{Answer: taken, Visibility: "private"}
	linked   = github.Package{Answer: taken, Visibility: "private", Repository: "acme/app", RepositoryID: 42}

	same42  = github.Repository{Answer: taken, ID: 42}
	other99 = github.Repository{Answer: taken, ID: 99}
	unseen  = github.Repository{Answer: says(http.StatusNotFound, "Not Found")}
)

func TestTheDiagnosis(t *testing.T) {
	t.Parallel()
	const (
		scope   = "write:packages"
		pdenied = "permission_denied: "
	)
	person := tokenOf(t, "gho_person", "repo", scope)
	reader := tokenOf(t, "gho_reader", "read:packages", "delete:packages")
	app := tokenOf(t, "ghu_app")
	workflow := tokenOf(t, "ghs_workflow")
	refused := func(fault, reason string) *Refusal { return &Refusal{Fault: fault, Reason: reason} }
	mine := &Job{Repository: "acme/app", ID: 42}
	again := &Job{Repository: "acme/app", ID: 99}
	others := &Job{Repository: "acme/other", ID: 7}
	unnumbered := &Job{Repository: "acme/app", ID: 0}
	no := func(message string) github.Answer { return says(http.StatusForbidden, message) }
	trouble := github.Answer{Trouble: "no answer in time"}
	limited := github.Answer{Status: http.StatusTooManyRequests, Limited: true}

	for name, c := range map[string]struct {
		Facts
		want string // after the look at the repository
	}{
		"push allowed":             {person.with(Facts{Push: true, Exchange: taken, Probe: says(202, "")}), ""},
		"pull allowed":             {person.with(Facts{Exchange: taken, Probe: says(200, "")}), ""},
		"pull allowed for anybody": {Facts{Exchange: taken, Probe: says(200, "")}, ""},
		"pull allowed for anybody though the token is bad": {Facts{Refused: refused(Rejected, ""), Exchange: taken, Probe: says(200, "")}, ""},
		"200 is no yes to a push":                          {person.with(Facts{Push: true, Exchange: taken, Probe: says(200, "")}), "unclear"},
		"a yes that is not the registry's own":             {person.with(Facts{Exchange: taken, Probe: github.Answer{Status: 200}}), "unreachable"},

		"no token":                    {Facts{Push: true}, "no-token"},
		"no token in a job":           {Facts{Push: true, Job: mine}, "actions-no-token"},
		"no token, private":           {Facts{Exchange: says(401, "authentication required")}, "no-token"},
		"no token, no registry":       {Facts{Exchange: trouble}, "unreachable"},
		"dead token":                  {Facts{Push: true, Refused: refused(Rejected, "")}, "dead-credential"},
		"dead token, private":         {Facts{Refused: refused(Rejected, ""), Exchange: says(401, "authentication required")}, "dead-credential"},
		"token without scope":         {Facts{Push: true, Refused: refused(LacksScope, "")}, "missing-scope"},
		"fine-grained token":          {Facts{Push: true, Refused: refused(WrongKind, "")}, "fine-grained-token"},
		"refresh token":               {Facts{Push: true, Refused: &Refusal{Fault: WrongKind, Kind: github.AppRefresh}}, "refresh-token"},
		"locked keyring":              {Facts{Push: true, Refused: refused("locked", "")}, "no-usable-token"},
		"unchecked token":             {Facts{Push: true, Refused: refused(Unreachable, "could not be checked: API: no answer in time")}, "unreachable"},
		"unchecked token, rate limit": {Facts{Push: true, Refused: refused(Unreachable, "could not be checked: API: 403 API rate limit exceeded")}, "rate-limited"},

		"exchange limited":       {person.with(Facts{Push: true, Exchange: limited}), "rate-limited"},
		"probe limited":          {person.with(Facts{Push: true, Exchange: taken, Probe: limited}), "rate-limited"},
		"exchange silent":        {person.with(Facts{Push: true, Exchange: trouble}), "unreachable"},
		"probe silent":           {person.with(Facts{Push: true, Exchange: taken, Probe: trouble}), "unreachable"},
		"a proxy's no":           {person.with(Facts{Push: true, Exchange: taken, Probe: github.Answer{Status: 403}}), "unreachable"},
		"a proxy's not found":    {person.with(Facts{Exchange: taken, Probe: github.Answer{Status: 404}}), "unreachable"},
		"a portal's token":       {person.with(Facts{Push: true, Exchange: github.Answer{Status: 200}}), "unreachable"},
		"the registry's trouble": {person.with(Facts{Push: true, Exchange: taken, Probe: says(500, "unknown")}), "unreachable"},
		"the registry's other":   {person.with(Facts{Push: true, Exchange: taken, Probe: says(405, "unsupported")}), "unclear"},

		"scope, in words":        {reader.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "The token provided does not match expected scopes.")}), "missing-scope"},
		"scope, without words":   {reader.with(Facts{Push: true, Exchange: taken, Probe: no("denied"), Owner: user, Package: unlinked}), "missing-scope"},
		"scopes that are hidden": {app.with(Facts{Push: true, Exchange: taken, Probe: no("denied"), Owner: user, Package: hidden}), "no-write-role"},
		"reading needs no more":  {reader.with(Facts{Exchange: taken, Probe: no("denied"), Owner: user, Package: hidden}), "not-readable"},
		"SAML":                   {person.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "Resource protected by organization SAML enforcement.")}), "sso-not-authorized"},
		"SAML, said by the API":  {person.with(Facts{Push: true, Exchange: taken, Probe: no("denied"), Owner: user, Package: github.Package{Answer: no("Resource protected by organization SAML enforcement.")}}), "sso-not-authorized"},
		"classic":                {person.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "`acme` forbids access via a personal access token (classic).")}), "classic-token-forbidden"},
		"classic, by the API":    {person.with(Facts{Exchange: taken, Probe: no("denied"), Owner: user, Package: github.Package{Answer: no("`acme` forbids access via a personal access token (classic).")}}), "classic-token-forbidden"},
		"OAuth app":              {person.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "the `acme` organization has enabled OAuth App access restrictions")}), "oauth-app-restricted"},

		"no role":                      {person.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked}), "no-write-role"},
		"no role, not even to read":    {person.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "read_package"), Package: hidden}), "no-write-role"},
		"no role, without words":       {person.with(Facts{Push: true, Exchange: taken, Probe: no("denied"), Owner: user, Package: linked}), "no-write-role"},
		"a person's token in a job":    {person.with(Facts{Push: true, Job: again, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked, Namesake: other99}), "no-write-role"},
		"not to be created":            {person.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "create_package"), Owner: user}), "may-not-create"},
		"an owner who is not":          {person.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "create_package"), Owner: absent}), "owner-unknown"},
		"an owner who is not, pulled":  {person.with(Facts{Exchange: taken, Probe: says(404, "repository name not known"), Owner: absent, Package: hidden}), "owner-unknown"},
		"private, not readable":        {person.with(Facts{Exchange: taken, Probe: no("denied"), Owner: user, Package: hidden}), "not-readable"},
		"private, asked for in words":  {person.with(Facts{Exchange: taken, Probe: no(pdenied + "read_package"), Owner: user, Package: hidden}), "not-readable"},
		"private, without a word":      {person.with(Facts{Exchange: taken, Probe: no(""), Owner: user, Package: hidden}), "not-readable"},
		"exchange refused":             {person.with(Facts{Exchange: says(401, "authentication required"), Owner: user, Package: hidden}), "not-readable"},
		"never pushed":                 {person.with(Facts{Exchange: taken, Probe: says(404, "manifest unknown"), Owner: user, Package: hidden}), "never-pushed"},
		"this tag was never pushed":    {person.with(Facts{Exchange: taken, Probe: says(404, "manifest unknown"), Owner: user, Package: linked, Namesake: same42}), "never-pushed"},
		"not found, without a word":    {person.with(Facts{Exchange: taken, Probe: says(404, ""), Owner: user, Package: hidden}), "never-pushed"},
		"pushed and not found":         {person.with(Facts{Push: true, Exchange: taken, Probe: says(404, "name unknown"), Owner: user, Package: hidden}), "no-write-role"},
		"unknown words":                {person.with(Facts{Push: true, Exchange: taken, Probe: no("storage quota exceeded"), Owner: user, Package: linked, Namesake: same42}), "unclear"},
		"words that look like a token": {person.with(Facts{Push: true, Exchange: no("denied"), Owner: user, Package: linked}), "no-write-role"},

		"job, not linked":              {workflow.with(Facts{Push: true, Job: mine, Exchange: taken, Probe: no(pdenied + "write_package"), Package: unlinked}), "not-linked"},
		"job, recreated":               {workflow.with(Facts{Push: true, Job: again, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked, Namesake: other99}), "recreated-repository"},
		"job, recreated, hidden name":  {workflow.with(Facts{Push: true, Job: again, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked, Namesake: unseen}), "recreated-repository"},
		"job, recreated, no number":    {workflow.with(Facts{Push: true, Job: unnumbered, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked, Namesake: other99}), "recreated-repository"},
		"job, same name, other case":   {workflow.with(Facts{Push: true, Job: &Job{Repository: "Acme/App", ID: 99}, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked, Namesake: other99}), "recreated-repository"},
		"job, linked elsewhere":        {workflow.with(Facts{Push: true, Job: others, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked, Namesake: same42}), "linked-elsewhere"},
		"job, linked to a lost one":    {workflow.with(Facts{Push: true, Job: others, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked, Namesake: other99}), "linked-elsewhere"},
		"job, linked, may only read":   {workflow.with(Facts{Push: true, Job: mine, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked, Namesake: same42}), "actions-no-access"},
		"job, linked, no number":       {workflow.with(Facts{Push: true, Job: unnumbered, Exchange: taken, Probe: no(pdenied + "write_package"), Package: linked, Namesake: same42}), "actions-no-access"},
		"job, package hidden":          {workflow.with(Facts{Push: true, Job: again, Exchange: taken, Probe: no(pdenied + "write_package"), Package: hidden}), "actions-no-access"},
		"job, without words":           {workflow.with(Facts{Push: true, Job: others, Exchange: taken, Probe: no("denied"), Owner: user, Package: linked, Namesake: same42}), "linked-elsewhere"},
		"job without permission":       {workflow.with(Facts{Push: true, Job: mine, Exchange: taken, Probe: no("installation not allowed to Write organization package"), Package: linked}), "actions-no-permission"},
		"job that may not even ask":    {workflow.with(Facts{Job: mine, Exchange: taken, Probe: no("denied"), Owner: user, Package: github.Package{Answer: no("Resource not accessible by integration")}}), "actions-no-permission"},
		"job, other owner":             {workflow.with(Facts{Push: true, Job: mine, Exchange: taken, Probe: no(pdenied + "The requested installation does not exist."), Owner: user}), "actions-other-owner"},
		"job, owner who is not":        {workflow.with(Facts{Push: true, Job: mine, Exchange: taken, Probe: no(pdenied + "The requested installation does not exist."), Owner: absent}), "owner-unknown"},
		"job, not readable":            {workflow.with(Facts{Job: others, Exchange: taken, Probe: no("denied"), Owner: user, Package: hidden}), "actions-not-readable"},
		"a fork's pull request":        {workflow.with(Facts{Push: true, Job: &Job{Repository: "acme/app", ID: 42, ReadOnly: true}, Exchange: taken, Probe: no("installation not allowed to Write organization package"), Package: linked}), "actions-read-only"},
		"a fork's pull request, pull":  {workflow.with(Facts{Job: &Job{Repository: "acme/app", ID: 42, ReadOnly: true}, Exchange: taken, Probe: no("installation not allowed to Read organization package"), Package: linked}), "actions-no-permission"},
		"a GitHub App's token":         {workflow.with(Facts{Exchange: taken, Probe: no("denied"), Package: hidden}), "app-token"},
		"a GitHub App's, not allowed":  {workflow.with(Facts{Push: true, Exchange: taken, Probe: no("installation not allowed to Create organization package")}), "app-token"},
		"IP allow list":                {person.with(Facts{Push: true, Exchange: taken, Probe: no("the `acme` organization has an IP allow list enabled, and your IP address is not permitted")}), "ip-allow-list"},
		"IP allow list, by the API":    {person.with(Facts{Push: true, Exchange: taken, Probe: no("denied"), Owner: user, Package: github.Package{Answer: no("the `acme` organization has an IP allow list enabled")}}), "ip-allow-list"},
		"no such owner, in words":      {person.with(Facts{Push: true, Exchange: taken, Probe: says(404, "not_found: owner not found")}), "owner-unknown"},
		"GitHub's own trouble":         {person.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "unable to connect to authzd server: twirp error unavailable")}), "unreachable"},
		"everybody's limit":            {person.with(Facts{Exchange: taken, Probe: github.Answer{Status: 429, Own: true, Limited: true, Message: "retry-after: 35.852µs, allowed: 44000/minute"}}), "throttled"},
		"an intercepting proxy":        {person.with(Facts{Exchange: github.Answer{Trouble: "tls: failed to verify certificate: x509: certificate signed by unknown authority"}}), "untrusted-certificate"},
		"token unchecked, certificate": {Facts{Push: true, Refused: refused(Unreachable, "could not be checked: API: tls: failed to verify certificate: x509: certificate signed by unknown authority; registry: no answer in time")}, "untrusted-certificate"},
		"suspended account":            {Facts{Push: true, Refused: refused(Rejected, "rejected by GitHub: the account is suspended")}, "account-suspended"},
		"installation token elsewhere": {workflow.with(Facts{Push: true, Exchange: taken, Probe: no(pdenied + "write_package"), Package: unlinked}), "no-write-role"},
	} {
		got := c.Judge(Situation{})
		cause := ""
		if got.Diagnosis != nil {
			cause = got.Diagnosis.Cause
		}
		if cause != c.want {
			t.Errorf("%s: got %q, want %q", name, cause, c.want)
		}
		answer := "denied"
		switch {
		case cause == "":
			answer = "allowed"
		case cause == "unreachable" || cause == "rate-limited" || cause == "throttled" || cause == "untrusted-certificate" || strings.HasPrefix(name, "200") || strings.HasPrefix(name, "the registry's other"):
			answer = "unknown"
		}
		if got.Answer != answer {
			t.Errorf("%s: %s, want %s", name, got.Answer, answer)
		}
	}
}

// A person who may push is told what keeps workflows from it.
func TestNotes(t *testing.T) {
	t.Parallel()
	allowed := tokenOf(t, "gho_person", "write:packages").with(Facts{Push: true, Exchange: taken, Probe: says(202, ""), Owner: user})
	for name, c := range map[string]struct {
		change func(*Facts)
		want   string
	}{
		"linked":                  {func(f *Facts) { f.Package, f.Namesake = linked, same42 }, ""},
		"linked to none":          {func(f *Facts) { f.Package = unlinked }, "not-linked"},
		"linked to one recreated": {func(f *Facts) { f.Package, f.Namesake = linked, other99 }, "recreated-repository"},
		"linked to one unseen":    {func(f *Facts) { f.Package, f.Namesake = linked, unseen }, ""},
		"not seen":                {func(f *Facts) { f.Package = hidden }, ""},
		"in a job of another":     {func(f *Facts) { f.Job, f.Package, f.Namesake = &Job{Repository: "acme/other", ID: 7}, linked, same42 }, "linked-elsewhere"},
		"for the job itself": {func(f *Facts) {
			*f = tokenOf(t, "ghs_workflow").with(*f)
			f.Job, f.Package = &Job{Repository: "acme/other", ID: 7}, unlinked
		}, ""},
		"of a pull": {func(f *Facts) { f.Push, f.Probe, f.Package = false, says(200, ""), unlinked }, ""},
	} {
		f := allowed
		c.change(&f)
		got := f.Judge(Situation{})
		cause := ""
		if len(got.Notes) > 0 {
			cause = got.Notes[0].Cause
		}
		if got.Answer != "allowed" || got.Diagnosis != nil || len(got.Notes) > 1 || cause != c.want {
			t.Errorf("%s: %+v, want %q", name, got, c.want)
		}
	}
}

// The page on which a token is authorized holds a request for it. It is for the
// person alone, not for all who read a job's log.
func TestWhoSeesTheAuthorizationRequest(t *testing.T) {
	t.Parallel()
	const page = "https://github.com/orgs/acme/sso?authorization_request=PRETEND"
	f := tokenOf(t, "ghp_person", "write:packages").with(Facts{Push: true, Exchange: taken, Probe: says(403, "denied"), Owner: user})
	f.Package.Answer = says(403, "")
	f.Package.SSOPage = page
	s := Situation{Host: "github.com", Owner: "acme"}
	got := f.Judge(s)
	if got.Diagnosis.Cause != "sso-not-authorized" || got.Diagnosis.Page != page {
		t.Errorf("got %+v", got.Diagnosis)
	}
	f.Job = &Job{Repository: "acme/app", ID: 42}
	got = f.Judge(s)
	if got.Diagnosis.Cause != "sso-not-authorized" || got.Diagnosis.Page != "https://github.com/settings/tokens" {
		t.Errorf("got %+v in a job", got.Diagnosis)
	}
}
