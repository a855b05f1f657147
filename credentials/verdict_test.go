package credentials

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

var asked = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// kinds has a token of each kind.
var kinds = map[github.Kind]string{
	github.OAuthToken:   "gho_" + canary,
	github.Classic:      "ghp_" + canary,
	github.FineGrained:  "github_pat_" + canary,
	github.Installation: "ghs_" + canary,
	github.AppUser:      "ghu_" + canary,
	github.AppRefresh:   "ghr_" + canary,
	github.Unprefixed:   strings.Repeat("0123456789", 4),
	github.UnknownKind:  canary,
}

// alive is GitHub's yes to a token with these scopes.
func alive(scopes ...string) github.Answer {
	return github.Answer{Asked: asked, Status: 200, Own: true, Login: "octocat", HasScopes: true, Scopes: scopes}
}

func own(status int, message string) github.Answer {
	return github.Answer{Asked: asked, Status: status, Own: true, Message: message}
}

func denial(status int, code, message string) github.Answer {
	return github.Answer{Asked: asked, Status: status, Own: true, Code: code, Message: message}
}

func notOwn(status int) github.Answer { return github.Answer{Asked: asked, Status: status} }

func silent(trouble string) github.Answer { return github.Answer{Asked: asked, Trouble: trouble} }

// named is an answer with what it means.
type named struct {
	name   string
	answer github.Answer
	word   github.State
}

// apiAnswers are all that the API can answer. Those that name scopes are accepted
// by kind and scope.
var apiAnswers = []named{
	{"with the scope", alive("gist", "write:packages"), github.Valid},
	{"with the reading scope", alive("read:packages"), github.Valid},
	{"with other scopes", alive("repo", "read:org", "gist"), github.Valid},
	{"with scopes that look like it", alive("write:packages_extra", "xwrite:packages", "delete:packages", "write"), github.Valid},
	{"with an empty list of scopes", alive(), github.Valid},
	{"without a word of scopes", github.Answer{Asked: asked, Status: 200, Own: true, Login: "octocat"}, github.Valid},
	{"for an installation", github.Answer{Asked: asked, Status: 200, Own: true}, github.Valid},
	{"not accessible by integration", own(403, "Resource not accessible by integration"), github.Valid},
	{"401", own(401, "Bad credentials"), github.Invalid},
	{"401 without a word", own(401, ""), github.Invalid},
	{"403 suspended", own(403, "Sorry. Your account was suspended"), github.Invalid},
	{"401 of a proxy", notOwn(401), github.Unknown},
	{"403 of a proxy", notOwn(403), github.Unknown},
	{"200 of a proxy", notOwn(200), github.Unknown},
	{"403 single sign-on", own(403, "Resource protected by organization SAML enforcement."), github.Unknown},
	{"403 rate limit", own(403, "API rate limit exceeded for user ID 1."), github.Unknown},
	{"403 secondary rate limit", own(403, "You have exceeded a secondary rate limit."), github.Unknown},
	{"403 lock-out", own(403, "Maximum number of login attempts exceeded."), github.Unknown},
	{"403 not accessible by personal access token", own(403, "Resource not accessible by personal access token"), github.Unknown},
	{"403 forbids access", own(403, "`acme` forbids access via a personal access token (classic)."), github.Unknown},
	{"403 without a word", own(403, ""), github.Unknown},
	{"404", own(404, "Not Found"), github.Unknown},
	{"429", own(429, "You have exceeded a secondary rate limit."), github.Unknown},
	{"500", own(500, "Server Error"), github.Unknown},
	{"502", notOwn(502), github.Unknown},
	{"503", notOwn(503), github.Unknown},
	{"504", notOwn(504), github.Unknown},
	{"a redirect", notOwn(307), github.Unknown},
	{"204", own(204, ""), github.Unknown},
	{"no answer in time", silent("no answer in time"), github.Unknown},
	{"garbage", notOwn(200), github.Unknown},
	{"not asked", github.Answer{}, github.Unknown},
}

