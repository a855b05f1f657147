// Package credentials finds the credential for a registry.
package credentials
