package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// action is the part of an action.yml that a runner reads.
type action struct {
	Inputs map[string]struct {
		Description string
		Default     string
	}
	Runs struct {
		Using string
		Steps []struct {
			Name  string
			ID    string
			If    string
			Shell string
			Env   map[string]string
			Run   string
		}
	}
}

// actionsJob is a job of GitHub Actions, as far as the action's steps can tell.
type actionsJob struct {
	home   *stage.Home
	env    []string
	path   []string // what the steps put before PATH
	temp   string
	action string // the folder that action.yml is in
	output string
	stdout strings.Builder
}

const jobToken = "ghs_action_job"

// newActionsJob furnishes a runner whose job has the token, with a checkout of the action.
func newActionsJob(t *testing.T, hosting string) *actionsJob {
	t.Helper()
	s := onlyOnStage(t)
	s.GitHub.Add(jobToken, credentialstest.Token{Job: &credentialstest.Job{Repository: "octoaction/app", RepositoryID: 7, Packages: "write"}})
	home := s.Home(t.TempDir())
	module, err := filepath.Abs("../..")
	check(t, err)
	j := &actionsJob{home: home, temp: filepath.Join(home.Dir, "temp"), action: filepath.Join(module, ".github", "actions", "setup")}
	check(t, os.Mkdir(j.temp, 0o700))
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		home.Setenv(name, os.Getenv(name))
	}
	home.Setenv("GOPROXY", "off")
	arch := map[string]string{"amd64": "X64", "arm64": "ARM64"}[runtime.GOARCH]
	for name, value := range map[string]string{
		"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": j.action, "GITHUB_REPOSITORY": "octoaction/app", "GITHUB_REPOSITORY_ID": "7",
		"RUNNER_OS": "Linux", "RUNNER_ARCH": arch, "RUNNER_TEMP": j.temp, "RUNNER_ENVIRONMENT": hosting,
	} {
		home.Setenv(name, value)
	}
	for _, file := range []string{"GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"} {
		home.Setenv(file, filepath.Join(home.Dir, file))
		check(t, home.WriteFile(file, ""))
	}
	return j
}

var expression = regexp.MustCompile(`\$\{\{ *(.*?) *\}\}`)

// run does what a runner does with the action's steps, and stops at the first that fails.
func (j *actionsJob) run(t *testing.T, inputs map[string]string) error {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(j.action, "action.yml"))
	check(t, err)
	var a action
	check(t, yaml.Unmarshal(content, &a))
	if a.Runs.Using != "composite" {
		t.Fatalf("not a composite action: %s", a.Runs.Using)
	}
	for name := range inputs {
		if _, known := a.Inputs[name]; !known {
			t.Fatalf("no input %s", name)
		}
	}
	var evaluate func(string) string
	evaluate = func(word string) string {
		name, ofInputs := strings.CutPrefix(word, "inputs.")
		switch value, given := inputs[name]; {
		case word == "github.token":
			return jobToken
		case ofInputs && given:
			return value
		case ofInputs:
			return expression.ReplaceAllStringFunc(a.Inputs[name].Default, func(e string) string {
				return evaluate(expression.FindStringSubmatch(e)[1])
			})
		}
		t.Fatalf("an expression that this runner does not know: %s", word)
		return ""
	}
	for _, step := range a.Runs.Steps {
		if expression.MatchString(step.Run) {
			t.Errorf("%s: an expression in a script can be injected into", step.Name)
		}
		if !j.wanted(t, step.If, evaluate) {
			continue
		}
		var env []string
		for name, value := range step.Env {
			env = append(env, name+"="+expression.ReplaceAllStringFunc(value, func(e string) string {
				return evaluate(expression.FindStringSubmatch(e)[1])
			}))
		}
		if err := j.step(t, step.Run, env...); err != nil {
			return err
		}
	}
	return nil
}

var comparison = regexp.MustCompile(`^(inputs\.\w+) (==|!=) '(.*)'$`)

func (j *actionsJob) wanted(t *testing.T, condition string, evaluate func(string) string) bool {
	t.Helper()
	if condition == "" {
		return true
	}
	parts := comparison.FindStringSubmatch(condition)
	if parts == nil {
		t.Fatalf("a condition that this runner does not know: %s", condition)
	}
	return (evaluate(parts[1]) == parts[3]) == (parts[2] == "==")
}

