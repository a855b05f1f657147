package main

import (
	"net/url"
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
		ID:     "actions-no-token",
		What:   "the step has no token for {registry}, so it is asked anonymously",
		Advice: "give the step env: {GITHUB_TOKEN: ${{ github.token }}}",
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
		ID:      "refresh-token",
		What:    "a GitHub App's refresh token only gets its app new tokens; no registry takes it",
		Command: "gh auth login -h {host} -s {scope}",
	}, {
		ID:     "no-usable-token",
		What:   "the place where a token should be could not be read",
		Advice: "see what docker-credential-ghcr status says",
	}, {
		ID:     "sso-not-authorized",
		What:   "{owner} demands single sign-on, and the token is not authorized for it",
		Advice: "authorize a personal access token for {owner} on this page; for gh's token, sign in at https://{host}/orgs/{owner}/sso and run: gh auth refresh -h {host} -s {scope}",
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
		What:   "the token's user does not have the role Write on the package",
		Advice: "ask somebody with the role Admin to give you Write on this page",
		Page:   "{settings}",
	}, {
		ID:     "may-not-create",
		What:   "the token's user may not create packages in the namespace {owner}",
		Advice: "push to a namespace of your own, or ask an owner of {owner}",
	}, {
		ID:     "not-linked",
		What:   "the package belongs to {owner} and is linked to no repository, so workflows of {repository} may write to it only if its settings list it",
		Advice: "under Manage Actions access on this page, add {repository} with the role Write",
		Page:   "{settings}",
	}, {
		ID:     "recreated-repository",
		What:   "the package is linked to a repository {linked} that was deleted; the one that bears the name now is another, and its workflows may write to the package only if its settings list it",
		Advice: "under Manage Actions access on this page, add {linked} with the role Write",
		Page:   "{settings}",
	}, {
		ID:     "linked-elsewhere",
		What:   "the package is linked to {linked}, so workflows of {repository} may write to it only if its settings list it",
		Advice: "under Manage Actions access on this page, add {repository} with the role Write",
		Page:   "{settings}",
	}, {
		ID:     "actions-no-access",
		What:   "the package exists, and workflows of {repository} may not write to it: its settings do not give them the role Write, and it may be linked to no repository, to another one, or to one that was deleted and created again",
		Advice: "under Manage Actions access on this page, add {repository} with the role Write",
		Page:   "{settings}",
	}, {
		ID:     "actions-no-permission",
		What:   "the job's token lacks the permission for packages",
		Advice: "add to the job: permissions: {packages: write}, or read if it only pulls",
	}, {
		ID:     "actions-other-owner",
		What:   "the job's token belongs to another owner than {owner}",
		Advice: "push to the namespace of the repository's own owner, in lower case",
	}, {
		ID:     "actions-not-readable",
		What:   "the package is private or does not exist, and workflows of {repository} may not read it",
		Advice: "under Manage Actions access on this page, add {repository} with the role Read",
		Page:   "{settings}",
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
