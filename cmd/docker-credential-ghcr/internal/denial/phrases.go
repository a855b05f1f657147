package denial

import (
	"cmp"
	"regexp"
	"strings"
)

// phrase is a text in which a registry, a client or this program denies.
type phrase struct {
	by speaker
	// has are texts in lower case; a line without any of them is not looked at again.
	has []string
	// text matches the phrase, "" if has does. What its groups match is repeated, or
	// else the whole.
	text func() *regexp.Regexp
	// causes are what it means, the most frequent one first. causesOfPull is for what
	// is known to be a pull, if that differs.
	causes, causesOfPull []string
}

// speaker is who uses the words, the most telling last.
type speaker int

const (
	byAnybody  speaker = iota // unless the line names a GitHub registry
	byRegistry                // and its clients
	byGitHub                  // alone; and by this program
)

func say(by speaker, has, text string, causes ...string) phrase {
	p := phrase{by: by, has: strings.Split(has, "|"), causes: causes}
	if text != "" {
		p.text = pattern(`(?i)` + text)
	}
	return p
}

// pulling gives a phrase other causes for a pull.
func (p phrase) pulling(causes ...string) phrase {
	p.causesOfPull = causes
	return p
}

// status matches a status as clients write it: 403 Forbidden, status code 403,
// status=403, [http 403], (403).
func status(code, reason string) string {
	return `\b(` + code + `:? \(?(?:` + reason + `))|(?:status(?: ?code)?(?: from registry)?[:= ]{1,3}"?|\bhttp(?: error| status| code)?[ :/=]{1,2}|returned(?: error:?| code)? |response(?: code)?:? )(` + code + `)\b|\((` + code + `)\)`
}

// What is said after and before the name of a program that cannot be run.
const (
	cannotRun   = `[^\n]{0,60}?(executable file not found|no such file or directory|command not found|not installed or not available in PATH|exec format error|permission denied|is not recognized|cannot find the file specified|file does not exist|resolves to executable in current directory|: (?:command )?not found|error=2|enoent)`
	couldNotRun = `(cannot run program|command not found:|unable to (?:find|run|execute)|could not (?:find|run|execute)|failed to (?:find|run|execute|spawn)|no such file)[^\n]{0,60}?`
)

