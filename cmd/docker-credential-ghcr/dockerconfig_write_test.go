package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/busy"
)

const childVariable = "DOCKERCONFIG_TEST_CHILD"

// child is this test binary again, told to play a part of TestDockerConfigChild
// with a file.
func child(t testing.TB, part, path string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self, append([]string{"-test.run=^TestDockerConfigChild$", "--", path}, args...)...)
	command.Env = append(os.Environ(), childVariable+"="+part)
	return command
}

// childParts are what other processes do in the tests; on some systems there are more.
var childParts = map[string]func(t *testing.T, path string, args []string){
	"toggle": func(t *testing.T, path string, _ []string) {
		for {
			if err := editDockerConfig(path, toggle); err != nil {
				t.Fatal(err)
			}
			fmt.Println("edited")
		}
	},
	"setup while docker logs in": func(t *testing.T, path string, args []string) {
		fmt.Fprint(os.Stderr, "!")    // ready
		io.Copy(io.Discard, os.Stdin) // until all are ready
		attempts := 0
		err := editDockerConfig(path, func(c *dockerConfig) error {
			if attempts++; attempts == 1 && args[1] == "docker" {
				dockerSaves(t, path, args[0])
			}
			c.setHelper(args[0], &dockerConfigRecord{})
			if args[1] == "fails" {
				return errors.New("refused")
			}
			return nil
		})
		if (err != nil) != (args[1] == "fails") {
			t.Fatal(err)
		}
	},
}

func TestDockerConfigChild(t *testing.T) {
	part := os.Getenv(childVariable)
	if part == "" {
		return
	}
	args := os.Args[slices.Index(os.Args, "--")+1:]
	childParts[part](t, args[0], args[1:])
}

// toggle sets us up, or takes it back.
func toggle(c *dockerConfig) error {
	if _, ok := c.helperFor("ghcr.io"); ok {
		c.undo("ghcr.io", &dockerConfigRecord{})
	} else {
		c.setHelper("ghcr.io", &dockerConfigRecord{})
	}
	return nil
}

// dockerSaves writes the file as docker does (cli/config/configfile): the whole
// of it, with a change of its own, renamed over the old one, without a lock.
func dockerSaves(t testing.TB, path, plugin string) {
	t.Helper()
	values := map[string]any{"auths": map[string]any{}}
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &values)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	plugins, _ := values["plugins"].(map[string]any)
	if plugins == nil {
		plugins = map[string]any{}
	}
	plugins[plugin] = map[string]string{"enabled": "true"}
	values["plugins"] = plugins
	text, err = json.MarshalIndent(values, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	_, err = temp.Write(text)
	// docker itself would fail where Windows refuses, and be run again.
	if err := errors.Join(err, temp.Close(), busy.Insist(func() error { return os.Rename(temp.Name(), path) })); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t testing.TB, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	var text []byte
	if err := busy.Insist(func() (err error) { text, err = os.ReadFile(path); return err }); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkRefused wants an error that names the file, says what and how to mend
// it, and leaves no trace on disk.
func checkRefused(t testing.TB, path, says, remedy string) {
	t.Helper()
	dir := filepath.Dir(path)
	before, _ := os.ReadFile(path)
	names := namesIn(t, dir)
	err := editDockerConfig(path, toggle)
	var refused *dockerConfigError
	switch {
	case !errors.As(err, &refused):
		t.Errorf("not refused: %v", err)
	case !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), says):
		t.Errorf("says %q, want it to name %s and say %q", err, path, says)
	case !strings.Contains(refused.remedy, remedy):
		t.Errorf("the remedy is %q, want %q", refused.remedy, remedy)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(after, before) {
		t.Errorf("the file changed: %q", after)
	}
	if left := namesIn(t, dir); !slices.Equal(left, names) {
		t.Errorf("left behind: %v, was %v", left, names)
	}
}

func TestEditRefusesWhatIsNoConfigFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "config.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	checkRefused(t, filepath.Join(dir, "config.json"), "is a directory", "move the directory away")

	large := filepath.Join(t.TempDir(), "config.json")
	writeFile(t, large, "{}", 0o600)
	if err := os.Truncate(large, dockerConfigLimit+1); err != nil {
		t.Fatal(err)
	}
	checkRefused(t, large, "is larger than 16 MiB", "")

	readOnly := filepath.Join(t.TempDir(), "config.json")
	writeFile(t, readOnly, "{}", 0o400)
	checkRefused(t, readOnly, "is read-only", "make the file writable")

	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "", 0o600)
	if err := editDockerConfig(filepath.Join(file, "config.json"), toggle); err == nil {
		t.Error("a directory that is a file was taken")
	}
}

