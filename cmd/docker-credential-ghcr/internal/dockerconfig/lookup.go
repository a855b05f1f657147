package dockerconfig

import (
	"maps"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// values are the values that docker reads under a top-level name, in order.
func (c *Config) values(name string) []*hujson.Value {
	var values []*hujson.Value
	for i := range c.top().Members {
		if m := &c.top().Members[i]; strings.EqualFold(memberName(*m), name) {
			values = append(values, &m.Value)
		}
	}
	return values
}

// objects are the values that docker merges. A null cancels what is before it.
func (c *Config) objects(name string) []*hujson.Object {
	var objects []*hujson.Object
	for _, v := range c.values(name) {
		if object, ok := v.Value.(*hujson.Object); ok {
			objects = append(objects, object)
		} else {
			objects = nil
		}
	}
	return objects
}

// Helper is the credential helper that credHelpers names for the registry. The
// name is empty if the file turns credential helpers off for it.
func (c *Config) Helper(registry string) (name string, ok bool) {
	if object, i := c.helperEntry(registry); object != nil {
		return stringOf(object.Members[i].Value), true
	}
	return "", false
}

// helperEntry is the entry that docker uses: the last one.
func (c *Config) helperEntry(registry string) (*hujson.Object, int) {
	objects := c.objects("credHelpers")
	for o := len(objects) - 1; o >= 0; o-- {
		for i := len(objects[o].Members) - 1; i >= 0; i-- {
			if memberName(objects[o].Members[i]) == registry {
				return objects[o], i
			}
		}
	}
	return nil, 0
}

// UsesHelper reports whether docker uses docker-credential-ghcr for the registry.
func (c *Config) UsesHelper(registry string) bool {
	helper, ok := c.Helper(registry)
	if !ok {
		helper = c.CredsStore()
	}
	return helper == HelperName
}

// Registries are those for which credHelpers names docker-credential-ghcr, sorted.
func (c *Config) Registries() []string {
	helpers := c.helpers()
	maps.DeleteFunc(helpers, func(_, helper string) bool { return helper != HelperName })
	return slices.Sorted(maps.Keys(helpers))
}

// HelperNames are the credential helpers that the file names, sorted.
func (c *Config) HelperNames() []string {
	names := slices.Collect(maps.Values(c.helpers()))
	if store := c.CredsStore(); store != "" {
		names = append(names, store)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// helpers has the credential helper of every registry in credHelpers.
func (c *Config) helpers() map[string]string {
	helpers := map[string]string{}
	for _, object := range c.objects("credHelpers") {
		for _, m := range object.Members {
			helpers[memberName(m)] = stringOf(m.Value)
		}
	}
	return helpers
}

// CredsStore is the credential helper for all other registries, "" if there is none.
func (c *Config) CredsStore() string {
	var store string
	for _, v := range c.values("credsStore") {
		if v.Value.Kind() == '"' {
			store = stringOf(*v)
		}
	}
	return store
}

// HasAuth is docker's own rule (ContainsAuth in its configfile package). While a
// file has no authentication, docker chooses a default store.
func (c *Config) HasAuth() bool {
	return c.CredsStore() != "" || c.hasMembers("credHelpers") || c.hasMembers("auths")
}

func (c *Config) hasMembers(name string) bool {
	for _, object := range c.objects(name) {
		if len(object.Members) > 0 {
			return true
		}
	}
	return false
}
