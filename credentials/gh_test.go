package credentials

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// slot is an item of gh's in the keyring.
type slot struct{ user, secret string }

func TestGhsAccountIsResolvedAsGhDoes(t *testing.T) {
	nothing := reply{}
	for _, test := range []struct {
		name   string
		hosts  string
		slots  []slot
		pinned string
		// want is the account and its token, or the fault.
		want  reply
		fault Fault
	}{
		{
			"a login in the keyring, as gh writes it",
			"github.com:\n    git_protocol: https\n    users:\n        monalisa:\n    user: monalisa\n",
			[]slot{{"monalisa", "gho_m"}, {"", "gho_m"}}, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"a login in clear text, as gh writes it",
			"github.com:\n    git_protocol: https\n    users:\n        monalisa:\n            oauth_token: gho_m\n    user: monalisa\n    oauth_token: gho_m\n",
			nil, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"clear text goes before the keyring",
			"github.com:\n    users:\n        monalisa:\n            oauth_token: gho_new\n    user: monalisa\n    oauth_token: gho_new\n",
			[]slot{{"monalisa", "gho_old"}, {"", "gho_old"}}, "",
			reply{user: "monalisa", secret: "gho_new"}, "",
		},
		{
			"the user's slot goes before the slot without a name",
			"github.com:\n    users:\n        monalisa:\n    user: monalisa\n",
			[]slot{{"monalisa", "gho_user"}, {"", "gho_nameless"}}, "",
			reply{user: "monalisa", secret: "gho_user"}, "",
		},
		{
			"the slot without a name serves where the user has none",
			"github.com:\n    users:\n        monalisa:\n    user: monalisa\n",
			[]slot{{"", "gho_nameless"}}, "",
			reply{user: "monalisa", secret: "gho_nameless"}, "",
		},
		{
			"an empty slot is none",
			"github.com:\n    users:\n        monalisa:\n    user: monalisa\n",
			[]slot{{"monalisa", " \n"}, {"", "gho_nameless"}}, "",
			reply{user: "monalisa", secret: "gho_nameless"}, "",
		},
		{
			"a slot of another spelling is another's",
			"github.com:\n    users:\n        Monalisa:\n    user: Monalisa\n",
			[]slot{{"monalisa", "gho_m"}}, "",
			reply{user: "Monalisa"}, Missing,
		},
		{
			"the slot of one who was logged out is left alone",
			"github.com:\n    users:\n        monalisa:\n    user: monalisa\n",
			[]slot{{"hubot", "gho_hubot"}, {"monalisa", "gho_m"}}, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"the slot of one who was logged out is left alone, even if he is wanted",
			"github.com:\n    users:\n        monalisa:\n    user: monalisa\n",
			[]slot{{"hubot", "gho_hubot"}, {"monalisa", "gho_m"}}, "hubot",
			reply{user: "hubot"}, Missing,
		},
		{
			"of two accounts the active one",
			"github.com:\n    users:\n        monalisa:\n        hubot:\n    user: hubot\n",
			[]slot{{"monalisa", "gho_m"}, {"hubot", "gho_h"}, {"", "gho_h"}}, "",
			reply{user: "hubot", secret: "gho_h"}, "",
		},
		{
			"of two accounts in clear text the active one",
			"github.com:\n    users:\n        monalisa:\n            oauth_token: gho_m\n        hubot:\n            oauth_token: gho_h\n    user: hubot\n    oauth_token: gho_h\n",
			nil, "",
			reply{user: "hubot", secret: "gho_h"}, "",
		},
		{
			"the account that is wanted",
			"github.com:\n    users:\n        monalisa:\n        hubot:\n    user: hubot\n",
			[]slot{{"monalisa", "gho_m"}, {"hubot", "gho_h"}, {"", "gho_h"}}, "monalisa",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"the account that is wanted, in clear text beside one in the keyring",
			"github.com:\n    users:\n        monalisa:\n            oauth_token: gho_m\n        hubot:\n    user: hubot\n",
			[]slot{{"hubot", "gho_h"}, {"", "gho_h"}}, "monalisa",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"the account that is wanted, in the keyring beside one in clear text",
			"github.com:\n    users:\n        monalisa:\n        hubot:\n            oauth_token: gho_h\n    user: hubot\n    oauth_token: gho_h\n",
			[]slot{{"monalisa", "gho_m"}}, "monalisa",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"the slot without a name is never that of an account that is not active",
			"github.com:\n    users:\n        monalisa:\n        hubot:\n    user: hubot\n",
			[]slot{{"hubot", "gho_h"}, {"", "gho_h"}}, "monalisa",
			reply{user: "monalisa"}, Missing,
		},
		{
			"the active account, when it is the one that is wanted",
			"github.com:\n    users:\n        monalisa:\n    user: monalisa\n",
			[]slot{{"", "gho_m"}}, "monalisa",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"an account that is wanted and that gh never heard of",
			"github.com:\n    users:\n        monalisa:\n    user: monalisa\n    oauth_token: gho_m\n",
			nil, "hubot",
			reply{user: "hubot"}, Missing,
		},
		{
			"an account that is wanted, in a file from before there were several",
			"github.com:\n    user: monalisa\n    oauth_token: gho_m\n",
			nil, "hubot",
			reply{user: "hubot"}, Missing,
		},
		{
			"a file from before 2.40, in clear text",
			"github.com:\n    oauth_token: gho_m\n    user: monalisa\n    git_protocol: ssh\n",
			nil, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"a file from before 2.40, with the token in the keyring",
			"github.com:\n    user: monalisa\n    git_protocol: ssh\n",
			[]slot{{"", "gho_m"}}, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"a token without a user",
			"github.com:\n    oauth_token: gho_m\n",
			nil, "",
			reply{secret: "gho_m"}, "",
		},
		{
			"a token without a user, in the keyring",
			"github.com:\n    git_protocol: ssh\n",
			[]slot{{"", "gho_m"}}, "",
			reply{secret: "gho_m"}, "",
		},
		{
			"a user without a token",
			"github.com:\n    users:\n        monalisa:\n    user: monalisa\n",
			nil, "",
			reply{user: "monalisa"}, Missing,
		},
		{"an entry with preferences only", "github.com:\n    git_protocol: ssh\n", nil, "", nothing, ""},
		{"an empty map", "github.com: {}\n", nil, "", nothing, ""},
		{"null", "github.com:\n", nil, "", nothing, ""},
		{"null, spelled out", "github.com: null\n", nil, "", nothing, ""},
		{"a word where the entry should be", "github.com: yes\n", nil, "", nothing, ""},
		{"a list where the entry should be", "github.com:\n- oauth_token: gho_m\n", nil, "", nothing, ""},
		{"an empty file", "", nil, "", nothing, ""},
		{"comments only", "# nothing\n\n  # here\n", nil, "", nothing, ""},
		{"marks only", "---\n...\n", nil, "", nothing, ""},
		{"an empty map of hosts", "{}\n", nil, "", nothing, ""},
		{"other hosts only", "git.example.com:\n    user: monalisa\n    oauth_token: gho_m\n", []slot{{"", "gho_x"}}, "", nothing, ""},
		{"a host that only looks like it", "xgithub.com:\n    oauth_token: gho_m\ngithub.com.evil.example:\n    oauth_token: gho_e\n", nil, "", nothing, ""},
		{"a host within another's entry", "git.example.com:\n    github.com:\n        oauth_token: gho_m\n", nil, "", nothing, ""},
		{
			"several hosts",
			"git.example.com:\n    user: hubot\n    oauth_token: gho_e\ngithub.com:\n    user: monalisa\n    oauth_token: gho_m\n",
			nil, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"quotes, comments and Windows' line ends",
			"\ufeff---\r\n\"github.com\": # mine\r\n  'user':   \"monalisa\"\r\n  oauth_token: 'gho_m' # secret\r\n",
			nil, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"flow style",
			"{github.com: {user: monalisa, oauth_token: gho_m}}",
			nil, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"unknown keys",
			"github.com:\n    user: monalisa\n    oauth_token: gho_m\n    x:\n    - 1\n    - {y: z}\nversion: 2\n",
			nil, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"a token that cannot be one",
			"github.com:\n    user: monalisa\n    oauth_token: gho_m and more\n",
			nil, "",
			reply{user: "monalisa"}, Broken,
		},
		{
			"a token in the keyring that cannot be one",
			"github.com:\n    user: monalisa\n",
			[]slot{{"monalisa", "gho_m\ngho_n"}}, "",
			reply{user: "monalisa"}, Broken,
		},
		{
			"an empty token",
			"github.com:\n    user: monalisa\n    oauth_token: \"\"\n",
			[]slot{{"monalisa", "gho_m"}}, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"a token of null",
			"github.com:\n    users:\n        monalisa:\n            oauth_token: null\n    user: monalisa\n    oauth_token: null\n",
			[]slot{{"monalisa", "gho_m"}}, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"a token of ~",
			"github.com:\n    user: monalisa\n    oauth_token: ~\n",
			[]slot{{"", "gho_m"}}, "",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{
			"a token of ~ for the account that is wanted",
			"github.com:\n    users:\n        monalisa:\n            oauth_token: ~\n        hubot:\n    user: hubot\n    oauth_token: gho_h\n",
			[]slot{{"monalisa", "gho_m"}}, "monalisa",
			reply{user: "monalisa", secret: "gho_m"}, "",
		},
		{"a token of null, and no other", "github.com:\n    user: monalisa\n    oauth_token: null\n", nil, "", reply{user: "monalisa"}, Missing},
		{"a token and a user of null", "github.com:\n    user: ~\n    oauth_token: null\n", nil, "", nothing, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.hosts(test.hosts)
			for _, s := range test.slots {
				m.keep("gh:github.com", s.user, s.secret)
			}
			c, ok := readGH().candidate(t.Context(), newLimitedKeyring(m.keyring, quiet), github.DotCom, test.pinned)
			if want := test.want != nothing || test.fault != ""; ok != want {
				t.Fatalf("got %+v, %v", c, ok)
			}
			if !ok {
				return
			}
			if c.Source != GH || c.Login != test.want.user || c.Token.Reveal() != test.want.secret || c.Fault != test.fault {
				t.Errorf("got %+v with %q", c, c.Token.Reveal())
			}
			if (c.Fault == "") != (c.Reason == "") || strings.Contains(c.Reason, "gho_") {
				t.Errorf("fault %q, reason %q", c.Fault, c.Reason)
			}
			inactive := test.pinned != "" && !strings.Contains(test.hosts, "user: "+test.pinned+"\n") && strings.Contains(test.hosts, test.pinned)
			if c.Inactive != inactive {
				t.Errorf("inactive is %v", c.Inactive)
			}
		})
	}
}