func TestEditMakesFileAndDirectoryOnlyIfItWrites(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := filepath.Join(home, "a", "b", "config.json")
	refusal := errors.New("refused")
	if err := editDockerConfig(path, func(*dockerConfig) error { return refusal }); err != refusal {
		t.Fatal(err)
	}
	if err := editDockerConfig(path, func(*dockerConfig) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if left := namesIn(t, home); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}

	var record dockerConfigRecord
	if err := editDockerConfig(path, func(c *dockerConfig) error { c.setHelper("ghcr.io", &record); return nil }); err != nil {
		t.Fatal(err)
	}
	if text, want := readFile(t, path), "{\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t}\n}"; text != want {
		t.Errorf("written: %q", text)
	}
	if err := editDockerConfig(path, func(c *dockerConfig) error { c.undo("ghcr.io", &record); return nil }); err != nil {
		t.Fatal(err)
	}
	if left := namesIn(t, filepath.Dir(path)); len(left) > 0 {
		t.Errorf("undo of a file that setup made leaves %v", left)
	}
}

func TestEditWithoutAChangeWritesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	writeFile(t, path, `{"credHelpers":{"ghcr.io":"ghcr"}}`, 0o600)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := editDockerConfig(path, func(c *dockerConfig) error { c.setHelper("ghcr.io", &dockerConfigRecord{}); return nil }); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the file was written: %v", err)
	}
}

func TestEditIsRedoneWhenDockerWroteMeanwhile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]*string{"a file": new(`{"auths":{}}`), "no file": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "config.json")
			if text != nil {
				writeFile(t, path, *text, 0o600)
			}
			attempts := 0
			err := editDockerConfig(path, func(c *dockerConfig) error {
				if attempts++; attempts < 3 {
					dockerSaves(t, path, fmt.Sprint("login", attempts))
				}
				c.setHelper("ghcr.io", &dockerConfigRecord{})
				return nil
			})
			if err != nil || attempts != 3 {
				t.Errorf("%d attempts, %v", attempts, err)
			}
			for _, want := range []string{"login1", "login2", `"ghcr.io": "ghcr"`} {
				if text := readFile(t, path); !strings.Contains(text, want) {
					t.Errorf("%s is lost: %s", want, text)
				}
			}
		})
	}

	for name, change := range map[string]func(path string) error{
		"removed":   os.Remove,
		"truncated": func(path string) error { return os.Truncate(path, 0) },
	} {
		path := filepath.Join(t.TempDir(), "config.json")
		writeFile(t, path, `{"auths":{"x":{}}}`, 0o600)
		first := true
		err := editDockerConfig(path, func(c *dockerConfig) error {
			if first {
				first = false
				if err := change(path); err != nil {
					t.Fatal(err)
				}
			}
			c.setHelper("ghcr.io", &dockerConfigRecord{})
			return nil
		})
		if text := readFile(t, path); err != nil || strings.Contains(text, "auths") || !strings.Contains(text, "ghcr") {
			t.Errorf("%s meanwhile: %v, %s", name, err, text)
		}
	}
}

func TestEditGivesUpOnAFileThatNeverRests(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	attempts := 0
	err := editDockerConfig(path, func(c *dockerConfig) error {
		attempts++
		dockerSaves(t, path, fmt.Sprint("login", attempts))
		return toggle(c)
	})
	if !errors.Is(err, errDockerConfigChanged) || attempts != dockerConfigAttempts || !strings.HasPrefix(err.Error(), path) {
		t.Errorf("%d attempts, %v", attempts, err)
	}
	if text := readFile(t, path); strings.Contains(text, "ghcr") || !strings.Contains(text, "login20") {
		t.Errorf("left: %s", text)
	}
	if left := namesIn(t, filepath.Dir(path)); !slices.Equal(left, []string{"config.json"}) {
		t.Errorf("left behind: %v", left)
	}
}

func TestEditRemovesTemporaryFilesOfACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{
		"config.json", "config.json123", ".config.json.swp", ".other.json.docker-credential-ghcr-1",
		".config.json.docker-credential-ghcr-1", ".config.json.docker-credential-ghcr-22",
	} {
		writeFile(t, filepath.Join(dir, name), "{}", 0o600)
	}
	if err := os.Mkdir(filepath.Join(dir, ".config.json.docker-credential-ghcr-dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := editDockerConfig(filepath.Join(dir, "config.json"), func(*dockerConfig) error { return nil }); err != nil {
		t.Fatal(err)
	}
	want := []string{".config.json.docker-credential-ghcr-dir", ".config.json.swp", ".other.json.docker-credential-ghcr-1", "config.json", "config.json123"}
	if left := namesIn(t, dir); !slices.Equal(left, want) {
		t.Errorf("left: %v, want %v", left, want)
	}
}

func TestWithoutALockOnlyOldTemporaryFilesAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	young, old := filepath.Join(dir, ".config.json.docker-credential-ghcr-1"), filepath.Join(dir, ".config.json.docker-credential-ghcr-2")
	writeFile(t, young, "{}", 0o600)
	writeFile(t, old, "{}", 0o600)
	past := time.Now().Add(-2 * dockerConfigTempAge)
	if err := os.Chtimes(old, past, past); err != nil {
		t.Fatal(err)
	}
	removeStaleTemps(filepath.Join(dir, "config.json"), false)
	if left := namesIn(t, dir); !slices.Equal(left, []string{filepath.Base(young)}) {
		t.Errorf("left: %v", left)
	}
}

func TestEditWritesThroughLinks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		links [][2]string // link and target, in the order of making
		real  string
		exist bool
	}{
		{"a link", [][2]string{{"docker/config.json", "../real/c.json"}}, "real/c.json", true},
		{"an absolute link", [][2]string{{"docker/config.json", "/real/c.json"}}, "real/c.json", true},
		{"a chain", [][2]string{{"docker/config.json", "../one/two.json"}, {"one/two.json", "three.json"}, {"one/three.json", "../real/c.json"}}, "real/c.json", true},
		{"a linked directory", [][2]string{{"docker", "dotfiles"}}, "dotfiles/config.json", true},
		{"a link in a linked directory", [][2]string{{"docker", "x/dotfiles"}, {"x/dotfiles/config.json", "../shared.json"}}, "x/shared.json", true},
		{"a dangling link", [][2]string{{"docker/config.json", "../real/c.json"}}, "real/c.json", false},
		{"a dangling chain", [][2]string{{"docker/config.json", "two.json"}, {"docker/two.json", "../real/c.json"}}, "real/c.json", false},
		{"a dangling link in a linked directory", [][2]string{{"docker", "x/dotfiles"}, {"x/dotfiles/config.json", "../shared.json"}}, "x/shared.json", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, sub := range []string{"real", "one", "x/dotfiles", "dotfiles"} {
				if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for _, link := range test.links {
				target := link[1]
				if filepath.IsAbs(target) {
					target = dir + target
				}
				if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, link[0])), 0o700); err != nil {
					t.Fatal(err)
				}
				symlink(t, target, filepath.Join(dir, link[0]))
			}
			real := filepath.Join(dir, test.real)
			if test.exist {
				writeFile(t, real, "{}", 0o640)
			}
			path := filepath.Join(dir, "docker", "config.json")
			for range 3 {
				if err := editDockerConfig(path, toggle); err != nil {
					t.Fatal(err)
				}
			}
			if info, err := os.Lstat(real); err != nil || !info.Mode().IsRegular() || !strings.Contains(readFile(t, real), `"ghcr"`) {
				t.Errorf("%s: %v, %v", test.real, info, err)
			}
			for _, link := range test.links {
				if info, err := os.Lstat(filepath.Join(dir, link[0])); err != nil || info.Mode()&fs.ModeSymlink == 0 {
					t.Errorf("%s is no link any more: %v", link[0], err)
				}
			}
			if left := namesIn(t, filepath.Dir(real)); slices.ContainsFunc(left, func(name string) bool { return strings.Contains(name, "docker-credential-ghcr") }) {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// symlink makes a symbolic link, where there are such: Windows asks for a right to
// make them, and wine says yes and makes none.
func symlink(t *testing.T, to, path string) {
	t.Helper()
	err := os.Symlink(to, path)
	if err == nil {
		_, err = os.Readlink(path)
	}
	switch {
	case err != nil && runtime.GOOS == "windows":
		t.Skip("needs symbolic links; turn on the developer mode of Windows, or use another system (wine 8 has none): ", err)
	case err != nil:
		t.Fatal(err)
	}
}

func TestEditRefusesALinkToNowhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.json")
	symlink(t, filepath.Join("missing", "c.json"), path)
	checkRefused(t, path, "is a link to ", "make the directory ")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	symlink(t, "loop.json", path)
	symlink(t, "config.json", filepath.Join(dir, "loop.json"))
	checkRefused(t, path, "too many links", "")
}

