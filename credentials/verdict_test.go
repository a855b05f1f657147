package credentials

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

var asked = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// kinds has a token of each kind.
var kinds = map[Kind]string{
	OAuthToken:   "gho_" + canary,
	Classic:      "ghp_" + canary,
	FineGrained:  "github_pat_" + canary,
	Installation: "ghs_" + canary,
	AppUser:      "ghu_" + canary,
	AppRefresh:   "ghr_" + canary,
	Unprefixed:   strings.Repeat("0123456789", 4),
	UnknownKind:  canary,
}

// alive is GitHub's yes to a token with these scopes.
func alive(scopes ...string) Answer {
	return Answer{Asked: asked, Status: 200, Own: true, Login: "octocat", HasScopes: true, Scopes: scopes}
}

func own(status int, message string) Answer {
	return Answer{Asked: asked, Status: status, Own: true, Message: message}
}

func denial(status int, code, message string) Answer {
	return Answer{Asked: asked, Status: status, Own: true, Code: code, Message: message}
}

func notOwn(status int) Answer { return Answer{Asked: asked, Status: status} }

func silent(trouble string) Answer { return Answer{Asked: asked, Trouble: trouble} }

// named is an answer with what it means.
type named struct {
	name   string
	answer Answer
	word   word
}

// apiAnswers are all that the API can answer. Those that name scopes are accepted
// by kind and scope.
var apiAnswers = []named{
	{"with the scope", alive("gist", "write:packages"), accepts},
	{"with the reading scope", alive("read:packages"), accepts},
	{"with other scopes", alive("repo", "read:org", "gist"), accepts},
	{"with scopes that look like it", alive("write:packages_extra", "xwrite:packages", "delete:packages", "write"), accepts},
	{"with an empty list of scopes", alive(), accepts},
	{"without a word of scopes", Answer{Asked: asked, Status: 200, Own: true, Login: "octocat"}, accepts},
	{"for an installation", Answer{Asked: asked, Status: 200, Own: true}, accepts},
	{"not accessible by integration", own(403, "Resource not accessible by integration"), accepts},
	{"401", own(401, "Bad credentials"), rejects},
	{"401 without a word", own(401, ""), rejects},
	{"403 suspended", own(403, "Sorry. Your account was suspended"), rejects},
	{"401 of a proxy", notOwn(401), unclear},
	{"403 of a proxy", notOwn(403), unclear},
	{"200 of a proxy", notOwn(200), unclear},
	{"403 single sign-on", own(403, "Resource protected by organization SAML enforcement."), unclear},
	{"403 rate limit", own(403, "API rate limit exceeded for user ID 1."), unclear},
	{"403 secondary rate limit", own(403, "You have exceeded a secondary rate limit."), unclear},
	{"403 lock-out", own(403, "Maximum number of login attempts exceeded."), unclear},
	{"403 not accessible by personal access token", own(403, "Resource not accessible by personal access token"), unclear},
	{"403 forbids access", own(403, "`acme` forbids access via a personal access token (classic)."), unclear},
	{"403 without a word", own(403, ""), unclear},
	{"404", own(404, "Not Found"), unclear},
	{"429", own(429, "You have exceeded a secondary rate limit."), unclear},
	{"500", own(500, "Server Error"), unclear},
	{"502", notOwn(502), unclear},
	{"503", notOwn(503), unclear},
	{"504", notOwn(504), unclear},
	{"a redirect", notOwn(307), unclear},
	{"204", own(204, ""), unclear},
	{"no answer in time", silent("no answer in time"), unclear},
	{"garbage", notOwn(200), unclear},
	{"not asked", Answer{}, unclear},
}