// slots is a keyring of which single items fail.
type slots struct {
	*credentialstest.Keyring
	fail map[string]error // by user
}

func (s slots) Get(service, user string) (string, error) {
	secret, err := s.Keyring.Get(service, user)
	if failure, ok := s.fail[user]; ok {
		return "", failure
	}
	return secret, err
}

func TestAnErrorInTheUsersSlotGoesOnToTheSlotWithoutAName(t *testing.T) {
	const active = "github.com:\n    users:\n        octocat:\n        hubot:\n    user: octocat\n"
	locked, gone := errors.New("failed to unlock correct collection"), errors.New("dbus: authentication failed")
	for _, test := range []struct {
		name   string
		hosts  string
		fail   map[string]error
		pinned string
		secret string
		ok     bool
		fault  Fault
	}{
		{"the user's slot is locked, the other is good", active, map[string]error{"octocat": locked}, "", "gho_nameless", true, ""},
		{"the user's slot fails, the other is good", active, map[string]error{"octocat": errors.New("oh")}, "", "gho_nameless", true, ""},
		{"both are locked", active, map[string]error{"octocat": locked, "": locked}, "", "", true, Locked},
		{"the user's slot is locked, the other is not there", active, map[string]error{"octocat": locked, "": ErrNotInKeyring}, "", "", true, Locked},
		{"the user's slot is not there, the other is locked", active, map[string]error{"octocat": ErrNotInKeyring, "": locked}, "", "", true, Locked},
		{"neither is there", active, map[string]error{"octocat": ErrNotInKeyring, "": ErrNotInKeyring}, "", "", true, Missing},
		{"there is no keyring", active, map[string]error{"octocat": gone, "": gone}, "", "", true, NoKeyring},
		{"the slot of an account that is not active is locked", active, map[string]error{"hubot": locked}, "hubot", "", true, Locked},
		{"without a user, the slot without a name is locked", "github.com:\n    git_protocol: ssh\n", map[string]error{"": locked}, "", "", true, Locked},
		{"without a user, there is no keyring", "github.com:\n    git_protocol: ssh\n", map[string]error{"": gone}, "", "", false, NoKeyring},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.hosts(test.hosts)
			for _, user := range []string{"octocat", "hubot"} {
				m.keep("gh:github.com", user, "gho_"+user)
			}
			m.keep("gh:github.com", "", "gho_nameless")
			c, ok := readGH().candidate(t.Context(), newLimitedKeyring(slots{m.keyring, test.fail}, quiet), github.DotCom, test.pinned)
			if ok != test.ok || ok && (c.Fault != test.fault || c.Token.Reveal() != test.secret || (c.Fault == "") != (c.Reason == "")) {
				t.Errorf("got %+v, %v with %q", c, ok, c.Token.Reveal())
			}
		})
	}
}

