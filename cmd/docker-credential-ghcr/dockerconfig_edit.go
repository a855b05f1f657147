package main

import (
	"bytes"
	"strings"

	"github.com/tailscale/hujson"
)

// How is docker's config.json changed without touching the rest?
//
// An edit adds, changes or removes single members of the tree, so all other
// bytes come out as they went in. A member is added behind the others, in their
// manner; removed, it takes along exactly what was added with it.

// dockerConfigRecord is what setup changed in one config.json, and what stood
// there before, as it was written: white space, null, an empty string, the name
// of a credential helper. There is no place in it for a secret.
type dockerConfigRecord struct {
	// Helpers has the registries for which setup named us, with the text of the
	// value before, "" if there was none.
	Helpers map[string]string `json:"helpers"`

	CredHelpers   *string `json:"credHelpersBefore,omitempty"` // the text of a credHelpers without members, "" if there was none
	CredsStore    string  `json:"credsStore,omitempty"`        // the default store that setup wrote
	CredsStoreWas string  `json:"credsStoreBefore,omitempty"`  // the text in its place, "" if there was none
	Object        *string `json:"objectBefore,omitempty"`      // what an object without members had between its braces
	File          string  `json:"fileBefore,omitempty"`        // "absent" or "blank", if there was no object
}

// setHelper makes docker ask us for the registry, and notes in r what it changed.
func (c *dockerConfig) setHelper(registry string, r *dockerConfigRecord) {
	if object, i := c.helperEntry(registry); object != nil {
		if v := &object.Members[i].Value; stringOf(*v) != ourHelper {
			r.noteHelper(registry, packed(*v))
			v.Value = hujson.String(ourHelper)
		}
		return
	}
	layout := c.layout()
	layout.insert(c.credHelpers(layout, r), 1, registry, hujson.String(ourHelper))
	r.noteHelper(registry, "")
}