var registryAnswers = []named{
	{"not asked", Answer{}, unclear},
	{"a token", denial(200, "", ""), accepts},
	{"DENIED", denial(403, "DENIED", "denied"), rejects},
	{"UNAUTHORIZED", denial(401, "UNAUTHORIZED", "authentication required"), rejects},
	{"permission_denied", denial(403, "DENIED", "permission_denied: write_package"), unclear},
	{"another code", denial(403, "", "unsupported"), unclear},
	{"403 of a proxy", notOwn(403), unclear},
	{"200 of a proxy", notOwn(200), unclear},
	{"429", denial(429, "TOOMANYREQUESTS", "slow down"), unclear},
	{"500", notOwn(500), unclear},
	{"no answer in time", silent("no answer in time"), unclear},
}

// lastAnswers are what memory can hold of the API.
var lastAnswers = []named{
	{"nothing", Answer{}, unclear},
	{"the scope", alive("write:packages"), accepts},
	{"the reading scope", alive("read:packages"), accepts},
	{"other scopes", alive("repo"), accepts},
	{"an empty list", alive(), accepts},
	{"no word of scopes", Answer{Asked: asked, Status: 200, Own: true, Login: "octocat"}, accepts},
}

func TestWhatIsMadeOfTheFacts(t *testing.T) {
	t.Parallel()
	api := func(a Answer) facts { return facts{API: a, Actor: "actor"} }
	unreachable := silent("no answer in time")
	witnessed := func(registry, last Answer) facts {
		return facts{API: unreachable, Registry: registry, Last: last, Actor: "actor"}
	}
	token := denial(200, "", "")
	for _, test := range []struct {
		name   string
		kind   Kind
		want   Scope
		facts  facts
		fault  Fault
		reason string
		user   string
	}{
		// alive
		{"an OAuth token with the scope", OAuthToken, WritePackages, api(alive("gist", "write:packages")), "", "", "octocat"},
		{"a classic token with the scope", Classic, WritePackages, api(alive("write:packages")), "", "", "octocat"},
		{"an old token with the scope", Unprefixed, WritePackages, api(alive("write:packages")), "", "", "octocat"},
		{"a token of unknown kind with the scope", UnknownKind, WritePackages, api(alive("write:packages")), "", "", "octocat"},
		{"writing includes reading", OAuthToken, ReadPackages, api(alive("write:packages")), "", "", "octocat"},
		{"reading is enough where it is", OAuthToken, ReadPackages, api(alive("read:packages")), "", "", "octocat"},
		{"an OAuth token without a word of scopes", OAuthToken, WritePackages, api(Answer{Asked: asked, Status: 200, Own: true, Login: "octocat"}), "", "", "octocat"},
		{"an App's user token", AppUser, WritePackages, api(Answer{Asked: asked, Status: 200, Own: true, Login: "octocat"}), "", "", "octocat"},
		{"an App's user token with an empty list", AppUser, WritePackages, api(alive()), "", "", "octocat"},
		{"an App's user token with scopes of no use", AppUser, WritePackages, api(alive("repo")), "", "", "octocat"},
		{"an installation token", Installation, WritePackages, api(Answer{Asked: asked, Status: 200, Own: true}), "", "", "actor"},
		{"an installation token with an empty list", Installation, WritePackages, api(alive()), "", "", "actor"},
		{"a token of unknown kind with an empty list", UnknownKind, WritePackages, api(alive()), "", "", "octocat"},
		{"a token of unknown kind that is an integration's", UnknownKind, WritePackages, api(own(403, "Resource not accessible by integration")), "", "", "x-access-token"},

		// without the scope
		{"gh's own scopes", OAuthToken, WritePackages, api(alive("repo", "read:org", "gist")), LacksScope, "lacks write:packages (has gist, read:org, repo)", "octocat"},
		{"reading is not writing", OAuthToken, WritePackages, api(alive("read:packages")), LacksScope, "lacks write:packages (has read:packages)", "octocat"},
		{"no scopes at all", Classic, WritePackages, api(alive()), LacksScope, "lacks write:packages (has none)", "octocat"},
		{"no scopes at all, old", Unprefixed, ReadPackages, api(alive()), LacksScope, "lacks read:packages (has none)", "octocat"},
		{"a scope that looks like it", Classic, WritePackages, api(alive("write:packages_extra", "delete:packages")), LacksScope, "lacks write:packages (has delete:packages, write:packages_extra)", "octocat"},
		{"a token of unknown kind with other scopes", UnknownKind, WritePackages, api(alive("repo")), LacksScope, "lacks write:packages (has repo)", "octocat"},

		// dead
		{"401", OAuthToken, WritePackages, api(own(401, "Bad credentials")), Rejected, "rejected by GitHub: expired or revoked", "x-access-token"},
		{"401 though it was good once", OAuthToken, WritePackages, facts{API: own(401, "Bad credentials"), Last: alive("write:packages")}, Rejected, "rejected by GitHub: expired or revoked", "octocat"},
		{"401 though the registry takes it", OAuthToken, WritePackages, facts{API: own(401, "Bad credentials"), Registry: token}, Rejected, "rejected by GitHub: expired or revoked", "x-access-token"},
		{"401 for a job that is over", Installation, WritePackages, api(own(401, "Bad credentials")), Rejected, "rejected by GitHub: expired or revoked; it lives no longer than its job, an hour elsewhere", "actor"},
		{"a suspended account", Classic, WritePackages, api(own(403, "Sorry. Your account was suspended")), Rejected, "rejected by GitHub: the account is suspended", "x-access-token"},

		// of a kind that is not taken
		{"a fine-grained token", FineGrained, WritePackages, api(alive("write:packages")), WrongKind, "fine-grained personal access token; GitHub Packages does not take it", "octocat"},
		{"a fine-grained token of which nobody was asked", FineGrained, ReadPackages, facts{}, WrongKind, "fine-grained personal access token; GitHub Packages does not take it", "x-access-token"},
		{"a refresh token", AppRefresh, WritePackages, facts{}, WrongKind, "GitHub App refresh token; GitHub Packages does not take it", "x-access-token"},

		// the second witness
		{"the registry takes it, and its scopes were good", OAuthToken, WritePackages, witnessed(token, alive("write:packages")), "", "", "octocat"},
		{"the registry takes it, and its scopes were not", OAuthToken, WritePackages, witnessed(token, alive("repo")), LacksScope, "lacks write:packages (has repo)", "octocat"},
		{"the registry takes it, and it had no scopes", OAuthToken, WritePackages, witnessed(token, alive()), LacksScope, "lacks write:packages (has none)", "octocat"},
		{"the registry takes it, and nothing is known of scopes", OAuthToken, WritePackages, witnessed(token, Answer{}), "", "", "x-access-token"},
		{"the registry takes an installation token", Installation, WritePackages, witnessed(token, Answer{}), "", "", "actor"},
		{"the registry denies it", OAuthToken, WritePackages, witnessed(denial(403, "DENIED", "denied"), alive("write:packages")), Rejected, "rejected by the registry: expired or revoked", "octocat"},
		{"nobody can say", OAuthToken, WritePackages, witnessed(silent("connection refused"), alive("write:packages")), Unreachable, "could not be checked: API: no answer in time; registry: connection refused", "octocat"},
		{"nobody says anything clear", Classic, WritePackages, facts{API: own(500, "Server Error"), Registry: notOwn(502)}, Unreachable, "could not be checked: API: 500 Server Error; registry: 502, not GitHub's own answer", "x-access-token"},
		{"nobody was asked", Classic, WritePackages, facts{}, Unreachable, "could not be checked: API: not asked; registry: not asked", "x-access-token"},
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
func everyJudgement(t *testing.T, check func(t *testing.T, kind Kind, want Scope, f facts, api, registry word, v Verdict)) {
	t.Helper()
	for kind, secret := range kinds {
		c := Candidate{Source: "GH_TOKEN", Token: mustParse(t, secret)}
		for _, want := range []Scope{WritePackages, ReadPackages} {
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
		if got := a.answer.apiWord(); got != a.word {
			t.Errorf("API, %s: got word %v", a.name, got)
		}
	}
	for _, a := range registryAnswers {
		if got := a.answer.registryWord(); got != a.word {
			t.Errorf("registry, %s: got word %v", a.name, got)
		}
	}
}

func TestAnUnclearAnswerNeverCondemns(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind Kind, _ Scope, _ facts, api, registry word, v Verdict) {
		if v.Fault == Rejected && api != rejects && (api != unclear || registry != rejects) {
			t.Error("rejected by nobody")
		}
		if api == unclear && registry == unclear && v.Fault != Unreachable && v.Fault != WrongKind {
			t.Error("judged by nobody")
		}
	})
}

func TestATokenThatSomebodyRejectsIsNotGood(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind Kind, _ Scope, _ facts, api, registry word, v Verdict) {
		if (api == rejects || api == unclear && registry == rejects) && v.Fault != Rejected && v.Fault != WrongKind {
			t.Error("not rejected")
		}
		if v.Good() && api != accepts && registry != accepts {
			t.Error("good, though nobody said so")
		}
	})
}