var registryAnswers = []named{
	{"not asked", github.Answer{}, github.Unknown},
	{"a token", denial(200, "", ""), github.Valid},
	{"DENIED", denial(403, "DENIED", "denied"), github.Invalid},
	{"UNAUTHORIZED", denial(401, "UNAUTHORIZED", "authentication required"), github.Invalid},
	{"permission_denied", denial(403, "DENIED", "permission_denied: write_package"), github.Unknown},
	{"another code", denial(403, "", "unsupported"), github.Unknown},
	{"403 of a proxy", notOwn(403), github.Unknown},
	{"200 of a proxy", notOwn(200), github.Unknown},
	{"429", denial(429, "TOOMANYREQUESTS", "slow down"), github.Unknown},
	{"500", notOwn(500), github.Unknown},
	{"no answer in time", silent("no answer in time"), github.Unknown},
}

// lastAnswers are what memory can hold of the API.
var lastAnswers = []named{
	{"nothing", github.Answer{}, github.Unknown},
	{"the scope", alive("write:packages"), github.Valid},
	{"the reading scope", alive("read:packages"), github.Valid},
	{"other scopes", alive("repo"), github.Valid},
	{"an empty list", alive(), github.Valid},
	{"no word of scopes", github.Answer{Asked: asked, Status: 200, Own: true, Login: "octocat"}, github.Valid},
}

