package dockerconfig

import (
	"bytes"
	"strings"

	"github.com/tailscale/hujson"
)

// layout is how a file is written, so that what is added looks like the rest.
type layout struct {
	newline                 string       // "" if everything is on one line
	indent, step            string       // of the top level's members, and of each level below
	open, close             hujson.Extra // inside the braces of an object on one line
	beforeColon, afterColon hujson.Extra
}

// layoutOf is the file's own layout, or docker's where the file shows none.
func layoutOf(top *hujson.Object, text []byte) layout {
	l := layout{newline: newlineIn(text), indent: "\t", step: "\t", afterColon: hujson.Extra(" ")}
	if l.newline == "" {
		l.newline = "\n"
	}
	members := top.Members
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

// insert adds a member after the others, in the same layout. depth matters only for
// an object that has no members yet.
func (l layout) insert(object *hujson.Object, depth int, name string, value hujson.ValueTrimmed) *hujson.Value {
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

// removeMembers removes members, each with its comma and the white space before it:
// exactly what insert added.
func removeMembers(object *hujson.Object, remove func(i int) bool) {
	members := object.Members
	var kept []hujson.ObjectMember
	for i, m := range members {
		if !remove(i) {
			kept = append(kept, m)
		}
	}
	switch n := len(members); {
	case len(kept) == n:
		return
	case len(kept) == 0:
		object.AfterExtra = nil
	default:
		if remove(0) {
			kept[0].Name.BeforeExtra = members[0].Name.BeforeExtra
		}
		if remove(n - 1) {
			// White space before a comma that goes. If it stayed there, hujson would write a trailing comma.
			last := &kept[len(kept)-1].Value
			object.AfterExtra = append(bytes.Clone(last.AfterExtra), object.AfterExtra...)
			last.AfterExtra = nil
		}
	}
	object.Members = kept
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