func TestNoSlotIsReadTwice(t *testing.T) {
	for hosts, want := range map[string][]string{
		"github.com:\n    git_protocol: ssh\n": {`get gh:github.com ""`},
		"github.com:\n    user: octocat\n":     {"get gh:github.com octocat", `get gh:github.com ""`},
	} {
		m := newMachine(t)
		m.hosts(hosts)
		m.get("ghcr.io")
		if got := m.keyring.Calls(); !slices.Equal(got, want) {
			t.Errorf("%q: used the keyring %q, want %q", hosts, got, want)
		}
	}
}

func TestGhsFilesStayAsTheyAre(t *testing.T) {
	m := newMachine(t)
	// Without a version every command of gh rewrites both files.
	m.hosts("github.com:\n    user: octocat\n    oauth_token: gho_example\n")
	m.write(filepath.Join(filepath.Dir(m.hostsPath()), "config.yml"), "git_protocol: ssh\n")
	before, entries := m.files(), m.ghFolder()
	m.token("gho_example", "write:packages")
	m.found("ghcr.io", "octocat", "gho_example")
	if err := m.store("ghcr.io", "octocat", "gho_example"); err != nil {
		t.Error(err)
	}
	m.erase("ghcr.io")
	m.list()
	after := m.files()
	for path, content := range before {
		if after[path] != content {
			t.Errorf("%s is now %q", path, after[path])
		}
	}
	if got := m.ghFolder(); !slices.Equal(got, entries) {
		t.Errorf("gh's folder holds %q, before it held %q", got, entries)
	}
}