func TestATokenThatIsKnownToLackTheScopeIsNotGood(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind Kind, want Scope, f facts, api, _ word, v Verdict) {
		known := f.API
		if api == unclear {
			known = f.Last
		}
		has := slices.Contains(known.Scopes, string(want)) || want == ReadPackages && slices.Contains(known.Scopes, "write:packages")
		scoped := kind == OAuthToken || kind == Classic || kind == Unprefixed
		if v.Good() && known.HasScopes && !has && (scoped || kind == UnknownKind && len(known.Scopes) > 0) {
			t.Error("good without the scope")
		}
		if v.Fault == LacksScope && (has || !known.HasScopes) {
			t.Error("said to lack what it has, or what nobody spoke of")
		}
		if v.Fault == LacksScope && (kind == Installation || kind == AppUser) {
			t.Error("a token with permissions is judged by scopes")
		}
	})
}

func TestAKindThatIsNotTakenIsNeverGood(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind Kind, _ Scope, _ facts, _, _ word, v Verdict) {
		if refused := kind == FineGrained || kind == AppRefresh; refused != (v.Fault == WrongKind) {
			t.Error("wrong about the kind")
		}
	})
}

func TestAVerdictIsFitToBeShownAndUsed(t *testing.T) {
	t.Parallel()
	everyJudgement(t, func(t *testing.T, kind Kind, want Scope, f facts, api, registry word, v Verdict) {
		if v.Good() != (v.Reason == "") {
			t.Errorf("fault %q with reason %q", v.Fault, v.Reason)
		}
		if strings.ContainsAny(v.Reason, "\n\r") || strings.Contains(v.Reason, canary) || strings.Contains(v.Reason, "0123456789") {
			t.Errorf("reason %q", v.Reason)
		}
		if v.User == "" || v.User == "<token>" {
			t.Errorf("user %q", v.User)
		}
		if v.Witnessed && (api != unclear || registry != accepts) {
			t.Error("witnessed by nobody")
		}
		if v.Good() && api == unclear && !v.Witnessed {
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
	one, two := judge(c, WritePackages, f), judge(c, WritePackages, f)
	one.Token, two.Token = Token{}, Token{}
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
		v := judge(c, WritePackages, facts{API: alive("write:packages"), Registry: denial(200, "", "")})
		if v.Fault != fault || v.Reason != "as it is" || v.User != "octocat" || v.Good() {
			t.Errorf("%s became %+v", fault, v)
		}
	}
}

func TestTheUserIsWhomGitHubNamedBeforeWhomTheSourceNames(t *testing.T) {
	t.Parallel()
	named := func(login string) Answer { return Answer{Asked: asked, Status: 200, Own: true, Login: login} }
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
		{"nobody", "gho_example", "", facts{}, "", "x-access-token"},
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
