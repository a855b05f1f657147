//go:build unix && !linux

package process

import "syscall"

// DisableCoreDumps keeps the token out of core dumps. Programs that we start may raise
// the limit again.
func DisableCoreDumps() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_CORE, &limit) == nil {
		limit.Cur = 0
		_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &limit)
	}
}