func (m *machine) ghFolder() []string {
	m.Helper()
	entries, err := os.ReadDir(os.Getenv("GH_CONFIG_DIR"))
	if err != nil {
		m.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestBrokenYAMLIsAFaultThatNamesFileAndLine(t *testing.T) {
	const good = "github.com:\n    user: octocat\n    oauth_token: gho_" + canary + "\n"
	for _, test := range []struct {
		name, yaml, line string
	}{
		{"a tab", good + "\tgit_protocol: ssh\n", "4"},
		{"a tab in the first line", "\tgithub.com:\n", "1"},
		{"a quote that is not closed", "github.com:\n    user: \"octocat\n    oauth_token: gho_" + canary + "\n", "2"},
		{"a list", "- github.com\n- git.example.com\n", "1"},
		{"a word", "gho_" + canary + "\n", "1"},
		{"a word without a line's end", "gho_" + canary, "1"},
		{"a number", "42\n", "1"},
		{"a step back too short", "github.com:\n    users:\n        octocat:\n      hubot:\n", "4"},
		{"a map that is not closed", good + "git.example.com: {user: hubot\n", "4"},
		{"a list that is not closed", "# hosts\n" + good + "x: [1, 2\n", "5"},
		{"a merge conflict", "<<<<<<< HEAD\n" + good + "=======\n>>>>>>> theirs\n", "1"},
		{"a merge conflict further down", good + "<<<<<<< HEAD\n    git_protocol: ssh\n=======\n", "4"},
		{"no blank behind a colon", "github.com:\n    user:octocat\n    oauth_token: gho_" + canary + "\n", "3"},
		{"a byte that is no text", "github.com:\n    user: octo\xffcat\n", "2"},
		{"a null byte", "github.com:\n    user: octo\x00cat\n", "2"},
		{"an escape sequence", "github.com:\n    user: octocat\n# \x1b[2J\n", "3"},
		{"a web page", "<!DOCTYPE html>\n<html><body>x: y</body></html>\n", "1"},
		{"JSON that is not closed", "{\"github.com\": {\"user\": \"octocat\"}\n", "1"},
		{"an alias of nothing", good + "git.example.com: *github\n", "4"},
		{"a key of nothing", good + "    : : :\n", "4"},
		{"a colon too many", "github.com:\n    user: octocat: hubot\n", "2"},
		{"an at sign", "github.com:\n    user: @octocat\n", "2"},
		{"Windows' line ends", "github.com:\r\n    user: octocat\r\n\tx: y\r\n", "3"},
		{"a byte order mark", "\ufeffgithub.com:\n\tx: y\n", "2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.hosts(test.yaml)
			m.keep("gh:github.com", "", "gho_nameless")
			opened := m.opened()
			m.says("ghcr.io",
				"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
				"  gh: "+m.hostsPath()+", line "+test.line+": not valid YAML",
				"docker-credential-ghcr: hint: fix what is named above, then try again",
			)
			if m.opened() != opened {
				t.Errorf("the keyring was opened: %q", m.keyring.Calls())
			}
			if logins := m.list(); len(logins) > 0 {
				t.Errorf("listed %v", logins)
			}
		})
	}
}

func TestABrokenConfigOfGhsIsAFaultToo(t *testing.T) {
	m := newMachine(t)
	m.ghLogin(github.DotCom, "octocat", "gho_example")
	path := filepath.Join(filepath.Dir(m.hostsPath()), "config.yml")
	m.write(path, "version: \"1\"\nhttp_unix_socket: [\n")
	m.says("ghcr.io",
		"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
		"  gh: "+path+", line 2: not valid YAML",
		"docker-credential-ghcr: hint: fix what is named above, then try again",
	)
}

// odd are things that may be in a file's place, and what is said of them.
var odd = map[string]struct {
	make func(m *machine, path string)
	says string // %s is the path; STAT is what the system says of it
}{
	"a directory":               {func(m *machine, path string) { m.write(filepath.Join(path, "x"), "") }, "%s is a directory"},
	"a link that leads nowhere": {func(m *machine, path string) { m.link(path) }, "%s is a link that leads nowhere"},
	"a link to itself": {func(m *machine, path string) {
		m.link(path)
		os.Remove(path)
		m.symlink(path, path)
	}, "STAT"},
	"2 MiB": {func(m *machine, path string) { m.write(path, strings.Repeat("# comment\n", 2<<20/10)) }, "%s is larger than 1048576 bytes"},
}

func TestWhatIsNoFileIsAFaultThatNamesIt(t *testing.T) {
	for name, thing := range odd {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			thing.make(m, m.hostsPath())
			says := strings.ReplaceAll(thing.says, "%s", m.hostsPath())
			if says == "STAT" { // each system has its own words
				_, err := os.Stat(m.hostsPath())
				says = strings.Replace(err.Error(), "stat ", "open ", 1)
			}
			m.says("ghcr.io",
				"docker-credential-ghcr: error: no usable GitHub token for ghcr.io",
				"  gh: "+says,
				"docker-credential-ghcr: hint: fix what is named above, then try again",
			)
		})
	}
}

