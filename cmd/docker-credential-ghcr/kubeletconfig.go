package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

// What configures a kubelet to run this program?

// tokenFile is where README's recipes put a node's token.
const tokenFile = "/etc/ghcr/token"

// printKubeletConfig prints a CredentialProviderConfig for the registries that this
// machine knows. See
// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/#kubelet-config-k8s-io-v1-CredentialProviderConfig
func printKubeletConfig(w world, lasts time.Duration) error {
	registries, err := registriesToShow("")
	if err != nil {
		return err
	}
	logins, err := w.helper(false).List()
	if err != nil {
		return err
	}
	registries = append(registries, slices.Collect(maps.Keys(logins))...)
	slices.Sort(registries)
	registries = slices.Compact(registries)

	var b strings.Builder
	b.WriteString("apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n")
	fmt.Fprintf(&b, "  - name: %s\n    apiVersion: %s\n    matchImages:\n", programName, kubeletAPI)
	for _, registry := range registries {
		fmt.Fprintf(&b, "      - %q\n", registry)
	}
	b.WriteString("    defaultCacheDuration: \"0s\"\n    args:\n      - kubelet\n")
	if lasts != cacheDuration {
		fmt.Fprintf(&b, "      - --cache-duration=%v\n", lasts)
	}
	b.WriteString("    env:\n")
	for _, variable := range kubeletEnvironment(len(registries) > 1) {
		fmt.Fprintf(&b, "      - name: %s\n        value: %q\n", variable[0], variable[1])
	}
	_, err = w.stdout.Write([]byte(b.String()))
	return err
}

// kubeletEnvironment is what the kubelet has to tell us. Under systemd it has no home:
// the settings and gh's hosts, which name other registries than ghcr.io, have to be
// named.
func kubeletEnvironment(others bool) [][2]string {
	file := tokenFile
	if named := os.Getenv("GHCR_TOKEN_FILE"); filepath.IsAbs(named) {
		file = named
	}
	variables := [][2]string{{"GHCR_TOKEN_FILE", file}}
	for _, name := range []string{"GHCR_SCOPE", "GH_HOST"} {
		if value := os.Getenv(name); value != "" {
			variables = append(variables, [2]string{name, value})
		}
	}
	settings, err := credentials.SettingsPath()
	if others && err == nil && runtime.GOOS != "windows" && runtime.GOOS != "darwin" {
		variables = append(variables, [2]string{"XDG_CONFIG_HOME", filepath.Dir(filepath.Dir(settings))})
	}
	return variables
}
