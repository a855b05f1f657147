package e2e

import (
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// A program that uses go-containerregistry gets the GitHub login through a keychain.
// Registries that are not GitHub's stay anonymous.
func Example_keychain() {
	github := credentialstest.NewGitHub()
	github.Add("gho_example", credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	os.Setenv("GH_TOKEN", "gho_example")
	defer os.Unsetenv("GH_TOKEN")
	os.Setenv("GHCR_NO_MEMORY", "1")
	defer os.Unsetenv("GHCR_NO_MEMORY")

	keychain := authn.NewKeychainFromHelper(&credentials.Helper{
		Transport: github.Transport(), // leave it out for the real GitHub
	})
	for _, image := range []string{"ghcr.io/octocat/app", "registry.example.com/octocat/app"} {
		repository, err := name.NewRepository(image)
		if err != nil {
			fmt.Println(err)
			return
		}
		login, err := keychain.Resolve(repository)
		if err != nil {
			fmt.Println(err)
			return
		}
		if login == authn.Anonymous {
			fmt.Println(image, "anonymous")
			continue
		}
		config, err := login.Authorization()
		fmt.Println(image, config.Username, config.Password, err)
	}
	// Output:
	// ghcr.io/octocat/app octocat gho_example <nil>
	// registry.example.com/octocat/app anonymous
}
