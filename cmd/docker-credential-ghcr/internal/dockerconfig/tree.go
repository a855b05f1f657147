package dockerconfig

import "github.com/tailscale/hujson"

func memberName(m hujson.ObjectMember) string { return stringOf(m.Name) }

// stringOf is a string value's text, "" for null.
func stringOf(v hujson.Value) string {
	if v.Value.Kind() != '"' {
		return ""
	}
	return v.Value.(hujson.Literal).String()
}

func membersOf(v hujson.Value) []hujson.ObjectMember {
	if object, ok := v.Value.(*hujson.Object); ok {
		return object.Members
	}
	return nil
}

// isKind reports the kind of a value. docker's decoder takes null for everything.
func isKind(v hujson.Value, kind hujson.Kind) bool {
	return v.Value.Kind() == kind || v.Value.Kind() == 'n'
}

func packed(v hujson.Value) string { return string(hujson.Value{Value: v.Value}.Pack()) }

// stringOrNull reads a value from a record, which may be damaged.
func stringOrNull(text string) (hujson.ValueTrimmed, bool) {
	literal := hujson.Literal(text)
	return literal, isKind(hujson.Value{Value: literal}, '"') && literal.IsValid()
}
