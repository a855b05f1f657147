package main

import (
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/process"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/terminal"

	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/dockerconfig"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/shell"
)

// wiring says whether docker uses us for a registry, and what else could answer in
// our place.
type wiring struct {
	// Config is docker's config.json.
	Config string `json:"config"`
	// Asked is set if docker will use us: the file says so and the program is found.
	Asked bool `json:"asked"`
	// Program is where the program was found on PATH, "" if it was not.
	Program string `json:"program"`
	// Findings are what prevents that, or could.
	Findings []finding `json:"findings"`
}

// finding is one problem, and how to fix it.
type finding struct {
	// ID names the kind of finding, for programs.
	ID string `json:"id"`
	// Severity says how bad it is.
	Severity severity `json:"severity"`
	Problem  string   `json:"problem"`
	// Fix is what to do or to run.
	Fix string `json:"remedy"`
}

// severity says how bad a finding is.
type severity string

const (
	blocks severity = "blocks" // docker does not use us
	shadow severity = "shadow" // some client does not, or uses an old login
	note   severity = "note"   // good to know
)

func (w *wiring) find(id string, s severity, problem, fix string) {
	w.Findings = append(w.Findings, finding{id, s, problem, fix})
}

// inspectWiring looks at everything that decides whether docker, and the clients
// that have configuration of their own, use us for the registry.
func inspectWiring(ctx context.Context, registry string) wiring {
	w := wiring{Findings: []finding{}}
	w.inspectConfig(ctx, registry)
	w.inspectPath()
	w.inspectDocker()
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
		w.find("config-unreadable", blocks, err.Error(), fixOf(err))
		return
	}
	switch helper, ok := config.Helper(registry); {
	case config.UsesHelper(registry):
	case !ok:
		w.find("not-set-up", blocks, fmt.Sprintf("docker does not use %s for %s: %s has no entry for it", programName, registry, terminal.Tilde(path)), "run: "+setupCommand(registry, ""))
	case helper == "":
		w.find("other-helper", blocks, fmt.Sprintf("%s turns credential helpers off for %s", terminal.Tilde(path), registry), "run: "+setupCommand(registry, "--force"))
	default:
		w.find("other-helper", blocks, fmt.Sprintf("docker uses docker-credential-%s for %s: see %s", helper, registry, terminal.Tilde(path)), "run: "+setupCommand(registry, "--force"))
	}
	w.inspectHelpers(config)
	w.inspectLogins(ctx, config, registry)
}

// inspectHelpers names the credential helpers of other registries whose program is not
// there.
func (w *wiring) inspectHelpers(config *dockerconfig.Config) {
	for i, helper := range missingPrograms(config.HelperNames()) {
		if i == maxEarlierLogins {
			return
		}
		w.find("missing-helper", shadow, fmt.Sprintf("%s names docker-credential-%s, which is not on PATH", terminal.Tilde(config.Path()), helper),
			fmt.Sprintf("install it, or remove %q from credsStore and credHelpers in %s", helper, terminal.Tilde(config.Path())))
	}
}

// missingPrograms are those helpers that docker does not find.
func missingPrograms(helpers []string) []string {
	return slices.DeleteFunc(helpers, func(helper string) bool {
		_, err := exec.LookPath("docker-credential-" + helper)
		return helper == "" || helper == dockerconfig.HelperName || err == nil
	})
}

// inspectLogins names the plain-text logins. What to do about them depends on whether
// docker needs them: see [report.advise].
func (w *wiring) inspectLogins(ctx context.Context, config *dockerconfig.Config, registry string) {
	var keys []string
	for _, l := range config.Logins(registry) {
		if !slices.Contains(keys, l.Key) {
			keys = append(keys, l.Key)
		}
	}
	if len(keys) == 0 {
		return
	}
	risk := ""
	if major := dockerMajor(ctx); major > 0 && major < 29 {
		risk = fmt.Sprintf("; docker %d sends it if %s cannot be run", major, programName)
	}
	for _, key := range keys[:min(len(keys), maxEarlierLogins)] {
		w.find("leftover-login", shadow, fmt.Sprintf("a login for %s is in plain text in %s%s", key, terminal.Tilde(config.Path()), risk),
			logoutFix(key, config.Path(), github.HostNamed(registry)))
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
		w.find("not-on-path", blocks, notOnPath(dir), addToPath(dir))
	case !sameFile(found, self):
		w.find("other-program", shadow, fmt.Sprintf("docker runs another %s that comes first on PATH: %s", programName, terminal.Tilde(found)), "remove it, or put "+terminal.Tilde(dir)+" before it on PATH")
	default:
		w.inspectNarrowPath(runtime.GOOS, filepath.Dir(found), dockerNeedsSudo())
	}
}

// inspectNarrowPath says which callers do not look into the directory, because they
// have a PATH of their own. sudo matters only to a person who needs it for docker.
func (w *wiring) inspectNarrowPath(goos, dir string, needsSudo bool) {
	var who string
	var narrow []string
	switch {
	case goos == "darwin":
		who, narrow = "programs that are started from the Dock do", []string{"/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"}
	case goos == "windows", !needsSudo:
		return
	default:
		who, narrow = "sudo docker does", []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}
	}
	if slices.Contains(narrow, filepath.Clean(dir)) {
		return
	}
	w.find("narrow-path", note, fmt.Sprintf("%s not look into %s", who, terminal.Tilde(dir)), "if you need that, "+
		toRun("sudo ln -s "+shortWord(shell.Ours, filepath.Join(dir, programName))+" /usr/local/bin/", "link the program into /usr/local/bin"))
}

// dockerSocket is where docker's client looks for the engine.
const dockerSocket = "/var/run/docker.sock"