// Twenty processes set up a registry each at once, half of them with a docker
// login between their reading and writing; some more are refused.
func TestTwentySetupsAtOnceLoseNobodysChange(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a file", "no directory"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "home", ".docker", "config.json")
			if name == "a file" {
				writeFile(t, path, "{\n\t\"unknown\": 1e2\n}", 0o600)
			}
			var start []io.Closer
			var running []*exec.Cmd
			var outputs []*bytes.Buffer
			for i := range 24 {
				kind := []string{"docker", "alone"}[i%2]
				if i >= 20 {
					kind = "fails"
				}
				command := child(t, "setup while docker logs in", path, fmt.Sprintf("r%d.example.com", i), kind)
				stdin, err := command.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				ready, err := command.StderrPipe()
				if err != nil {
					t.Fatal(err)
				}
				output := new(bytes.Buffer)
				command.Stdout = output
				if err := command.Start(); err != nil {
					t.Fatal(err)
				}
				if _, err := ready.Read(make([]byte, 1)); err != nil {
					t.Fatal(err)
				}
				start, running, outputs = append(start, stdin), append(running, command), append(outputs, output)
			}
			for _, stdin := range start {
				stdin.Close()
			}
			for i, command := range running {
				if err := command.Wait(); err != nil {
					t.Errorf("process %d: %v\n%s", i, err, outputs[i])
				}
			}
			var got struct {
				CredHelpers map[string]string
				Plugins     map[string]any
				Unknown     json.Number
			}
			if err := json.Unmarshal([]byte(readFile(t, path)), &got); err != nil {
				t.Fatal(err)
			}
			for i := range 20 {
				registry := fmt.Sprintf("r%d.example.com", i)
				if got.CredHelpers[registry] != ourHelper {
					t.Errorf("our change for %s is lost", registry)
				}
				if _, ok := got.Plugins[registry]; ok != (i%2 == 0) {
					t.Errorf("docker's change beside %s: %v", registry, ok)
				}
			}
			if len(got.CredHelpers) != 20 {
				t.Errorf("refused edits were written: %v", got.CredHelpers)
			}
			if left := namesIn(t, filepath.Dir(path)); !slices.Equal(left, []string{"config.json"}) {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestAKilledEditLeavesTheOldFileOrTheNew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.json")
	off := "{\n\t\"auths\": {\n\t\t\"x\": {}" + strings.Repeat(",\n\t\t\"registry.example.com\": {}", 2000) + "\n\t},\n\t\"credHelpers\": {}\n}\n"
	c := configOf(t, []byte(off))
	c.setHelper("ghcr.io", &dockerConfigRecord{})
	on := string(c.bytes())
	writeFile(t, path, off, 0o600)

	kills := 300
	if testing.Short() {
		kills = 30
	}
	r := rand.New(rand.NewSource(1))
	crashes := 0
	for i := range kills {
		command := child(t, "toggle", path)
		stdout, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		line, readErr := bufio.NewReader(stdout).ReadString('\n')
		whole := func(when string) {
			if text := readFile(t, path); text != on && text != off {
				t.Errorf("%d bytes %s: %.200q", len(text), when, text)
			}
		}
		for moment := time.Now().Add(time.Duration(r.Intn(5000)) * time.Microsecond); time.Now().Before(moment); {
			whole("while it is written")
		}
		killErr := command.Process.Kill()
		command.Wait()
		if readErr != nil || killErr != nil {
			t.Fatalf("the process was not at work: %q, %v, %v", line, readErr, killErr)
		}
		if whole("after a kill"); t.Failed() {
			t.FailNow()
		}
		left := namesIn(t, filepath.Dir(path))
		left = slices.DeleteFunc(left, func(name string) bool { return name == "config.json" || strings.HasSuffix(name, ".lock") })
		if len(left) > 1 || len(left) == 1 && !strings.HasPrefix(left[0], ".config.json.docker-credential-ghcr-") {
			t.Fatalf("kill %d left %v", i, left)
		}
		crashes += len(left)
	}
	t.Logf("%d of %d kills left a temporary file", crashes, kills)
	if err := editDockerConfig(path, func(*dockerConfig) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if left := namesIn(t, filepath.Dir(path)); !slices.Equal(left, []string{"config.json"}) {
		t.Errorf("the next run leaves %v", left)
	}
}
