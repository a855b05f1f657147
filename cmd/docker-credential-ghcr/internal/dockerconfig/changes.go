package dockerconfig

import (
	"strings"

	"github.com/tailscale/hujson"
)

// Changes are what setup changed in one config.json, and what was there before, as
// it was written: white space, null, an empty string, the name of a credential
// helper. There is no place in it for a secret.
type Changes struct {
	// Helpers has the registries for which setup named docker-credential-ghcr, with
	// the text of the value before, "" if there was none.
	Helpers map[string]string `json:"helpers"`

	CredHelpers   *string `json:"credHelpersBefore,omitempty"` // the text of a credHelpers without members, "" if there was none
	CredsStore    string  `json:"credsStore,omitempty"`        // the default store that setup wrote
	CredsStoreWas string  `json:"credsStoreBefore,omitempty"`  // the text that was there, "" if there was none
	Object        *string `json:"objectBefore,omitempty"`      // what an object without members had between its braces
	File          string  `json:"fileBefore,omitempty"`        // "absent" or "blank", if there was no object
}

// ReplacedHelper is the credential helper that credHelpers named for the registry
// before setup --force, "" if there was none.
func (r *Changes) ReplacedHelper(registry string) string {
	v, ok := stringOrNull(r.Helpers[registry])
	if !ok {
		return ""
	}
	return stringOf(hujson.Value{Value: v})
}

// SetHelper makes docker use docker-credential-ghcr for the registry, and notes in
// r what it changed.
func (c *Config) SetHelper(registry string, r *Changes) {
	c.dropStale(r)
	if object, i := c.helperEntry(registry); object != nil {
		if v := &object.Members[i].Value; stringOf(*v) != HelperName {
			r.addHelper(registry, packed(*v))
			v.Value = hujson.String(HelperName)
		}
		return
	}
	layout := layoutOf(c.top(), c.before)
	layout.insert(c.credHelpers(layout, r), 1, registry, hujson.String(HelperName))
	r.addHelper(registry, "")
}

// dropStale drops what an earlier setup noted and is no longer in the file: the
// process was killed before it wrote the file, or somebody edited it by hand.
func (c *Config) dropStale(r *Changes) (stale bool) {
	if len(r.Helpers) == 0 {
		return false
	}
	named := map[string]bool{}
	for _, registry := range c.Registries() {
		named[registry] = true
	}
	for registry := range r.Helpers {
		if !named[registry] {
			delete(r.Helpers, registry)
		}
	}
	if len(r.Helpers) > 0 {
		return false
	}
	*r = Changes{}
	return true
}

// credHelpers is the object that gets a member. A null that cancels an earlier
// object stays where it is.
func (c *Config) credHelpers(layout layout, r *Changes) *hujson.Object {
	values := c.values("credHelpers")
	if n := len(values); n == 0 || n > 1 && values[n-1].Value.Kind() == 'n' {
		r.CredHelpers = new(string)
		values = append(values, layout.insert(c.object(r), 0, "credHelpers", &hujson.Object{}))
	} else if last := values[n-1]; len(membersOf(*last)) == 0 {
		was := packed(*last)
		r.CredHelpers = &was
		last.Value = &hujson.Object{}
	}
	return values[len(values)-1].Value.(*hujson.Object)
}

func (r *Changes) addHelper(registry, was string) {
	if r.Helpers == nil {
		r.Helpers = map[string]string{}
	}
	r.Helpers[registry] = was
}

// SetCredsStore names the credential helper for all other registries.
func (c *Config) SetCredsStore(name string, r *Changes) {
	c.dropStale(r)
	if c.CredsStore() == name {
		return
	}
	r.CredsStore, r.CredsStoreWas = name, ""
	if values := c.values("credsStore"); len(values) > 0 {
		last := values[len(values)-1]
		r.CredsStoreWas = packed(*last)
		last.Value = hujson.String(name)
		return
	}
	layout := layoutOf(c.top(), c.before)
	layout.insert(c.object(r), 0, "credsStore", hujson.String(name))
}