// credHelpers is the object about to get a member. A null that makes docker
// forget an earlier object stays where it is.
func (c *dockerConfig) credHelpers(layout jsonLayout, r *dockerConfigRecord) *hujson.Object {
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

func (r *dockerConfigRecord) noteHelper(registry, was string) {
	if r.Helpers == nil {
		r.Helpers = map[string]string{}
	}
	r.Helpers[registry] = was
}

// setCredsStore names the credential helper for all other registries.
func (c *dockerConfig) setCredsStore(name string, r *dockerConfigRecord) {
	if c.credsStore() == name {
		return
	}
	r.CredsStore, r.CredsStoreWas = name, ""
	if values := c.values("credsStore"); len(values) > 0 {
		last := values[len(values)-1]
		r.CredsStoreWas = packed(*last)
		last.Value = hujson.String(name)
		return
	}
	layout := c.layout()
	layout.insert(c.object(r), 0, "credsStore", hujson.String(name))
}

// object is the top level about to get a member.
func (c *dockerConfig) object(r *dockerConfigRecord) *hujson.Object {
	switch {
	case c.absent:
		r.File, r.Object = "absent", nil
	case c.bare:
		r.File, r.Object = "blank", nil
	case len(c.top().Members) == 0:
		inside := string(c.top().AfterExtra)
		r.File, r.Object = "", &inside
	}
	c.absent, c.bare = false, false
	return c.top()
}

// undo takes back what setup did for the registry, as far as it still stands,
// and drops it from r. With the last registry goes all the rest of r. Without a
// record our entry goes, and nothing else.
func (c *dockerConfig) undo(registry string, r *dockerConfigRecord) {
	was, recorded := r.Helpers[registry]
	for {
		object, i := c.helperEntry(registry)
		if object == nil || stringOf(object.Members[i].Value) != ourHelper {
			break
		}
		if v, ok := stringOrNull(was); recorded && ok && stringOf(hujson.Value{Value: v}) != ourHelper {
			object.Members[i].Value.Value = v
			break
		}
		removeMember(object, i)
	}
	delete(r.Helpers, registry)
	if len(r.Helpers) > 0 {
		return
	}
	c.undoCredHelpers(r)
	c.undoCredsStore(r)
	c.undoObject(r)
	*r = dockerConfigRecord{}
}

func (c *dockerConfig) undoCredHelpers(r *dockerConfigRecord) {
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

// undoCredsStore leaves the store that setup wrote if anything may have been
// put into it since: docker would have written the same name then, and would
// not look there any more without it.
func (c *dockerConfig) undoCredsStore(r *dockerConfigRecord) {
	values := c.values("credsStore")
	if r.CredsStore == "" || c.credsStore() != r.CredsStore || c.hasMembers("credHelpers") || c.hasMembers("auths") {
		return
	}
	last := values[len(values)-1]
	if r.CredsStoreWas == "" {
		c.removeTop(last)
	} else if v, ok := stringOrNull(r.CredsStoreWas); ok {
		last.Value = v
	}
}

func (c *dockerConfig) undoObject(r *dockerConfigRecord) {
	if len(c.top().Members) > 0 {
		return
	}
	switch {
	case r.File == "absent":
		c.absent, c.bare = true, true
	case r.File == "blank":
		c.bare = true
	case r.Object != nil && strings.Trim(*r.Object, " \t\r\n") == "":
		c.top().AfterExtra = hujson.Extra(*r.Object)
	}
}

// removeLeftover removes the secret wherever the entries of that spelling hold
// it. A user name goes with the last secret, so that an empty entry remains.
func (c *dockerConfig) removeLeftover(l leftover) {
	for _, entry := range c.authEntries(registryOfAuthKey(l.key)) {
		object, ok := entry.value.Value.(*hujson.Object)
		if !ok || entry.key != l.key {
			continue
		}
		removed, others := false, false
		for i := len(object.Members) - 1; i >= 0; i-- {
			switch _, secret := secretIn(object.Members[i]); secret {
			case "":
			case l.secret():
				removeMember(object, i)
				removed = true
			default:
				others = true
			}
		}
		if !removed || others {
			continue
		}
		for i := len(object.Members) - 1; i >= 0; i-- {
			if isAuthField(memberName(object.Members[i])) {
				removeMember(object, i)
			}
		}
	}
}

func packed(v hujson.Value) string { return string(hujson.Value{Value: v.Value}.Pack()) }

// stringOrNull reads a value from a record, which may be damaged.
func stringOrNull(text string) (hujson.ValueTrimmed, bool) {
	literal := hujson.Literal(text)
	return literal, isKind(hujson.Value{Value: literal}, '"') && literal.IsValid()
}

func (c *dockerConfig) removeTop(v *hujson.Value) {
	for i := range c.top().Members {
		if &c.top().Members[i].Value == v {
			removeMember(c.top(), i)
			return
		}
	}
}

// removeMember removes a member with its comma and the white space before it.
func removeMember(object *hujson.Object, i int) {
	switch last := len(object.Members) - 1; {
	case last == 0:
		object.AfterExtra = nil
	case i == 0:
		object.Members[1].Name.BeforeExtra = object.Members[0].Name.BeforeExtra
	case i == last:
		// White space before the comma that goes; left there it would mean a trailing comma.
		before := &object.Members[i-1].Value
		object.AfterExtra = append(bytes.Clone(before.AfterExtra), object.AfterExtra...)
		before.AfterExtra = nil
	}
	object.Members = append(object.Members[:i:i], object.Members[i+1:]...)
}

// jsonLayout is how a file is written, so that what is added looks like the rest.
type jsonLayout struct {
	newline                 string       // "" when all stands on one line
	indent, step            string       // of the top level's members, and of each level below
	open, close             hujson.Extra // inside of braces on one line
	beforeColon, afterColon hujson.Extra
}

// layout is the file's own, or docker's where the file shows none.
func (c *dockerConfig) layout() jsonLayout {
	l := jsonLayout{newline: newlineIn(c.before), indent: "\t", step: "\t", afterColon: hujson.Extra(" ")}
	if l.newline == "" {
		l.newline = "\n"
	}
	members := c.top().Members
	if len(members) == 0 {
		return l
	}
	last := members[len(members)-1]
	l.beforeColon, l.afterColon = last.Name.AfterExtra, last.Value.BeforeExtra
	l.newline = newlineIn(last.Name.BeforeExtra)
	if l.newline == "" {
		if l.open = members[0].Name.BeforeExtra; newlineIn(l.open) != "" {
			l.open = nil
		}
		l.close = l.open
		return l
	}
	l.indent = afterNewline(last.Name.BeforeExtra)
	l.step = l.indent
	for _, m := range members {
		if inner := membersOf(m.Value); len(inner) > 0 && newlineIn(inner[0].Name.BeforeExtra) != "" {
			if step, ok := strings.CutPrefix(afterNewline(inner[0].Name.BeforeExtra), l.indent); ok {
				l.step = step
			}
			break
		}
	}
	return l
}

// insert adds a member behind the others, in their manner. depth counts for an
// object that has none yet.
func (l jsonLayout) insert(object *hujson.Object, depth int, name string, value hujson.ValueTrimmed) *hujson.Value {
	m := hujson.ObjectMember{Name: hujson.Value{Value: hujson.String(name)}, Value: hujson.Value{Value: value}}
	if n := len(object.Members); n > 0 {
		last := object.Members[n-1]
		m.Name.AfterExtra, m.Value.BeforeExtra = last.Name.AfterExtra, last.Value.BeforeExtra
		m.Name.BeforeExtra = last.Name.BeforeExtra
		if newline := newlineIn(m.Name.BeforeExtra); newline != "" {
			m.Name.BeforeExtra = hujson.Extra(newline + afterNewline(m.Name.BeforeExtra))
		} else if n == 1 && len(m.Name.BeforeExtra) == 0 {
			m.Name.BeforeExtra = m.Value.BeforeExtra // {"a": 1, "b": 2} and {"a":1,"b":2}
		}
	} else {
		m.Name.AfterExtra, m.Value.BeforeExtra = l.beforeColon, l.afterColon
		m.Name.BeforeExtra, object.AfterExtra = l.open, l.close
		if l.newline != "" {
			indent := []string{"", l.indent, l.indent + l.step}
			m.Name.BeforeExtra = hujson.Extra(l.newline + indent[depth+1])
			object.AfterExtra = hujson.Extra(l.newline + indent[depth])
		}
	}
	object.Members = append(object.Members, m)
	return &object.Members[len(object.Members)-1].Value
}

func newlineIn(space []byte) string {
	switch i := bytes.IndexByte(space, '\n'); {
	case i < 0:
		return ""
	case i > 0 && space[i-1] == '\r':
		return "\r\n"
	}
	return "\n"
}

func afterNewline(space []byte) string {
	return string(space[bytes.LastIndexByte(space, '\n')+1:])
}
