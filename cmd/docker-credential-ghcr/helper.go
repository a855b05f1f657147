package main

import "github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"

// helper finds the credential, for docker as for a person. fresh asks GitHub again
// instead of using a cached answer.
func (w world) helper(fresh bool) *credentials.Helper {
	return &credentials.Helper{
		Stderr:    w.stderr,
		UserAgent: programName + "/" + version(),
		Fresh:     fresh,
		Earlier:   earlierLogins,
	}
}
