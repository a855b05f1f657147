package credentials

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/internal/trusted"
)

// Settings are what a person asked for with setup, by registry name.
type Settings struct {
	Registries map[string]RegistrySettings `json:"registries"`
}

// RegistrySettings are the settings of one registry. Its being there configures
// the registry's enterprise host.
type RegistrySettings struct {
	// Scope that tokens must have; "" is write:packages.
	Scope github.Scope `json:"scope,omitempty"`
	// User is the gh account to use; "" is the active one.
	User string `json:"user,omitempty"`
}

// SettingsPath is the file that holds the settings.
func SettingsPath() (string, error) {
	dir, err := trusted.ConfigDir()
	return filepath.Join(dir, "settings.json"), err
}

// ReadSettings reads the settings. No file, or no place for one, is no settings;
// damaged ones are an error that names the file.
func ReadSettings() (Settings, error) {
	path, err := SettingsPath()
	if err != nil {
		return Settings{}, nil
	}
	content, err := trusted.Read(path)
	if trusted.IsAbsent(err) {
		return Settings{}, nil
	}
	if err != nil {
		return Settings{}, err
	}
	var s Settings
	if err := json.Unmarshal(content, &s); err != nil {
		return Settings{}, fmt.Errorf("%s: %w", path, err)
	}
	for registry, settings := range s.Registries {
		if err := settings.validate(); err != nil {
			return Settings{}, fmt.Errorf("%s: %s: %w", path, github.Printable(registry), err)
		}
	}
	return s, nil
}

// settingsWait is how long another process that changes the settings is waited for.
const settingsWait = 10 * time.Second

// EditSettings changes the settings. Processes that do so at once wait for one
// another, so none loses another's change; where the file system has no locks
// they do not, and the last one wins. Settings that say nothing have no file.
func EditSettings(edit func(*Settings) error) error {
	path, err := SettingsPath()
	if err != nil {
		return err
	}
	if err := trusted.MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), settingsWait)
	defer cancel()
	info, err := os.Lstat(path)
	isLink := err == nil && info.Mode()&os.ModeSymlink != 0
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // some keep such files elsewhere, and a link here
	}
	lock := trusted.NewLock(path + ".lock")
	if locked, err := lock.TryLockContext(ctx, 5*time.Millisecond); locked {
		defer func() { _ = lock.Unlock() }()
		if err := trusted.GiveToOwnerOfDir(lock.Path()); err != nil {
			return err
		}
	} else if ctx.Err() != nil {
		return fmt.Errorf("%s: another process is changing it and does not finish: %w", path, err)
	}
	s, err := ReadSettings()
	if err != nil {
		return err
	}
	before, _ := json.Marshal(s)
	if err := edit(&s); err != nil {
		return err
	}
	for registry, settings := range s.Registries {
		if err := settings.validate(); err != nil { // or nothing could read them again
			return fmt.Errorf("%s: %w", github.Printable(registry), err)
		}
	}
	after, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	switch now, _ := json.Marshal(s); {
	case bytes.Equal(before, now):
		return nil
	case len(s.Registries) == 0 && !isLink: // a link to nothing would be a fault
		if err := trusted.Remove(path); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	return trusted.Write(path, append(after, '\n'))
}

func (r RegistrySettings) validate() error {
	if r.User != "" && !github.IsLogin(r.User) {
		return errors.New("the user is not a GitHub login")
	}
	return r.Scope.Validate()
}

// names reports whether a registry of this host was set up.
func (s Settings) names(host string) bool {
	_, containers := s.Registries["containers."+host]
	_, docker := s.Registries["docker."+host]
	return containers || docker
}

// hosts are those of the registries that were set up.
func (s Settings) hosts() []string {
	var hosts []string
	for registry := range s.Registries {
		if host := github.HostNamed(registry); host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// required is the scope that tokens for the registry must have: GHCR_SCOPE before the
// settings before what the caller needs. It is write:packages beside an error.
func (s Settings) required(registry string, needed github.Scope) (github.Scope, error) {
	if scope := github.Scope(strings.TrimSpace(os.Getenv("GHCR_SCOPE"))); scope != "" {
		if err := scope.Validate(); err != nil {
			return github.WritePackages, fmt.Errorf("GHCR_SCOPE: %w", err)
		}
		return scope, nil
	}
	return cmp.Or(s.Registries[registry].Scope, needed), nil
}

// account is gh's account to use for a registry: GHCR_USER, for github.com, before the
// settings. "" is the active one.
func (s Settings) account(r github.Registry) (string, error) {
	user := strings.TrimSpace(os.Getenv("GHCR_USER"))
	if user == "" || r.Host != github.DotCom {
		return s.Registries[r.Name].User, nil
	}
	if !github.IsLogin(user) {
		return "", errors.New("GHCR_USER: it is not a GitHub login")
	}
	return user, nil
}
