package e2e

import (
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// githubOwns moves what the pretend GitHub knows beside tokens:
//
//	github organization NAME [MEMBER…] [in=HOST]
//	github policy NAME sso|forbid-classic|restrict-oauth-apps|members-may-not-create
//	github package OWNER/NAME [organization] [public] [readers=A,B] [writers=A,B] [repository=OWNER/NAME:ID] [keeps-link] [actions=ID:ROLE] [in=HOST]
//	github repository OWNER/NAME ID [private]
//	github recreate OWNER/NAME ID        it is deleted, and made again
//	github job SECRET OWNER/NAME ID [packages=read|write]
//	github says SECRET PLACE STATUS TEXT the registry refuses with these words
//	github at SECRET PATH HOW            one endpoint of the API is broken, or has a status only
func githubOwns(ts *testscript.TestScript, args []string) {
	hub := theStage.GitHub
	name, words, set := args[1], []string{}, map[string]string{}
	for _, arg := range args[2:] {
		if key, value, ok := strings.Cut(arg, "="); ok {
			set[key] = value
		} else {
			words = append(words, arg)
		}
	}
	number := func(i int) int64 {
		usage(ts, i < len(words), args[0]+" wants a number")
		n, err := strconv.ParseInt(words[i], 10, 64)
		ts.Check(err)
		return n
	}
	has := func(word string) bool { return slices.Contains(words, word) }
	switch args[0] {
	case "organization":
		hub.AddOrganization(set["in"], name, words...)
	case "policy":
		hub.SetPolicy(set["in"], name, credentialstest.Policy{
			SSO: has("sso"), ForbidClassic: has("forbid-classic"), RestrictOAuthApps: has("restrict-oauth-apps"), MembersMayNotCreate: has("members-may-not-create"),
		})
	case "package":
		p := credentialstest.Package{Public: has("public"), KeepsLink: has("keeps-link"), ActionsAccess: map[int64]string{}}
		p.Owner, p.Name, _ = strings.Cut(name, "/")
		if has("organization") {
			p.OwnerKind = "Organization"
		}
		p.Readers, p.Writers = list(set["readers"]), list(set["writers"])
		p.Repository, p.RepositoryID = numbered(ts, set["repository"])
		if role := set["actions"]; role != "" {
			id, role, _ := strings.Cut(role, ":")
			n, err := strconv.ParseInt(id, 10, 64)
			ts.Check(err)
			p.ActionsAccess[n] = role
		}
		hub.AddPackage(set["in"], p)
	case "repository":
		hub.AddRepository(set["in"], credentialstest.Repository{FullName: name, ID: number(0), Private: has("private")})
	case "recreate":
		hub.RecreateRepository(set["in"], credentialstest.Repository{FullName: name, ID: number(0)})
	case "job":
		usage(ts, len(words) == 2, "github job SECRET OWNER/NAME ID")
		hub.Add(name, credentialstest.Token{Job: &credentialstest.Job{Repository: words[0], RepositoryID: number(1), Packages: set["packages"]}})
	case "says":
		usage(ts, len(words) > 2, "github says SECRET PLACE STATUS TEXT")
		hub.Break(name, credentialstest.Place(words[0]), credentialstest.Denied(int(number(1)), "DENIED", strings.Join(words[2:], " ")))
	case "at":
		usage(ts, len(words) == 2, "github at SECRET PATH HOW")
		how, known := faults[words[1]]
		if status, err := strconv.Atoi(words[1]); err == nil && !known {
			how, known = credentialstest.Status(status, ""), true
		}
		usage(ts, known, "github at SECRET PATH HOW, with a HOW of the table or a status")
		hub.Break(name, credentialstest.API, credentialstest.At(words[0], how))
	default:
		ts.Fatalf("github cannot %s", args[0])
	}
}

func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

// numbered reads OWNER/NAME:ID.
func numbered(ts *testscript.TestScript, text string) (name string, id int64) {
	name, number, ok := strings.Cut(text, ":")
	if ok {
		var err error
		id, err = strconv.ParseInt(number, 10, 64)
		ts.Check(err)
	}
	return name, id
}

// alive SECRET: GitHub still takes it.
func alive(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, len(args) == 1, "[!] alive SECRET")
	if theStage.GitHub.Alive(args[0]) == neg {
		ts.Fatalf("%s: alive is %v", args[0], neg)
	}
}

// image OWNER/NAME TAG: such an image was pushed to ghcr.io.
func image(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "image OWNER/NAME TAG")
	ts.Check(theStage.Images.Put("ghcr.io", args[0], args[1]))
}

// job OWNER/NAME ID: what follows runs in a job of that repository's.
func job(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, !neg && len(args) == 2, "job OWNER/NAME ID")
	ts.Setenv("GITHUB_ACTIONS", "true")
	ts.Setenv("GITHUB_ACTOR", "octocat")
	ts.Setenv("GITHUB_REPOSITORY", args[0])
	ts.Setenv("GITHUB_REPOSITORY_ID", args[1])
	ts.Setenv("GITHUB_STEP_SUMMARY", filepath.Join(ts.Getenv("WORK"), "summary"))
}

// answers are the words for what check can answer, and its exit status with each.
//
//	allowed [--pull] IMAGE [NOTE…]       NOTEs are the causes that block workflows
//	denied [--pull] IMAGE CAUSE
//	unknown [--pull] IMAGE CAUSE
func answers(want string, code int) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		arguments := []string{"check", "--json"}
		if len(args) > 0 && args[0] == "--pull" {
			arguments, args = append(arguments, "--pull"), args[1:]
		}
		usage(ts, !neg && len(args) > 0, want+" [--pull] IMAGE CAUSE")
		err := ts.Exec(stage.Product, append(arguments, args[0])...)
		got := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			got = exit.ExitCode()
		} else {
			ts.Check(err)
		}
		var said struct {
			Answer    string
			Steps     []struct{ ID, State, Evidence string }
			Diagnosis *struct {
				Cause, What, Page string
				Fix               struct{ Command, Advice string }
			}
			Notes []struct{ Cause string }
		}
		ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &said))
		causes := []string{}
		if d := said.Diagnosis; d != nil {
			causes = append(causes, d.Cause)
			if d.What == "" || (d.Fix.Command == "") == (d.Fix.Advice == "") {
				ts.Fatalf("a diagnosis without words, or without exactly one fix: %+v", d)
			}
		}
		for _, note := range said.Notes {
			causes = append(causes, note.Cause)
		}
		if said.Answer != want || got != code || !slices.Equal(causes, args[1:]) || (said.Diagnosis == nil) != (want == "allowed") || len(said.Steps) == 0 {
			ts.Fatalf("%s with exit status %d and %v", said.Answer, got, causes)
		}
		streamIs(ts, "stderr", "")
	}
}
