package scale

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var write = flag.Bool("write", false, "simulate fleets up to 10,000 nodes, and write the table into README.md")

// answerAge is how long the program itself uses GitHub's answer again.
const answerAge = 10 * time.Second

// situation is a day at GitHub.
type situation struct {
	name    string
	changes []change
}

const first, second = "ghp_first", "ghp_second"

var situations = []situation{
	{"an ordinary day", nil},
	{"others use up the account's limit from 10:00 to 15:00", []change{
		{10 * time.Hour, func(f *fleet) { f.account.shared = true }},
		{15 * time.Hour, func(f *fleet) { f.account.shared = false }},
	}},
	{"the API is down from 10:00 to 15:00", []change{
		{10 * time.Hour, func(f *fleet) { f.account.down = true }},
		{15 * time.Hour, func(f *fleet) { f.account.down = false }},
	}},
	{"the token is revoked at 12:00 and replaced at 13:00", []change{
		{12 * time.Hour, func(f *fleet) { f.account.set(map[string]bool{second: true}); f.revoked = time.Now() }},
		{13 * time.Hour, func(f *fleet) { f.token = second }},
	}},
}

func TestAFleetPullsThroughTheDay(t *testing.T) {
	sizes := []int{10}
	if *write {
		sizes = []int{10, 100, 1000, 10000}
	}
	// Variables of the owner could be tokens, or change what is asked.
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "GH") || strings.HasPrefix(name, "GITHUB_") || strings.HasPrefix(name, "XDG_") || name == "CACHE_DIRECTORY" || name == "CREDENTIALS_DIRECTORY" {
			t.Setenv(name, "")
		}
	}
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("GHCR_TOKEN", "")
	var table strings.Builder
	for _, size := range sizes {
		for _, s := range situations {
			begun := time.Now()
			r := simulate(t, size, s)
			t.Logf("%d nodes, %s: %v", size, s.name, time.Since(begun).Round(time.Second))
			r.check(t, fmt.Sprintf("%d nodes, %s", size, s.name))
			table.WriteString(r.row(s.name))
		}
	}
	if *write {
		writeTable(t, table.String())
	}
}

func simulate(t *testing.T, size int, s situation) result {
	t.Helper()
	f := &fleet{account: &account{alive: map[string]bool{first: true}}, dir: t.TempDir(), token: first}
	var err error
	synctest.Test(t, func(*testing.T) { err = f.live(size, s.changes) })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(f.dir); err != nil {
		t.Fatal(err)
	}
	return f.result
}

// check is what holds for every fleet on every day.
func (r result) check(t *testing.T, what string) {
	t.Helper()
	if r.failedGood > 0 {
		t.Errorf("%s: %d pulls failed though the token was good", what, r.failedGood)
	}
	if r.handedOut > answerAge {
		t.Errorf("%s: a node got the token %v after it was revoked", what, r.handedOut)
	}
	if r.lastUse > answerAge+cacheDuration {
		t.Errorf("%s: a node used the token %v after it was revoked", what, r.lastUse)
	}
	if perNode := r.perNode(r.api); perNode > 12 {
		t.Errorf("%s: a node costs %.1f requests an hour", what, perNode)
	}
	if r.pulls < 50*r.nodes {
		t.Errorf("%s: only %d pulls", what, r.pulls)
	}
}

func (r result) perNode(requests int) float64 {
	return float64(requests) / float64(r.nodes) / (ends - begins).Hours()
}

// row is the result as a row of README.md.
func (r result) row(situation string) string {
	revoked := "| | | |"
	if r.failedDead > 0 {
		revoked = fmt.Sprintf("| %s | %s | %.1f |", r.handedOut.Round(time.Second), r.lastUse.Round(time.Second), float64(r.dead)/float64(r.nodes))
	}
	return fmt.Sprintf("| %d | %s | %d | %.1f | %.1f | %d | %d | %d %s\n",
		r.nodes, situation, r.pulls, r.perNode(r.api), r.perNode(r.registry), r.busiest, r.refused, r.failedGood, revoked)
}

const heading = "| nodes | day | pulls | API requests an hour and node | registry requests an hour and node | API requests in the busiest hour | of the day's API requests, refused at the limit | pulls that failed though the token was good | last time a node got the dead token, after it was revoked | last time a node used it | questions about the dead token, a node |\n|---|---|---|---|---|---|---|---|---|---|---|\n"

// writeTable replaces the table in README.md.
func writeTable(t *testing.T, rows string) {
	t.Helper()
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), "\n| nodes |")
	if !found {
		t.Fatal("README.md has no table")
	}
	_, after, _ := strings.Cut(rest, "\n\n")
	if err := os.WriteFile("README.md", []byte(before+"\n"+heading+rows+"\n"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
