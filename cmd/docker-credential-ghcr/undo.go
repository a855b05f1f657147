package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"fmt"
	"maps"
	"slices"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// undo undoes what setup did, for one registry or for all.
func undo(w world, asked string, dryRun bool) error {
	path, err := dockerConfigFile()
	if err != nil {
		return err
	}
	config, err := dockerconfig.Read(path)
	if err != nil {
		return err
	}
	record, _ := dockerconfig.ReadRecord(path, recordsDir())
	if _, err := credentials.ReadSettings(); err != nil {
		return damagedSettings(err) // before anything is undone
	}
	registries := registriesToUndo(asked, config, record)
	s := terminal.NewScreen(w.stdout)
	if dryRun {
		config.Undo(registries, &record.Changes)
		return showChange(s, config)
	}
	var removed []dockerconfig.RemovedLogin
	outcome, err := dockerconfig.Edit(path, recordsDir(), func(c *dockerconfig.Config, r *dockerconfig.Record) error {
		c.Undo(registries, &r.Changes)
		removed = r.TakeRemoved(registries)
		return nil
	})
	if err != nil {
		return err
	}
	kept := namedElsewhere(path, registries)
	dropped := slices.DeleteFunc(slices.Clone(registries), func(r string) bool { return kept[r] != "" })
	if err := dropSettings(dropped); err != nil {
		return err
	}
	if len(registries) == 0 {
		where := ""
		if asked != "" {
			where = " for " + asked
		}
		s.Say(0, terminal.Plain, "%s does not name %s%s: there is nothing to undo", terminal.Tilde(path), programName, where)
	}
	for _, registry := range registries {
		s.Say(0, terminal.Good, "%s: docker no longer uses %s for %s", terminal.Tilde(path), programName, registry)
	}
	if outcome.RecordErr != nil {
		s.Say(0, terminal.Care, "the record of what setup changed could not be used, so the file may differ from what it was: %s", outcome.RecordErr)
	}
	for _, registry := range registries {
		if why := kept[registry]; why != "" {
			s.Say(0, terminal.Plain, "the settings for %s stay: %s", registry, why)
		}
	}
	for _, l := range removed {
		s.Say(0, terminal.Plain, "the plain-text login for %s is not restored: %s", l.Key, l.Why)
	}
	return nil
}

// registriesToUndo are all that name us and that setup can have written or noted, or
// the one that was asked for, if it is among them.
func registriesToUndo(asked string, config *dockerconfig.Config, record *dockerconfig.Record) []string {
	ours := slices.DeleteFunc(config.Registries(), func(key string) bool {
		registry, ok := github.RegistryNamed(key)
		return !ok || registry != key // setup never writes such a key
	})
	ours = slices.AppendSeq(ours, maps.Keys(record.Changes.Helpers))
	slices.Sort(ours)
	ours = slices.Compact(ours)
	return slices.DeleteFunc(ours, func(r string) bool { return asked != "" && r != asked })
}

// namedElsewhere are those of registries for which docker uses us by another
// config.json that setup changed, each with the reason. A file that cannot be read
// now is taken as setup left it.
func namedElsewhere(config string, registries []string) map[string]string {
	named := map[string]string{}
	for _, record := range dockerconfig.OtherRecords(config, recordsDir()) {
		c, err := dockerconfig.Read(record.File)
		for _, registry := range registries {
			if _, was := record.Changes.Helpers[registry]; err != nil && was {
				named[registry] = fmt.Sprintf("%s named %s, and cannot be read now", terminal.Tilde(record.File), programName)
			} else if err == nil && c.UsesHelper(registry) {
				named[registry] = fmt.Sprintf("%s still names %s", terminal.Tilde(record.File), programName)
			}
		}
	}
	return named
}

// showChange shows what an edit would change, and fails where the edit would fail.
func showChange(s *terminal.Screen, config *dockerconfig.Config) error {
	if !config.Changed() {
		s.Say(0, terminal.Plain, "%s would not change", terminal.Tilde(config.Path()))
		return nil
	}
	if err := config.Writable(); err != nil {
		return err
	}
	s.Say(0, terminal.Plain, "%s would change:", terminal.Tilde(config.Path()))
	for _, line := range config.Differences() {
		s.Whole(0, line)
	}
	return nil
}

func damagedSettings(err error) error { return fixable{err, "fix the file, or remove it"} }

// dropSettings drops the settings of registries, if there are any.
func dropSettings(registries []string) error {
	settings, err := credentials.ReadSettings()
	if err != nil {
		return damagedSettings(err)
	}
	if !slices.ContainsFunc(registries, func(r string) bool { _, ok := settings.Registries[r]; return ok }) {
		return nil
	}
	return credentials.EditSettings(func(s *credentials.Settings) error {
		for _, registry := range registries {
			delete(s.Registries, registry)
		}
		return nil
	})
}
