//go:build unix

package credentials

import (
	"path/filepath"
	"syscall"
	"testing"
)

func TestAPipeIsNeverWaitedFor(t *testing.T) {
	m := newMachine(t)
	m.write(filepath.Join(filepath.Dir(m.hostsPath()), "config.yml"), "version: \"1\"\n")
	if err := syscall.Mkfifo(m.hostsPath(), 0o600); err != nil {
		t.Skip(err)
	}
	m.says("ghcr.io",
		"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
		"  gh: "+m.hostsPath()+" is not a regular file",
		"docker-credential-ghcr: hint: mend what is named above, then try again",
	)
}
