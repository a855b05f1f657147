package main

import (
	"cmp"
	"sort"
	"strings"
)

// Which denial ended what a log tells of?
//
// A long log has many words in it that can mean a denial: a package manager's
// rate limit, a test's refused connection. So words that nobody else says weigh
// more than words that anybody does, and among equals the last line counts.

// denial is a text in which a registry, a client or this program denies.
type denial struct {
	by speaker
	// text matches it. What its groups match is said again, or else the whole.
	text *pattern
	// cause is what it means most often, or what else it can mean.
	cause string
	or    []string
}

// speaker is who uses the words, the most telling first.
type speaker int

const (
	byGitHub   speaker = iota // alone, of a token that lives; and by this program
	byRegistry                // and its clients
	byAnybody                 // unless the line names a registry of GitHub's
)

// denials are all that are known, of those on one line the most telling first.
// Most are reported in public threads; none is documented.
var denials = []denial{
	// Where this program has refused, the client went on anonymously, and what the
	// registry says is about nobody.
	denialOf(byGitHub, `lacks (?:write|read):packages`, "missing-scope"),
	denialOf(byGitHub, `: (rejected by GitHub|rejected by the registry)`, "dead-credential"),
	denialOf(byGitHub, `refresh token; GitHub Packages does not take it`, "refresh-token"),
	denialOf(byGitHub, `GitHub Packages does not take it`, "fine-grained-token"),
	denialOf(byGitHub, `could not be checked: API: [^;]*(rate limit)`, "rate-limited"),
	denialOf(byGitHub, `could not be checked: API`, "unreachable"),
	denialOf(byGitHub, `(no usable GitHub token)(?:.{0,1000}?docker-credential-ghcr: hint)?`, "no-usable-token"),

	denialOf(byGitHub, `SAML enforcement`, "sso-not-authorized"),
	denialOf(byGitHub, `forbids access via a personal access token \(classic\)`, "classic-token-forbidden"),
	denialOf(byGitHub, `OAuth App access restrictions`, "oauth-app-restricted"),
	denialOf(byGitHub, `token provided does not match expected scopes`, "missing-scope", "fine-grained-token"),
	denialOf(byGitHub, `installation not allowed to (?:Create|Write|Read) (?:organization )?package`, "actions-no-permission"),
	denialOf(byGitHub, `requested installation does not exist`, "actions-other-owner", "owner-unknown"),
	denialOf(byGitHub, `permission_denied: create_package`, "may-not-create", "owner-unknown"),
	denialOf(byGitHub, `permission_denied: (?:write|read)_package`, "no-write-role", "actions-no-access"),
	denialOf(byRegistry, `User cannot be authenticated with the token provided`, "dead-credential", "no-token"),
	denialOf(byAnybody, `must be lowercase|can only contain the (?:runes|characters)|(could not parse reference): (?-i:[^\s:]*[A-Z])|(invalid repository) "(?-i:[^"]*[A-Z])`, "upper-case"),
	denialOf(byAnybody, `toomanyrequests|rate limit|429 Too Many Requests`, "rate-limited"),
	denialOf(byRegistry, `manifest unknown|manifest_unknown|failed to resolve .{0,300}?: (not found)`, "never-pushed"),
	denialOf(byRegistry, `name unknown|name_unknown`, "never-pushed", "owner-unknown"),
	denialOf(byRegistry, `failed to fetch anonymous token|(no matching credentials were found)(?:.{0,300}?denied: denied)?|credentials not found in native keychain`, "no-token"),
	denialOf(byAnybody, `authentication required`, "no-token", "not-readable"),
	// Said by the registry itself; all others say it of the token endpoint.
	denialOf(byRegistry, `(?:(?:GET|POST|PUT|PATCH) https://[^\s"]+/v2/[^\s"]+|pull access denied for .{0,300}?|reading manifest \S+ in \S+): (denied: denied)`, "not-readable", "actions-not-readable"),
	denialOf(byRegistry, `(failed to fetch oauth token): (?:denied|unexpected status.{0,300}? 403)|(requesting bearer token): invalid status code from registry 403`, "dead-credential"),
	denialOf(byRegistry, `denied: denied`, "dead-credential", "no-token"),
	denialOf(byAnybody, `invalid token`, "dead-credential"),
	denialOf(byAnybody, `unauthorized`, "no-token", "not-readable"),
	// Answers to HEAD have no words.
	denialOf(byRegistry, `failed to resolve.{0,300}?(403 Forbidden)`, "not-readable", "actions-not-readable", "missing-scope", "sso-not-authorized"),
	denialOf(byAnybody, `(403):? \(?(Forbidden)`, "no-write-role", "actions-no-access", "missing-scope", "sso-not-authorized"),
	denialOf(byAnybody, `no such host|connection refused|i/o timeout|TLS handshake timeout|context deadline exceeded|network is unreachable`, "unreachable"),
	denialOf(byAnybody, `50[0234] (?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)`, "unreachable"),
	// Neither "permission denied", of a file or docker's socket, nor "access is denied".
	denialOf(byRegistry, `requested access to the resource is denied|(?m:^\s*(denied)\s*$)|: (denied)(?:[^\w:]|$)`, "not-readable", "missing-scope"),
	denialOf(byAnybody, `(?:^|[^n] )(denied):`, "unclear"),
}