func TestWhatIsMadeOfTheFacts(t *testing.T) {
	t.Parallel()
	api := func(a github.Answer) facts { return facts{API: a, Actor: "actor"} }
	unreachable := silent("no answer in time")
	witnessed := func(registry, last github.Answer) facts {
		return facts{API: unreachable, Registry: registry, Last: last, Actor: "actor"}
	}
	token := denial(200, "", "")
	for _, test := range []struct {
		name   string
		kind   github.Kind
		want   github.Scope
		facts  facts
		fault  Fault
		reason string
		user   string
	}{
		// alive
		{"an OAuth token with the scope", github.OAuthToken, github.WritePackages, api(alive("gist", "write:packages")), "", "", "octocat"},
		{"a classic token with the scope", github.Classic, github.WritePackages, api(alive("write:packages")), "", "", "octocat"},
		{"an old token with the scope", github.Unprefixed, github.WritePackages, api(alive("write:packages")), "", "", "octocat"},
		{"a token of unknown kind with the scope", github.UnknownKind, github.WritePackages, api(alive("write:packages")), "", "", "octocat"},
		{"writing includes reading", github.OAuthToken, github.ReadPackages, api(alive("write:packages")), "", "", "octocat"},
		{"reading is enough where it is", github.OAuthToken, github.ReadPackages, api(alive("read:packages")), "", "", "octocat"},
		{"an OAuth token without a word of scopes", github.OAuthToken, github.WritePackages, api(github.Answer{Asked: asked, Status: 200, Own: true, Login: "octocat"}), "", "", "octocat"},
		{"an App's user token", github.AppUser, github.WritePackages, api(github.Answer{Asked: asked, Status: 200, Own: true, Login: "octocat"}), "", "", "octocat"},
		{"an App's user token with an empty list", github.AppUser, github.WritePackages, api(alive()), "", "", "octocat"},
		{"an App's user token with scopes of no use", github.AppUser, github.WritePackages, api(alive("repo")), "", "", "octocat"},
		{"an installation token", github.Installation, github.WritePackages, api(github.Answer{Asked: asked, Status: 200, Own: true}), "", "", "actor"},
		{"an installation token with an empty list", github.Installation, github.WritePackages, api(alive()), "", "", "actor"},
		{"a token of unknown kind with an empty list", github.UnknownKind, github.WritePackages, api(alive()), "", "", "octocat"},
		{"a token of unknown kind that is an integration's", github.UnknownKind, github.WritePackages, api(own(403, "Resource not accessible by integration")), "", "", "x-access-token"},

		// without the scope
		{"gh's own scopes", github.OAuthToken, github.WritePackages, api(alive("repo", "read:org", "gist")), LacksScope, "lacks write:packages (has gist, read:org, repo)", "octocat"},
		{"reading is not writing", github.OAuthToken, github.WritePackages, api(alive("read:packages")), LacksScope, "lacks write:packages (has read:packages)", "octocat"},
		{"no scopes at all", github.Classic, github.WritePackages, api(alive()), LacksScope, "lacks write:packages (has none)", "octocat"},
		{"no scopes at all, old", github.Unprefixed, github.ReadPackages, api(alive()), LacksScope, "lacks read:packages (has none)", "octocat"},
		{"a scope that looks like it", github.Classic, github.WritePackages, api(alive("write:packages_extra", "delete:packages")), LacksScope, "lacks write:packages (has delete:packages, write:packages_extra)", "octocat"},
		{"a token of unknown kind with other scopes", github.UnknownKind, github.WritePackages, api(alive("repo")), LacksScope, "lacks write:packages (has repo)", "octocat"},

		// dead
		{"401", github.OAuthToken, github.WritePackages, api(own(401, "Bad credentials")), Rejected, "rejected by GitHub: expired or revoked; or it was cut off: it has 15 characters instead of 40", "x-access-token"},
		{"401 though it was good once", github.OAuthToken, github.WritePackages, facts{API: own(401, "Bad credentials"), Last: alive("write:packages")}, Rejected, "rejected by GitHub: expired or revoked; or it was cut off: it has 15 characters instead of 40", "octocat"},
		{"401 though the registry takes it", github.OAuthToken, github.WritePackages, facts{API: own(401, "Bad credentials"), Registry: token}, Rejected, "rejected by GitHub: expired or revoked; or it was cut off: it has 15 characters instead of 40", "x-access-token"},
		{"401 for a job that is over", github.Installation, github.WritePackages, api(own(401, "Bad credentials")), Rejected, "rejected by GitHub: expired or revoked; it lives no longer than its job, an hour elsewhere; or it was cut off: it has 15 characters instead of 40", "actor"},
		{"a suspended account", github.Classic, github.WritePackages, api(own(403, "Sorry. Your account was suspended")), Rejected, "rejected by GitHub: the account is suspended", "x-access-token"},

		// of a kind that is not taken
		{"a fine-grained token", github.FineGrained, github.WritePackages, api(alive("write:packages")), WrongKind, "fine-grained personal access token; GitHub Packages does not take it", "octocat"},
		{"a fine-grained token that was not checked", github.FineGrained, github.ReadPackages, facts{}, WrongKind, "fine-grained personal access token; GitHub Packages does not take it", "x-access-token"},
		{"a refresh token", github.AppRefresh, github.WritePackages, facts{}, WrongKind, "GitHub App refresh token; GitHub Packages does not take it", "x-access-token"},

		// the registry
		{"the registry takes it, and its scopes were good", github.OAuthToken, github.WritePackages, witnessed(token, alive("write:packages")), "", "", "octocat"},
		{"the registry takes it, and its scopes were not", github.OAuthToken, github.WritePackages, witnessed(token, alive("repo")), LacksScope, "lacks write:packages (has repo)", "octocat"},
		{"the registry takes it, and it had no scopes", github.OAuthToken, github.WritePackages, witnessed(token, alive()), LacksScope, "lacks write:packages (has none)", "octocat"},
		{"the registry takes it, and nothing is known of scopes", github.OAuthToken, github.WritePackages, witnessed(token, github.Answer{}), "", "", "x-access-token"},
		{"the registry takes an installation token", github.Installation, github.WritePackages, witnessed(token, github.Answer{}), "", "", "actor"},
		{"the registry denies it", github.OAuthToken, github.WritePackages, witnessed(denial(403, "DENIED", "denied"), alive("write:packages")), Rejected, "rejected by the registry: expired or revoked; or it was cut off: it has 15 characters instead of 40", "octocat"},
		{"unknown", github.OAuthToken, github.WritePackages, witnessed(silent("connection refused"), alive("write:packages")), Unreachable, "could not be checked: API: no answer in time; registry: connection refused", "octocat"},
		{"no clear answer", github.Classic, github.WritePackages, facts{API: own(500, "Server Error"), Registry: notOwn(502)}, Unreachable, "could not be checked: API: 500 Server Error; registry: 502, not GitHub's own answer", "x-access-token"},
		{"no request was sent", github.Classic, github.WritePackages, facts{}, Unreachable, "could not be checked: API: not asked; registry: not asked", "x-access-token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := Candidate{Source: "GH_TOKEN", Token: mustParse(t, kinds[test.kind])}
			if test.facts.Actor == "" {
				test.facts.Actor = "actor"
			}
			v := judge(c, test.want, test.facts)
			if v.Fault != test.fault || v.Reason != test.reason || v.User != test.user {
				t.Errorf("got fault %q, reason %q, user %q", v.Fault, v.Reason, v.User)
			}
			if v.Good() != (test.fault == "") {
				t.Errorf("good is %v", v.Good())
			}
		})
	}
}

