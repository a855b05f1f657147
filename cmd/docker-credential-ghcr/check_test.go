package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func TestWhatIsNoImageEndsAsAMistakeInTheWords(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "app", "quay.io/acme/app", "github.com/octocat/app", "octocat/app:a b", "octocat@ghcr.io/octocat/app"} {
		if code := call(nil, "check", text).code; code != 2 {
			t.Errorf("%q: exit status %d", text, code)
		}
	}
}

func TestCheckWantsOneImage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"check"}, {"check", "octocat/app", "octocat/other"}, {"check", "--push", "octocat/app"}} {
		if got := call(nil, args...); got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, "Usage:") {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func goodVerdict(t *testing.T, secret string, scopes ...string) credentials.Verdict {
	t.Helper()
	token, err := github.ParseToken(secret)
	if err != nil {
		t.Fatal(err)
	}
	return credentials.Verdict{Candidate: credentials.Candidate{Source: "GHCR_TOKEN", Token: token}, User: "octocat", Scopes: scopes, HasScopes: scopes != nil}
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
	person := goodVerdict(t, "gho_person", "repo", scope)
	reader := goodVerdict(t, "gho_reader", "read:packages", "delete:packages")
	app := goodVerdict(t, "ghu_app")
	workflow := goodVerdict(t, "ghs_workflow")
	refused := func(fault credentials.Fault, reason string) []credentials.Verdict {
		return []credentials.Verdict{{Candidate: credentials.Candidate{Source: credentials.GH, Fault: fault, Reason: reason}}}
	}
	refresh := goodVerdict(t, "ghr_app")
	refresh.Fault = credentials.WrongKind
	mine := &job{repository: "acme/app", id: 42}
	again := &job{repository: "acme/app", id: 99}
	others := &job{repository: "acme/other", id: 7}
	unnumbered := &job{repository: "acme/app", id: 0}
	no := func(message string) github.Answer { return says(http.StatusForbidden, message) }
	trouble := github.Answer{Trouble: "no answer in time"}
	limited := github.Answer{Status: http.StatusTooManyRequests, Limited: true}

	for name, c := range map[string]struct {
		imageFacts
		want string // after the look at the repository
	}{
		"push allowed":             {imageFacts{push: true, verdict: person, exchange: taken, probe: says(202, "")}, ""},
		"pull allowed":             {imageFacts{verdict: person, exchange: taken, probe: says(200, "")}, ""},
		"pull allowed for anybody": {imageFacts{exchange: taken, probe: says(200, "")}, ""},
		"pull allowed for anybody though the token is bad": {imageFacts{refused: refused(credentials.Rejected, ""), exchange: taken, probe: says(200, "")}, ""},
		"200 is no yes to a push":                          {imageFacts{push: true, verdict: person, exchange: taken, probe: says(200, "")}, "unclear"},
		"a yes that is not the registry's own":             {imageFacts{verdict: person, exchange: taken, probe: github.Answer{Status: 200}}, "unreachable"},

		"no token":                    {imageFacts{push: true}, "no-token"},
		"no token in a job":           {imageFacts{push: true, job: mine}, "actions-no-token"},
		"no token, private":           {imageFacts{exchange: says(401, "authentication required")}, "no-token"},
		"no token, no registry":       {imageFacts{exchange: trouble}, "unreachable"},
		"dead token":                  {imageFacts{push: true, refused: refused(credentials.Rejected, "")}, "dead-credential"},
		"dead token, private":         {imageFacts{refused: refused(credentials.Rejected, ""), exchange: says(401, "authentication required")}, "dead-credential"},
		"token without scope":         {imageFacts{push: true, refused: refused(credentials.LacksScope, "")}, "missing-scope"},
		"fine-grained token":          {imageFacts{push: true, refused: refused(credentials.WrongKind, "")}, "fine-grained-token"},
		"refresh token":               {imageFacts{push: true, refused: []credentials.Verdict{refresh}}, "refresh-token"},
		"locked keyring":              {imageFacts{push: true, refused: refused(credentials.Locked, "")}, "no-usable-token"},
		"unchecked token":             {imageFacts{push: true, refused: refused(credentials.Unreachable, "could not be checked: API: no answer in time")}, "unreachable"},
		"unchecked token, rate limit": {imageFacts{push: true, refused: refused(credentials.Unreachable, "could not be checked: API: 403 API rate limit exceeded")}, "rate-limited"},
		"several tokens": {imageFacts{push: true, refused: append(refused(credentials.WrongKind, ""),
			refused(credentials.LacksScope, "")...)}, "missing-scope"},

		"exchange limited":       {imageFacts{push: true, verdict: person, exchange: limited}, "rate-limited"},
		"probe limited":          {imageFacts{push: true, verdict: person, exchange: taken, probe: limited}, "rate-limited"},
		"exchange silent":        {imageFacts{push: true, verdict: person, exchange: trouble}, "unreachable"},
		"probe silent":           {imageFacts{push: true, verdict: person, exchange: taken, probe: trouble}, "unreachable"},
		"a proxy's no":           {imageFacts{push: true, verdict: person, exchange: taken, probe: github.Answer{Status: 403}}, "unreachable"},
		"a proxy's not found":    {imageFacts{verdict: person, exchange: taken, probe: github.Answer{Status: 404}}, "unreachable"},
		"a portal's token":       {imageFacts{push: true, verdict: person, exchange: github.Answer{Status: 200}}, "unreachable"},
		"the registry's trouble": {imageFacts{push: true, verdict: person, exchange: taken, probe: says(500, "unknown")}, "unreachable"},
		"the registry's other":   {imageFacts{push: true, verdict: person, exchange: taken, probe: says(405, "unsupported")}, "unclear"},

		"scope, in words":        {imageFacts{push: true, verdict: reader, exchange: taken, probe: no(pdenied + "The token provided does not match expected scopes.")}, "missing-scope"},
		"scope, without words":   {imageFacts{push: true, verdict: reader, exchange: taken, probe: no("denied"), owner: user, pkg: unlinked}, "missing-scope"},
		"scopes that are hidden": {imageFacts{push: true, verdict: app, exchange: taken, probe: no("denied"), owner: user, pkg: hidden}, "no-write-role"},
		"reading needs no more":  {imageFacts{verdict: reader, exchange: taken, probe: no("denied"), owner: user, pkg: hidden}, "not-readable"},
		"SAML":                   {imageFacts{push: true, verdict: person, exchange: taken, probe: no(pdenied + "Resource protected by organization SAML enforcement.")}, "sso-not-authorized"},
		"SAML, said by the API":  {imageFacts{push: true, verdict: person, exchange: taken, probe: no("denied"), owner: user, pkg: github.Package{Answer: no("Resource protected by organization SAML enforcement.")}}, "sso-not-authorized"},
		"classic":                {imageFacts{push: true, verdict: person, exchange: taken, probe: no(pdenied + "`acme` forbids access via a personal access token (classic).")}, "classic-token-forbidden"},
		"classic, by the API":    {imageFacts{verdict: person, exchange: taken, probe: no("denied"), owner: user, pkg: github.Package{Answer: no("`acme` forbids access via a personal access token (classic).")}}, "classic-token-forbidden"},
		"OAuth app":              {imageFacts{push: true, verdict: person, exchange: taken, probe: no(pdenied + "the `acme` organization has enabled OAuth App access restrictions")}, "oauth-app-restricted"},

		"no role":                      {imageFacts{push: true, verdict: person, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked}, "no-write-role"},
		"no role, not even to read":    {imageFacts{push: true, verdict: person, exchange: taken, probe: no(pdenied + "read_package"), pkg: hidden}, "no-write-role"},
		"no role, without words":       {imageFacts{push: true, verdict: person, exchange: taken, probe: no("denied"), owner: user, pkg: linked}, "no-write-role"},
		"a person's token in a job":    {imageFacts{push: true, job: again, verdict: person, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, namesake: other99}, "no-write-role"},
		"not to be created":            {imageFacts{push: true, verdict: person, exchange: taken, probe: no(pdenied + "create_package"), owner: user}, "may-not-create"},
		"an owner who is not":          {imageFacts{push: true, verdict: person, exchange: taken, probe: no(pdenied + "create_package"), owner: absent}, "owner-unknown"},
		"an owner who is not, pulled":  {imageFacts{verdict: person, exchange: taken, probe: says(404, "repository name not known"), owner: absent, pkg: hidden}, "owner-unknown"},
		"private, not readable":        {imageFacts{verdict: person, exchange: taken, probe: no("denied"), owner: user, pkg: hidden}, "not-readable"},
		"private, asked for in words":  {imageFacts{verdict: person, exchange: taken, probe: no(pdenied + "read_package"), owner: user, pkg: hidden}, "not-readable"},
		"private, without a word":      {imageFacts{verdict: person, exchange: taken, probe: no(""), owner: user, pkg: hidden}, "not-readable"},
		"exchange refused":             {imageFacts{verdict: person, exchange: says(401, "authentication required"), owner: user, pkg: hidden}, "not-readable"},
		"never pushed":                 {imageFacts{verdict: person, exchange: taken, probe: says(404, "manifest unknown"), owner: user, pkg: hidden}, "never-pushed"},
		"this tag was never pushed":    {imageFacts{verdict: person, exchange: taken, probe: says(404, "manifest unknown"), owner: user, pkg: linked, namesake: same42}, "never-pushed"},
		"not found, without a word":    {imageFacts{verdict: person, exchange: taken, probe: says(404, ""), owner: user, pkg: hidden}, "never-pushed"},
		"pushed and not found":         {imageFacts{push: true, verdict: person, exchange: taken, probe: says(404, "name unknown"), owner: user, pkg: hidden}, "no-write-role"},
		"words that nobody knows":      {imageFacts{push: true, verdict: person, exchange: taken, probe: no("storage quota exceeded"), owner: user, pkg: linked, namesake: same42}, "unclear"},
		"words that look like a token": {imageFacts{push: true, verdict: person, exchange: no("denied"), owner: user, pkg: linked}, "no-write-role"},

		"job, not linked":              {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: unlinked}, "not-linked"},
		"job, recreated":               {imageFacts{push: true, job: again, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, namesake: other99}, "recreated-repository"},
		"job, recreated, hidden name":  {imageFacts{push: true, job: again, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, namesake: unseen}, "recreated-repository"},
		"job, recreated, no number":    {imageFacts{push: true, job: unnumbered, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, namesake: other99}, "recreated-repository"},
		"job, same name, other case":   {imageFacts{push: true, job: &job{repository: "Acme/App", id: 99}, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, namesake: other99}, "recreated-repository"},
		"job, linked elsewhere":        {imageFacts{push: true, job: others, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, namesake: same42}, "linked-elsewhere"},
		"job, linked to a lost one":    {imageFacts{push: true, job: others, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, namesake: other99}, "linked-elsewhere"},
		"job, linked, may only read":   {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, namesake: same42}, "actions-no-access"},
		"job, linked, no number":       {imageFacts{push: true, job: unnumbered, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, namesake: same42}, "actions-no-access"},
		"job, package hidden":          {imageFacts{push: true, job: again, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: hidden}, "actions-no-access"},
		"job, without words":           {imageFacts{push: true, job: others, verdict: workflow, exchange: taken, probe: no("denied"), owner: user, pkg: linked, namesake: same42}, "linked-elsewhere"},
		"job without permission":       {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no("installation not allowed to Write organization package"), pkg: linked}, "actions-no-permission"},
		"job that may not even ask":    {imageFacts{job: mine, verdict: workflow, exchange: taken, probe: no("denied"), owner: user, pkg: github.Package{Answer: no("Resource not accessible by integration")}}, "actions-no-permission"},
		"job, other owner":             {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no(pdenied + "The requested installation does not exist."), owner: user}, "actions-other-owner"},
		"job, owner who is not":        {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no(pdenied + "The requested installation does not exist."), owner: absent}, "owner-unknown"},
		"job, not readable":            {imageFacts{job: others, verdict: workflow, exchange: taken, probe: no("denied"), owner: user, pkg: hidden}, "actions-not-readable"},
		"installation token elsewhere": {imageFacts{push: true, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: unlinked}, "no-write-role"},
	} {
		var got checked
		got.judge(c.imageFacts, denial.Situation{})
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
		case cause == "unreachable" || cause == "rate-limited" || strings.HasPrefix(name, "200") || strings.HasPrefix(name, "the registry's other"):
			answer = "unknown"
		}
		if got.Answer != answer {
			t.Errorf("%s: %s, want %s", name, got.Answer, answer)
		}
	}
}