func TestABrokenFileOfGhsDoesNotHideWhatComesBeforeIt(t *testing.T) {
	m := newMachine(t)
	m.hosts("\t")
	m.dockerLogin(github.DotCom, "octocat", "gho_example")
	m.token("gho_example", "write:packages")
	m.found("ghcr.io", "octocat", "gho_example")
}

func TestALinkThatLeadsToAFileIsAsGoodAsTheFile(t *testing.T) {
	m := newMachine(t)
	elsewhere := filepath.Join(t.TempDir(), "dotfiles", "hosts.yml")
	m.write(elsewhere, "github.com:\n    user: octocat\n    oauth_token: gho_example\n")
	m.link(m.hostsPath())
	os.Remove(m.hostsPath())
	m.symlink(elsewhere, m.hostsPath())
	m.token("gho_example", "write:packages")
	m.found("ghcr.io", "octocat", "gho_example")
}

func TestGhsLoginIsReadAnewEachTime(t *testing.T) {
	m := newMachine(t)
	m.token("gho_one", "write:packages")
	m.token("gho_two", "write:packages")
	m.ghLogin(github.DotCom, "octocat", "gho_one")
	m.found("ghcr.io", "octocat", "gho_one")
	m.ghLogin(github.DotCom, "octocat", "gho_two")
	m.found("ghcr.io", "octocat", "gho_two")
	m.hosts("{}\n")
	m.notFound("ghcr.io")
	m.ghKeyringLogin(github.DotCom, "octocat", "gho_one")
	m.found("ghcr.io", "octocat", "gho_one")
}

func TestALoginThatIsRewrittenMeanwhileIsTheOldOrTheNew(t *testing.T) {
	m := newMachine(t)
	m.ghLogin(github.DotCom, "octocat", "gho_0")
	var stop sync.WaitGroup
	done := make(chan struct{})
	defer stop.Wait()
	defer close(done)
	stop.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			next := m.hostsPath() + ".new"
			content := "github.com:\n    user: octocat\n    oauth_token: gho_" + string(rune('0'+n%10)) + "\n"
			if os.WriteFile(next, []byte(content), 0o600) != nil || os.Rename(next, m.hostsPath()) != nil {
				return
			}
		}
	})
	for range 200 {
		c, ok := readGH().candidate(t.Context(), newLimitedKeyring(m.keyring, quiet), github.DotCom, "")
		if !ok || c.Fault != "" || !strings.HasPrefix(c.Token.Reveal(), "gho_") {
			t.Fatalf("got %+v, %v", c, ok)
		}
	}
}

func TestWhereGhsFilesAre(t *testing.T) {
	const login = "github.com:\n    user: octocat\n    oauth_token: gho_example\n"
	for _, test := range []struct {
		name string
		// env is what is set, relative to the home; path is where the file is.
		env   map[string]string
		path  string
		found bool
	}{
		{"in GH_CONFIG_DIR", map[string]string{"GH_CONFIG_DIR": "a", "XDG_CONFIG_HOME": "b"}, "a/hosts.yml", true},
		{"in XDG_CONFIG_HOME", map[string]string{"XDG_CONFIG_HOME": "b"}, "b/gh/hosts.yml", true},
		{"in the home", nil, ".config/gh/hosts.yml", true},
		{"not where GH_CONFIG_DIR does not point", map[string]string{"GH_CONFIG_DIR": "a", "XDG_CONFIG_HOME": "b"}, "b/gh/hosts.yml", false},
		{"not in the home if XDG_CONFIG_HOME says another", map[string]string{"XDG_CONFIG_HOME": "b"}, ".config/gh/hosts.yml", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			home := os.Getenv("HOME")
			for _, name := range []string{"GH_CONFIG_DIR", "XDG_CONFIG_HOME", "AppData"} {
				t.Setenv(name, "")
			}
			for name, value := range test.env {
				t.Setenv(name, filepath.Join(home, value))
			}
			m.write(filepath.Join(home, filepath.FromSlash(test.path)), login)
			m.token("gho_example", "write:packages")
			if test.found {
				m.found("ghcr.io", "octocat", "gho_example")
			} else {
				m.notFound("ghcr.io")
			}
		})
	}
}