// everyJudgement judges every kind of token by every combination of facts.
func everyJudgement(t *testing.T, check func(t *testing.T, kind github.Kind, want github.Scope, f facts, api, registry github.State, v Verdict)) {
	t.Helper()
	for kind, secret := range kinds {
		c := Candidate{Source: "GH_TOKEN", Token: mustParse(t, secret)}
		for _, want := range []github.Scope{github.WritePackages, github.ReadPackages} {
			for _, api := range apiAnswers {
				for _, registry := range registryAnswers {
					for _, last := range lastAnswers {
						f := facts{API: api.answer, Registry: registry.answer, Last: last.answer, Actor: "actor"}
						v := judge(c, want, f)
						check(t, kind, want, f, api.word, registry.word, v)
						if t.Failed() { // the first is enough
							t.Fatalf("%s, wanted %s, API says %s, registry says %s, last known %s: got %+v",
								kind, want, api.name, registry.name, last.name, v)
						}
					}
				}
			}
		}
	}
}

func TestEveryAnswerMeansWhatTheTablesSay(t *testing.T) {
	t.Parallel()
	for _, a := range apiAnswers {
		if got := a.answer.StateByAPI(); got != a.word {
			t.Errorf("API, %s: got word %v", a.name, got)
		}
	}
	for _, a := range registryAnswers {
		if got := a.answer.StateByRegistry(); got != a.word {
			t.Errorf("registry, %s: got word %v", a.name, got)
		}
	}
}

func TestAnUnclearAnswerNeverCondemns(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind github.Kind, _ github.Scope, _ facts, api, registry github.State, v Verdict) {
		if v.Fault == Rejected && api != github.Invalid && (api != github.Unknown || registry != github.Invalid) {
			t.Error("rejected, but not by GitHub")
		}
		if api == github.Unknown && registry == github.Unknown && v.Fault != Unreachable && v.Fault != WrongKind {
			t.Error("judged without an answer")
		}
	})
}

func TestATokenThatSomebodyRejectsIsNotGood(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind github.Kind, _ github.Scope, _ facts, api, registry github.State, v Verdict) {
		if (api == github.Invalid || api == github.Unknown && registry == github.Invalid) && v.Fault != Rejected && v.Fault != WrongKind {
			t.Error("not rejected")
		}
		if v.Good() && api != github.Valid && registry != github.Valid {
			t.Error("good, though no answer says so")
		}
	})
}

func TestATokenThatIsKnownToLackTheScopeIsNotGood(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind github.Kind, want github.Scope, f facts, api, _ github.State, v Verdict) {
		known := f.API
		if api == github.Unknown {
			known = f.Last
		}
		has := slices.Contains(known.Scopes, string(want)) || want == github.ReadPackages && slices.Contains(known.Scopes, "write:packages")
		scoped := kind == github.OAuthToken || kind == github.Classic || kind == github.Unprefixed
		if v.Good() && known.HasScopes && !has && (scoped || kind == github.UnknownKind && len(known.Scopes) > 0) {
			t.Error("good without the scope")
		}
		if v.Fault == LacksScope && (has || !known.HasScopes) {
			t.Error("said to lack what it has, or what no answer lists")
		}
		if v.Fault == LacksScope && (kind == github.Installation || kind == github.AppUser) {
			t.Error("a token with permissions is judged by scopes")
		}
	})
}

