// Package credentials finds the credential for a registry: the GitHub login that
// a person already has, with a token that was checked a moment ago.
//
// # One get, step by step
//
// docker starts the program with the verb get and sends "ghcr.io".
// [Helper.Get] answers (helper.go):
//
//  1. Which GitHub host? findRegistry (configured.go) maps the server URL to a
//     registry. For a name that is not one of GitHub's the answer is "not found",
//     and nothing has been opened.
//  2. What did the person ask for? The required scope and the account of gh to use
//     come from variables and our settings (settings.go).
//  3. Where may a token be? The places are tried in order of preference, and each is
//     opened only when its turn has come (source.go): variables (environment.go),
//     files of tokens (tokenfile.go), what docker login gave (login.go), gh's own store
//     (gh.go), and what the caller supplies as [Helper.Earlier]. The keyring
//     (keyring.go) has a time limit for the whole call. A place that fails is a
//     candidate with a [Fault] (candidate.go).
//  4. Is it valid? [Search.Judge] gathers facts (ask.go) and makes a [Verdict] of them
//     (verdict.go, a pure function). Facts come from the cache if they are fresh
//     (cache.go), else from GitHub's API, else from the registry itself. Of several
//     processes that ask about the same token at once, one asks and the others wait for
//     its answer.
//  5. The first valid token is the answer. If there were candidates and none was valid,
//     a [Refusal] says why (refusal.go) and how to fix it (fix.go). For docker it is
//     "not found", since any other failure would stop it from pulling public images.
//
// Status walks the same verdicts to the end instead of stopping at the first valid
// one, so the two cannot disagree.
//
// How GitHub and its registry are asked is in package github, which knows facts only.
//
// # Where tokens go
//
// A token goes to the API of its own host; if it is one of gh's tokens, to the host or
// the socket that gh's settings name for that; to the token endpoint of the registry
// itself; into the OS keyring when docker login brings one that is nowhere else; and to
// the caller of Get. All of it over TLS, except for gh's socket. It is never printed: not
// by fmt, not by encoding/json, not by log/slog.
package credentials
