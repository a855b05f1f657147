package e2e

import (
	"strings"
	"testing"

	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// The package that docker itself calls credential helpers with reads every answer
// of the product as it is meant.
func TestDockersClientUnderstands(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	const good, dead, never = "gho_client_good", "gho_client_dead", "ghp_client_never"
	s.GitHub.Add(good, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	s.GitHub.Add(dead, credentialstest.Token{Login: "octocat", Dead: true})
	as := func(token string) client.ProgramFunc {
		home := s.Home(t.TempDir())
		if token != "" {
			check(t, home.LogIn("github.com", "octocat", token))
		}
		return dockers(t, home)
	}

	t.Run("credentials", func(t *testing.T) {
		got, err := client.Get(as(good), "https://ghcr.io")
		check(t, err)
		if want := (credentials.Credentials{ServerURL: "https://ghcr.io", Username: "octocat", Secret: good}); *got != want {
			t.Errorf("got %+v, want %+v", *got, want)
		}
	})
	for what, token := range map[string]string{"no login": "", "a dead token": dead} {
		t.Run("not found with "+what, func(t *testing.T) {
			if _, err := client.Get(as(token), "ghcr.io"); !credentials.IsErrCredentialsNotFound(err) {
				t.Errorf("got error %v", err)
			}
		})
	}
	t.Run("missing server URL", func(t *testing.T) {
		if _, err := client.Get(as(good), ""); err == nil || !strings.Contains(err.Error(), "no credentials server URL") {
			t.Errorf("got error %v", err)
		}
	})
	t.Run("store of what get gave", func(t *testing.T) {
		check(t, client.Store(as(good), &credentials.Credentials{ServerURL: "ghcr.io", Username: "octocat", Secret: good}))
	})
	t.Run("store of a bad token fails with the reason", func(t *testing.T) {
		err := client.Store(as(good), &credentials.Credentials{ServerURL: "ghcr.io", Username: "octocat", Secret: never})
		if err == nil || !strings.Contains(err.Error(), "rejected by GitHub") || strings.Contains(err.Error(), never) {
			t.Errorf("got error %v", err)
		}
	})
	t.Run("erase", func(t *testing.T) {
		check(t, client.Erase(as(good), "https://ghcr.io"))
		check(t, client.Erase(as(""), "ghcr.io"))
	})
	t.Run("list", func(t *testing.T) {
		got, err := client.List(as(good))
		check(t, err)
		if len(got) != 1 || got["ghcr.io"] != "octocat" {
			t.Errorf("got %v", got)
		}
		if got, err := client.List(as("")); err != nil || got == nil || len(got) != 0 {
			t.Errorf("got %v, %v without a login", got, err)
		}
	})
}

// dockers starts the product the way docker does.
func dockers(t *testing.T, home *stage.Home) client.ProgramFunc {
	env := make(map[string]string)
	for _, variable := range home.Env() {
		name, value, _ := strings.Cut(variable, "=")
		env[name] = value
	}
	return client.NewShellProgramFuncWithEnv(program(t, stage.Product, "it is built before the tests"), &env)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
