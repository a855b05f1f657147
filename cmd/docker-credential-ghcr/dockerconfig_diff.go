package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// What would change in docker's config.json, shown to a person?

// diff shows how two texts of the file differ, line by line, "" if they do not.
// Strings that are not ours to change are masked: any of them may be a secret.
func diff(before, after []byte) string {
	lines := diffLines(splitLines(maskedConfig(before)), splitLines(maskedConfig(after)))
	if !slices.ContainsFunc(lines, isChanged) {
		return ""
	}
	return hunks(lines)
}

func maskedConfig(text []byte) string {
	root, err := hujson.Parse(text)
	if err != nil {
		return "" // blank: readDockerConfig lets nothing else pass
	}
	for i := range membersOf(root) {
		m := &membersOf(root)[i]
		if name := memberName(*m); !strings.EqualFold(name, "credHelpers") && !strings.EqualFold(name, "credsStore") {
			maskStrings(&m.Value)
		}
	}
	return string(root.Pack())
}

func maskStrings(v *hujson.Value) {
	switch value := v.Value.(type) {
	case *hujson.Object:
		for i := range value.Members {
			maskStrings(&value.Members[i].Value)
		}
	case *hujson.Array:
		for i := range value.Elements {
			maskStrings(&value.Elements[i])
		}
	case hujson.Literal:
		if stringOf(*v) != "" {
			v.Value = hujson.String("***")
		}
	}
}

type diffLine struct {
	mark byte // ' ', '-' or '+'
	text string
}

func isChanged(l diffLine) bool { return l.mark != ' ' }

// hunks are the changed lines with three around them.
func hunks(lines []diffLine) string {
	const around = 3
	var out strings.Builder
	number, shown := 1, 0 // of the old text's line; of lines dealt with
	for i, l := range lines {
		near := lines[max(0, i-around):min(len(lines), i+around+1)]
		if slices.ContainsFunc(near, isChanged) {
			if shown < i || i == 0 {
				fmt.Fprintf(&out, "@@ line %d @@\n", number)
			}
			shown = i + 1
			fmt.Fprintf(&out, "%c%s\n", l.mark, visible(shortLine(lines, i)))
			if !strings.HasSuffix(l.text, "\n") {
				out.WriteString("\\ No newline at end of file\n")
			}
		}
		if l.mark != '+' {
			number++
		}
	}
	return out.String()
}

// shortLine cuts from a long line what it has in common with its new form: a
// file may be one line of a megabyte.
func shortLine(lines []diffLine, i int) string {
	const keep = 60
	line := []rune(strings.TrimRight(lines[i].text, "\r\n"))
	if len(line) <= 3*keep {
		return string(line)
	}
	var twin []rune
	if i > 0 && lines[i-1].mark == '-' && lines[i].mark == '+' {
		twin = []rune(strings.TrimRight(lines[i-1].text, "\r\n"))
	} else if i+1 < len(lines) && lines[i].mark == '-' && lines[i+1].mark == '+' {
		twin = []rune(strings.TrimRight(lines[i+1].text, "\r\n"))
	}
	head, tail := 0, 0
	for head < min(len(line), len(twin)) && line[head] == twin[head] {
		head++
	}
	for tail < min(len(line), len(twin))-head && line[len(line)-1-tail] == twin[len(twin)-1-tail] {
		tail++
	}
	from := max(0, head-keep)
	to := min(len(line)-max(0, tail-keep), from+8*keep)
	short := string(line[from:to])
	if from > 0 {
		short = "…" + short
	}
	if to < len(line) {
		short += "…"
	}
	return short
}

func splitLines(text string) []string {
	return slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool { return line == "" })
}

func diffLines(before, after []string) []diffLine {
	var lines []diffLine
	for len(before) > 0 || len(after) > 0 {
		gone, came := nextCommon(before, after)
		for _, text := range before[:gone] {
			lines = append(lines, diffLine{'-', text})
		}
		for _, text := range after[:came] {
			lines = append(lines, diffLine{'+', text})
		}
		if before, after = before[gone:], after[came:]; len(before) > 0 {
			lines = append(lines, diffLine{' ', before[0]})
			before, after = before[1:], after[1:]
		}
	}
	return lines
}

// nextCommon finds the nearest line that both have; the texts differ in few.
func nextCommon(a, b []string) (inA, inB int) {
	for d := range len(a) + len(b) {
		for i := max(0, d-len(b)+1); i <= min(d, len(a)-1); i++ {
			if a[i] == b[d-i] {
				return i, d - i
			}
		}
	}
	return len(a), len(b)
}
