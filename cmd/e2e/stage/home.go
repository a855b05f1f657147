package stage

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Home is a person's home directory and what a program started there sees.
type Home struct {
	Dir    string
	env    []string
	logins map[string]string // host to its part of hosts.yml
}

// Home furnishes a directory as a home in which the stage's certificate is trusted
// and the built programs come first in PATH. There are no logins and no keyring.
func (s *Stage) Home(dir string) *Home {
	return &Home{Dir: dir, env: []string{
		"PATH=" + os.Getenv(variable) + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"HOME=" + dir,
		"XDG_CONFIG_HOME=" + filepath.Join(dir, ".config"),
		"XDG_CACHE_HOME=" + filepath.Join(dir, ".cache"),
		"XDG_DATA_HOME=" + filepath.Join(dir, ".local", "share"),
		"XDG_STATE_HOME=" + filepath.Join(dir, ".local", "state"),
		"SSL_CERT_FILE=" + s.CAFile,
		// Else the system's certificates are read as well.
		"SSL_CERT_DIR=" + filepath.Join(dir, "no-certificates"),
	}}
}

// Env is the whole environment of a program started there.
func (h *Home) Env() []string { return h.env }

// Setenv changes the environment of programs started from now on.
func (h *Home) Setenv(name, value string) { h.env = append(h.env, name+"="+value) }

// Command is a program started there.
func (h *Home) Command(name string, args ...string) *exec.Cmd {
	if path, err := Program(name); err == nil {
		name = path
	}
	command := exec.Command(name, args...)
	command.Env, command.Dir = h.env, h.Dir
	return command
}

// WriteFile puts a file somewhere below the home.
func (h *Home) WriteFile(path, content string) error {
	path = filepath.Join(h.Dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(content), 0o600)
}

// LogIn leaves what `gh auth login --insecure-storage` leaves: a login whose token
// is in hosts.yml. It takes the place of an earlier login to the same host.
func (h *Home) LogIn(host, login, token string) error {
	// Without the version any run of gh rewrites both files.
	if err := h.WriteFile(".config/gh/config.yml", "version: \"1\"\n"); err != nil {
		return err
	}
	if h.logins == nil {
		h.logins = make(map[string]string)
	}
	h.logins[host] = fmt.Sprintf(`%s:
    git_protocol: https
    users:
        %s:
            oauth_token: %s
    user: %[2]s
    oauth_token: %[3]s
`, host, login, token)
	var hosts strings.Builder
	for _, host := range slices.Sorted(maps.Keys(h.logins)) {
		hosts.WriteString(h.logins[host])
	}
	return h.WriteFile(".config/gh/hosts.yml", hosts.String())
}
