package dockerconfig

import (
	"fmt"
	"maps"
	"slices"
)

// Differences says in lines what the edit changes: + what it adds, - what it
// removes. Other keys never change. Secrets are not shown.
func (c *Config) Differences() []string {
	before := &Config{path: c.path, before: c.before}
	if before.parse() != nil {
		return nil
	}
	var lines []string
	line := func(sign, key, value string) {
		if value != "" {
			lines = append(lines, fmt.Sprintf("%s %s: %q", sign, key, value))
		}
	}
	if was, now := before.CredsStore(), c.CredsStore(); was != now {
		line("-", "credsStore", was)
		line("+", "credsStore", now)
	}
	was, now := before.helpers(), c.helpers()
	all := maps.Clone(was)
	maps.Copy(all, now)
	for _, registry := range slices.Sorted(maps.Keys(all)) {
		if was[registry] != now[registry] {
			line("-", fmt.Sprintf("credHelpers[%q]", registry), was[registry])
			line("+", fmt.Sprintf("credHelpers[%q]", registry), now[registry])
		}
	}
	left := c.loginKeys()
	for _, key := range slices.Sorted(maps.Keys(before.loginKeys())) {
		if !left[key] {
			lines = append(lines, fmt.Sprintf("- auths[%q]: a login", key))
		}
	}
	return lines
}

// loginKeys are the keys under auths with a secret.
func (c *Config) loginKeys() map[string]bool {
	keys := map[string]bool{}
	for _, object := range c.objects("auths") {
		for _, m := range object.Members {
			for _, field := range membersOf(m.Value) {
				if _, secret := secretIn(field); secret != "" {
					keys[memberName(m)] = true
				}
			}
		}
	}
	return keys
}
