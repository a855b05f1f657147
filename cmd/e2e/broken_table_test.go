package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// compareFaults holds the table below a heading of README.md against what is
// expected here, or writes it there.
func compareFaults(t *testing.T, heading string, faults []string) {
	t.Helper()
	compareTable(t, heading, tableRow("fault", "docker gets", "exit", "the person reads", "longest", "API", "registry"), faults)
}

// compareTable does so for any table, whose first row is its head.
func compareTable(t *testing.T, heading, head string, below []string) {
	t.Helper()
	rows := slices.Concat([]string{head, "|" + strings.Repeat("---|", strings.Count(head, " |"))}, below)
	readmeIsFree.Lock()
	defer readmeIsFree.Unlock()
	content, err := os.ReadFile(readme)
	check(t, err)
	before, rest, found := strings.Cut(string(content), "\n### "+heading+"\n")
	if !found {
		t.Fatalf("README.md has no heading %q", heading)
	}
	page := strings.Split(rest, "\n")
	from := slices.IndexFunc(page, func(line string) bool { return strings.HasPrefix(line, "|") || strings.HasPrefix(line, "#") })
	if from < 0 || page[from][0] == '#' {
		t.Fatalf("README.md has no table below %q", heading)
	}
	to := from
	for to < len(page) && strings.HasPrefix(page[to], "|") {
		to++
	}
	switch old := page[from:to]; {
	case slices.Equal(old, rows):
	case *update:
		page = slices.Concat(page[:from], rows, page[to:])
		check(t, os.WriteFile(readme, []byte(before+"\n### "+heading+"\n"+strings.Join(page, "\n")), 0o644))
	default:
		t.Errorf("README.md says\n%s\nbut it is\n%s\nto take it over: go test -run %s -update", strings.Join(old, "\n"), strings.Join(rows, "\n"), t.Name())
	}
}

// tableRow is a row of any table.
func tableRow(cells ...string) string {
	line := "|"
	for _, cell := range cells {
		line += strings.TrimRight(" "+strings.ReplaceAll(cell, "|", `\|`), " ") + " |"
	}
	return line
}

// row is the trouble as a row of README.md.
func (c trouble) row() string {
	gets := strings.TrimSpace(c.want.stdout)
	switch c.want.stdout {
	case given.stdout:
		gets = "the token"
	case notFound:
		gets = "not found"
	case "":
		gets = "nothing"
	default:
		gets, _, _ = strings.Cut(gets, "\n")
		gets = "`" + gets + "`"
	}
	longest := "at once"
	if c.longest != promptly {
		longest = fmt.Sprint(int(c.longest/time.Second), " s")
	}
	return tableRow(c.name, gets, fmt.Sprint(c.want.code), c.want.reason(), longest, fmt.Sprint(c.asked.api), fmt.Sprint(c.asked.registry))
}

// reason is the first that a person is told of why there is no token.
func (a answer) reason() string {
	_, said, ok := strings.Cut(a.stderr, "\n  ")
	if !ok {
		_, said, _ = strings.Cut(a.stderr, ": ")
	}
	said, _, _ = strings.Cut(said, "\n")
	if said == "" {
		return ""
	}
	said = strings.ReplaceAll(strings.ReplaceAll(said, "HOME", "~"), "`", "'")
	return "`" + said + "`"
}
