package main

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func TestAnImagesNameIsReadAsAPersonWritesIt(t *testing.T) {
	t.Parallel()
	const digest = "sha256:055bdd5ec004414c3ef9f4b51be4cef09571b5a85290da40668e72114203fd97"
	for text, want := range map[string]image{
		"octocat/app":                           {registry: "ghcr.io", path: "octocat/app", reference: "latest", owner: "octocat", name: "app"},
		"octocat/app:1.2":                       {registry: "ghcr.io", path: "octocat/app", reference: "1.2", owner: "octocat", name: "app"},
		"ghcr.io/octocat/app":                   {registry: "ghcr.io", path: "octocat/app", reference: "latest", owner: "octocat", name: "app"},
		"https://ghcr.io/octocat/app":           {registry: "ghcr.io", path: "octocat/app", reference: "latest", owner: "octocat", name: "app"},
		"ghcr.io/octocat/app:V1":                {registry: "ghcr.io", path: "octocat/app", reference: "V1", owner: "octocat", name: "app"},
		"ghcr.io/octocat/app@" + digest:         {registry: "ghcr.io", path: "octocat/app", reference: digest, owner: "octocat", name: "app"},
		"ghcr.io/octocat/app:1@" + digest:       {registry: "ghcr.io", path: "octocat/app", reference: digest, owner: "octocat", name: "app"},
		"acme/charts/app":                       {registry: "ghcr.io", path: "acme/charts/app", reference: "latest", owner: "acme", name: "charts/app"},
		"GHCR.IO/octocat/app":                   {registry: "ghcr.io", path: "octocat/app", reference: "latest", owner: "octocat", name: "app"},
		"ghcr.io/Octocat/app":                   {registry: "ghcr.io", path: "octocat/app", reference: "latest", owner: "octocat", name: "app", spelled: "Octocat/app"},
		"Octocat/App:1":                         {registry: "ghcr.io", path: "octocat/app", reference: "1", owner: "octocat", name: "app", spelled: "Octocat/App"},
		"docker.pkg.github.com/octocat/app/img": {registry: "docker.pkg.github.com", path: "octocat/app/img", reference: "latest", owner: "octocat", name: "app/img"},
		"containers.acme.ghe.com/acme/app":      {registry: "containers.acme.ghe.com", path: "acme/app", reference: "latest", owner: "acme", name: "app"},
		"containers.git.example.com/mona/app":   {registry: "containers.git.example.com", path: "mona/app", reference: "latest", owner: "mona", name: "app"},
		"docker.git.example.com/mona/app:1":     {registry: "docker.git.example.com", path: "mona/app", reference: "1", owner: "mona", name: "app"},
	} {
		if got, err := parseImage(text); got != want || err != nil {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestAnImagesNameIsReadAsItIsPasted(t *testing.T) {
	t.Parallel()
	const digest = "sha256:055bdd5ec004414c3ef9f4b51be4cef09571b5a85290da40668e72114203fd97"
	for text, want := range map[string]string{
		" ghcr.io/octocat/app\n":                   "ghcr.io/octocat/app",
		"ghcr.io/octocat/app/":                     "ghcr.io/octocat/app",
		"ghcr.io:443/octocat/app:1":                "ghcr.io/octocat/app:1",
		"https://ghcr.io:443/octocat/app":          "ghcr.io/octocat/app",
		"HTTPS://ghcr.io/octocat/app:1/":           "ghcr.io/octocat/app:1",
		"http://ghcr.io/octocat/app":               "ghcr.io/octocat/app",
		"docker://ghcr.io/octocat/app@" + digest:   "ghcr.io/octocat/app@" + digest,
		"docker://ghcr.io/octocat/app:1@" + digest: "ghcr.io/octocat/app@" + digest,
		"oci://ghcr.io/octocat/charts/app":         "ghcr.io/octocat/charts/app",
		"ghcr.io/Octocat/App:V1":                   "ghcr.io/octocat/app:V1",

		"https://github.com/users/octocat/packages/container/package/app":       "ghcr.io/octocat/app",
		"https://github.com/orgs/Acme/packages/container/charts%2Fapp/settings": "ghcr.io/acme/charts/app",
		"github.com/acme/repository/pkgs/container/app/12345?tag=1":             "ghcr.io/acme/app",
		"https://acme.ghe.com/orgs/acme/packages/container/package/app":         "containers.acme.ghe.com/acme/app",
		"https://git.example.com/mona/repository/pkgs/container/app#readme":     "containers.git.example.com/mona/app",
		"https://github.com/users/octocat/packages/container/app%00/settings":   "",
		"https://github.com/users/octocat/packages/container/app%zz/settings":   "",
		"https://www.github.com/users/octocat/packages/container/app/settings":  "",
		"https://github.com/users/octocat/packages/npm/package/app":             "",
		"https://github.com/octocat/repository":                                 "",
		"ftp://ghcr.io/octocat/app":                                             "",
		"docker-daemon:ghcr.io/octocat/app":                                     "",
		"https://octocat:password@ghcr.io/octocat/app":                          "",
		"https://octocat:pass/word@ghcr.io/octocat/app":                         "",
		"ftp://octocat:password@ghcr.io/octocat/app":                            "",
	} {
		got := ""
		i, err := parseImage(text)
		if err == nil {
			got = i.whole()
		} else if strings.Contains(err.Error(), "octocat:pass") {
			t.Errorf("%q: %v", text, err)
		}
		if got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestWhichPartsHaveUpperCaseInThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Octocat/app":                   "Octocat has upper case in it",
		"octocat/App":                   "App has upper case in it",
		"ghcr.io/Octocat/charts/App:V1": "Octocat and App have upper case in them",
	} {
		if i, err := parseImage(text); err != nil || i.upperCase() != want {
			t.Errorf("%q: got %q, %v", text, i.upperCase(), err)
		}
	}
}

// FuzzImage: what is taken for an image is one of a registry of GitHub's, leads to
// no other address there, and is read again as the same; what is not is a mistake
// in the words, said on one line.
func FuzzImage(f *testing.F) {
	const digest = "@sha256:055bdd5ec004414c3ef9f4b51be4cef09571b5a85290da40668e72114203fd97"
	for _, text := range []string{
		"", "octocat/app", "octocat/app:1.2", "ghcr.io/octocat/app" + digest, "docker://ghcr.io:443/octocat/app:1" + digest, "oci://GHCR.IO/Octocat/App:V1/",
		"https://github.com/users/octocat/packages/container/package/charts%2Fapp", "github.com/o/r/pkgs/container/%2e%2e", "containers.acme.ghe.com/acme/app",
		"ghcr.io/octocat/../app", "ghcr.io/octocat//app", "ghcr.io/octocat/app?x", "ghcr.io/octocat/app#x", "ghcr.io/octocat/%61pp", "octocat:password@ghcr.io/a/b",
		"ghcr.io/octocat/app:a b", "ghcr.io/o/\x1b[2J", "\u212aghcr.io/o/a", "localhost:5000/o/a", "[::1]:443/o/a", "ghcr.io:0443/o/a", "https://https://ghcr.io/o/a",
		"ghcr.io/users/0/packages/container/0", ".\u0381/0/0",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := parseImage(text)
		if err != nil {
			if _, ok := errors.AsType[usageError](err); !ok || len(err.Error()) > 2000 || strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if registry, ok := github.RegistryNamed(i.registry); !ok || registry != i.registry || github.HostNamed(i.registry) == "" {
			t.Errorf("%q is of %q", text, i.registry)
		}
		address, err := url.Parse("https://" + i.registry + "/v2/" + i.path + "/manifests/" + i.reference)
		if err != nil || address.Host != i.registry || path.Clean(address.Path) != "/v2/"+i.owner+"/"+i.name+"/manifests/"+i.reference || address.RawQuery != "" || address.Fragment != "" {
			t.Errorf("%q leads to %v, %v", text, address, err)
		}
		if strings.ToLower(i.path) != i.path || i.owner == "" || i.name == "" {
			t.Errorf("%q: %+v", text, i)
		}
		i.spelled = ""
		if again, err := parseImage(i.whole()); err != nil || again != i {
			t.Errorf("%q: %+v, and again %+v, %v", text, i, again, err)
		}
	})
}

func TestWhatIsNoImageOfGitHubs(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                                "names no owner and image",
		"app":                             "names no owner and image",
		"app:1":                           "names no owner and image",
		"ghcr.io":                         "names no owner and image",
		"ghcr.io/":                        "names no owner and image",
		"ghcr.io/app":                     "names no owner and image",
		"octocat/":                        "names no owner and image",
		"/app":                            "names no owner and image",
		"octocat/app:":                    "is not the name of an image",
		"octocat/app:a b":                 "is not the name of an image",
		"octocat/app@sha256:0":            "behind an @ stands a digest",
		"octocat/app@latest":              "behind an @ stands a digest",
		"octocat/a..pp":                   "is not the name of an image",
		"octocat/-app":                    "is not the name of an image",
		"octocat/a\u212apa":               "is not the name of an image",
		"octocat/a pp":                    "is not the name of an image",
		"octocat/äpp":                     "is not the name of an image",
		"ftp://ghcr.io/octocat/app":       "names no owner and image",
		"docker.io/library/alpine":        "is not a container registry of GitHub's",
		"quay.io/acme/app":                "is not a container registry of GitHub's",
		"localhost/acme/app":              "is not a container registry of GitHub's",
		"localhost:5000/acme/app":         "is not a container registry of GitHub's",
		"ghcr.io.example.com/octocat/app": "is not a container registry of GitHub's",
		"ghcr.io:5000/octocat/app":        "is not a container registry of GitHub's",
		"github.com/octocat/app":          "github.com's images are on ghcr.io",
		"octocat@ghcr.io/octocat/app":     "a user or password is no part",
	} {
		got, err := parseImage(text)
		if _, ok := errors.AsType[usageError](err); !ok || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %+v, %v, want %q", text, got, err, says)
		}
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
	mine := &job{"acme/app", 42}
	again := &job{"acme/app", 99}
	others := &job{"acme/other", 7}
	unnumbered := &job{"acme/app", 0}
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
		"a person's token in a job":    {imageFacts{push: true, job: again, verdict: person, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, bearer: other99}, "no-write-role"},
		"not to be created":            {imageFacts{push: true, verdict: person, exchange: taken, probe: no(pdenied + "create_package"), owner: user}, "may-not-create"},
		"an owner who is not":          {imageFacts{push: true, verdict: person, exchange: taken, probe: no(pdenied + "create_package"), owner: absent}, "owner-unknown"},
		"an owner who is not, pulled":  {imageFacts{verdict: person, exchange: taken, probe: says(404, "repository name not known"), owner: absent, pkg: hidden}, "owner-unknown"},
		"private, not readable":        {imageFacts{verdict: person, exchange: taken, probe: no("denied"), owner: user, pkg: hidden}, "not-readable"},
		"private, asked for in words":  {imageFacts{verdict: person, exchange: taken, probe: no(pdenied + "read_package"), owner: user, pkg: hidden}, "not-readable"},
		"private, without a word":      {imageFacts{verdict: person, exchange: taken, probe: no(""), owner: user, pkg: hidden}, "not-readable"},
		"exchange refused":             {imageFacts{verdict: person, exchange: says(401, "authentication required"), owner: user, pkg: hidden}, "not-readable"},
		"never pushed":                 {imageFacts{verdict: person, exchange: taken, probe: says(404, "manifest unknown"), owner: user, pkg: hidden}, "never-pushed"},
		"this tag was never pushed":    {imageFacts{verdict: person, exchange: taken, probe: says(404, "manifest unknown"), owner: user, pkg: linked, bearer: same42}, "never-pushed"},
		"not found, without a word":    {imageFacts{verdict: person, exchange: taken, probe: says(404, ""), owner: user, pkg: hidden}, "never-pushed"},
		"pushed and not found":         {imageFacts{push: true, verdict: person, exchange: taken, probe: says(404, "name unknown"), owner: user, pkg: hidden}, "no-write-role"},
		"words that nobody knows":      {imageFacts{push: true, verdict: person, exchange: taken, probe: no("storage quota exceeded"), owner: user, pkg: linked, bearer: same42}, "unclear"},
		"words that look like a token": {imageFacts{push: true, verdict: person, exchange: no("denied"), owner: user, pkg: linked}, "no-write-role"},

		"job, not linked":              {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: unlinked}, "not-linked"},
		"job, recreated":               {imageFacts{push: true, job: again, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, bearer: other99}, "recreated-repository"},
		"job, recreated, hidden name":  {imageFacts{push: true, job: again, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, bearer: unseen}, "recreated-repository"},
		"job, recreated, no number":    {imageFacts{push: true, job: unnumbered, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, bearer: other99}, "recreated-repository"},
		"job, same name, other case":   {imageFacts{push: true, job: &job{"Acme/App", 99}, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, bearer: other99}, "recreated-repository"},
		"job, linked elsewhere":        {imageFacts{push: true, job: others, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, bearer: same42}, "linked-elsewhere"},
		"job, linked to a lost one":    {imageFacts{push: true, job: others, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, bearer: other99}, "linked-elsewhere"},
		"job, linked, may only read":   {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, bearer: same42}, "actions-no-access"},
		"job, linked, no number":       {imageFacts{push: true, job: unnumbered, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: linked, bearer: same42}, "actions-no-access"},
		"job, package hidden":          {imageFacts{push: true, job: again, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: hidden}, "actions-no-access"},
		"job, without words":           {imageFacts{push: true, job: others, verdict: workflow, exchange: taken, probe: no("denied"), owner: user, pkg: linked, bearer: same42}, "linked-elsewhere"},
		"job without permission":       {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no("installation not allowed to Write organization package"), pkg: linked}, "actions-no-permission"},
		"job that may not even ask":    {imageFacts{job: mine, verdict: workflow, exchange: taken, probe: no("denied"), owner: user, pkg: github.Package{Answer: no("Resource not accessible by integration")}}, "actions-no-permission"},
		"job, other owner":             {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no(pdenied + "The requested installation does not exist."), owner: user}, "actions-other-owner"},
		"job, owner who is not":        {imageFacts{push: true, job: mine, verdict: workflow, exchange: taken, probe: no(pdenied + "The requested installation does not exist."), owner: absent}, "owner-unknown"},
		"job, not readable":            {imageFacts{job: others, verdict: workflow, exchange: taken, probe: no("denied"), owner: user, pkg: hidden}, "actions-not-readable"},
		"installation token elsewhere": {imageFacts{push: true, verdict: workflow, exchange: taken, probe: no(pdenied + "write_package"), pkg: unlinked}, "no-write-role"},
	} {
		var got checked
		got.judge(c.imageFacts, situation{})
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
		"linked":                  {func(f *imageFacts) { f.pkg, f.bearer = linked, same42 }, ""},
		"linked to none":          {func(f *imageFacts) { f.pkg = unlinked }, "not-linked"},
		"linked to one recreated": {func(f *imageFacts) { f.pkg, f.bearer = linked, other99 }, "recreated-repository"},
		"linked to one unseen":    {func(f *imageFacts) { f.pkg, f.bearer = linked, unseen }, ""},
		"not seen":                {func(f *imageFacts) { f.pkg = hidden }, ""},
		"in a job of another":     {func(f *imageFacts) { f.job, f.pkg, f.bearer = &job{"acme/other", 7}, linked, same42 }, "linked-elsewhere"},
		"for the job itself": {func(f *imageFacts) {
			f.job, f.pkg, f.verdict = &job{"acme/other", 7}, unlinked, goodVerdict(t, "ghs_workflow")
		}, ""},
		"of a pull": {func(f *imageFacts) { f.push, f.probe, f.pkg = false, says(200, ""), unlinked }, ""},
	} {
		f := allowed
		c.change(&f)
		var got checked
		got.judge(f, situation{})
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
	s := situation{host: "github.com", owner: "acme"}
	var got checked
	got.judge(f, s)
	if got.Diagnosis.Cause != "sso-not-authorized" || got.Diagnosis.Page != page {
		t.Errorf("got %+v", got.Diagnosis)
	}
	f.job = &job{"acme/app", 42}
	got = checked{}
	got.judge(f, s)
	if got.Diagnosis.Cause != "sso-not-authorized" || got.Diagnosis.Page != "https://github.com/settings/tokens" {
		t.Errorf("got %+v in a job", got.Diagnosis)
	}
}

func TestUpperCaseIsExplainedWithoutAskingAnybody(t *testing.T) {
	moveIn(t)
	got := call(nil, "check", "ghcr.io/Octocat/app:1")
	want := "push ghcr.io/octocat/app\n" +
		"  X name: Octocat has upper case in it\n" +
		"X you may not push it: image names are written in lower case\n" +
		"  use ghcr.io/octocat/app:1\n"
	if got != (outcome{1, want, ""}) {
		t.Errorf("got %+v, want %s", got, want)
	}
}
