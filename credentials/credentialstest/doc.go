// Package credentialstest holds what programs that deal with GitHub logins and
// container registries test against: a pretend [GitHub], registry included, and
// an in-memory [Keyring].
//
// GitHub is an [http.Handler] that plays github.com, GHE.com and GitHub
// Enterprise Server at once, told apart by the Host header:
//
//	api.github.com          REST and GraphQL                 [API]
//	github.com              device flow                      [Web]
//	ghcr.io                 token endpoint; images           [Registry], [Images]
//	docker.pkg.github.com   the same, older name
//	api.SUB.ghe.com         REST and GraphQL of SUB.ghe.com
//	containers.SUB.ghe.com  its registry
//	HOST/api/v3, /api/graphql    REST and GraphQL of an enterprise server
//	containers.HOST, docker.HOST its registry
//
// A test uses it in memory through [GitHub.Transport], which needs no socket and
// works inside a testing/synctest bubble, or behind a server of its own under the
// real names.
//
//	hub := credentialstest.NewGitHub()
//	hub.Add("gho_example", credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
//	hub.Break("", credentialstest.API, credentialstest.Hang)
//	client := &http.Client{Transport: hub.Transport()}
//
// Who may pull and push is looked up at each request: what the token and its owner,
// or the job that it was made for, may do ([Token], [Job]), whom the package and the
// repository it is linked to let in ([Package], [Repository]), and what the
// organization asks for ([Policy]). API and registry know the same.
//
// What it answers follows GitHub's documentation where there is any. The rest is
// taken from public reports, named where it is used, and from the source of the
// programs that talk to GitHub. The refusals are in answers.go, each with how sure it
// is; "make live" finds out what GitHub itself says.
package credentialstest
