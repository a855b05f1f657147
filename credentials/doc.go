// Package credentials finds the credential for a registry: the GitHub login that
// a person already has, with a token that was checked a moment ago.
//
// # One get, step by step
//
// docker starts the program with the word get and sends "ghcr.io".
// [Helper.Get] answers (helper.go):
//
//  1. Which GitHub host? parseRegistry maps the server URL to a [Registry]
//     (registry.go). For a name that is not one of GitHub's the answer is "not
//     found", and nothing has been opened.
//  2. What did the person ask for? The scope that is required and the gh account
//     to use come from GHCR_SCOPE and our settings (settings.go).
//  3. Where may a token be? Search.candidates goes through the places in order of
//     preference and opens each only when its turn has come (source.go):
//     variables (environment.go), what docker login gave (login.go), gh's own
//     store (gh.go). The last two read the OS keyring (keyring.go), within a
//     limit for the whole call. A place that fails is a candidate with a [Fault].
//  4. Will it do? Search.Judge gathers facts and makes a [Verdict] of them. Facts
//     come from memory if it is young enough (memory.go), else from GitHub's API
//     (github.go), else from the registry itself, the second witness
//     (witness.go). Of several processes that ask about the same token at once
//     one asks and the others wait for what it learns. The judgement is a pure
//     function of the facts (verdict.go).
//  5. The first good verdict is the answer. If there were candidates and none was
//     good, a refusal says why on stderr, and what mends it (refusal.go, again
//     pure). Either way docker is told no more than "not found", since any other
//     failure would stop it from pulling what is public.
//
// Status walks the same verdicts to the end instead of stopping at the first good
// one, so the two cannot disagree.
//
// What check asks about an image, of the registry and of GitHub, is in image.go, and
// what revoke does in revoke.go. Both give facts; the judgement is the command's.
//
// # Where tokens go
//
// A [Token] goes to the API of its own host, to the host that gh's setting
// api_host names for that, or through the socket that gh's http_unix_socket
// names; to the token endpoint of the registry itself; into the OS keyring when
// docker login brings one that is nowhere else; and to whoever called Get. All of
// it over TLS but for gh's socket. It is never printed: not by fmt, not by
// encoding/json, not by log/slog.
package credentials
