package denial

import "strings"

// program is known by words that it alone writes. Its failures are not a registry's.
type program struct {
	name string
	// words are in lower case. With ^ before them they begin the line.
	words []string
}

// packageManager is for other registries of GitHub, which deny in the same words.
const packageManager = "a package manager"

var otherPrograms = []program{
	{"the Docker daemon", []string{"docker daemon socket", "cannot connect to the docker daemon", "error during connect", "docker_engine", "docker.sock", "podman.sock", "containerd.sock", "dockerdesktoplinuxengine", "no permission to access docker"}},
	{"Kubernetes", []string{"error from server (", " is forbidden: user ", "you must be logged in to the server", "couldn't get current server api", "the connection to the server ", "kubernetes cluster unreachable", "configmaps is forbidden", "kubeconfig"}},
	{"git", []string{"^remote: ", "fatal: authentication failed", "fatal: unable to access", "fatal: could not read", "git@", "(publickey", "password authentication is not supported for git", "password authentication was removed", "^! [remote rejected]", "error: permission to "}},
	{"a database", []string{"psql", "password authentication failed for user", "sqlstate", "pg_hba", "^fatal:  ", "access denied for user '", "mysql", "redis", "mongo", "postgres", ":5432", ":3306", ":6379"}},
	{"Amazon Web Services", []string{"accessdenied", "(invalidaccesskeyid)", "signaturedoesnotmatch"}},
	{"Google Cloud", []string{"googleapi: error", "storage.objects.", "(gcloud."}},
	{"Azure", []string{"authorizationfailed", "authenticationfailed"}},
	{packageManager, []string{"npm err", "npm error", "npm warn", "npm http", "yarn error", "yarn install", "pnpm", "for url:", "pip install", "pip._", "composer", "bundler", "could not transfer artifact", "could not resolve dependencies", "could not get resource", "^go: ", "^e: failed to fetch", "apt-get", "apk add", "cargo", "rubygems", "nuget", "poetry"}},
	{"curl", []string{"^curl: (", "wget: "}},
	{"a test", []string{"--- fail", "=== run", "_test.go:", ".test.ts", ".test.js", ".spec.ts", ".spec.js", "_spec.rb", " test_", "/test_", "::test", "assertionerror", "assertion failed", " expected 401", " expected 403", "want 401", "want 403", "got 401", "got 403", "✕ ", "● ", "expect(received)", "failure/error", "have_http_status", "expect(", "rspec ", "failed tests/", "to equal"}},
	{"ssh", []string{"^ssh: ", "kex_exchange_identification", "port 22"}},
	{"a proxy's log", []string{" upstream: ", "nginx/"}},
	{"a local service", []string{"dial tcp 127.", "dial tcp [::1]", "//localhost", "localhost:", "127.0.0.1:"}},
	{"Terraform", []string{"^error: error configuring", "backend \"s3\""}},
	{"a mail server", []string{"smtp", "imap"}},
	{"Vault", []string{"/v1/auth/", "vault server"}},
}

// access is a line of a web server's log: a method, a path, a status.
var access = pattern(`\b(?:get|post|put|patch|delete|head|options) "?/[^ ]*"?(?: http/[0-9.]+"?)?(?: |$)`)

// programs finds the programs that a line is of.
func programs(l line) (names []name) {
	for _, p := range otherPrograms {
		for _, words := range p.words {
			at := -1
			if begin, ok := strings.CutPrefix(words, "^"); !ok {
				at = strings.Index(l.low, words)
			} else if rest := strings.TrimLeft(l.low, " \t"); strings.HasPrefix(rest, begin) {
				at = len(l.low) - len(rest)
			}
			if at >= 0 {
				names = append(names, name{of: others, text: p.name, at: at, end: at + 1, program: true})
				break
			}
		}
	}
	if strings.Contains(l.low, " /") {
		if at := access().FindStringIndex(l.low); at != nil {
			names = append(names, name{of: others, text: "a web server", at: at[0], end: at[1], program: true})
		}
	}
	return names
}
