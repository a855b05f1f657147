package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/sys/atomicwriter"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/busy"
)

// undo takes back what setup did: for one registry, or for all.
func undo(w world, o setupOptions) error {
	path, err := dockerConfigFile()
	if err != nil {
		return err
	}
	config, err := readDockerConfig(path)
	if err != nil {
		return err
	}
	record, err := readUndoRecord(path)
	if err != nil {
		return err
	}
	if _, err := credentials.ReadSettings(); err != nil {
		return damagedSettings(err) // before anything is undone
	}
	registries, err := registriesToUndo(o.registry, config, record)
	if err != nil {
		return err
	}
	s := newScreen(w.stdout)
	if o.dryRun {
		for _, registry := range registries {
			config.undo(registry, &record.Config)
		}
		showChange(s, config)
		return nil
	}
	err = editDockerConfig(path, func(c *dockerConfig) error {
		if record, err = readUndoRecord(path); err != nil {
			return err
		}
		for _, registry := range registries {
			c.undo(registry, &record.Config)
		}
		return nil
	})
	if err != nil {
		return err
	}
	gone := record.takeGone(registries)
	if err := record.write(path); err != nil {
		return err
	}
	kept := namedElsewhere(path, registries)
	dropped := slices.DeleteFunc(slices.Clone(registries), func(r string) bool { return kept[r] != "" })
	if err := dropSettings(dropped); err != nil {
		return err
	}
	if len(registries) == 0 {
		asked := ""
		if o.registry != "" {
			asked = " for " + o.registry
		}
		s.say(0, plain, "%s does not name %s%s: there is nothing to undo", tilde(path), programName, asked)
	}
	for _, registry := range registries {
		s.say(0, good, "%s: docker no longer asks %s for %s", tilde(path), programName, registry)
	}
	for _, registry := range registries {
		if why := kept[registry]; why != "" {
			s.say(0, plain, "what setup keeps for %s stays: %s", registry, why)
		}
	}
	for _, g := range gone {
		s.say(0, plain, "the login for %s that stood there in plain text does not come back: %s", g.Key, g.Became)
	}
	return nil
}

// registriesToUndo are all that name us or that setup noted, or the one that was
// asked for, if it is among them.
func registriesToUndo(asked string, config *dockerConfig, record *undoRecord) ([]string, error) {
	ours := slices.Concat(config.ourRegistries(), slices.Collect(maps.Keys(record.Config.Helpers)))
	slices.Sort(ours)
	ours = slices.Compact(ours)
	if asked == "" {
		return ours, nil
	}
	registry, err := registryNamed(asked)
	return slices.DeleteFunc(ours, func(r string) bool { return r != registry }), err
}

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

// namedElsewhere are those of registries for which docker asks us by another
// config.json that setup changed, and the words for it. A file that cannot be read
// now is taken at what setup made of it.
func namedElsewhere(config string, registries []string) map[string]string {
	named := map[string]string{}
	file, err := undoRecordFile(config)
	if err != nil {
		return named
	}
	others, _ := os.ReadDir(filepath.Dir(file))
	for _, other := range others {
		content, err := readBounded(filepath.Join(filepath.Dir(file), other.Name()))
		var record undoRecord
		if err != nil || json.Unmarshal(content, &record) != nil || record.Path == config {
			continue
		}
		c, err := readDockerConfig(record.Path)
		for _, registry := range registries {
			if _, was := record.Config.Helpers[registry]; err != nil && was {
				named[registry] = fmt.Sprintf("%s named %s, and cannot be read now", tilde(record.Path), programName)
			} else if err == nil && c.asksUs(registry) {
				named[registry] = fmt.Sprintf("%s still names %s", tilde(record.Path), programName)
			}
		}
	}
	return named
}

// undoRecord is what setup did to one config.json: keys and white space, never a
// secret. It stands beside our settings, so another home has another.
type undoRecord struct {
	// Path is the config.json that it is about; the record's file name is a hash of it.
	Path   string             `json:"path"`
	Config dockerConfigRecord `json:"config"`
	// Gone are the plain-text logins that were removed.
	Gone []goneLogin `json:"gone,omitempty"`
}

// goneLogin is a login that setup removed from config.json.
type goneLogin struct {
	Key    string `json:"key"`
	Became string `json:"became"`
}

func undoRecordFile(config string) (string, error) {
	settings, err := credentials.SettingsPath()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(config))
	return filepath.Join(filepath.Dir(settings), "setup", hex.EncodeToString(sum[:8])+".json"), nil
}

// readUndoRecord reads the record for a config.json. A damaged one is none: what
// it held cannot be undone to the byte, but our entry can.
func readUndoRecord(config string) (*undoRecord, error) {
	record := &undoRecord{Path: config}
	file, err := undoRecordFile(config)
	if err != nil {
		return record, nil
	}
	content, err := readBounded(file)
	if errors.Is(err, fs.ErrNotExist) {
		return record, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var read undoRecord
	if json.Unmarshal(content, &read) == nil && read.Path == config {
		record = &read
	}
	return record, nil
}

// write keeps the record, or removes it when there is nothing left to undo.
func (r *undoRecord) write(config string) error {
	file, err := undoRecordFile(config)
	if err != nil {
		return nil
	}
	if len(r.Config.Helpers) == 0 && len(r.Gone) == 0 {
		if err := busy.Insist(func() error { return os.Remove(file) }); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return busy.Insist(func() error { return atomicwriter.WriteFile(file, append(content, '\n'), 0o600) })
}

func (r *undoRecord) note(g goneLogin) {
	if !slices.Contains(r.Gone, g) {
		r.Gone = append(r.Gone, g)
	}
}

// takeGone takes out of the record what became of the logins of registries.
func (r *undoRecord) takeGone(registries []string) (gone []goneLogin) {
	r.Gone = slices.DeleteFunc(r.Gone, func(g goneLogin) bool {
		if !slices.Contains(registries, registryOfAuthKey(g.Key)) {
			return false
		}
		gone = append(gone, g)
		return true
	})
	return gone
}
