package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

// dockerConfigFile is docker's config.json for this person.
func dockerConfigFile() (string, error) {
	home, _ := os.UserHomeDir()
	return dockerconfig.Path(os.Getenv, home)
}

// recordsDir is where the undo records are, beside our settings; "" without a home.
func recordsDir() string {
	settings, err := credentials.SettingsPath()
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(settings), "setup")
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// tilde shortens a path for a person.
func tilde(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == string(filepath.Separator) {
		return path
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return "~" + string(filepath.Separator) + rest
	}
	return path
}
