package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker-credential-helpers/client"
	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// wiring says whether docker asks us for a registry, and what else could answer
// in our place.
type wiring struct {
	// Config is docker's config.json.
	Config string `json:"config"`
	// Asked is set if docker will ask us: the file says so and the program is found.
	Asked bool `json:"asked"`
	// Program is where the program was found on PATH, "" if it was not.
	Program string `json:"program"`
	// Findings are what is in the way, or could be.
	Findings []finding `json:"findings"`
}

// finding is one thing in the way of docker's asking us, and its remedy.
type finding struct {
	// ID names the kind of finding, for programs.
	ID string `json:"id"`
	// Severity says how bad it is.
	Severity severity `json:"severity"`
	// Problem says what is found.
	Problem string `json:"problem"`
	// Remedy is what to do or to run.
	Remedy string `json:"remedy"`
}

// severity says how bad a finding is.
type severity string

const (
	blocks severity = "blocks" // docker does not come to us
	shadow severity = "shadow" // some client does not, or uses an old login
	note   severity = "note"   // good to know
)

func (w *wiring) find(id string, s severity, problem, remedy string) {
	w.Findings = append(w.Findings, finding{id, s, problem, remedy})
}

// inspectWiring looks at everything that decides whether docker, and the clients
// that have configuration of their own, ask us for the registry.
func inspectWiring(ctx context.Context, registry string) wiring {
	w := wiring{Findings: []finding{}}
	w.inspectConfig(ctx, registry)
	w.inspectPath()
	w.inspectVariables(registry)
	w.inspectOtherFiles(registry)
	w.Asked = true
	for _, f := range w.Findings {
		w.Asked = w.Asked && f.Severity != blocks
	}
	return w
}

// inspectConfig looks into docker's config.json.
func (w *wiring) inspectConfig(ctx context.Context, registry string) {
	path, err := dockerConfigFile()
	if err != nil {
		w.find("config-unreadable", blocks, err.Error(), "set HOME or DOCKER_CONFIG")
		return
	}
	w.Config = path
	config, err := dockerconfig.Read(path)
	if err != nil {
		w.find("config-unreadable", blocks, err.Error(), remedyOf(err))
		return
	}
	switch helper, ok := config.Helper(registry); {
	case config.UsesHelper(registry):
	case !ok:
		w.find("not-set-up", blocks, fmt.Sprintf("docker does not ask us for %s: %s has no entry for it", registry, tilde(path)), "run: "+setupCommand(registry, ""))
	case helper == "":
		w.find("other-helper", blocks, fmt.Sprintf("%s forbids a credential helper for %s", tilde(path), registry), "run: "+setupCommand(registry, "--force"))
	default:
		w.find("other-helper", blocks, fmt.Sprintf("docker asks docker-credential-%s for %s: see %s", helper, registry, tilde(path)), "run: "+setupCommand(registry, "--force"))
	}
	var named []string
	for _, l := range config.Logins(registry) {
		if slices.Contains(named, l.Key) {
			continue
		}
		named = append(named, l.Key)
		problem := fmt.Sprintf("a login for %s lies in plain text in %s", l.Key, tilde(path))
		if major := dockerMajor(ctx); major > 0 && major < 29 {
			problem += fmt.Sprintf("; docker %d sends it if this program cannot be run", major)
		}
		w.find("leftover-login", shadow, problem, leftoverRemedy(l.Key, path, github.HostNamed(registry)))
	}
	if store := config.CredsStore(); store != "" && store != dockerconfig.HelperName && storeHolds(ctx, store, registry) {
		w.find("store-login", shadow,
			fmt.Sprintf("an old login for %s is still kept by docker-credential-%s, which docker no longer asks", registry, store),
			toRun(ourShell.sent(registry, ourShell.word("docker-credential-"+store)+" erase"), "remove it there"))
	}
}

// inspectPath looks for the program as docker does.
func (w *wiring) inspectPath() {
	self, err := os.Executable()
	if err != nil {
		self = programName
	}
	dir := filepath.Dir(self)
	found, err := exec.LookPath(programName)
	w.Program = found
	switch {
	case err != nil:
		w.find("not-on-path", blocks, fmt.Sprintf("docker does not find %s: %s is not on PATH", programName, tilde(dir)), toRun(ourShell.addToPath(dir), "put "+tilde(dir)+" on PATH"))
	case !sameFile(found, self):
		w.find("other-program", shadow, fmt.Sprintf("docker runs another %s that comes first on PATH: %s", programName, tilde(found)), "remove it, or put "+tilde(dir)+" before it on PATH")
	default:
		w.inspectNarrowPath(runtime.GOOS, filepath.Dir(found))
	}
}

// inspectNarrowPath says who does not see the directory: those who are started
// with a PATH of their own.
func (w *wiring) inspectNarrowPath(goos, dir string) {
	var who string
	var narrow []string
	switch goos {
	case "darwin":
		who, narrow = "programs that are started from the Dock do", []string{"/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"}
	case "windows":
		return
	default:
		who, narrow = "sudo docker does", []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
	}
	for _, d := range narrow {
		if filepath.Clean(dir) == d {
			return
		}
	}
	w.find("narrow-path", note, fmt.Sprintf("%s not look into %s", who, tilde(dir)), "if you need that, "+
		toRun("sudo ln -s "+ourShell.path(filepath.Join(dir, programName))+" /usr/local/bin/", "link the program into /usr/local/bin"))
}

