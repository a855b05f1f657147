package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// The scripts are what their shells can read. A shell that is not here is passed over.
func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	home := onlyOnStage(t).Home(t.TempDir())
	for _, shell := range []string{"bash", "zsh", "fish"} {
		got := words(t, home, "completion", shell)
		if got.code != 0 || got.stderr != "" || !strings.Contains(got.stdout, stage.Product) {
			t.Errorf("%s: %+v", shell, got)
		}
		if _, err := exec.LookPath(shell); err != nil {
			t.Logf("no %s here", shell)
			continue
		}
		check(t, home.WriteFile("completion."+shell, got.stdout))
		succeeds(t, home, []string{shell, "-n", "completion." + shell})
	}
	if got := words(t, home, "completion", "powershell"); got.code != 0 || got.stdout == "" {
		t.Errorf("powershell: %+v", got)
	}
}

// bash itself completes our words and flags.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	home := onlyOnStage(t).Home(t.TempDir())
	program(t, "bash", "apt-get install bash")
	got := words(t, home, "completion", "bash")
	check(t, home.WriteFile("completion.bash", got.stdout))
	for line, want := range map[string]string{
		"docker-credential-ghcr sta":           "status",
		"docker-credential-ghcr setup --dry":   "--dry-run",
		"docker-credential-ghcr status --regi": "--registry",
	} {
		script := `source completion.bash
compopt() { :; }
COMP_LINE='` + line + `' COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
COMP_WORDS=($COMP_LINE) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD; }
__start_docker-credential-ghcr
printf '%s\n' "${COMPREPLY[@]}"`
		said, err := home.Command("bash", "-c", script).CombinedOutput()
		if err != nil || !strings.HasPrefix(strings.TrimSpace(string(said)), want) {
			t.Errorf("%s: %v: %q", line, err, said)
		}
	}
}