func TestAKindThatIsNotTakenIsNeverGood(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind github.Kind, _ github.Scope, _ facts, _, _ github.State, v Verdict) {
		if refused := kind == github.FineGrained || kind == github.AppRefresh; refused != (v.Fault == WrongKind) {
			t.Error("wrong about the kind")
		}
	})
}

func TestAVerdictIsFitToBeShownAndUsed(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind github.Kind, want github.Scope, f facts, api, registry github.State, v Verdict) {
		if v.Good() != (v.Reason == "") {
			t.Errorf("fault %q with reason %q", v.Fault, v.Reason)
		}
		if strings.ContainsAny(v.Reason, "\n\r") || strings.Contains(v.Reason, canary) || strings.Contains(v.Reason, "0123456789") {
			t.Errorf("reason %q", v.Reason)
		}
		if v.User == "" || v.User == "<token>" {
			t.Errorf("user %q", v.User)
		}
		if v.Witnessed && (api != github.Unknown || registry != github.Valid) {
			t.Error("vouched for without an answer")
		}
		if v.Good() && api == github.Unknown && !v.Witnessed {
			t.Error("does not say who vouched for it")
		}
	})
}

func TestJudgingChangesNothing(t *testing.T) {
	t.Parallel()
	c := Candidate{Source: "GH_TOKEN", Token: mustParse(t, "gho_example")}
	facts := func() facts {
		return facts{API: alive("repo", "gist", "admin:org"), Last: alive("repo", "gist"), Actor: "actor"}
	}
	f := facts()
	one, two := judge(c, github.WritePackages, f), judge(c, github.WritePackages, f)
	one.Token, two.Token = github.Token{}, github.Token{}
	if !reflect.DeepEqual(one, two) {
		t.Errorf("first %+v, then %+v", one, two)
	}
	if !reflect.DeepEqual(f, facts()) {
		t.Errorf("the facts are now %+v", f)
	}
}

func TestAPlaceThatFailedKeepsItsFault(t *testing.T) {
	t.Parallel()
	for _, fault := range byEffort {
		c := Candidate{Source: GH, Login: "octocat", Fault: fault, Reason: "as it is"}
		v := judge(c, github.WritePackages, facts{API: alive("write:packages"), Registry: denial(200, "", "")})
		if v.Fault != fault || v.Reason != "as it is" || v.User != "octocat" || v.Good() {
			t.Errorf("%s became %+v", fault, v)
		}
	}
}

func TestTheUserIsWhomGitHubNamedBeforeWhomTheSourceNames(t *testing.T) {
	t.Parallel()
	named := func(login string) github.Answer {
		return github.Answer{Asked: asked, Status: 200, Own: true, Login: login}
	}
	for _, test := range []struct {
		name          string
		secret        string
		source        string
		facts         facts
		actor, wanted string
	}{
		{"the API", "gho_example", "hubot", facts{API: named("octocat"), Last: named("monalisa")}, "", "octocat"},
		{"the last answer", "gho_example", "hubot", facts{Last: named("monalisa")}, "", "monalisa"},
		{"the source", "gho_example", "hubot", facts{}, "", "hubot"},
		{"no user", "gho_example", "", facts{}, "", "x-access-token"},
		{"the source with what means something else to docker", "gho_example", "<token>", facts{}, "", "x-access-token"},
		{"the source with what is no login", "gho_example", "octo cat", facts{}, "", "x-access-token"},
		{"an e-mail address", "gho_example", "octocat@example.com", facts{}, "", "x-access-token"},
		{"an installation token in a job", "ghs_example", "hubot", facts{Last: named("monalisa")}, "octocat", "octocat"},
	} {
		test.facts.Actor = test.actor
		c := Candidate{Source: GH, Login: test.source, Token: mustParse(t, test.secret)}
		if got := userOf(c, test.facts); got != test.wanted {
			t.Errorf("%s: got %q, want %q", test.name, got, test.wanted)
		}
	}
}