// dockerNeedsSudo reports whether this person runs docker by sudo: they did so now, or
// may not open the engine's socket.
func dockerNeedsSudo() bool {
	switch {
	case os.Geteuid() == 0:
		return os.Getenv("SUDO_USER") != ""
	case os.Getenv("DOCKER_HOST") != "":
		return false
	}
	engine, err := net.DialTimeout("unix", dockerSocket, time.Second)
	if err == nil {
		engine.Close()
	}
	return errors.Is(err, fs.ErrPermission)
}

// inspectDocker looks for a docker that is confined to a home of its own.
func (w *wiring) inspectDocker() {
	docker, err := exec.LookPath("docker")
	if err != nil || !isSnap(docker) {
		return
	}
	home, _ := os.UserHomeDir()
	w.find("snap-docker", blocks, fmt.Sprintf("docker is a snap: it reads %s and cannot run %s", terminal.Tilde(filepath.Join(home, "snap", "docker", "current", ".docker", "config.json")), programName),
		"install docker from https://docs.docker.com/engine/install/, or log in with a token: docker login ghcr.io")
}

// isSnap reports whether a program is a snap's: a link to snap in a directory of such.
func isSnap(program string) bool {
	target, err := filepath.EvalSymlinks(program)
	return err == nil && filepath.Base(target) == "snap" || filepath.Dir(program) == "/snap/bin"
}

// inspectVariables looks for variables that make a client not use config.json.
func (w *wiring) inspectVariables(registry string) {
	if hasLogin([]byte(os.Getenv("DOCKER_AUTH_CONFIG")), registry) {
		w.find("docker-auth-config", blocks, "DOCKER_AUTH_CONFIG has a login for "+registry+", which docker 28.3 and later uses first", "run: "+shell.Ours.Unset("DOCKER_AUTH_CONFIG"))
	}
	if file := os.Getenv("REGISTRY_AUTH_FILE"); file != "" && !fileNamesUs(file, registry) {
		w.find("registry-auth-file", shadow, fmt.Sprintf("REGISTRY_AUTH_FILE makes podman, buildah and skopeo read only %s, which does not name %s for %s", terminal.Tilde(file), programName, registry), "run: "+shell.Ours.Unset("REGISTRY_AUTH_FILE"))
	}
}

// inspectOtherFiles looks into the files that some clients read before docker's.
func (w *wiring) inspectOtherFiles(registry string) {
	home, _ := os.UserHomeDir()
	second := filepath.Join(cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")), "containers", "auth.json")
	for _, other := range []struct{ id, client, file, logout string }{
		{"podman-login", "podman, buildah and skopeo use", podmanAuthFile(), "podman logout "},
		{"podman-login", "podman, buildah and skopeo use", second, "podman logout --authfile " + shell.Ours.Word(second) + " "},
		{"helm-login", "helm uses", helmRegistryFile(runtime.GOOS, os.Getenv, home), "helm registry logout "},
	} {
		if !filepath.IsAbs(other.file) {
			continue // there is no home
		}
		content, err := dockerconfig.ReadFile(other.file)
		if err == nil && hasLogin(content, registry) {
			w.find(other.id, shadow, fmt.Sprintf("%s the login for %s in %s before %s", other.client, registry, terminal.Tilde(other.file), programName), toRun(other.logout+registry, "remove it there"))
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

// helmRegistryFile is where helm registry login writes (pkg/helmpath in helm/helm).
func helmRegistryFile(goos string, getenv func(string) string, home string) string {
	if file := getenv("HELM_REGISTRY_CONFIG"); file != "" {
		return file
	}
	dir := getenv("HELM_CONFIG_HOME")
	if dir == "" && getenv("XDG_CONFIG_HOME") != "" {
		dir = filepath.Join(getenv("XDG_CONFIG_HOME"), "helm")
	}
	switch {
	case dir != "":
	case goos == "windows":
		dir = filepath.Join(getenv("APPDATA"), "helm")
	case goos == "darwin":
		dir = filepath.Join(home, "Library", "Preferences", "helm")
	default:
		dir = filepath.Join(home, ".config", "helm")
	}
	return filepath.Join(dir, "registry", "config.json")
}

// authFile is what we read of the JSON that docker, podman and helm share.
type authFile struct {
	Auths       map[string]json.RawMessage `json:"auths"`
	CredHelpers map[string]string          `json:"credHelpers"`
}

// hasLogin reports whether a file has a login for the registry. An empty entry
// is not a login: docker leaves such entries behind.
func hasLogin(content []byte, registry string) bool {
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

// fileNamesUs reports whether a file of that form names this program for the registry.
func fileNamesUs(path, registry string) bool {
	var file authFile
	content, err := dockerconfig.ReadFile(path)
	return err == nil && json.Unmarshal(content, &file) == nil && file.CredHelpers[registry] == dockerconfig.HelperName
}

// versionLimit is how long docker may take to say its version.
const versionLimit = 3 * time.Second

// dockerMajor is the major version of the docker on PATH, 0 if it does not say, or if
// it is podman under docker's name.
func dockerMajor(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, versionLimit)
	defer cancel()
	out, _ := process.OutputOf(process.Background(ctx, "docker", "--version"))
	version, ok := strings.CutPrefix(string(out), "Docker version ")
	if !ok {
		return 0
	}
	major, _, _ := strings.Cut(version, ".")
	n, _ := strconv.Atoi(major)
	return n
}

// fixOf is how to fix an error about config.json.
func fixOf(err error) string {
	var of *dockerconfig.Error
	if errors.As(err, &of) && of.Fix != "" {
		return of.Fix
	}
	return "fix the file"
}
