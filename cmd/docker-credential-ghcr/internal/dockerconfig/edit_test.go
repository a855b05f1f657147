package dockerconfig

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
)

// edit edits a file with its records in a directory beside the file's, and without
// noting anything there.
func edit(t testing.TB, path string, change func(*Config) error) error {
	t.Helper()
	_, err := Edit(path, filepath.Dir(path)+".records", func(c *Config, _ *Record) error { return change(c) })
	return err
}

const childVariable = "DOCKERCONFIG_TEST_CHILD"

// child is this test binary again, told to play a part of TestChild
// with a file.
func child(t testing.TB, part, path string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self, append([]string{"-test.run=^TestChild$", "--", path}, args...)...)
	command.Env = append(os.Environ(), childVariable+"="+part)
	return command
}

// childParts are what other processes do in the tests; on some systems there are more.
var childParts = map[string]func(t *testing.T, path string, args []string){
	"toggle": func(t *testing.T, path string, _ []string) {
		for {
			if _, err := Edit(path, filepath.Dir(path)+".records", toggleWithRecord); err != nil {
				t.Fatal(err)
			}
			fmt.Println("edited")
		}
	},
	"setup with a record": func(t *testing.T, path string, args []string) {
		if _, err := Edit(path, filepath.Dir(path)+".records", func(c *Config, r *Record) error {
			setUp(c, &r.Changes, args[0])
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	},
	"setup while docker logs in": func(t *testing.T, path string, args []string) {
		fmt.Fprint(os.Stderr, "!")    // ready
		io.Copy(io.Discard, os.Stdin) // until all are ready
		attempts := 0
		err := edit(t, path, func(c *Config) error {
			if attempts++; attempts == 1 && args[1] == "docker" {
				dockerSaves(t, path, args[0])
			}
			c.SetHelper(args[0], &Changes{})
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

func TestChild(t *testing.T) {
	part := os.Getenv(childVariable)
	if part == "" {
		return
	}
	args := os.Args[slices.Index(os.Args, "--")+1:]
	childParts[part](t, args[0], args[1:])
}

// toggle sets up docker-credential-ghcr, or undoes it.
func toggle(c *Config) error {
	if _, ok := c.Helper("ghcr.io"); ok {
		c.Undo([]string{"ghcr.io"}, &Changes{})
	} else {
		c.SetHelper("ghcr.io", &Changes{})
	}
	return nil
}

// toggleWithRecord is setup and undo as the commands do them.
func toggleWithRecord(c *Config, r *Record) error {
	if c.UsesHelper("ghcr.io") {
		c.Undo([]string{"ghcr.io"}, &r.Changes)
	} else {
		setUp(c, &r.Changes, "ghcr.io")
	}
	return nil
}

// undoAll is setup --undo.
func undoAll(c *Config, r *Record) error {
	registries := c.Registries()
	for registry := range r.Changes.Helpers {
		registries = append(registries, registry)
	}
	c.Undo(registries, &r.Changes)
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
	if err := errors.Join(err, temp.Close(), retry(func() error { return os.Rename(temp.Name(), path) })); err != nil {
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
	if err := retry(func() (err error) { text, err = os.ReadFile(path); return err }); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkRefused wants an error that names the file and says what is wrong and how to
// fix it, and no trace on disk.
func checkRefused(t testing.TB, path, says, fix string) {
	t.Helper()
	dir := filepath.Dir(path)
	before, _ := os.ReadFile(path)
	names := namesIn(t, dir)
	err := edit(t, path, toggle)
	var refused *Error
	switch {
	case !errors.As(err, &refused):
		t.Errorf("not refused: %v", err)
	case !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), says):
		t.Errorf("says %q, want it to name %s and say %q", err, path, says)
	case !strings.Contains(refused.Fix, fix):
		t.Errorf("the fix is %q, want %q", refused.Fix, fix)
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
	if err := os.Truncate(large, sizeLimit+1); err != nil {
		t.Fatal(err)
	}
	checkRefused(t, large, "is larger than 16 MiB", "")

	readOnly := filepath.Join(t.TempDir(), "config.json")
	writeFile(t, readOnly, "{}", 0o400)
	checkRefused(t, readOnly, "is read-only", "make the file writable")

	file := filepath.Join(t.TempDir(), "file")
	writeFile(t, file, "", 0o600)
	if err := edit(t, filepath.Join(file, "config.json"), toggle); err == nil {
		t.Error("a directory that is a file was taken")
	}
}

func TestEditMakesFileAndDirectoryOnlyIfItWrites(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	path := filepath.Join(home, "a", "b", "config.json")
	refusal := errors.New("refused")
	if err := edit(t, path, func(*Config) error { return refusal }); err != refusal {
		t.Fatal(err)
	}
	if err := edit(t, path, func(*Config) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if left := namesIn(t, home); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}

	var record Changes
	if err := edit(t, path, func(c *Config) error { c.SetHelper("ghcr.io", &record); return nil }); err != nil {
		t.Fatal(err)
	}
	if text, want := readFile(t, path), "{\n\t\"credHelpers\": {\n\t\t\"ghcr.io\": \"ghcr\"\n\t}\n}"; text != want {
		t.Errorf("written: %q", text)
	}
	if err := edit(t, path, func(c *Config) error { c.Undo([]string{"ghcr.io"}, &record); return nil }); err != nil {
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
	if err := edit(t, path, func(c *Config) error { c.SetHelper("ghcr.io", &Changes{}); return nil }); err != nil {
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
			err := edit(t, path, func(c *Config) error {
				if attempts++; attempts < 3 {
					dockerSaves(t, path, fmt.Sprint("login", attempts))
				}
				c.SetHelper("ghcr.io", &Changes{})
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
		err := edit(t, path, func(c *Config) error {
			if first {
				first = false
				if err := change(path); err != nil {
					t.Fatal(err)
				}
			}
			c.SetHelper("ghcr.io", &Changes{})
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
	err := edit(t, path, func(c *Config) error {
		attempts++
		dockerSaves(t, path, fmt.Sprint("login", attempts))
		return toggle(c)
	})
	if !errors.Is(err, errChanged) || attempts != maxAttempts || !strings.HasPrefix(err.Error(), path) {
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
	if err := edit(t, filepath.Join(dir, "config.json"), func(*Config) error { return nil }); err != nil {
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
	past := time.Now().Add(-2 * staleAge)
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
				if err := edit(t, path, toggle); err != nil {
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
				if got.CredHelpers[registry] != HelperName {
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

// Whenever setup or undo is killed, the file is whole, and undo gives the first
// bytes back.
func TestAKilledEditLosesNeitherFileNorRecord(t *testing.T) {
	t.Parallel()
	many := strings.Repeat(",\n\t\t\"registry.example.com\": {}", 2000)
	kills := 300
	if testing.Short() {
		kills = 30
	}
	r := rand.New(rand.NewSource(1))
	texts := []string{
		"{\n\t\"auths\": {\n\t\t\"x\": {}" + many + "\n\t}\n}\n",
		"{\n\t\"auths\": {\n\t\t\"x\": {}" + many + "\n\t},\n\t\"credHelpers\": { }\n}\n",
		"{\n\t\"auths\": {\n\t\t\"x\": {}" + many + "\n\t},\n\t\"credHelpers\": {\"ghcr.io\": \"other\"}\n}\n",
		" { } ",
	}
	for _, off := range texts {
		path := filepath.Join(t.TempDir(), "docker", "config.json")
		records := filepath.Dir(path) + ".records"
		c := configOf(t, []byte(off))
		setUp(c, &Changes{}, "ghcr.io")
		on := string(c.bytes())
		writeFile(t, path, off, 0o600)
		crashes := 0
		for i := range kills / len(texts) {
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
				t.Fatalf("the process did not run: %q, %v, %v", line, readErr, killErr)
			}
			if whole("after a kill"); t.Failed() {
				t.FailNow()
			}
			left := slices.DeleteFunc(namesIn(t, filepath.Dir(path)), func(name string) bool { return name == "config.json" })
			if len(left) > 1 || len(left) == 1 && !strings.HasPrefix(left[0], ".config.json.docker-credential-ghcr-") {
				t.Fatalf("kill %d left %v", i, left)
			}
			crashes += len(left)
			if _, err := Edit(path, records, undoAll); err != nil {
				t.Fatal(err)
			}
			if text := readFile(t, path); text != off {
				t.Fatalf("undo after kill %d gives %.300q", i, text)
			}
		}
		t.Logf("%d kills left a temporary file", crashes)
		if left := namesIn(t, filepath.Dir(path)); !slices.Equal(left, []string{"config.json"}) {
			t.Errorf("the next run leaves %v", left)
		}
		if _, err := os.Stat(records); err == nil {
			left := slices.DeleteFunc(namesIn(t, records), func(name string) bool { return strings.HasPrefix(name, ".") })
			if len(left) > 0 {
				t.Errorf("undone, the records are %v", left)
			}
		}
	}
}

// A process killed between the two writes leaves a record of what it did not do.
func TestARecordOfWhatWasNotWrittenIsIgnored(t *testing.T) {
	t.Parallel()
	none := ""
	for _, test := range []struct{ name, text, want string }{
		{"as it was", `{"a":1}`, `{"a":1}`},
		{"an empty object that the user wrote since", `{"credHelpers":{},"a":1}`, `{"credHelpers":{},"a":1}`},
		{"a store that the user chose since", `{"credsStore":"pass"}`, `{"credsStore":"pass"}`},
		{"no file", "", ""},
	} {
		c := configOf(t, []byte(test.text))
		r := Changes{Helpers: map[string]string{"ghcr.io": ""}, CredHelpers: &none, CredsStore: "pass"}
		c.Undo([]string{"ghcr.io"}, &r)
		if got := string(c.bytes()); got != test.want || len(r.Helpers) > 0 {
			t.Errorf("%s: undo gives %s, and keeps %v", test.name, got, r)
		}

		// The next setup starts anew.
		c = configOf(t, []byte(test.text))
		r = Changes{Helpers: map[string]string{"ghcr.io": `"gone"`, "containers.example.com": ""}, CredHelpers: &none, CredsStore: "pass"}
		setUp(c, &r, "ghcr.io")
		c = configOf(t, c.bytes())
		c.Undo([]string{"ghcr.io"}, &r)
		if got := string(c.bytes()); got != test.want && test.text != "" || len(r.Helpers) > 0 {
			t.Errorf("%s: setup and undo give %s, and keep %v", test.name, got, r)
		}
	}

	// Killed while it undid one of two.
	c := configOf(t, []byte(`{"credHelpers":{"ghcr.io":"ghcr"}}`))
	r := Changes{Helpers: map[string]string{"ghcr.io": "", "containers.example.com": ""}, CredHelpers: &none}
	c.Undo([]string{"ghcr.io"}, &r)
	if got := string(c.bytes()); got != "{}" {
		t.Errorf("the last of two leaves %s", got)
	}
}

func TestSetupsAtOnceKeepTheRecordOfEach(t *testing.T) {
	t.Parallel()
	const text = "{\n  \"a\": 1\n}\n"
	path := filepath.Join(t.TempDir(), "docker", "config.json")
	records := filepath.Dir(path) + ".records"
	writeFile(t, path, text, 0o600)
	var running []*exec.Cmd
	var registries []string
	for i := range 10 {
		registry := fmt.Sprintf("r%d.example.com", i)
		command := child(t, "setup with a record", path, registry)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		running, registries = append(running, command), append(registries, registry)
	}
	for _, command := range running {
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
	}
	record, err := ReadRecord(path, records)
	if err != nil || len(record.Changes.Helpers) != len(registries) {
		t.Errorf("the record has %v, %v", record.Changes.Helpers, err)
	}
	rand.New(rand.NewSource(2)).Shuffle(len(registries), func(i, j int) { registries[i], registries[j] = registries[j], registries[i] })
	for _, registry := range registries {
		if _, err := Edit(path, records, func(c *Config, r *Record) error {
			c.Undo([]string{registry}, &r.Changes)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if got := readFile(t, path); got != text {
		t.Errorf("undone: %q", got)
	}
	if _, err := os.Stat(records); err == nil {
		t.Errorf("left behind: %v", namesIn(t, records))
	}
}

func TestEditWorksWithoutARecord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "docker", "config.json")
	file := filepath.Join(filepath.Dir(filepath.Dir(path)), "file")
	writeFile(t, path, `{"a": 1}`, 0o600)
	writeFile(t, file, "", 0o600)
	for _, records := range []string{"", filepath.Join(file, "records")} {
		o, err := Edit(path, records, toggleWithRecord)
		if err != nil || !o.Changed || o.RecordErr == nil {
			t.Errorf("records in %q: %+v, %v", records, o, err)
		}
		if !strings.Contains(readFile(t, path), `"ghcr.io": "ghcr"`) {
			t.Errorf("not set up: %s", readFile(t, path))
		}
		if _, err = Edit(path, records, undoAll); err != nil {
			t.Error(err)
		}
		if got := readFile(t, path); strings.Contains(got, "ghcr.io") || !strings.Contains(got, `"a": 1`) {
			t.Errorf("undone without a record: %s", got)
		}
		writeFile(t, path, `{"a": 1}`, 0o600)
	}
}

func TestARecordIsRestoredWhenTheEditFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "docker", "config.json")
	records := filepath.Dir(path) + ".records"
	writeFile(t, path, "{}", 0o600)
	attempts := 0
	_, err := Edit(path, records, func(c *Config, r *Record) error {
		attempts++
		dockerSaves(t, path, fmt.Sprint("login", attempts))
		return toggleWithRecord(c, r)
	})
	if !errors.Is(err, errChanged) {
		t.Fatal(err)
	}
	if _, err := os.Stat(records); err == nil {
		t.Errorf("left behind: %v", namesIn(t, records))
	}
}

func TestRevertGivesTheBytesBack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{\"auths\": {\"ghcr.io\": {\"password\": \"a\"}}}\n", " ", "missing"} {
		path := filepath.Join(t.TempDir(), "docker", "config.json")
		records := filepath.Dir(path) + ".records"
		if text != "missing" {
			writeFile(t, path, text, 0o600)
		}
		change := func(c *Config, r *Record) error {
			setUp(c, &r.Changes, "ghcr.io")
			for _, l := range c.Logins("ghcr.io") {
				c.RemoveLogin(l)
				r.AddRemoved(RemovedLogin{l.Key, "removed"})
			}
			return nil
		}
		o, err := Edit(path, records, change)
		if err != nil || !o.Changed || o.RecordErr != nil {
			t.Fatalf("%+v, %v", o, err)
		}
		if err := o.Revert(undoAll); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); string(got) != text && (text != "missing" || err == nil) {
			t.Errorf("%q became %q", text, got)
		}
		if record, err := ReadRecord(path, records); err != nil || !record.isEmpty() {
			t.Errorf("the record is %+v, %v", record, err)
		}

		// docker wrote since: its change stays.
		if o, err = Edit(path, records, change); err != nil {
			t.Fatal(err)
		}
		dockerSaves(t, path, "since")
		if err := o.Revert(undoAll); err != nil {
			t.Fatal(err)
		}
		if got := readFile(t, path); strings.Contains(got, HelperName+`"`) || !strings.Contains(got, "since") {
			t.Errorf("reverted after docker: %s", got)
		}
	}
}

// docker stops reading after the JSON, and so do we.
func TestTextAfterTheJSONIsNotDockersBusiness(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"{\"credHelpers\":{\"ghcr.io\":\"ghcr\"}}\n// mine\n", "{\"credHelpers\":{\"ghcr.io\":\"ghcr\"}}}", `{"credHelpers":{"ghcr.io":"ghcr"}} {"credHelpers":{"ghcr.io":"other"}}`} {
		path := filepath.Join(t.TempDir(), "config.json")
		writeFile(t, path, text, 0o600)
		c, err := Read(path)
		if err != nil || !c.UsesHelper("ghcr.io") || c.Changed() {
			t.Errorf("%q: %v", text, err)
			continue
		}
		var refused *Error
		if err := c.Writable(); !errors.As(err, &refused) || refused.Line == 0 || refused.Fix == "" {
			t.Errorf("%q may be written: %v", text, err)
		}
		if err := edit(t, path, toggle); !errors.As(err, &refused) || readFile(t, path) != text {
			t.Errorf("%q was edited: %v", text, err)
		}
	}
}

// A file of 300 kB is undone in well under a second.
func TestUndoOfManyRegistriesIsQuick(t *testing.T) {
	t.Parallel()
	text := []byte(`{"credHelpers":{"x":"y"`)
	var registries []string
	for len(text) < 300<<10 {
		registry := fmt.Sprintf("containers.h%d.ghe.com", len(registries))
		registries = append(registries, registry)
		text = fmt.Appendf(text, `,%q:"ghcr"`, registry)
	}
	text = append(text, "}}"...)
	c := configOf(t, text)
	r := Changes{Helpers: map[string]string{}}
	for _, registry := range registries {
		r.Helpers[registry] = ""
	}
	begun := time.Now()
	ours := c.Registries()
	c.Undo(ours, &r)
	if took := time.Since(begun); took > time.Second || len(ours) != len(registries) {
		t.Errorf("%d of %d registries took %v", len(ours), len(registries), took)
	}
	if got := string(c.bytes()); got != `{"credHelpers":{"x":"y"}}` {
		t.Errorf("left: %.200s", got)
	}
}