func TestOfARelativeHomeNothingIsUsed(t *testing.T) {
	posix(t)
	m := newMachine(t)
	for _, name := range []string{"GH_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, "")
	}
	// What a stranger's repository may hold: another scope, a host, an account, a
	// login, and an answer about the token.
	m.dockerLogin(github.DotCom, "hubot", "ghp_planted")
	m.settings(`{"registries":{"ghcr.io":{"scope":"read:packages","user":"hubot"},"containers.git.example.com":{}}}`)
	m.write(filepath.Join(os.Getenv("HOME"), ".config/gh/hosts.yml"), "github.com:\n    user: hubot\n    oauth_token: gho_planted\n    api_host: evil.example\n")
	answer := alive("write:packages")
	answer.Asked = time.Now()
	_, unlock := openCache(false).lock(t.Context(), "0")
	unlock()
	openCache(false).store(mustParse(t, "gho_reads").Key(github.DotCom), cacheEntry{}, facts{API: answer})
	m.variable("gho_reads")
	m.token("gho_reads", "read:packages")
	m.found("ghcr.io", "octocat", "gho_reads") // all of it is read while the home is absolute

	t.Chdir(filepath.Dir(os.Getenv("HOME")))
	t.Setenv("HOME", filepath.Base(os.Getenv("HOME")))
	planted, opened := tree(t, os.Getenv("HOME")), m.opened()
	if v := m.only("ghcr.io"); v.Fault != LacksScope || v.Source != "GH_TOKEN" {
		t.Errorf("got %+v", v)
	}
	t.Setenv("GH_ENTERPRISE_TOKEN", "gho_reads")
	m.notFound("containers.git.example.com")
	t.Setenv("GH_TOKEN", "")
	m.notFound("ghcr.io")
	if logins := m.list(); len(logins) > 0 {
		t.Errorf("listed %v", logins)
	}
	if said := m.erase("ghcr.io"); said != "" {
		t.Errorf("erase said %q", said)
	}
	if calls := m.keyring.Calls()[opened:]; len(calls) > 0 {
		t.Errorf("used the keyring %q", calls)
	}
	m.token("ghp_other", "write:packages")
	if err := m.store("ghcr.io", "octocat", "ghp_other"); err == nil || !strings.Contains(err.Error(), "is not an absolute path") {
		t.Errorf("store: %v", err)
	}
	if err := EditSettings(func(*Settings) error { return nil }); err == nil {
		t.Error("the settings were edited")
	}
	if now := tree(t, os.Getenv("HOME")); !maps.Equal(now, planted) {
		t.Errorf("there is now %q, before there was %q", now, planted)
	}
	for _, r := range m.github.Requests() {
		if r.Host != "api.github.com" {
			t.Errorf("asked %s", r.Host)
		}
	}
}

func TestWithoutAHomeTheWorkingDirectoryIsNotTakenForOne(t *testing.T) {
	for _, test := range []struct {
		name  string
		env   map[string]string
		path  string
		found bool
	}{
		{"no home", nil, ".config/gh/hosts.yml", false},
		{"no home, and a file without a folder", nil, "hosts.yml", false},
		{"a relative GH_CONFIG_DIR, which somebody set", map[string]string{"GH_CONFIG_DIR": "mine"}, "mine/hosts.yml", true},
		{"a relative XDG_CONFIG_HOME, which somebody set", map[string]string{"XDG_CONFIG_HOME": "mine"}, "mine/gh/hosts.yml", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			t.Chdir(t.TempDir())
			for _, name := range []string{"HOME", "USERPROFILE", "AppData", "LocalAppData", "GH_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"} {
				t.Setenv(name, "")
			}
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			m.write(filepath.FromSlash(test.path), "github.com:\n    user: octocat\n    oauth_token: gho_example\n    api_host: evil.example\n")
			m.github.Alias("evil.example", "api.github.com")
			m.token("gho_example", "write:packages")
			m.token("gho_variable", "write:packages")
			if test.found {
				m.found("ghcr.io", "octocat", "gho_example")
				return
			}
			m.notFound("ghcr.io")
			if len(m.list()) > 0 {
				t.Errorf("listed %v", m.list())
			}
			t.Setenv("GH_TOKEN", "gho_variable")
			m.found("ghcr.io", "octocat", "gho_variable")
			for _, r := range m.github.Requests() {
				if r.Host != "api.github.com" {
					t.Errorf("asked %s", r.Host)
				}
			}
		})
	}
}

