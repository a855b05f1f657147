package main

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

// cause is why an image may not be pushed or pulled, what mends it, and where.
// Words in braces are filled in: see situation.
type cause struct {
	ID   string
	What string
	// Command, or else Advice, mends it.
	Command string
	Advice  string
	// Page is where it is mended, "" if no page is needed.
	Page string
}

// causes are all that check and explain know. The README's table is held to it.
var causes = []cause{
	{
		ID:      "no-token",
		What:    "there is no GitHub login for {registry}, so it is asked anonymously",
		Command: "gh auth login -h {host} -s {scope}",
	}, {
		ID:      "dead-credential",
		What:    "the token is wrong, expired or revoked",
		Command: "gh auth login -h {host} -s {scope}",
	}, {
		ID:      "missing-scope",
		What:    "the token lacks the scope {scope}",
		Command: "gh auth refresh -h {host} -s {scope}",
	}, {
		ID:      "fine-grained-token",
		What:    "GitHub Packages does not take fine-grained personal access tokens",
		Command: "gh auth login -h {host} -s {scope}",
	}, {
		ID:     "no-usable-token",
		What:   "the place where a token should be could not be read",
		Advice: "see what docker-credential-ghcr status says",
	}, {
		ID:     "sso-not-authorized",
		What:   "{owner} demands single sign-on, and the token is not authorized for it",
		Advice: "authorize the token for {owner} on this page",
		Page:   "https://{host}/settings/tokens",
	}, {
		ID:      "classic-token-forbidden",
		What:    "{owner} forbids personal access tokens (classic)",
		Command: "gh auth login -h {host} -s {scope}",
	}, {
		ID:     "oauth-app-restricted",
		What:   "{owner} has not approved the OAuth app that made the token",
		Advice: "ask an owner of {owner} to approve GitHub CLI on this page",
		Page:   "https://{host}/organizations/{owner}/settings/oauth_application_policy",
	}, {
		ID:     "no-write-role",
		What:   "the package exists, and the token's user may not write to it",
		Advice: "ask somebody with the role Admin to give you Write on this page",
		Page:   "{settings}",
	}, {
		ID:     "may-not-create",
		What:   "the token's user may not create packages in the namespace {owner}",
		Advice: "push to a namespace of your own, or ask an owner of {owner}",
	}, {
		ID:     "not-linked",
		What:   "the package belongs to {owner} and is linked to no repository, so workflows of {repository} may not write to it",
		Advice: "under Manage Actions access on this page, add {repository} with the role Write",
		Page:   "{settings}",
	}, {
		ID:     "recreated-repository",
		What:   "the package is linked to a repository {linked} that was deleted; the one that bears the name now is another, and its workflows may not write to the package",
		Advice: "under Manage Actions access on this page, add {linked} with the role Write",
		Page:   "{settings}",
	}, {
		ID:     "linked-elsewhere",
		What:   "the package is linked to {linked}, so workflows of {repository} may not write to it",
		Advice: "under Manage Actions access on this page, add {repository} with the role Write",
		Page:   "{settings}",
	}, {
		ID:     "actions-no-access",
		What:   "the package exists, and workflows of {repository} may not write to it: it is linked to no repository, to another one, or to one that was deleted and created again",
		Advice: "under Manage Actions access on this page, add {repository} with the role Write",
		Page:   "{settings}",
	}, {
		ID:     "actions-no-permission",
		What:   "the job's token may not write packages",
		Advice: "add to the job: permissions: {packages: write}",
	}, {
		ID:     "actions-other-owner",
		What:   "the job's token belongs to another owner than {owner}",
		Advice: "push to the namespace of the repository's own owner, in lower case",
	}, {
		ID:     "not-readable",
		What:   "the package is private or does not exist, and the token may not read it",
		Advice: "ask somebody with the role Admin to give you Read on this page, or make it public there",
		Page:   "{settings}",
	}, {
		ID:     "owner-unknown",
		What:   "GitHub knows no user and no organization {owner}",
		Advice: "check the spelling of {owner}",
	}, {
		ID:     "never-pushed",
		What:   "there is no such image: it was never pushed, or was deleted",
		Advice: "check the spelling, and the tag",
	}, {
		ID:     "upper-case",
		What:   "image names are written in lower case",
		Advice: "use {lower}",
	}, {
		ID:     "rate-limited",
		What:   "GitHub's rate limit is used up",
		Advice: "wait, an hour at the most",
	}, {
		ID:     "unreachable",
		What:   "GitHub or its registry could not be reached, so nobody knows",
		Advice: "try again when {host} and {registry} can be reached",
	}, {
		ID:     "unclear",
		What:   "the registry refuses, in words that are not known",
		Advice: "see what it said, above",
	},
}

