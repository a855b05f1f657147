package github

import "fmt"

// Scope is an OAuth scope that a token may have.
type Scope string

// The two scopes of GitHub Packages that matter to a registry client; the first
// includes the second. See
// https://docs.github.com/en/packages/learn-github-packages/about-permissions-for-github-packages
const (
	WritePackages Scope = "write:packages"
	ReadPackages  Scope = "read:packages"
)

// In reports whether a token with these scopes has s.
func (s Scope) In(scopes []string) bool {
	for _, have := range scopes {
		if have == string(s) || s == ReadPackages && have == string(WritePackages) {
			return true
		}
	}
	return false
}

// Validate reports an error for what is neither of the two nor empty.
func (s Scope) Validate() error {
	switch s {
	case "", WritePackages, ReadPackages:
		return nil
	}
	return fmt.Errorf("the scope is neither %s nor %s", WritePackages, ReadPackages)
}
