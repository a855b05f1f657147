package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// registriesToShow is the registry that was asked for, or else ghcr.io and all
// that setup was run for.
func registriesToShow(asked string) ([]string, error) {
	if asked != "" {
		registry, err := registryNamed(asked)
		return []string{registry}, err
	}
	registries := []string{"ghcr.io"}
	settings, _ := credentials.ReadSettings() // status shows damaged ones as a candidate's fault
	for _, registry := range slices.Sorted(maps.Keys(settings.Registries)) {
		if name, ok := github.RegistryNamed(registry); ok && name == registry && registry != "ghcr.io" {
			registries = append(registries, registry)
		}
	}
	return registries, nil
}

// registryNamed is the registry that a person means, by its own name or by its
// GitHub host's.
func registryNamed(name string) (string, error) {
	registry, ok := github.RegistryNamed(name)
	if ok && denial.IsOtherRegistry(name) {
		return "", usageError{fmt.Errorf("%s is not a GitHub registry", name)}
	}
	if !ok {
		return "", usageError{fmt.Errorf("%q is neither a container registry of GitHub's nor a GitHub host", name)}
	}
	return registry, nil
}

// noSearch says why a registry that a person named cannot be looked into.
func noSearch(registry string, err error) error {
	if !errors.Is(err, credentials.ErrForeign) {
		return fixable{err, "fix what is named above, then try again"}
	}
	host := github.HostNamed(registry)
	return fixable{
		fmt.Errorf("gh does not know %s, the host of %s", host, registry),
		fmt.Sprintf("run: gh auth login -h %s -s write:packages", host),
	}
}
