package credentials_test

import (
	"context"
	"fmt"
	"os"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// pretend makes a GitHub that knows octocat's token, and puts the token into
// GH_TOKEN until the example ends.
func pretend(scopes ...string) (hub *credentialstest.GitHub, end func()) {
	hub = credentialstest.NewGitHub()
	hub.Add("gho_example", credentialstest.Token{Login: "octocat", Scopes: scopes})
	os.Setenv("GH_TOKEN", "gho_example")
	os.Setenv("GHCR_NO_MEMORY", "1")
	return hub, func() {
		os.Setenv("GH_TOKEN", "")
		os.Setenv("GHCR_NO_MEMORY", "")
	}
}

func ExampleHelper_Get() {
	hub, end := pretend("gist", "write:packages")
	defer end()
	helper := &credentials.Helper{
		Stderr:    os.Stderr,
		Transport: hub.Transport(), // leave it out for the real GitHub
		UserAgent: "example",
	}
	fmt.Println(helper.Get("https://ghcr.io/v2/"))
	// Output: octocat gho_example <nil>
}

// A token that is not valid is not given. The person is told why, and what to do.
func ExampleHelper_Get_refusal() {
	hub, end := pretend("gist", "repo")
	defer end()
	helper := &credentials.Helper{Stderr: os.Stdout, Transport: hub.Transport(), UserAgent: "example"}
	_, _, err := helper.Get("ghcr.io")
	fmt.Println(err)
	// Output:
	// docker-credential-ghcr: error: no usable GitHub token for ghcr.io
	//   GH_TOKEN: lacks write:packages (has gist, repo)
	// docker-credential-ghcr: hint: put a token into GH_TOKEN that was made at https://github.com/settings/tokens/new?scopes=write%3Apackages
	// no usable GitHub token for ghcr.io: GH_TOKEN: lacks write:packages (has gist, repo)
}

// For other registries than GitHub's there is no credential, and no message.
func ExampleHelper_Get_foreign() {
	helper := &credentials.Helper{Stderr: os.Stdout}
	_, _, err := helper.Get("ghcr.io.example.com")
	fmt.Println(err)
	// Output: credentials not found in native keychain
}

// Verdicts shows every candidate where Get stops at the first good one.
func ExampleSearch_Verdicts() {
	hub, end := pretend("write:packages")
	defer end()
	os.Setenv("GITHUB_TOKEN", "ghp_revoked")
	defer os.Setenv("GITHUB_TOKEN", "")

	helper := &credentials.Helper{Transport: hub.Transport(), UserAgent: "example"}
	search, err := helper.Search("ghcr.io")
	if err != nil {
		return
	}
	for verdict := range search.Verdicts(context.Background()) {
		if verdict.Good() {
			fmt.Printf("%s: %s of %s\n", verdict.Source, verdict.Token.Kind(), verdict.User)
		} else {
			fmt.Printf("%s: %s\n", verdict.Source, verdict.Reason)
		}
	}
	// Output:
	// GH_TOKEN: OAuth app token of octocat
	// GITHUB_TOKEN: rejected by GitHub: expired or revoked
}