// A person who may push is told what stands in the way of workflows.
func TestNotes(t *testing.T) {
	t.Parallel()
	allowed := imageFacts{push: true, verdict: goodVerdict(t, "gho_person", "write:packages"), exchange: taken, probe: says(202, ""), owner: user}
	for name, c := range map[string]struct {
		change func(*imageFacts)
		want   string
	}{
		"linked":                  {func(f *imageFacts) { f.pkg, f.namesake = linked, same42 }, ""},
		"linked to none":          {func(f *imageFacts) { f.pkg = unlinked }, "not-linked"},
		"linked to one recreated": {func(f *imageFacts) { f.pkg, f.namesake = linked, other99 }, "recreated-repository"},
		"linked to one unseen":    {func(f *imageFacts) { f.pkg, f.namesake = linked, unseen }, ""},
		"not seen":                {func(f *imageFacts) { f.pkg = hidden }, ""},
		"in a job of another":     {func(f *imageFacts) { f.job, f.pkg, f.namesake = &job{repository: "acme/other", id: 7}, linked, same42 }, "linked-elsewhere"},
		"for the job itself": {func(f *imageFacts) {
			f.job, f.pkg, f.verdict = &job{repository: "acme/other", id: 7}, unlinked, goodVerdict(t, "ghs_workflow")
		}, ""},
		"of a pull": {func(f *imageFacts) { f.push, f.probe, f.pkg = false, says(200, ""), unlinked }, ""},
	} {
		f := allowed
		c.change(&f)
		var got checked
		got.judge(f, denial.Situation{})
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
	f := imageFacts{push: true, verdict: goodVerdict(t, "ghp_person", "write:packages"), exchange: taken, probe: says(403, "denied"), owner: user}
	f.pkg.Answer = says(403, "")
	f.pkg.SSOPage = page
	s := denial.Situation{Host: "github.com", Owner: "acme"}
	var got checked
	got.judge(f, s)
	if got.Diagnosis.Cause != "sso-not-authorized" || got.Diagnosis.Page != page {
		t.Errorf("got %+v", got.Diagnosis)
	}
	f.job = &job{repository: "acme/app", id: 42}
	got = checked{}
	got.judge(f, s)
	if got.Diagnosis.Cause != "sso-not-authorized" || got.Diagnosis.Page != "https://github.com/settings/tokens" {
		t.Errorf("got %+v in a job", got.Diagnosis)
	}
}

func TestUpperCaseIsExplainedWithoutAskingAnybody(t *testing.T) {
	moveIn(t)
	got := call(nil, "check", "ghcr.io/Octocat/app:1")
	want := "push ghcr.io/octocat/app:1\n" +
		"  X name: Octocat has upper case in it\n" +
		"X you may not push ghcr.io/octocat/app:1: image names must be in lower case\n" +
		"  use ghcr.io/octocat/app:1\n"
	if got != (outcome{1, want, ""}) {
		t.Errorf("got %+v, want %s", got, want)
	}
}
