package denial

import "slices"

// Deciding: which denial ended what a text tells of, and whose it is.

// decisive finds the denial that counts: of the most telling speakers', those that
// stand last, and of these the first of the table. Denials of others' registries do
// not count; foreign is the last of them.
func decisive(all []evidence) (found, foreign *evidence) {
	for n := range all {
		e := &all[n]
		if e.of != gitHubs && e.of != maybe {
			if foreign == nil || e.line >= foreign.line {
				foreign = e
			}
			continue
		}
		if found == nil || counts(e, found) > 0 {
			found = e
		}
	}
	return found, foreign
}

// counts compares how much two denials count.
func counts(a, b *evidence) int {
	if by := int(a.weight()) - int(b.weight()); by != 0 {
		return by
	}
	if a.overlaps(b) {
		return b.row - a.row
	}
	if a.joined != b.joined {
		return a.joined - b.joined
	}
	return b.row - a.row
}

// weight is what a denial's words weigh: everybody's weigh as much as a registry's
// where the line names a GitHub registry.
func (e *evidence) weight() speaker {
	if e.by == byAnybody && e.named {
		return byRegistry
	}
	return e.by
}

// overlaps reports whether two denials share a line.
func (e *evidence) overlaps(other *evidence) bool {
	return e.line <= other.joined && other.line <= e.joined
}

// ordered returns what a denial means where it happened, the most likely first.
func ordered(e *evidence, place Place, action string) []string {
	causes := e.causes
	if action == "pull" && e.causesOfPull != nil {
		causes = e.causesOfPull
	}
	var ids []string
	for _, id := range causes {
		if action == "pull" {
			id = asPull(id)
		}
		if id = at(place, id); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if place == Cluster && slices.Contains(ids, "no-pull-secret") && ids[0] == "not-readable" {
		// Most clusters that are denied send no login at all.
		ids = append([]string{"no-pull-secret"}, slices.DeleteFunc(ids, func(id string) bool { return id == "no-pull-secret" })...)
	}
	return ids
}

// asPull replaces what only a push can mean.
func asPull(id string) string {
	switch id {
	case "no-write-role":
		return "not-readable"
	case "actions-no-access":
		return "actions-not-readable"
	}
	return id
}

// at replaces what a cause is called in a place, and drops what cannot be there.
func at(place Place, id string) string {
	switch place {
	case Actions:
		switch id {
		case "no-token":
			return "actions-no-token"
		case "no-write-role":
			return "actions-no-access"
		case "not-readable":
			return "actions-not-readable"
		}
	case Cluster:
		switch id {
		case "no-token":
			return "no-pull-secret"
		case "actions-not-readable", "actions-no-access":
			return ""
		}
	}
	return id
}