// phrases are all that are known, of those on one line the most telling first. Most
// are reported in public; none is documented.
var phrases = []phrase{
	// Where this program refused, the client continues anonymously, and what the
	// registry says then is about an anonymous client.
	say(byGitHub, "lacks write:packages|lacks read:packages", "", "missing-scope"),
	say(byGitHub, "rejected by github: the account is suspended", "", "account-suspended"),
	say(byGitHub, "rejected by github|rejected by the registry", `: (rejected by GitHub|rejected by the registry)`, "dead-credential"),
	say(byGitHub, "refresh token; github packages", "", "refresh-token"),
	say(byGitHub, "github packages does not take it|github packages does not accept", "", "fine-grained-token"),
	say(byGitHub, "could not be checked: api", `could not be checked: API: [^;]*(rate limit)`, "rate-limited"),
	say(byGitHub, "could not be checked: api", `could not be checked: API: [^\n]*(x509: [a-z ,]{0,60})`, "untrusted-certificate"),
	say(byGitHub, "could not be checked: api", "", "unreachable"),
	say(byGitHub, "no usable github token", "", "no-usable-token"),

	// What GitHub says of a token that is valid, and of its own trouble.
	say(byGitHub, "authzd", `unable to connect to authzd(?: server)?|authzd`, "unreachable"),
	say(byGitHub, "allowed: ", `retry-after: [^,\n]{1,40}, (allowed: [0-9]+/(?:minute|second|hour))`, "throttled"),
	say(byGitHub, "saml enforcement", "", "sso-not-authorized"),
	say(byGitHub, "forbids access via a personal access token (classic)", "", "classic-token-forbidden"),
	say(byGitHub, "ip allow list|ip address is not permitted", `IP allow list enabled|IP address is not permitted|IP allow list`, "ip-allow-list"),
	say(byGitHub, "oauth app access restrictions", "", "oauth-app-restricted"),
	say(byGitHub, "account was suspended|account has been suspended|account is suspended", `account (?:was|has been|is) suspended`, "account-suspended"),
	say(byGitHub, "does not match expected scopes", `token provided does not match expected scopes`, "missing-scope", "fine-grained-token"),
	say(byGitHub, "not been granted the required scopes", "", "missing-scope"),
	say(byGitHub, "installation not allowed to create", `installation not allowed to Create(?: organization)? package`, "actions-no-permission", "may-not-create", "actions-read-only", "app-token"),
	say(byGitHub, "installation not allowed to", `installation not allowed to (?:Write|Read|Delete)(?: organization)? package`, "actions-no-permission", "actions-read-only", "app-token"),
	say(byGitHub, "resource not accessible by integration", "", "actions-no-permission", "actions-read-only", "app-token"),
	say(byGitHub, "resource not accessible by personal access token", "", "fine-grained-token", "missing-scope"),
	say(byGitHub, "requested installation does not exist", "", "actions-other-owner", "owner-unknown"),
	say(byGitHub, "owner not found", `(?:not_found|name_unknown|denied|not found)[:" ]{1,4}(owner not found)`, "owner-unknown"),
	say(byGitHub, "permission_denied: create_package", "", "may-not-create", "owner-unknown"),
	say(byGitHub, "permission_denied: write_package", "", "no-write-role", "actions-no-access"),
	say(byGitHub, "permission_denied: read_package", "", "no-write-role", "actions-no-access").pulling("not-readable", "missing-scope"),

	say(byRegistry, "user cannot be authenticated with the token provided", "", "dead-credential", "no-token"),
	say(byGitHub, "docker-credential-ghcr", `docker-credential-ghcr"?`+cannotRun, "helper-not-found"),
	say(byGitHub, "docker-credential-ghcr", couldNotRun+`docker-credential-ghcr\b`, "helper-not-found"),
	say(byRegistry, "docker-credential-", `docker-credential-[\w.-]{1,40}"?`+cannotRun, "helper-not-found"),
	say(byRegistry, "docker-credential-", couldNotRun+`docker-credential-[\w.-]{1,40}`, "helper-not-found"),
	say(byAnybody, "lowercase|lower case|can only contain the|could not parse reference|invalid repository", `must be lower ?case|can only contain the (?:runes|characters)|(could not parse reference): (?-i:[^\s:]*[A-Z])|(invalid repository) "(?-i:[^"]*[A-Z])`, "upper-case"),
	say(byAnybody, "name invalid|name_invalid|invalid reference|invalid repository name|invalid image name|could not parse reference|couldn't parse image|invalid tag|repository name", `(?-i:NAME_INVALID)|\bname invalid|invalid reference format|invalid reference|invalid (?:repository|image) name|could ?n.t parse (?:reference|image)[^\n]{0,60}//|repository name must (?:have|not)`, "invalid-name"),

	// Whose certificate, and what network.
	say(byAnybody, "x509|certificate|pkix|sslhandshake|self-signed|self_signed|unable_to", `x509: [a-z ,'-]{0,60}(?:certificate|unknown authority)[a-z ]{0,60}|certificate signed by unknown authority|failed to verify certificate|certificate verify failed|certificate is not trusted|unable to get (?:local )?issuer certificate|PKIX path building failed|unable to find valid certification path|self[- ]signed certificate(?: in certificate chain)?|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(?:_LOCALLY)?)|DEPTH_ZERO_SELF_SIGNED_CERT|SSL certificate problem|server certificate verification failed|invalid peer certificate|UnknownIssuer|remote certificate is invalid|certificate is valid for|certificate has expired|unknown certificate authority`, "untrusted-certificate"),
	say(byAnybody, "toomanyrequests|rate limit|429|too many requests|too_many_requests", `toomanyrequests|too_many_requests|(?:secondary |API )?rate limit|(?:429:? \(?)?too many requests|`+status("429", "too many requests"), "rate-limited"),
	say(byAnybody, "50", `\b(500:? \(?internal server error)|`+status(`50[234]`, `internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out`), "unreachable"),
	say(byAnybody, "no such host|try again|resolution|resolve host|server misbehaving|name or service|nodename|enotfound|eai_again|unknownhost|lookup|unable to resolve", `no such host|lookup \S+(?: on \S+)?: (Try again|server misbehaving|i/o timeout|device or resource busy)|Temporary failure in name resolution|could ?n.t resolve host|could not resolve host|unable to resolve host|Name or service not known|nodename nor servname provided|getaddrinfo (?:ENOTFOUND|EAI_AGAIN)|UnknownHostException|failed to lookup address`, "unreachable"),
	say(byAnybody, "refused|reset|timeout|timed out|time out|unreachable|no route|exceeded|canceled while waiting|closed|broken pipe|aborted|stream error|econn|etimedout|dial tcp|connection attempt|tls handshake|https client|handshake failure", `does not look like a TLS handshake|server gave HTTP response to HTTPS client|handshake failure|connection refused|connection reset(?: by peer)?|i/o timeout|TLS handshake timeout|context deadline exceeded|Client\.Timeout(?: exceeded| or context cancellation)?|request canceled while waiting|(?:connection|operation|connect|read|request) timed out|timed out|network is unreachable|host is unreachable|no route to host|forcibly closed|broken pipe|client connection (?:lost|force closed)|use of closed network connection|connection was aborted|stream error: stream ID|ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|SocketTimeoutException|connection attempt failed|unexpected EOF`, "unreachable"),
	say(byRegistry, "eof", `(?:get|head|put|post|patch|delete) "?https://[^\s"]{1,400}"?: (EOF)`, "unreachable"),

	// What is not there.
	say(byRegistry, "manifest unknown|manifest_unknown|not found|notfound", `manifest[ _]unknown|failed to resolve .{0,300}?: (not found)|\S+/\S+[:@][\w.:-]{1,140}: (not found)|[a-z0-9-]+\.[a-z]{2,}/\S{1,200}: (not found)|code = (NotFound) desc = failed to (?:pull|resolve)`, "never-pushed"),
	say(byRegistry, "name unknown|name_unknown|repository_unknown|repository name not known", `name[ _]unknown|repository name not known|REPOSITORY_UNKNOWN`, "never-pushed", "owner-unknown"),
	say(byRegistry, "404", `(?:unexpected status|response status|status code)[^\n]{0,200}?(404(?: Not Found|: Not Found)?)`, "never-pushed", "not-readable", "no-token"),

	// There is no login.
	say(byRegistry, "failed to fetch anonymous token", `(failed to fetch anonymous token)[^\n]{0,400}?(?:403|denied|insufficient)`, "not-readable", "no-token", "never-pushed"),
	say(byRegistry, "failed to fetch anonymous token|no matching credentials were found|credentials not found in native keychain|no credentials found", `failed to fetch anonymous token|(no matching credentials were found)(?:.{0,300}?denied: denied)?|credentials not found in native keychain|no credentials found`, "no-token", "not-readable"),
	say(byAnybody, "requires authentication", `requires authentication`, "no-token", "not-readable"),
	say(byAnybody, "username and password required|password required|non tty|non-tty", `username and password required|cannot perform an interactive login from a non[- ]tty device`, "no-token"),

	// A login that GitHub rejects. Said by the registry itself, the same words are
	// about the image; everybody else says them of the token endpoint.
	say(byRegistry, "denied: denied", `(?:(?:GET|POST|PUT|PATCH) https://[^\s"]+/v2/[^\s"]+|pull access denied for .{0,300}?|reading manifest \S+ in \S+): (denied: denied)`, "not-readable", "actions-not-readable", "no-token"),
	say(byRegistry, "failed to fetch oauth token|requesting bearer token|authorization failed|bearer token", `(failed to fetch oauth token)|(requesting bearer token): invalid status code from registry 40[13]|(could not fetch bearer token|failed to fetch bearer token)[^\n]{0,200}?(?:40[13]|denied|unauthorized)|40[13][^\n]{0,20}(failed to fetch bearer token)|(authorization failed): https://[^\s"]{1,200}/token`, "dead-credential"),
	say(byRegistry, "may be expired", `credentials for \S{1,100} (may be expired)`, "dead-credential"),
	say(byRegistry, "unable to retrieve auth token", `unable to retrieve auth token: (invalid username/password)`, "no-token", "dead-credential"),
	say(byRegistry, "invalid username/password|login attempt to|login did not succeed|bad credentials|bad_credentials", `invalid username/password|(login attempt to) \S{1,200} failed with status: 40[13]|bad credentials`, "dead-credential"),
	say(byRegistry, "denied", `"?code"?: ?"?denied"?, ?"?message"?: ?"?(denied)\b|denied: denied`, "dead-credential", "no-token"),
	say(byAnybody, "invalid token", "", "dead-credential"),
	say(byAnybody, "no basic auth credentials", "", "no-token", "not-readable"),
	say(byRegistry, "requested access to the resource is denied", "", "not-readable", "no-token", "missing-scope").pulling("not-readable", "no-token", "never-pushed"),
	say(byRegistry, "error getting credentials", `error getting credentials - err: exit status`, "no-usable-token", "no-token"),
	say(byRegistry, "may require authorization|insufficient_scope", `may require authorization|insufficient_scope`, "not-readable", "no-token", "never-pushed"),
	say(byAnybody, "authentication required", "", "no-token", "not-readable"),
	say(byAnybody, "401", status("401", "unauthorized"), "no-token", "not-readable"),
	// Answers to HEAD have no words.
	say(byRegistry, "403", `failed to resolve.{0,300}?(403 Forbidden)`, "not-readable", "actions-not-readable", "missing-scope", "sso-not-authorized", "no-token"),
	say(byAnybody, "403", status("403", "forbidden"), "no-write-role", "actions-no-access", "missing-scope", "sso-not-authorized").pulling("not-readable", "no-token", "missing-scope", "sso-not-authorized"),
	say(byAnybody, "unauthorized", "", "no-token", "not-readable"),
	// Neither "permission denied", of a file or docker's socket, nor "access is denied".
	say(byRegistry, "denied", `^\s*(denied)\s*$|: "?(denied)"?(?:[^\w:]|$)|pull (access denied) for`, "not-readable", "no-token", "missing-scope").pulling("not-readable", "no-token", "missing-scope", "never-pushed"),
	// What wraps another client's error often says this of itself.
	say(byAnybody, "500", status("500", "internal server error"), "unreachable"),
	say(byAnybody, "denied:", `(?:^|[^n] )(denied):`, "unclear"),
}

// find finds the phrase where it begins last on a line, before a byte of it.
func (p phrase) find(l line, before int) (words string, at, end int, ok bool) {
	hit := -1
	for _, has := range p.has {
		if i := strings.Index(l.low, has); i >= 0 {
			hit, at, end = i, i, i+len(has)
			break
		}
	}
	if hit < 0 {
		return "", 0, 0, false
	}
	if p.text == nil {
		return l.text[at:end], at, end, at < before
	}
	const most = 20 << 10 // of one line
	match := p.text().FindStringSubmatchIndex(l.text[:min(len(l.text), max(most, end))])
	if match == nil || match[0] >= before {
		return "", 0, 0, false
	}
	var groups []string
	for group := 2; group < len(match); group += 2 {
		if match[group] >= 0 {
			groups = append(groups, l.text[match[group]:match[group+1]])
		}
	}
	words = cmp.Or(strings.TrimSpace(strings.Join(groups, " ")), l.text[match[0]:match[1]])
	return words, match[0], match[1], true
}
