// Command onstage runs a program where github.com, api.github.com and ghcr.io are a
// pretend GitHub, in which octocat, whom gh has logged in, owns the private package
// octocat/app. Run it with `go run ./onstage PROGRAM ARGUMENTS…`. At the end it says on
// standard error who asked GitHub.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: onstage PROGRAM ARGUMENTS…")
		os.Exit(2)
	}
	status := 0
	code, err := stage.Perform(func(s *stage.Stage, home *stage.Home) error {
		const token = "gho_onstage"
		s.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"gist", "read:org", "repo", "write:packages"}})
		s.GitHub.AddPackage("", credentialstest.Package{Owner: "octocat", Name: "app"})
		if err := home.LogIn("github.com", "octocat", token); err != nil {
			return err
		}
		program := home.Command(os.Args[1], os.Args[2:]...)
		program.Stdin, program.Stdout, program.Stderr = os.Stdin, os.Stdout, os.Stderr
		err := program.Run()
		agents := map[string]bool{}
		for _, r := range s.GitHub.Requests() {
			agents[r.UserAgent] = true
		}
		for _, agent := range slices.Sorted(maps.Keys(agents)) {
			fmt.Fprintln(os.Stderr, "onstage: asked by", agent)
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			status = exit.ExitCode()
			return nil
		}
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "onstage:", err)
		code = 1
	}
	if status != 0 {
		code = status
	}
	os.Exit(code)
}
