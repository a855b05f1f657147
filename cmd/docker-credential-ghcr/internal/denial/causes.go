package denial

import "strings"

// Cause is why an image cannot be pushed or pulled, and how to fix it. Words in
// braces are filled in from a [Situation].
type Cause struct {
	ID   string
	What string
	// Fix is what to do on a person's machine.
	Fix
	// InActions and InCluster are what to do there, "" if it is the same.
	InActions, InCluster string
	// Page is the web page for the fix, "" if it needs none.
	Page string
}

// Fix is how to fix a problem. Exactly one of its fields is set.
type Fix struct {
	// Command is a command line to paste.
	Command string `json:"command,omitempty"`
	// Advice says in a sentence what to do where no command does it.
	Advice string `json:"advice,omitempty"`
}

func (f Fix) String() string {
	if f.Command != "" {
		return "run: " + f.Command
	}
	return f.Advice
}

func run(command string) Fix   { return Fix{Command: command} }
func advise(advice string) Fix { return Fix{Advice: advice} }

const (
	login   = "gh auth login -h {host} -s {scope}"
	refresh = "gh auth refresh -h {host} -s {scope}"

	actionsToken  = "use the job's own token: password: ${{ github.token }}, and permissions: {packages: write}"
	newPullSecret = "put a valid token (classic) with read:packages into the pull secret"
)