func TestGhsSettingAPIHostNamesTheAPI(t *testing.T) {
	for _, test := range []struct{ name, host, registry, apiHost, want, path string }{
		{"of github.com", "github.com", "ghcr.io", "gw.example.com", "gw.example.com", "/user"},
		{"of a tenant", "acme.ghe.com", "containers.acme.ghe.com", "gw.example.com", "gw.example.com", "/user"},
		{"of an enterprise host", "git.example.com", "containers.git.example.com", "gw.example.com", "gw.example.com", "/api/v3/user"},
		{"in capitals", "github.com", "ghcr.io", "GW.Example.COM", "gw.example.com", "/user"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.hosts(test.host + ":\n    user: octocat\n    oauth_token: gho_example\n    api_host: " + test.apiHost + "\n")
			m.github.Add("gho_example", credentialstest.Token{Host: test.host, Login: "octocat", Scopes: []string{"write:packages"}})
			as := "api." + test.host
			if test.host == "git.example.com" {
				as = test.host
			}
			m.github.Alias(test.want, as)
			m.found(test.registry, "octocat", "gho_example")
			requests := m.github.Requests()
			if len(requests) != 1 || requests[0].Host != test.want || requests[0].Path != test.path || !requests[0].TLS {
				t.Errorf("asked %+v", requests)
			}
		})
	}
}

func TestAnAPIHostThatIsNoHostNameIsNeverSentTheToken(t *testing.T) {
	for _, bad := range []string{
		"https://gw.example.com", "gw.example.com:8443", "gw.example.com/api", "octocat@gw.example.com", "gw.example.com?x", `"gw.example.com\x00"`,
		"gw_example.com", "gw.example.com.", "'gw example.com'", `"gw.example\n.com"`, "-gw.example.com", "gw..example.com", "'[::1]'", "'#'", "gẅ.example.com", "gw.example.İo", "\u212aw.example.com",
	} {
		t.Run(bad, func(t *testing.T) {
			m := newMachine(t)
			m.hosts("github.com:\n    user: octocat\n    oauth_token: gho_example\n    api_host: " + bad + "\n")
			m.github.Break("", credentialstest.Registry, credentialstest.ServerError(503))
			said := m.refused("ghcr.io")
			if want := "  gh, octocat: could not be checked: API: " + m.hostsPath() + ": api_host of github.com is not a host name; registry: 503, not GitHub's own answer\n"; !containsLine(said, want) {
				t.Errorf("said\n%s\nwithout\n%s", said, want)
			}
			m.wantAsked(0, 1)
		})
	}
}

func TestTheRegistryMayVouchWhereAPIHostIsNoHostName(t *testing.T) {
	m := newMachine(t)
	m.hosts("github.com:\n    user: octocat\n    oauth_token: gho_example\n    api_host: https://gw.example.com\n")
	m.token("gho_example", "write:packages")
	m.found("ghcr.io", "octocat", "gho_example")
	m.wantAsked(0, 1)
}

func TestGhsSocketCarriesWhatIsMeantForTheAPI(t *testing.T) {
	m := newMachine(t)
	dir, err := os.MkdirTemp("", "") // short: a socket's path may have 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "api.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		unavailable(t, "needs unix sockets; set TMPDIR to a folder on a file system that has them, or use Linux", err)
	}
	behind := credentialstest.NewGitHub()
	server := &http.Server{Handler: behind}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()

	m.ghLogin(github.DotCom, "octocat", "gho_example")
	m.write(filepath.Join(filepath.Dir(m.hostsPath()), "config.yml"), "version: \"1\"\nhttp_unix_socket: "+path+"\n")
	behind.Add("gho_example", octocat)
	m.found("ghcr.io", "octocat", "gho_example")
	requests := behind.Requests()
	if len(requests) != 1 || requests[0].Host != "api.github.com" || requests[0].Path != "/user" || requests[0].TLS {
		t.Errorf("the socket saw %+v", requests)
	}
	m.wantAsked(0, 0)

	// No proxy comes between.
	output, err := child(t, "get", "HTTPS_PROXY="+proxies[0], "GHCR_NO_MEMORY=1").CombinedOutput()
	if string(output) != "octocat gho_example <nil>\n" || err != nil {
		t.Errorf("with a proxy: %s, %v", output, err)
	}

	// No server behind it: the registry itself is asked, over TLS as always.
	server.Close()
	m.github.Add("gho_example", octocat)
	t.Setenv("GHCR_NO_MEMORY", "1")
	m.found("ghcr.io", "octocat", "gho_example")
	m.wantAsked(0, 1)
}

