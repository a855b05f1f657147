package main

import (
	"os"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// The Credential Manager passes the contract that the tests' fake is held to.
func TestCredentialManagerKeepsTheContract(t *testing.T) {
	if os.Getenv("WINEPREFIX") == "" {
		t.Skip("it would write into the Credential Manager of whoever runs it; the tests of cmd/e2e run it under wine")
	}
	credentialstest.TestKeyring(t, credentials.OSKeyring{}, credentials.ErrNotInKeyring)
}
