//go:build !linux

package secretservice

// Program cannot tell.
func Program() string { return "" }