func TestGhIsNeverStarted(t *testing.T) {
	m := newMachine(t)
	bin := t.TempDir()
	trace := filepath.Join(t.TempDir(), "started")
	for _, name := range []string{"gh", "git", "dbus-launch", "security", "secret-tool"} {
		m.write(filepath.Join(bin, name), "#!/bin/sh\necho \"$0\" >>'"+trace+"'\n")
		if err := os.Chmod(filepath.Join(bin, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	t.Setenv("GH_PATH", filepath.Join(bin, "gh"))
	m.hosts("github.com:\n    user: octocat\n")
	m.refused("ghcr.io")
	m.list()
	m.erase("ghcr.io")
	if started, err := os.ReadFile(trace); err == nil {
		t.Errorf("started %s", started)
	}
}

func TestOtherAccountsAreNamedAndNotUsed(t *testing.T) {
	const hosts = "github.com:\n    users:\n        monalisa:\n        hubot:\n        \"no login\":\n    user: hubot\n"
	for _, test := range []struct {
		name, settings string
		want           []string
	}{
		{"beside the active one", "", []string{"monalisa"}},
		{"beside the one that is wanted", `{"registries":{"ghcr.io":{"user":"monalisa"}}}`, []string{"hubot"}},
		{"beside one that is not there", `{"registries":{"ghcr.io":{"user":"octocat"}}}`, []string{"monalisa", "hubot"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			m.hosts(hosts)
			if test.settings != "" {
				m.settings(test.settings)
			}
			if got := m.search("ghcr.io").OtherAccounts(); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTheAccountThatTheSettingsNameIsUsed(t *testing.T) {
	m := newMachine(t)
	m.hosts("github.com:\n    users:\n        monalisa:\n        hubot:\n    user: hubot\n")
	m.keep("gh:github.com", "monalisa", "gho_m")
	m.keep("gh:github.com", "hubot", "gho_h")
	m.keep("gh:github.com", "", "gho_h")
	m.github.Add("gho_m", credentialstest.Token{Login: "monalisa", Scopes: []string{"write:packages"}})
	m.github.Add("gho_h", credentialstest.Token{Login: "hubot", Scopes: []string{"write:packages"}})
	m.found("ghcr.io", "hubot", "gho_h")
	m.settings(`{"registries":{"ghcr.io":{"user":"monalisa"}}}`)
	m.found("ghcr.io", "monalisa", "gho_m")
	m.found("docker.pkg.github.com", "hubot", "gho_h")
}

// FuzzHosts: whatever hosts.yml contains, a token that is found is in it,
// and a broken line is one of the file's.
func FuzzHosts(f *testing.F) {
	for _, yaml := range []string{
		"", "{}", "github.com:", "github.com:\n    user: octocat\n    oauth_token: gho_x\n", "github.com:\n\tuser: x\n", "- a\n", "x", "\ufeffgithub.com: {oauth_token: gho_x}",
		"github.com: &a\n    oauth_token: gho_x\ngit.example.com: *a\n", "a: &a [*a]\n", "? github.com\n: oauth_token: gho_x\n", "github.com:\n    oauth_token: |\n        gho_x\n",
		"github.com:\n    oauth_token: \"gho_\\x78\"\n", "github.com:\n    users:\n        octocat:\n            oauth_token: gho_x\n    user: hubot\n", "%YAML 1.2\n---\ngithub.com: !!str x\n",
		"a: [1,\n 2]\nb: c\n\td\n", "github.com:\n    oauth_token: 'it''s'\n", "<<: x\n", "github.com:\n    oauth_token: !!binary Z2hvX3g=\n", "\xff\xfeg\x00:\x00\n\x00", strings.Repeat("[", 200),
	} {
		f.Add(yaml, "octocat")
	}
	f.Fuzz(func(t *testing.T, yaml, pinned string) {
		parsed, ok := parseYAML(yaml)
		if names, err := parsed.Keys(nil); !ok && (len(names) > 0 || err != nil) {
			t.Errorf("broken, and yet it names %q, %v", names, err)
		}
		if named := brokenLine(yaml); !ok && named != "" {
			var line int
			if _, err := fmt.Sscanf(named, ", line %d", &line); err != nil || line < 1 || line > strings.Count(yaml, "\n")+1 {
				t.Fatalf("%q of %q", named, yaml)
			}
		}
		store := &ghStore{hostsPath: "hosts.yml", hosts: parsed, general: parsed}
		for _, host := range append(store.hostNames(), github.DotCom) {
			for _, user := range append(store.users(host), "", pinned) {
				c, ok := store.candidate(context.Background(), newLimitedKeyring(&credentialstest.Keyring{NotFound: ErrNotInKeyring}, quiet), host, user)
				secret := c.Token.Reveal()
				switch {
				case secret == "":
				case !ok || c.Fault != "":
					t.Errorf("%+v, %v with a token", c, ok)
				case !utf8.ValidString(yaml) || strings.ContainsAny(yaml, `\'`):
					// UTF-16, and quotes that are undone.
				case !strings.Contains(yaml, secret):
					t.Errorf("%q is not in the file", secret)
				}
				if strings.ContainsAny(c.Reason, "\n\r") {
					t.Errorf("reason %q", c.Reason)
				}
			}
			if name, err := store.apiHost(host); name != "" && (err != nil || !github.IsHostname(name)) {
				t.Errorf("api_host %q, %v", name, err)
			}
		}
		store.socket()
	})
}