func denialOf(by speaker, pattern, cause string, or ...string) denial {
	return denial{by, patternOf(`(?i)` + pattern), cause, or}
}

// ofGitHubs is what names a registry of GitHub's.
var ofGitHubs = patternOf(`(?i)\bghcr\.io\b|\bdocker\.pkg\.github\.com\b|\bcontainers\.[a-z0-9.-]+/`)

// ofOthers is what names Docker Hub, and what it alone says.
var ofOthers = patternOf(`(?i)\bdocker\.(?:io|com)\b|pull rate limit`)

// withoutOthers blanks the lines that are about Docker Hub alone. All else stands
// where it stood.
func withoutOthers(text string) string {
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		if ofOthers.compiled().MatchString(line) && !ofGitHubs.compiled().MatchString(line) {
			lines[n] = strings.Repeat(" ", len(line))
		}
	}
	return strings.Join(lines, "\n")
}

// said is a denial in a text.
type said struct {
	denial
	// words are those of the table, at is where they stand, and start and end
	// where all of it does.
	words          string
	start, at, end int
}

// findDenial finds the denial that ended what a text tells of: of the most telling
// speakers', those on the last line, and of these the first of the table.
func findDenial(text string) (d said, ok bool) {
	var all []said
	most, last := byAnybody, 0
	forms := formsOf(withoutOthers(text))
	for _, known := range denials {
		if most == byGitHub && known.by != byGitHub {
			break // the table has GitHub's first, and nothing else counts now
		}
		for _, form := range forms {
			for _, s := range known.lastIn(text, form) {
				if s.by < most {
					most, last = s.by, 0
				}
				if s.by == most {
					all, last = append(all, s), max(last, s.start)
				}
			}
		}
	}
	// What begins on an earlier line and reaches into the last is on one with it.
	line := lineAt(text, last)
	begins := line
	for _, s := range all {
		if s.by == most && s.end > line {
			begins = min(begins, lineAt(text, s.start))
		}
	}
	for _, s := range all {
		if s.by == most && s.end > begins {
			return s, true
		}
	}
	return said{}, false
}

// form is a text without its line breaks, and where its bytes stand in the text.
type form struct {
	text  string
	place func(at int) int
}

// formsOf are the forms of a text in which denials are looked for: a terminal or a
// log breaks lines between words, or within one.
func formsOf(text string) []form {
	var breaks []int // where they are, in what has none
	for i, c := range []byte(text) {
		if c == '\n' {
			breaks = append(breaks, i-len(breaks))
		}
	}
	same := func(at int) int { return at }
	return []form{
		{text, same},
		{strings.ReplaceAll(text, "\n", " "), same},
		{strings.ReplaceAll(text, "\n", ""), func(at int) int { return at + sort.SearchInts(breaks, at+1) }},
	}
}

// lastIn finds the denial where it stands last in a form of a text, and where it
// stands last on a line that names a registry of GitHub's.
func (d denial) lastIn(text string, f form) (last []said) {
	found := d.text.compiled().FindAllStringSubmatchIndex(f.text, -1)
	const most = 20 // before these, a registry's name is not looked for
	for i := len(found) - 1; i >= max(0, len(found)-most); i-- {
		s := d.matched(text, f, found[i])
		if i == len(found)-1 || s.by < d.by {
			last = append(last, s)
		}
		if s.by != byAnybody {
			break
		}
	}
	return last
}

// matched is what a match of the denial in a form of a text says.
func (d denial) matched(text string, f form, match []int) said {
	s := said{denial: d, start: f.place(match[0]), end: f.place(match[1]-1) + 1}
	var words []string
	for group := 2; group < len(match); group += 2 {
		if match[group] >= 0 {
			words = append(words, f.text[match[group]:match[group+1]])
			s.at = cmp.Or(s.at, f.place(match[group]))
		}
	}
	s.words = cmp.Or(strings.TrimSpace(strings.Join(words, " ")), f.text[match[0]:match[1]])
	s.at = cmp.Or(s.at, s.start)
	line, _, _ := strings.Cut(text[lineAt(text, s.start):], "\n")
	if s.by == byAnybody && ofGitHubs.compiled().MatchString(line) {
		s.by = byRegistry
	}
	return s
}

// lineAt is where the line begins that a byte of a text stands on.
func lineAt(text string, at int) int { return strings.LastIndexByte(text[:at], '\n') + 1 }

// causeOf is the cause that a registry's words tell; "" if they are not known.
func causeOf(words string) string {
	d, _ := findDenial(words)
	return d.cause
}
