package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

// report is what status says of one registry. Its JSON form is documented in
// README; names there are stable.
type report struct {
	Registry string `json:"registry"`
	Host     string `json:"host"`
	// Scope is what a token must have.
	Scope string `json:"scope"`
	// OK is set if docker would get a token.
	OK     bool   `json:"ok"`
	Wiring wiring `json:"wiring"`
	// Candidates are in the order in which they are tried.
	Candidates []candidate `json:"candidates"`
	// OtherAccounts are gh accounts on the host that are not used.
	OtherAccounts []string `json:"other_accounts"`
	// Route is where gh's settings send questions about gh's tokens: an API host or a
	// socket. "" is the host's own API.
	Route string `json:"route"`

	refused []credentials.Verdict
	// login is the command that logs in to the host.
	login credentials.Fix
	// client is who gets the token: docker, or the kubelet.
	client string
}

// candidate is a token, or a place that should have had one.
type candidate struct {
	Source string `json:"source"`
	// Login is the GitHub user, "" where none is known.
	Login string `json:"login"`
	// Kind and Token say what was found; of the token no more than its prefix.
	Kind  string `json:"kind"`
	Token string `json:"token"`
	// Scopes is null if GitHub named none, which it does for tokens that have
	// permissions instead.
	Scopes  []string   `json:"scopes"`
	Expires *time.Time `json:"expires"`
	// Verdict is good, or the fault.
	Verdict string          `json:"verdict"`
	Reason  string          `json:"reason"`
	Fix     credentials.Fix `json:"fix"`
	// Used is set for the one that docker gets.
	Used bool `json:"used"`

	// Exposed is set if every user of this machine can read the file with the token.
	Exposed bool `json:"exposed"`

	// file is the file with the token, if it is in one.
	file string
	// unscoped is set for a token that has scopes, if GitHub never named them.
	unscoped bool
}

