package credentialstest_test

import (
	"fmt"
	"net/http"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func ExampleGitHub() {
	hub := credentialstest.NewGitHub()
	hub.Add("gho_example", credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	client := &http.Client{Transport: hub.Transport()}

	ask := func() {
		req, _ := http.NewRequest(http.MethodGet, "https://api.github.com/user", nil)
		req.Header.Set("Authorization", "token gho_example")
		resp, err := client.Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		resp.Body.Close()
		fmt.Printf("%d %q\n", resp.StatusCode, resp.Header.Get("X-OAuth-Scopes"))
	}
	ask()
	hub.Break("gho_example", credentialstest.API, credentialstest.CloseEarly)
	ask()
	hub.Break("gho_example", credentialstest.API, nil)
	hub.Revoke("gho_example")
	ask()
	fmt.Println(len(hub.RequestsWith("gho_example")), "requests")
	// Output:
	// 200 "write:packages"
	// Get "https://api.github.com/user": EOF
	// 401 ""
	// 3 requests
}

func ExampleKeyring() {
	var keyring credentialstest.Keyring
	_ = keyring.Set("gh:github.com", "octocat", "gho_example")
	secret, _ := keyring.Get("gh:github.com", "octocat")
	fmt.Println(secret)
	fmt.Printf("%q\n", keyring.Calls())
	// Output:
	// gho_example
	// ["set gh:github.com octocat" "get gh:github.com octocat"]
}
