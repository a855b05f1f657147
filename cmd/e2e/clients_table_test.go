package e2e

import (
	"debug/buildinfo"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the tables in README.md anew")

// title names the client and the versions of all that is in play.
func (c realClient) title(t *testing.T) string {
	t.Helper()
	var versions []string
	for _, p := range c.parts {
		versions = append(versions, p.version(t))
	}
	return c.name + " (" + strings.Join(versions, ", ") + ")"
}

var versionNumber = regexp.MustCompile(`\d+\.\d+\.\d+`)

// version is the program's name and what its module's go.mod pins, or else what
// it says itself.
func (p part) version(t *testing.T) string {
	t.Helper()
	found := program(t, p.program, p.howToGetIt())
	var version string
	if p.module == "" {
		said, err := exec.Command(found, "--version").Output()
		check(t, err)
		version = string(said)
	} else {
		info, err := buildinfo.ReadFile(found)
		check(t, err)
		version = info.Main.Version
	}
	return strings.TrimSuffix(filepath.Base(p.program), "-29") + " " + versionNumber.FindString(version)
}

// row is what came of one client in one situation.
type row struct {
	token                  string
	push, pull, publicPull string
	sent                   []string
}

func (r row) line(client string) string {
	line := "|"
	for _, cell := range []string{client, r.token, r.push, r.pull, r.publicPull, strings.Join(r.sent, ", ")} {
		line += strings.TrimRight(" "+cell, " ") + " |"
	}
	return line
}

// brief is the exit code of a client and the end of what it says itself.
func (b *bench) brief(o outcome) string {
	if o.code == 0 {
		return "0"
	}
	said := strings.TrimSpace(o.said)
	said = said[strings.LastIndex(said, "\n")+1:]
	said = strings.ReplaceAll(said, b.owner, "octocat")
	for _, p := range passing {
		said = p.what.ReplaceAllString(said, p.with)
	}
	if parts := strings.Split(said, ": "); len(parts) > 2 {
		said = strings.Join(parts[len(parts)-2:], ": ")
	}
	return fmt.Sprintf("%d `%s`", o.code, said)
}

// What differs from one run to the next, and what makes it long.
var passing = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`octocat/(app|public)-[a-z]+`), "octocat/$1"},
	{regexp.MustCompile(`(octocat/app:|manifests/)[2-4]`), "${1}1"}, // compose pulls several at once
	{regexp.MustCompile(`sha256:[0-9a-f]+`), "sha256:…"},
	{regexp.MustCompile(`/token\?[^": ]*`), "/token"},
}

// readme is where the table is. A client's rows come one after the other; the
// first names it, and what it and its parts are, with versions.
const (
	readme     = "README.md"
	endOfTable = "<!-- end of the table -->"
)

var readmeIsFree sync.Mutex

// compare holds a client's rows against the table, or puts them there.
func compare(t *testing.T, client string, rows []string) {
	t.Helper()
	readmeIsFree.Lock()
	defer readmeIsFree.Unlock()
	content, err := os.ReadFile(readme)
	check(t, err)
	before, old, after := cutRows(strings.Split(string(content), "\n"), client)
	switch {
	case slices.Equal(old, rows):
	case *update:
		check(t, os.WriteFile(readme, []byte(strings.Join(slices.Concat(before, rows, after), "\n")), 0o644))
	case len(old) > 0 && titleOf(old[0]) != titleOf(rows[0]):
		missing(t, fmt.Sprintf("the table in README.md is about %s, and here is %s; to take it over: go test -run TestClients -update", titleOf(old[0]), titleOf(rows[0])))
	default:
		t.Errorf("README.md says\n%s\nbut it is\n%s\nto take it over: go test -run TestClients -update", strings.Join(old, "\n"), strings.Join(rows, "\n"))
	}
}

// cutRows finds the rows of a client, else the place where they belong.
func cutRows(lines []string, client string) (before, rows, after []string) {
	later := false
	for _, c := range realClients {
		if later = later || c.name == client; !later {
			continue
		}
		from := slices.IndexFunc(lines, func(line string) bool {
			return titleOf(line) == c.name || strings.HasPrefix(titleOf(line), c.name+" (")
		})
		if from < 0 {
			continue
		}
		to := from
		if c.name == client {
			for to++; strings.HasPrefix(lines[to], "| |"); to++ {
			}
		}
		return lines[:from], lines[from:to], lines[to:]
	}
	end := slices.Index(lines, endOfTable)
	return lines[:end], nil, lines[end:]
}

// titleOf is a row's first cell.
func titleOf(line string) string {
	cells := strings.SplitN(line, "|", 3)
	if len(cells) < 3 || cells[0] != "" {
		return ""
	}
	return strings.TrimSpace(cells[1])
}