func statusCommand(w world) *cobra.Command {
	var registry string
	var asJSON, forKubelet bool
	command := &cobra.Command{
		Use:   "status",
		Short: "Show what docker would get now, from where, and what is wrong",
		Long: `Show what docker would get now, from where, and what is wrong.

It lists all places that can have a token, in the order in which they are tried,
and for each token what GitHub says about it now. The exit status is 0 if docker
would get a token for every registry shown, else 1.`,
		Example: `  docker-credential-ghcr status
  docker-credential-ghcr status --registry containers.example.com
  docker-credential-ghcr status --kubelet
  docker-credential-ghcr status --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			inspect := inspect
			if forKubelet {
				inspect = inspectForKubelet
			}
			return status(cmd.Context(), w, registry, asJSON, inspect)
		},
	}
	command.Flags().StringVar(&registry, "registry", "", "a registry or GitHub host; all that were set up if not given")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	command.Flags().BoolVar(&forKubelet, "kubelet", false, "show what a Kubernetes node's kubelet would get")
	return command
}

type inspection func(ctx context.Context, w world, registry string) (report, error)

func status(ctx context.Context, w world, registry string, asJSON bool, inspect inspection) error {
	registries, err := registriesToShow(registry)
	if err != nil {
		return err
	}
	ok := true
	reports := []report{}
	for _, registry := range registries {
		r, err := inspect(ctx, w, registry)
		if err != nil {
			return err
		}
		ok = ok && r.OK
		reports = append(reports, r)
	}
	if asJSON {
		err = terminal.PrintJSON(w.stdout, map[string]any{"registries": reports})
	} else {
		screen := terminal.NewScreen(w.stdout)
		for i, r := range reports {
			if i > 0 {
				fmt.Fprintln(screen)
			}
			r.print(screen)
		}
	}
	if err == nil && !ok {
		return errSaid
	}
	return err
}

// inspect gathers what status says of a registry.
func inspect(ctx context.Context, w world, registry string) (report, error) {
	r, err := inspectTokens(ctx, w.helper(true), registry)
	if err != nil {
		return r, err
	}
	r.client, r.Wiring = "docker", inspectWiring(ctx, registry)
	r.advise()
	r.OK = r.OK && r.Wiring.Asked
	return r, nil
}

// inspectForKubelet gathers what a kubelet would get. What docker uses does not matter.
func inspectForKubelet(ctx context.Context, w world, registry string) (report, error) {
	r, err := inspectTokens(ctx, w.kubeletHelper(true), registry)
	if r.Host == github.DotCom {
		r.login = credentials.Fix{Advice: "put a token with " + r.Scope + " into a file that only root can read, and name it as GHCR_TOKEN_FILE in the kubelet's CredentialProviderConfig"}
	}
	if r.client = "the kubelet"; os.Getenv("HOME") != "" {
		r.Wiring.find("kubelet-environment", note, "this shell has a HOME and variables of its own; a kubelet under systemd has no HOME",
			"to see what it sees, run: env -i GHCR_TOKEN_FILE="+tokenFile+` "$(command -v `+programName+`)" status --kubelet`)
	}
	return r, err
}

// inspectTokens judges every token for a registry.
func inspectTokens(ctx context.Context, helper *credentials.Helper, registry string) (report, error) {
	search, err := helper.Search(registry)
	if err != nil {
		return report{}, noSearch(registry, err)
	}
	r := report{
		Registry:      registry,
		Host:          search.Registry.Host,
		Scope:         string(search.Scope),
		Wiring:        wiring{Findings: []finding{}},
		Candidates:    []candidate{},
		OtherAccounts: append([]string{}, search.OtherAccounts()...),
		Route:         routeOf(search.GitHub(credentials.GH).Route),
		login:         loginFix(search),
	}
	for v := range search.Verdicts(ctx) {
		c := newCandidate(v)
		c.Used = v.Good() && !r.OK
		r.OK = r.OK || v.Good()
		r.Candidates = append(r.Candidates, c)
		if !v.Good() {
			r.refused = append(r.refused, v)
		}
	}
	return r, nil
}

// routeOf says where gh's settings send questions.
func routeOf(r github.Route) string {
	if r.Socket != "" {
		return "the socket " + r.Socket
	}
	return r.APIHost
}

// advise makes the advice about earlier logins fit: the last one that works is only to
// be replaced, never to be removed.
func (r *report) advise() {
	used := r.used()
	for i := range r.Wiring.Findings {
		f := &r.Wiring.Findings[i]
		if f.ID == "leftover-login" && r.needsPlainText() {
			f.Fix = "to replace it, " + r.login.String()
		}
	}
	for i := range r.Candidates {
		c := &r.Candidates[i]
		store, isStore := strings.CutPrefix(c.Source, "docker-credential-")
		if !isStore {
			continue
		}
		if c.Used {
			r.Wiring.find("store-login", note, fmt.Sprintf("docker's login for %s is from %s", r.Registry, c.Source), "to use your GitHub login instead, "+r.login.String())
		} else if used != nil && c.Kind != "" {
			r.Wiring.find("store-login", shadow, fmt.Sprintf("an earlier login for %s is still in %s, which docker no longer asks", r.Registry, c.Source),
				toRun(shell.Ours.Send(r.Registry, shell.Ours.Word("docker-credential-"+store)+" erase"), "remove it there"))
		}
	}
}

// needsPlainText reports whether a login in config.json is the one that docker gets, or
// may be the only one that works.
func (r *report) needsPlainText() bool {
	if used := r.used(); used != nil {
		return used.Source == string(credentials.DockerConfig)
	}
	return slices.ContainsFunc(r.Candidates, func(c candidate) bool {
		useless := []credentials.Fault{credentials.Rejected, credentials.WrongKind, credentials.Broken}
		return c.Source == string(credentials.DockerConfig) && !slices.Contains(useless, credentials.Fault(c.Verdict))
	})
}

// used is the candidate that docker gets, nil if it gets none.
func (r *report) used() *candidate {
	for i := range r.Candidates {
		if r.Candidates[i].Used {
			return &r.Candidates[i]
		}
	}
	return nil
}

func newCandidate(v credentials.Verdict) candidate {
	c := candidate{
		Source:  string(v.Source),
		Login:   v.Login,
		Verdict: "good",
		Reason:  v.Reason,
		Fix:     v.Fix,
		Exposed: v.Exposed,
		file:    v.File,
	}
	if v.Good() {
		c.Login = v.User
	} else {
		c.Verdict = string(v.Fault)
	}
	if !v.Token.IsZero() {
		c.Kind, c.Token = string(v.Token.Kind()), v.Token.String()
	}
	if v.HasScopes {
		c.Scopes = append([]string{}, v.Scopes...)
	}
	c.unscoped = v.Good() && !v.HasScopes && v.Token.Kind().ListsScopes()
	if !v.Expires.IsZero() {
		c.Expires = &v.Expires
	}
	return c
}

// missing is what a person has to do for docker to get a token: the easiest fix of what
// was refused, or a login if there is none. It is zero if docker gets one.
func (r report) missing() credentials.Fix {
	if r.used() != nil {
		return credentials.Fix{}
	}
	fix := r.login
	if len(r.refused) > 0 {
		fix = credentials.LeastFix(r.refused)
	}
	if _, err := exec.LookPath("gh"); err != nil && strings.Contains(fix.Command, "gh auth ") {
		return credentials.Fix{Advice: "install gh from https://cli.github.com and run: " + fix.Command}
	}
	return fix
}

var markOf = map[severity]terminal.Mark{blocks: terminal.Bad, shadow: terminal.Care, note: terminal.Plain}

// print shows a report to a person.
func (r report) print(s *terminal.Screen) {
	s.Heading(r.Registry)
	if r.Wiring.Asked {
		s.Say(2, terminal.Good, "docker uses %s (%s)", terminal.Tilde(r.Wiring.Program), terminal.Tilde(r.Wiring.Config))
	}
	for _, f := range r.Wiring.Findings {
		s.Say(2, markOf[f.Severity], "%s", f.Problem)
		s.Whole(2, f.Fix)
	}
	if r.Route != "" {
		s.Say(2, terminal.Plain, "questions about gh's tokens go to %s, as gh's settings say", r.Route)
	}
	gets := r.client + " gets"
	if r.client == "docker" && !r.Wiring.Asked {
		gets = "docker would get"
	}
	for _, c := range r.Candidates {
		c.print(s, gets)
	}
	for _, account := range r.OtherAccounts {
		s.Say(2, terminal.Plain, "gh, %s: available", account)
		s.Whole(2, "run: "+setupCommand(r.Registry, "--user "+account))
	}
	if len(r.Candidates) == 0 {
		s.Say(2, terminal.Bad, "no GitHub login was found for %s", r.Host)
		s.Whole(2, r.missing().String())
	}
}

// print shows a candidate. gets says who gets the one that is used.
func (c candidate) print(s *terminal.Screen, gets string) {
	name := c.Source
	if c.Login != "" {
		name += ", " + c.Login
	}
	if c.Verdict != "good" {
		s.Say(2, terminal.Bad, "%s: %s", name, c.Reason)
		s.Whole(2, c.Fix.String())
		return
	}
	text := name + ": " + c.Kind
	if c.Token != "" {
		text += " " + c.Token
	}
	if c.Scopes != nil {
		text += " with " + strings.Join(c.Scopes, ", ")
	}
	if c.Used {
		s.Say(2, terminal.Good, "%s (%s this one)", text, gets)
	} else {
		s.Say(2, terminal.Plain, "%s (not needed)", text)
	}
	if c.unscoped {
		s.Detail(2, "GitHub has never named its scopes, so they are not checked")
	}
	if c.Exposed {
		s.Say(4, terminal.Care, "every user of this machine can read %s", terminal.Tilde(c.file))
		s.Whole(4, "run: chmod o-r "+shell.Ours.Word(c.file))
	}
	c.printExpiry(s)
}

// soon is when the expiry of a token is worth a warning.
const soon = 7 * 24 * time.Hour

func (c candidate) printExpiry(s *terminal.Screen) {
	if c.Expires == nil {
		return
	}
	text := c.Expires.Local().Format("2 January 2006, 15:04")
	switch left := time.Until(*c.Expires); {
	case left < 0:
		s.Say(4, terminal.Care, "expired on %s", text)
		return
	case left < soon:
		s.Say(4, terminal.Care, "expires on %s", text)
		return
	}
	s.Detail(2, "expires on %s", text)
}