// Causes returns all causes that check and explain know. README's table has the
// same rows; a test compares them.
func Causes() []Cause {
	return []Cause{
		{
			ID:   "no-token",
			What: "the client sends no login for {registry}, and the image is not public or is being pushed",
			Fix:  run(login),
		}, {
			ID:   "actions-no-token",
			What: "the step sends no token to {registry}, and the image is not public or is being pushed",
			Fix:  advise("give the step env: {GITHUB_TOKEN: ${{ github.token }}}, or docker/login-action password: ${{ github.token }}"),
		}, {
			ID:   "no-pull-secret",
			What: "the cluster sends no valid login for {registry}, and the image is private or does not exist",
			Fix:  advise("name a pull secret in the pod's imagePullSecrets (in Flux: secretRef), set up a kubelet credential provider, or make the package public"),
		}, {
			ID:        "stale-login",
			What:      "{client} sends an old login for {registry} that is wrong, expired or revoked; docker-credential-ghcr is not asked then, and even public images are denied",
			Fix:       run("{logout}"),
			InActions: actionsToken,
			InCluster: newPullSecret,
		}, {
			ID:        "dead-credential",
			What:      "the login that {client} sends is wrong, expired or revoked; GitHub rejects it even for public images, and a new gh login does not replace it",
			Fix:       run("{logout}"),
			InActions: actionsToken,
			InCluster: newPullSecret,
		}, {
			ID:        "missing-scope",
			What:      "the token lacks the scope {scope}",
			Fix:       run(refresh),
			InActions: actionsToken,
			InCluster: newPullSecret,
		}, {
			ID:        "fine-grained-token",
			What:      "GitHub Packages does not accept fine-grained personal access tokens",
			Fix:       run(login),
			InActions: actionsToken,
			InCluster: newPullSecret,
		}, {
			ID:        "refresh-token",
			What:      "a GitHub App's refresh token only gets new tokens for its app; no registry accepts it",
			Fix:       run(login),
			InActions: actionsToken,
			InCluster: newPullSecret,
		}, {
			ID:        "app-token",
			What:      "the token belongs to a GitHub App; GitHub Packages serves a GitHub App's token only inside GitHub Actions, as the job's own",
			Fix:       run(login),
			InActions: actionsToken,
			InCluster: newPullSecret,
		}, {
			ID:        "no-usable-token",
			What:      "the place where a token should be could not be read",
			Fix:       advise("see what docker-credential-ghcr status says"),
			InActions: actionsToken,
			InCluster: newPullSecret,
		}, {
			ID:   "helper-not-found",
			What: "the client could not run the credential helper {helper} that its configuration names",
			Fix:  advise("put {helper} into a directory on the client's PATH, or remove it from credHelpers or credsStore in docker's config.json; docker-credential-ghcr status shows what docker finds"),
		}, {
			ID:   "account-suspended",
			What: "GitHub has suspended the account that the token belongs to",
			Fix:  advise("contact GitHub Support on this page"),
			Page: "https://support.github.com",
		}, {
			ID:        "sso-not-authorized",
			What:      "{owner} requires single sign-on, and the token is not authorized for it",
			Fix:       advise("authorize a personal access token for {owner} on this page; for gh's token, sign in at https://{host}/orgs/{owner}/sso and run: " + refresh),
			InActions: "authorize the token in the job's secret for {owner} on this page, or use the job's own token: password: ${{ github.token }}",
			InCluster: "authorize the token in the pull secret for {owner} on this page",
			Page:      "https://{host}/settings/tokens",
		}, {
			ID:        "classic-token-forbidden",
			What:      "{owner} forbids personal access tokens (classic)",
			Fix:       run(login),
			InActions: actionsToken,
			InCluster: "put a token into the pull secret that {owner} allows, or make the package public",
		}, {
			ID:   "oauth-app-restricted",
			What: "{owner} has not approved the OAuth app that made the token",
			Fix:  advise("ask an owner of {owner} to approve GitHub CLI on this page"),
			Page: "https://{host}/organizations/{owner}/settings/oauth_application_policy",
		}, {
			ID:   "ip-allow-list",
			What: "{owner} accepts requests only from the addresses on its IP allow list, and this machine's address is not on it",
			Fix:  advise("connect from an allowed network, or ask an owner of {owner} to add the address"),
		}, {
			ID:   "no-write-role",
			What: "the token's user does not have the role Write on the package",
			Fix:  advise("ask somebody with the role Admin to give you Write on this page"),
			Page: "{settings}",
		}, {
			ID:   "may-not-create",
			What: "the token's user or workflow may not create packages for {owner}",
			Fix:  advise("push to a namespace of your own, or ask an owner of {owner} to allow it under Package creation on this page"),
			Page: "https://{host}/organizations/{owner}/settings/packages",
		}, {
			ID:   "not-linked",
			What: "the package belongs to {owner} and is linked to no repository, so workflows of {repository} may write to it only if its settings list them",
			Fix:  advise("under Manage Actions access on this page, add {repository} with the role Write"),
			Page: "{settings}",
		}, {
			ID:   "recreated-repository",
			What: "the package is linked to a repository {linked} that was deleted; the one with that name now is a different repository, and its workflows may write to the package only if its settings list them",
			Fix:  advise("under Manage Actions access on this page, add {linked} with the role Write"),
			Page: "{settings}",
		}, {
			ID:   "linked-elsewhere",
			What: "the package is linked to {linked}, so workflows of {repository} may write to it only if its settings list them",
			Fix:  advise("under Manage Actions access on this page, add {repository} with the role Write"),
			Page: "{settings}",
		}, {
			ID:   "actions-no-access",
			What: "the package exists, and workflows of {repository} may not write to it: its settings do not give them the role Write, and it may be linked to no repository, to a different one, or to one that was deleted and created again",
			Fix:  advise("under Manage Actions access on this page, add {repository} with the role Write"),
			Page: "{settings}",
		}, {
			ID:   "actions-no-permission",
			What: "the job's token lacks the permission for packages",
			Fix:  advise("add to the job: permissions: {packages: write}, or read if it only pulls"),
		}, {
			ID:   "actions-read-only",
			What: "the job's token is read-only, because a pull request from a fork or Dependabot started the job",
			Fix:  advise("do not push in such jobs: push after the merge, or for Dependabot add to the job: permissions: {packages: write}"),
		}, {
			ID:   "actions-other-owner",
			What: "the job's token belongs to a different owner than {owner}",
			Fix:  advise("push to the namespace of the repository's own owner, in lower case"),
		}, {
			ID:   "actions-not-readable",
			What: "the package is private or does not exist, and workflows of {repository} may not read it",
			Fix:  advise("under Manage Actions access on this page, add {repository} with the role Read"),
			Page: "{settings}",
		}, {
			ID:   "not-readable",
			What: "the package is private or does not exist, and the login, if any, may not read it",
			Fix:  advise("ask somebody with the role Admin to give you Read on this page, or to make the package public there"),
			Page: "{settings}",
		}, {
			ID:   "owner-unknown",
			What: "GitHub has no user and no organization named {owner}",
			Fix:  advise("check the spelling of {owner}"),
		}, {
			ID:   "never-pushed",
			What: "there is no such image: it was never pushed, or was deleted",
			Fix:  advise("check the spelling, and the tag"),
		}, {
			ID:   "upper-case",
			What: "image names must be in lower case",
			Fix:  advise("use {lower}"),
		}, {
			ID:   "invalid-name",
			What: "the image's name is not valid; a name on {registry} has an owner and an image, such as {registry}/OWNER/IMAGE:TAG",
			Fix:  advise("check the name: the owner may be missing, or a variable in it may be empty"),
		}, {
			ID:   "rate-limited",
			What: "GitHub's rate limit is used up",
			Fix:  advise("wait, an hour at most"),
		}, {
			ID:   "throttled",
			What: "{registry} limits how often this image can be pulled by everybody together, and the limit was reached",
			Fix:  advise("try again now; it helps to log in, or to keep a copy in a registry of your own"),
		}, {
			ID:   "untrusted-certificate",
			What: "the certificate that {address} presents is not trusted here; often a company's proxy intercepts TLS, or the clock is wrong",
			Fix:  advise("add the company's certificate to the system's store and restart the client, or name its file in SSL_CERT_FILE"),
		}, {
			ID:   "unreachable",
			What: "{address} could not be reached or did not answer, so the reason is unknown",
			Fix:  advise("try again when {address} can be reached; a proxy or firewall must let it through"),
		}, {
			ID:   "other-registry",
			What: "this is about {other}, not about a GitHub registry",
			Fix:  advise("see the documentation of {other}"),
		}, {
			ID:   "unclear",
			What: "the registry refuses with an unrecognized message",
			Fix:  advise("see its message above"),
		},
	}
}

