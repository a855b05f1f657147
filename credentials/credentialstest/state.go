package credentialstest

// What exists at the pretend GitHub, and what it remembers of a request. The other files
// say how it behaves.

import (
	"net/http"
	"sync"
	"time"
)

// GitHub plays GitHub and its container registries. It is safe for parallel use.
type GitHub struct {
	api, web http.Handler

	mu       sync.Mutex
	tokens   map[string]Token
	broken   map[Place]map[string]http.Handler
	requests []*Request
	aliases  map[string]string

	devices  map[string]*device
	presets  []preset
	approver string
	issued   int

	bearers  map[string]bearer
	images   http.Handler
	packages map[nameKey]Package

	owners       map[ownerKey]owner
	repositories map[nameKey]Repository
}

// Request is what the pretend GitHub remembers of one request, broken places
// included.
type Request struct {
	Method    string
	Host      string // as sent
	Path      string // as sent, still escaped
	Query     string
	Secret    string // password, token or bearer it carried, "" if none
	Username  string // user name beside the password
	Scheme    string // of the Authorization header, as sent: "token", "Bearer", "Basic"
	UserAgent string
	Header    http.Header
	Body      string // what was sent to [API], [Registry] and [Web]; images are not kept
	TLS       bool   // sent to an https address
	Place     Place
	Time      time.Time
	Status    int // of the answer; 0 while there is none
}

// Place is a part of GitHub that can be broken by itself.
type Place string

const (
	API      Place = "api"      // REST and GraphQL
	Registry Place = "registry" // the registry's token endpoint, /token
	Images   Place = "images"   // the registry itself, /v2/
	Web      Place = "web"      // everything else on a GitHub host: the device flow
)

// destination says what a request is meant for.
type destination struct {
	place    Place
	github   string // its GitHub host
	registry string // the registry's canonical host name, if it is one
	prefix   string // part of the path that belongs to the host's form, not to the API
}

// Token is what the pretend GitHub knows of one secret. The kind of token follows
// from the secret's prefix, as listed at
// https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github.
type Token struct {
	Host      string    // GitHub host it belongs to, e.g. "acme.ghe.com" or "git.example.com"; "" is github.com
	Login     string    // owner's login
	Scopes    []string  // X-OAuth-Scopes; nil: no header; empty: empty header
	Expires   time.Time // GitHub-Authentication-Token-Expiration; zero: no header. It is dead from then on
	Suspended bool      // the owner's account is suspended
	Dead      bool      // revoked, or never issued
	Job       *Job      // the job that an Actions token, ghs_, was made for; it may do what the job may, not what Login may
}

// Kinds of token by prefix.
const (
	classic      = "ghp_"
	fineGrained  = "github_pat_"
	oauth        = "gho_"
	userToServer = "ghu_"
	installation = "ghs_"
	refresh      = "ghr_"
)

// credential is what a request carried.

type ownerKey struct{ github, login string }

// owner is who a namespace belongs to.
type owner struct {
	login, kind string
	members     []string
	policy      Policy
}

// Policy is what an organization asks of those who come for what it owns. The zero
// value asks for nothing.
type Policy struct {
	SSO                 bool     // classic and OAuth app tokens have to be authorized for single sign-on
	Authorized          []string // the secrets that are
	ForbidClassic       bool     // no personal access tokens (classic)
	RestrictOAuthApps   bool     // no OAuth app tokens: none of the apps is approved
	MembersMayNotCreate bool     // members may not create packages
}

// Package is one container package OWNER/NAME, and who may use it.
type Package struct {
	Owner, Name  string
	OwnerKind    string // "User", which "" is too, or "Organization"
	Public       bool
	Readers      []string // logins
	Writers      []string // logins; they read too. The owner of a User's package always writes
	Repository   string   // full name of the linked repository, "" for none
	RepositoryID int64

	// KeepsLink says that the package goes on to name its repository, with the old
	// ID, when that is deleted; else it names none. What GitHub does is not known.
	KeepsLink bool

	// ActionsAccess is "Manage Actions access": the role, "read" or "write", of the
	// repositories with these IDs. The linked repository has "write" if it is not
	// listed here.
	ActionsAccess map[int64]string

	Versions int // manifests that were put
}

// nameKey finds what is called OWNER/NAME.

type nameKey struct{ github, name string }

// Repository is a repository of code. Container packages do not belong to it: they
// are linked to it, by its ID.
type Repository struct {
	FullName string // OWNER/NAME
	ID       int64
	Private  bool // seen by its owner or the organization's members, with the scope "repo", and by its own jobs
}

// Job is the job of GitHub Actions that a GITHUB_TOKEN was made for. Such a token
// has no person's rights: a package lets in the job's repository, or does not
// (https://docs.github.com/packages/learn-github-packages/about-permissions-for-github-packages).
type Job struct {
	Repository   string // full name of the repository that runs it
	RepositoryID int64
	Owner        string // where the app is installed; "" is the repository's owner
	Packages     string // its permission for packages: "read", "write", "" for none
}

// caller is who an API request comes from; the zero value is anonymous.
type caller struct {
	host   string
	secret string
	token  Token
}

// device is one device flow between its start and its token, as
// https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
// describes it (RFC 8628).
type device struct {
	host, client string
	scopes       []string
	expires      time.Time
	asked        bool
}

type preset struct {
	secret string
	token  Token
}

// bearer is what the token endpoint gives out: a random word that says nothing
// (radius-project/radius#12623). Rights are looked up when it is used.
type bearer struct {
	secret  string // "" is anonymous
	github  string
	expires time.Time
}

type credential struct{ scheme, username, secret string }

func (c caller) anonymous() bool { return c.secret == "" }
