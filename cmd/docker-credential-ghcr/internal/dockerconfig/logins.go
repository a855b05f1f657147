package dockerconfig

import (
	"strings"

	"github.com/tailscale/hujson"
)

// Login is a secret in plain text that docker login wrote under auths.
type Login struct {
	Key    string // the registry as the file spells it
	Field  string // auth, password, identitytoken or registrytoken
	User   string // "" if unknown
	Secret func() string
}

// Logins finds the registry's secrets under every spelling that some client looks
// up, and also those that docker no longer reads because the file has the key twice.
func (c *Config) Logins(registry string) []Login {
	var found []Login
	for _, entry := range c.authEntries(registry) {
		var user string
		for _, m := range membersOf(*entry.value) {
			if strings.EqualFold(memberName(m), "username") {
				user = stringOf(m.Value)
			}
		}
		seen := map[string]bool{}
		for _, m := range membersOf(*entry.value) {
			owner, secret := secretIn(m)
			if secret == "" || seen[secret] {
				continue
			}
			seen[secret] = true
			if owner == "" {
				owner = user
			}
			found = append(found, Login{
				Key:    entry.key,
				Field:  strings.ToLower(memberName(m)),
				User:   owner,
				Secret: func() string { return secret },
			})
		}
	}
	return found
}

type authEntry struct {
	key   string
	value *hujson.Value
}

func (c *Config) authEntries(registry string) []authEntry {
	var entries []authEntry
	for _, auths := range c.values("auths") {
		object, ok := auths.Value.(*hujson.Object)
		if !ok {
			continue
		}
		for i := range object.Members {
			m := &object.Members[i]
			if key := memberName(*m); RegistryOf(key) == registry {
				entries = append(entries, authEntry{key, &m.Value})
			}
		}
	}
	return entries
}

// RemoveLogin removes the secret from all entries with that key. The user name is
// removed with the last secret, so an empty entry remains.
func (c *Config) RemoveLogin(l Login) {
	for _, entry := range c.authEntries(RegistryOf(l.Key)) {
		object, ok := entry.value.Value.(*hujson.Object)
		if !ok || entry.key != l.Key {
			continue
		}
		removed, others := false, false
		for _, m := range object.Members {
			switch _, secret := secretIn(m); secret {
			case "":
			case l.Secret():
				removed = true
			default:
				others = true
			}
		}
		if !removed {
			continue
		}
		removeMembers(object, func(i int) bool {
			_, secret := secretIn(object.Members[i])
			return secret == l.Secret() || !others && isAuthField(memberName(object.Members[i]))
		})
	}
}