// inspectVariables looks for variables that take a client's eyes off config.json.
func (w *wiring) inspectVariables(registry string) {
	if holdsLogin([]byte(os.Getenv("DOCKER_AUTH_CONFIG")), registry) {
		w.find("docker-auth-config", blocks, "DOCKER_AUTH_CONFIG holds a login for "+registry+", which docker 28.3 and later takes first", "run: "+ourShell.unset("DOCKER_AUTH_CONFIG"))
	}
	if file := os.Getenv("REGISTRY_AUTH_FILE"); file != "" && !fileAsksUs(file, registry) {
		w.find("registry-auth-file", shadow, fmt.Sprintf("REGISTRY_AUTH_FILE makes podman, buildah and skopeo read %s alone, which does not name us for %s", tilde(file), registry), "run: "+ourShell.unset("REGISTRY_AUTH_FILE"))
	}
}

// inspectOtherFiles looks into the files that some clients read before docker's.
func (w *wiring) inspectOtherFiles(registry string) {
	home, _ := os.UserHomeDir()
	config := cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config"))
	for _, other := range []struct{ id, client, file, logout string }{
		{"podman-login", "podman, buildah and skopeo use", podmanAuthFile(), "podman logout "},
		{"podman-login", "podman, buildah and skopeo use", filepath.Join(config, "containers", "auth.json"), "podman logout --authfile " + ourShell.word(filepath.Join(config, "containers", "auth.json")) + " "},
		{"helm-login", "helm uses", filepath.Join(config, "helm", "registry", "config.json"), "helm registry logout "},
	} {
		if !filepath.IsAbs(other.file) {
			continue // there is no home
		}
		content, err := dockerconfig.ReadFile(other.file)
		if err == nil && holdsLogin(content, registry) {
			w.find(other.id, shadow, fmt.Sprintf("%s the login for %s in %s before asking us", other.client, registry, tilde(other.file)), toRun(other.logout+registry, "remove it there"))
		}
	}
}

// podmanAuthFile is where podman login writes first.
func podmanAuthFile() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return filepath.Join(dir, "containers", "auth.json")
	}
	return fmt.Sprintf("/run/containers/%d/auth.json", os.Getuid())
}

// authFile is what matters to us of the JSON that docker, podman and helm share.
type authFile struct {
	Auths       map[string]json.RawMessage `json:"auths"`
	CredHelpers map[string]string          `json:"credHelpers"`
}

// holdsLogin reports whether a file has a login for the registry. An empty entry
// is a mark that docker leaves, not a login.
func holdsLogin(content []byte, registry string) bool {
	var file authFile
	if json.Unmarshal(content, &file) != nil {
		return false
	}
	for key, entry := range file.Auths {
		var fields map[string]any
		if dockerconfig.RegistryOf(key) == registry && json.Unmarshal(entry, &fields) == nil && len(fields) > 0 {
			return true
		}
	}
	return false
}

func fileAsksUs(path, registry string) bool {
	var file authFile
	content, err := dockerconfig.ReadFile(path)
	return err == nil && json.Unmarshal(content, &file) == nil && file.CredHelpers[registry] == dockerconfig.HelperName
}

// programLimit bounds every program that status runs.
const programLimit = 3 * time.Second

// storeHolds asks docker's general credential store whether it has a login for
// the registry, in the way that docker asked it.
func storeHolds(ctx context.Context, store, registry string) bool {
	ctx, cancel := context.WithTimeout(ctx, programLimit)
	defer cancel()
	login, err := client.Get(func(args ...string) client.Program {
		command := exec.CommandContext(ctx, "docker-credential-"+store, args...)
		command.WaitDelay = time.Second
		return &storeProgram{command}
	}, registry)
	return err == nil && login.Secret != "" && !protocol.IsErrCredentialsNotFound(err)
}

// storeProgram is the client's own shell program, with a deadline, and without
// the store's messages on our stderr.
type storeProgram struct{ *exec.Cmd }

func (p *storeProgram) Output() ([]byte, error) { return p.Cmd.Output() }
func (p *storeProgram) Input(in io.Reader)      { p.Stdin = in }

// dockerMajor is the major version of the docker on PATH, 0 if it does not say.
func dockerMajor(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, programLimit)
	defer cancel()
	command := exec.CommandContext(ctx, "docker", "--version")
	command.WaitDelay = time.Second
	out, _ := command.Output()
	_, version, _ := strings.Cut(string(out), "version ")
	major, _, _ := strings.Cut(version, ".")
	n, _ := strconv.Atoi(major)
	return n
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// dockerConfigFile is docker's config.json for this person.
func dockerConfigFile() (string, error) {
	home, _ := os.UserHomeDir()
	return dockerconfig.Path(os.Getenv, home)
}

// remedyOf is what mends an error of config.json's.
func remedyOf(err error) string {
	var of *dockerconfig.Error
	if errors.As(err, &of) && of.Fix != "" {
		return of.Fix
	}
	return "mend the file"
}

// setupCommand is the command that sets a registry up.
func setupCommand(registry, flag string) string {
	command := programName + " setup"
	if registry != "ghcr.io" {
		command += " --registry " + registry
	}
	return strings.TrimSpace(command + " " + flag)
}
