package github_test

import (
	"fmt"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// However it is printed, a token shows no more than its kind.
func ExampleToken() {
	token, err := github.ParseToken("gho_example\n")
	if err != nil {
		return
	}
	fmt.Printf("%v %+v %q %s\n", token, struct{ Secret github.Token }{token}, token, token.Kind())
	// Output: gho_**** {Secret:gho_****} gho_**** OAuth app token
}