// denials are the texts in which registries and clients deny, most telling first,
// and their causes. Most are reported in public threads; none is documented.
var denials = []struct {
	text  *regexp.Regexp
	cause string
}{
	{denial(`SAML enforcement`), "sso-not-authorized"},
	{denial(`forbids access via a personal access token \(classic\)`), "classic-token-forbidden"},
	{denial(`OAuth App access restrictions`), "oauth-app-restricted"},
	{denial(`token provided does not match expected scopes`), "missing-scope"},
	{denial(`installation not allowed to (Create|Write|Read) (organization )?package`), "actions-no-permission"},
	{denial(`requested installation does not exist`), "actions-other-owner"},
	{denial(`permission_denied: create_package`), "may-not-create"},
	{denial(`permission_denied: write_package`), "no-write-role"},
	{denial(`permission_denied: read_package`), "not-readable"},
	{denial(`User cannot be authenticated with the token provided`), "dead-credential"},
	{denial(`repository name must be lowercase|must be lowercase|can only contain the (runes|characters)`), "upper-case"},
	{denial(`TOOMANYREQUESTS|toomanyrequests|rate limit|429 Too Many Requests`), "rate-limited"},
	{denial(`no usable GitHub token for .*`), "no-usable-token"},
	{denial(`manifest unknown|MANIFEST_UNKNOWN|name unknown|NAME_UNKNOWN`), "never-pushed"},
	{denial(`authentication required`), "no-token"},
	{denial(`denied: denied|DENIED: denied|failed to fetch oauth token: unexpected status.*403|failed to fetch anonymous token: unexpected status.*403`), "dead-credential"},
	{denial(`invalid token`), "dead-credential"},
	{denial(`unauthorized`), "not-readable"},
	{denial(`403 Forbidden`), "no-write-role"},
	{denial(`no such host|connection refused|i/o timeout|TLS handshake timeout|context deadline exceeded|network is unreachable`), "unreachable"},
	{denial(`denied`), "not-readable"},
}

func denial(pattern string) *regexp.Regexp { return regexp.MustCompile(`(?i)` + pattern) }

// causeOf finds the cause in a registry's or a client's words; "" if there is
// none that is known.
func causeOf(text string) (id, words string) {
	for _, d := range denials {
		if found := d.text.FindString(text); found != "" {
			return d.cause, found
		}
	}
	return "", ""
}

// situation has the words that causes speak of.
type situation struct {
	registry, host, scope string
	owner                 string
	lower                 string // the image's name in lower case
	repository            string // whose workflows are meant
	linked                string // the repository that the package is linked to
	settings              string // the package's settings page
}

// diagnosis is a cause in its situation.
type diagnosis struct {
	Cause string          `json:"cause"`
	What  string          `json:"what"`
	Fix   credentials.Fix `json:"fix"`
	// Page is where it is mended.
	Page string `json:"page"`
}

// in fills in a cause.
func (c cause) in(s situation) diagnosis {
	fill := strings.NewReplacer(
		"{registry}", s.registry, "{host}", s.host, "{scope}", s.scope,
		"{owner}", s.owner, "{lower}", s.lower,
		"{repository}", s.repository, "{linked}", s.linked, "{settings}", s.settings,
	)
	return diagnosis{
		Cause: c.ID,
		What:  fill.Replace(c.What),
		Fix:   credentials.Fix{Command: fill.Replace(c.Command), Advice: fill.Replace(c.Advice)},
		Page:  fill.Replace(c.Page),
	}
}

// causeNamed is the cause of the table with an ID of it.
func causeNamed(id string) cause {
	for _, c := range causes {
		if c.ID == id {
			return c
		}
	}
	return causeNamed("unclear")
}

// settingsPage is where access to a package is given. Whether the owner is a user
// or an organization is part of the address.
func settingsPage(host, owner, name string, organization bool) string {
	kind := "users"
	if organization {
		kind = "orgs"
	}
	return "https://" + host + "/" + kind + "/" + owner + "/packages/container/" + url.PathEscape(name) + "/settings"
}
