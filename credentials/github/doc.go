// Package github asks GitHub and its container registry about tokens and images,
// and says what they answered.
//
// It knows facts only: which registry belongs to which host (registry.go,
// host.go), what a token looks like (token.go), how the REST API (api.go,
// packages.go, revoke.go) and the registry (registryclient.go) are asked, and what
// an answer says (answer.go, state.go). Which token to use, and whether it is good
// enough, is decided by package credentials, which imports this one.
//
// A [Client] sends a token to the API of its own host, or where gh's settings say
// that this API is ([Route]), and to the registry of that host. Everything goes
// over TLS, except through a local socket that gh's settings name. No redirect is
// followed.
package github