// Situation has the words that causes speak of.
type Situation struct {
	Registry, Host, Scope string
	Owner                 string
	Lower                 string // the image's name in lower case
	Repository            string // the repository whose workflows are meant
	Linked                string // the repository that the package is linked to
	Settings              string // the package's settings page
	Client, Logout        string // the client, and the command that removes its login
	Address               string // the host that was asked
	Helper                string // a credential helper
	Other                 string // a registry or program that is not GitHub's
	Place                 Place
}

// Place is where a client ran.
type Place string

const (
	Machine Place = "machine"
	Actions Place = "actions"
	Cluster Place = "cluster"
)

// Diagnosis is a cause in its situation.
type Diagnosis struct {
	Cause string `json:"cause"`
	What  string `json:"what"`
	Fix   Fix    `json:"fix"`
	// Page is the web page for the fix.
	Page string `json:"page"`
}

// In fills in a cause.
func (c Cause) In(s Situation) Diagnosis {
	fill := strings.NewReplacer(
		"{registry}", s.Registry, "{host}", s.Host, "{scope}", s.Scope,
		"{owner}", s.Owner, "{lower}", s.Lower,
		"{repository}", s.Repository, "{linked}", s.Linked, "{settings}", s.Settings,
		"{client}", s.Client, "{logout}", s.Logout,
		"{address}", s.Address, "{helper}", s.Helper, "{other}", s.Other,
	)
	fix := c.Fix
	switch {
	case s.Place == Actions && c.InActions != "":
		fix = advise(c.InActions)
	case s.Place == Cluster && c.InCluster != "":
		fix = advise(c.InCluster)
	}
	return Diagnosis{
		Cause: c.ID,
		What:  fill.Replace(c.What),
		Fix:   Fix{Command: fill.Replace(fix.Command), Advice: fill.Replace(fix.Advice)},
		Page:  fill.Replace(c.Page),
	}
}

// Named returns the cause of the table with an ID, or else unclear.
func Named(id string) Cause {
	var unclear Cause
	for _, c := range Causes() {
		if c.ID == id {
			return c
		}
		unclear = c // the last row
	}
	return unclear
}
