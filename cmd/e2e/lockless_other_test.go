//go:build !linux

package e2e

func lockless() { fatalf("only Linux takes a program's locks away") }