// step runs a script as a step of the job does, in bash with -e, and reads what it leaves for later steps.
func (j *actionsJob) step(t *testing.T, script string, env ...string) error {
	t.Helper()
	command := j.home.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	command.Env = append(append(command.Env, j.env...), env...)
	command.Env = append(command.Env, "PATH="+strings.Join(append(append([]string{}, j.path...), os.Getenv("PATH")), ":"))
	command.Stdout, command.Stderr = &j.stdout, &j.stdout
	err := command.Run()
	for _, line := range j.lines(t, "GITHUB_PATH") {
		j.path = append([]string{line}, j.path...)
	}
	j.env = append(j.env, j.lines(t, "GITHUB_ENV")...)
	j.output += strings.Join(j.lines(t, "GITHUB_OUTPUT"), "\n")
	return err
}

// lines empties a file that steps write for the runner.
func (j *actionsJob) lines(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(j.home.Dir, file))
	check(t, err)
	check(t, j.home.WriteFile(file, ""))
	return strings.FieldsFunc(string(content), func(r rune) bool { return r == '\n' })
}

// leavesNoSecret looks for the job's token in every file of the runner, as it is and in base64, and in the log.
func (j *actionsJob) leavesNoSecret(t *testing.T) {
	t.Helper()
	forms := []string{jobToken, base64.StdEncoding.EncodeToString([]byte(jobToken)), base64.StdEncoding.EncodeToString([]byte("octoaction:" + jobToken))}
	check(t, filepath.WalkDir(j.home.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, form := range forms {
			if bytes.Contains(content, []byte(form)) {
				t.Errorf("the token is in %s", path)
			}
		}
		return err
	}))
	if strings.Contains(j.stdout.String(), jobToken) {
		t.Error("the token is in the log")
	}
}

// push is what a step after the action does: docker's protocol with the helper that config.json names.
func (j *actionsJob) push(t *testing.T) {
	t.Helper()
	j.stdout.Reset()
	if err := j.step(t, `grep -q '"ghcr.io": "ghcr"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json"; echo ghcr.io | docker-credential-ghcr get`,
		"GITHUB_TOKEN="+jobToken); err != nil {
		t.Fatalf("get: %v\n%s", err, j.stdout.String())
	}
	if said := j.stdout.String(); !strings.Contains(said, `"Secret":"`+jobToken+`"`) {
		t.Errorf("docker gets no token: %s", said)
	}
	j.stdout.Reset()
}

// The action builds itself and sets docker up, and a later step with its own token can push.
func TestActionBuildsItselfAndSetsDockerUp(t *testing.T) {
	t.Parallel()
	j := newActionsJob(t, "github-hosted")
	if err := j.run(t, nil); err != nil {
		t.Fatalf("%v\n%s", err, j.stdout.String())
	}
	j.leavesNoSecret(t)
	if _, err := os.Stat(filepath.Join(j.home.Dir, ".docker", "config.json")); err != nil {
		t.Error(err)
	}
	j.push(t)
	j.leavesNoSecret(t)
}

// A runner that outlives the job must not have a config.json that names a program which is gone.
func TestActionLeavesASelfHostedRunnersDockerAlone(t *testing.T) {
	t.Parallel()
	j := newActionsJob(t, "self-hosted")
	const before = `{"auths": {"registry.example.com": {"auth": "eDp5"}}}`
	check(t, j.home.WriteFile(".docker/config.json", before))
	check(t, j.home.WriteFile(".docker/cli-plugins/docker-buildx", "#!/bin/sh\n"))
	if err := j.run(t, nil); err != nil {
		t.Fatalf("%v\n%s", err, j.stdout.String())
	}
	j.push(t)
	after, err := os.ReadFile(filepath.Join(j.home.Dir, ".docker", "config.json"))
	check(t, err)
	if string(after) != before {
		t.Errorf("config.json is now %s", after)
	}
	j.leavesNoSecret(t)
	if err := j.step(t, `test -e "$DOCKER_CONFIG/cli-plugins/docker-buildx"; case $DOCKER_CONFIG in "$RUNNER_TEMP"/*) ;; *) exit 1 ;; esac`); err != nil {
		t.Error("the job's docker folder is not as it should be")
	}
}