// object is the top level that gets a member.
func (c *Config) object(r *Changes) *hujson.Object {
	switch {
	case c.absent:
		r.File, r.Object = "absent", nil
	case c.blank:
		r.File, r.Object = "blank", nil
	case len(c.top().Members) == 0:
		inside := string(c.top().AfterExtra)
		r.File, r.Object = "", &inside
	}
	c.absent, c.blank = false, false
	return c.top()
}

// Undo removes what setup wrote for the registries, as far as it is still there,
// and drops it from r. With the last registry goes the rest of r. Without a record
// it removes our entries and nothing else.
func (c *Config) Undo(registries []string, r *Changes) {
	stale := c.dropStale(r)
	c.undoHelpers(registries, r)
	for _, registry := range registries {
		delete(r.Helpers, registry)
	}
	if len(r.Helpers) > 0 || stale {
		return
	}
	c.undoCredHelpers(r)
	c.undoCredsStore(r)
	c.undoObject(r)
	*r = Changes{}
}

// undoHelpers looks at every entry once: there may be many thousands.
func (c *Config) undoHelpers(registries []string, r *Changes) {
	undo := map[string]bool{}
	for _, registry := range registries {
		undo[registry] = true
	}
	objects := c.objects("credHelpers")
	for o := len(objects) - 1; o >= 0; o-- {
		remove := map[int]bool{}
		for i := len(objects[o].Members) - 1; i >= 0; i-- {
			registry := memberName(objects[o].Members[i])
			if !undo[registry] {
				continue
			}
			value := &objects[o].Members[i].Value
			if stringOf(*value) != HelperName {
				undo[registry] = false // docker uses this entry from now on
				continue
			}
			was, recorded := r.Helpers[registry]
			if v, ok := stringOrNull(was); recorded && ok && stringOf(hujson.Value{Value: v}) != HelperName {
				value.Value = v
				undo[registry] = false
				continue
			}
			remove[i] = true
		}
		removeMembers(objects[o], func(i int) bool { return remove[i] })
	}
}

func (c *Config) undoCredHelpers(r *Changes) {
	values := c.values("credHelpers")
	if r.CredHelpers == nil || len(values) == 0 {
		return
	}
	last := values[len(values)-1]
	if last.Value.Kind() != '{' || len(membersOf(*last)) > 0 {
		return
	}
	if *r.CredHelpers == "" {
		c.removeTop(last)
	} else if before, err := hujson.Parse([]byte(*r.CredHelpers)); err == nil && before.IsStandard() && isKind(before, '{') && len(membersOf(before)) == 0 {
		last.Value = before.Value
	}
}

// undoCredsStore keeps the store that setup wrote if something may have been stored
// in it since: docker would have written the same name then, and would not look
// there any more without it.
func (c *Config) undoCredsStore(r *Changes) {
	values := c.values("credsStore")
	if r.CredsStore == "" || c.CredsStore() != r.CredsStore || c.hasMembers("credHelpers") || c.hasMembers("auths") {
		return
	}
	last := values[len(values)-1]
	if r.CredsStoreWas == "" {
		c.removeTop(last)
	} else if v, ok := stringOrNull(r.CredsStoreWas); ok {
		last.Value = v
	}
}

func (c *Config) undoObject(r *Changes) {
	if len(c.top().Members) > 0 {
		return
	}
	switch {
	case r.File == "absent":
		c.absent, c.blank = true, true
	case r.File == "blank":
		c.blank = true
	case r.Object != nil && strings.Trim(*r.Object, " \t\r\n") == "":
		c.top().AfterExtra = hujson.Extra(*r.Object)
	}
}

func (c *Config) removeTop(v *hujson.Value) {
	top := c.top()
	at := -1
	for i := range top.Members {
		if &top.Members[i].Value == v {
			at = i
		}
	}
	removeMembers(top, func(i int) bool { return i == at })
}
