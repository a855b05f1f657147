package denial

import (
	"slices"
	"strings"
)

// Reading: what a text has in it, before anything is concluded.

// evidence is a denial that a text speaks of.
type evidence struct {
	*phrase
	// row is the phrase's in the table.
	row int
	// words are those of the phrase.
	words string
	// line is the number of the line that it begins on, at where; joined is the last
	// line of what it belongs to.
	line, at, joined int
	// of tells whose denial it is, and other names whose if it is not GitHub's. named
	// says that its own line names it.
	of    owner
	other string
	named bool
}

// text is a text and what is named in it.
type text struct {
	lines []line
	names [][]name // by line
	// above and below are, for each line, the nearest ones that name a registry, -1 if
	// there is none; depth counts the lines that tell something.
	above, below, depth []int
	// theirs tells whether registries are named that are not GitHub's.
	theirs bool
}

func read(plain string, n namer) text {
	lines := linesOf(plain)
	t := text{
		lines: lines, names: make([][]name, len(lines)),
		above: make([]int, len(lines)), below: make([]int, len(lines)), depth: make([]int, len(lines)),
	}
	last, depth := -1, 0
	for i, l := range t.lines {
		t.names[i] = n.on(l)
		t.theirs = t.theirs || slices.ContainsFunc(t.names[i], func(name name) bool { return name.of == others && !name.program })
		t.above[i] = last
		if _, ok := lastRegistry(t.names[i]); ok {
			last = i
		}
		if l.text != "" && !isLayer(l.text) {
			depth++
		}
		t.depth[i] = depth
	}
	next := -1
	for i := len(lines) - 1; i >= 0; i-- {
		t.below[i] = next
		if _, ok := lastRegistry(t.names[i]); ok {
			next = i
		}
	}
	return t
}

// denials finds all denials in a text.
func (t text) denials() (all []evidence) {
	for n := range t.lines {
		for row := range phrases {
			p := &phrases[row]
			if words, at, _, ok := p.find(t.lines[n], len(t.lines[n].text)+1); ok {
				all = append(all, t.evidenceOf(p, row, words, n, at))
			}
		}
	}
	return append(all, t.wrapped()...)
}

// wrapped finds the denials that a terminal or a log has broken over lines, between
// words or within one.
func (t text) wrapped() (all []evidence) {
	const longest = 400 // of a line that something broke
	for n := 0; n+1 < len(t.lines); n++ {
		first, second := t.lines[n], t.lines[n+1]
		if len(first.text) > longest || first.text == "" || second.text == "" {
			continue
		}
		third := line{}
		if n+2 < len(t.lines) {
			third = t.lines[n+2]
		}
		indented := strings.TrimLeft(second.text, " \t")
		for _, form := range []string{
			first.text + " " + indented,
			first.text + second.text,
			first.text + " " + indented + " " + strings.TrimLeft(third.text, " \t"),
		} {
			l := line{text: form, low: lowerASCII(form)}
			for row := range phrases {
				p := &phrases[row]
				words, at, end, ok := p.find(l, len(first.text))
				if !ok || end <= len(first.text)+1 {
					continue
				}
				if len(all) > 0 && all[len(all)-1].line == n && all[len(all)-1].row == row {
					continue
				}
				e := t.evidenceOf(p, row, words, n, at)
				e.joined = max(e.joined, t.lines[n+1].joined)
				all = append(all, e)
			}
		}
	}
	return all
}

func (t text) evidenceOf(p *phrase, row int, words string, n, at int) evidence {
	e := evidence{phrase: p, row: row, words: words, line: n, at: at, joined: t.lines[n].joined}
	names := t.names[n]
	if p.by == byGitHub {
		names = slices.DeleteFunc(slices.Clone(names), func(name name) bool { return name.program && name.text != packageManager })
	}
	subject, ok := nearestOn(names, at)
	if e.named = ok; !ok {
		subject, ok = t.nearest(n, p.by)
		if other, isProgram := t.programAbove(n); isProgram && p.by == byAnybody {
			subject, ok = other, true
		}
	}
	switch {
	case !ok || subject.of == maybe && p.by != byGitHub:
		if !ok && !t.theirs {
			e.of = gitHubs
		}
	case subject.of == maybe:
		e.of = maybe
	default:
		e.of = subject.of
	}
	if e.of != gitHubs && e.of != maybe {
		e.other = subject.text
	}
	if p.by == byGitHub && !e.named {
		e.of, e.other = gitHubs, "" // only GitHub says it
	}
	return e
}

// nearestOn finds the name on a line that a place on it is about: the last one before
// it, or else the first one after it.
func nearestOn(names []name, at int) (nearest name, ok bool) {
	for _, name := range names {
		if name.at > at && ok {
			break
		}
		nearest, ok = name, true
		if name.at > at {
			break
		}
	}
	return nearest, ok
}

// reach is how many lines away a name is that words of everybody's are about.
const reach = 30

// nearest finds what is named nearest to a line, above it rather than below it. What
// anybody says is about no name that is far away.
func (t text) nearest(n int, by speaker) (nearest name, ok bool) {
	above, below := t.above[n], t.below[n]
	ahead, behind := 1<<30, 1<<30
	if above >= 0 {
		ahead = t.depth[n] - t.depth[above]
	}
	if below >= 0 {
		behind = t.depth[below] - t.depth[n]
	}
	switch {
	case above < 0 && below < 0 || by == byAnybody && min(ahead, behind) > reach:
		return name{}, false
	case ahead <= behind:
		return lastRegistry(t.names[above])
	}
	return firstRegistry(t.names[below])
}

// programAbove finds the program that the two lines above a line are of, if no
// registry is named there.
func (t text) programAbove(n int) (program name, ok bool) {
	for k := n - 1; k >= max(0, n-2); k-- {
		if _, isRegistry := lastRegistry(t.names[k]); isRegistry {
			return name{}, false
		}
		if len(t.names[k]) > 0 {
			return t.names[k][0], true
		}
	}
	return name{}, false
}

// isLayer reports whether a line shows how far docker is with a layer.
func isLayer(text string) bool {
	text = strings.TrimLeft(text, " \t")
	return len(text) > 13 && text[12] == ':' && strings.Trim(text[:12], "0123456789abcdef") == ""
}

func lastRegistry(names []name) (last name, ok bool) {
	for _, name := range names {
		if !name.program {
			last, ok = name, true
		}
	}
	return last, ok
}

func firstRegistry(names []name) (name, bool) {
	for _, name := range names {
		if !name.program {
			return name, true
		}
	}
	return name{}, false
}