// With the input image, what check finds goes into the summary, and is an output.
func TestActionChecksAnImage(t *testing.T) {
	t.Parallel()
	s := onlyOnStage(t)
	s.GitHub.AddPackage("", credentialstest.Package{Owner: "octoaction", Name: "app", Repository: "octoaction/app", RepositoryID: 7})
	s.GitHub.AddPackage("", credentialstest.Package{Owner: "octoaction", Name: "other"})
	for _, c := range []struct{ image, answer string }{
		{"ghcr.io/octoaction/app", "allowed"},
		{"ghcr.io/octoaction/other", "denied"},
	} {
		t.Run(c.answer, func(t *testing.T) {
			t.Parallel()
			j := newActionsJob(t, "github-hosted")
			if err := j.run(t, map[string]string{"image": c.image}); err != nil {
				t.Fatalf("%v\n%s", err, j.stdout.String())
			}
			if want := "answer=" + c.answer; j.output != want {
				t.Errorf("output %q, want %q\n%s", j.output, want, j.stdout.String())
			}
			summary, err := os.ReadFile(filepath.Join(j.home.Dir, "GITHUB_STEP_SUMMARY"))
			check(t, err)
			if !strings.Contains(string(summary), c.image) {
				t.Errorf("the summary is %q", summary)
			}
			j.leavesNoSecret(t)
		})
	}
}

// A release is downloaded and verified; one that is not what the workflow made is not installed.
func TestActionInstallsOnlyAVerifiedRelease(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, version string
		genuine, fits bool
	}{
		{"a genuine release", "v1.2.3", true, true},
		{"one of somebody else", "v1.2.3", false, false},
		{"no version but an option", "--help", true, false},
		{"no version but a path", "v1.2.3/../x", true, false},
		{"a moving tag", "v1", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := newActionsJob(t, "github-hosted")
			j.fakeGH(t, c.genuine)
			err := j.run(t, map[string]string{"version": c.version})
			if (err == nil) != c.fits {
				t.Fatalf("%v\n%s", err, j.stdout.String())
			}
			if c.fits {
				j.push(t)
			} else if _, err := os.Stat(filepath.Join(j.temp, stage.Product, "bin", stage.Product)); err == nil {
				t.Error("it was installed")
			}
			j.leavesNoSecret(t)
		})
	}
}

// fakeGH puts a gh on the PATH that downloads the product and says whether it is genuine.
func (j *actionsJob) fakeGH(t *testing.T, genuine bool) {
	t.Helper()
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	files := tar.NewWriter(zipped)
	content, err := os.ReadFile(program(t, stage.Product, "it is built before the tests"))
	check(t, err)
	check(t, files.WriteHeader(&tar.Header{Name: stage.Product, Mode: 0o755, Size: int64(len(content))}))
	_, err = files.Write(content)
	check(t, err)
	check(t, files.Close())
	check(t, zipped.Close())
	check(t, j.home.WriteFile("archive", archive.String()))
	verdict := "exit 1"
	if genuine {
		verdict = "exit 0"
	}
	dir := filepath.Join(j.home.Dir, "gh-bin")
	check(t, os.Mkdir(dir, 0o700))
	check(t, os.WriteFile(filepath.Join(dir, "gh"), []byte(`#!/bin/bash -eu
[[ $GH_TOKEN == ghs_* ]]
case "$1 $2" in
"release download")
	[ "$3 $4 $5" = "v1.2.3 -R docker-credential-ghcr/docker-credential-ghcr" ]
	cp "$HOME/archive" "$9/$7"
	;;
"attestation verify")
	[ -f "$3" ]
	[[ " $* " == *" --signer-workflow docker-credential-ghcr/docker-credential-ghcr/.github/workflows/release.yml "* ]]
	[[ " $* " == *" --source-ref refs/tags/v1.2.3 "* ]]
	`+verdict+`
	;;
*) exit 2 ;;
esac
`), 0o700))
	j.path = []string{dir}
}

// Every script that the action has is one that it runs.
func TestActionHasNoScriptThatItDoesNotRun(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("..", "..", ".github", "actions", "setup")
	description, err := os.ReadFile(filepath.Join(dir, "action.yml"))
	check(t, err)
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, entry := range entries {
		if entry.Name() != "action.yml" && !bytes.Contains(description, []byte("$GITHUB_ACTION_PATH/"+entry.Name()+`"`)) {
			t.Errorf("%s is not run", entry.Name())
		}
	}
}

// The README lists the action's inputs, and no others.
func TestActionsInputsAreInTheREADME(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	check(t, err)
	_, section, _ := strings.Cut(string(text), "\n## GitHub Actions")
	section, _, _ = strings.Cut(section, "\n## ")
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(section, -1) {
		listed = append(listed, row[1])
	}
	content, err := os.ReadFile(filepath.Join("..", "..", ".github", "actions", "setup", "action.yml"))
	check(t, err)
	var a action
	check(t, yaml.Unmarshal(content, &a))
	slices.Sort(listed)
	if inputs := slices.Sorted(maps.Keys(a.Inputs)); !slices.Equal(listed, inputs) {
		t.Errorf("the README lists %q, the action has %q", listed, inputs)
	}
}
