package stage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Furnish is the name of the program that does on a Windows what its owner does.
const Furnish = "furnish"

// BuildForWindows builds for Windows the product, the program that furnishes one,
// and gh. It belongs beside Build.
func BuildForWindows(dir string) error {
	module, err := output(".", "env", "GOMOD")
	if err != nil {
		return err
	}
	module = filepath.Dir(module)
	type program struct {
		name, folder, path string
		how                []string
	}
	programs := []program{
		{Product, filepath.Join(module, "..", ".."), "./cmd/" + Product, []string{"build", "-tags", Tags}},
		{Furnish, module, "./" + Furnish, []string{"build"}},
		{Furnish + ".test", module, "./" + Furnish, []string{"test", "-c"}},
		{"gh", filepath.Join(module, "tools", "gh"), "github.com/cli/cli/v2/cmd/gh", []string{"build"}},
	}
	for _, program := range programs {
		to := filepath.Join(dir, program.name+".exe")
		build := exec.Command("go", append(program.how, "-trimpath", "-ldflags", "-s -w", "-o", to, program.path)...)
		build.Dir = program.folder
		build.Env = append(build.Environ(), "GOOS=windows", "CGO_ENABLED=0")
		if said, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("%s for Windows: %w\n%s", build, err, said)
		}
	}
	return nil
}

// FindWine finds wine's loader of 64-bit programs. Debian has it out of the way. The
// error is [errors.ErrUnsupported] where there is none to be had.
func FindWine() (path string, err error) {
	if runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("wine is used on amd64 only, not on %s; run it there: %w", runtime.GOARCH, errors.ErrUnsupported)
	}
	if path, err = exec.LookPath("wine64"); err != nil {
		path, err = exec.LookPath("/usr/lib/wine/wine64")
	}
	return path, err
}

// Wine is a new Windows: a drive, a registry, and in it a
// Credential Manager.
type Wine struct {
	// Home is the folder of the user, %USERPROFILE%.
	Home string

	dir, loader, server string
}

// StartWine makes one. Close ends all that runs there, and removes it.
func StartWine() (*Wine, error) {
	loader, err := FindWine()
	if err != nil {
		return nil, err
	}
	w := &Wine{loader: loader, server: filepath.Join(filepath.Dir(loader), "wineserver")}
	if err := w.start(); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

func (w *Wine) start() (err error) {
	if w.dir, err = os.MkdirTemp("", "wine"); err != nil {
		return err
	}
	if err := os.MkdirAll(w.prefix(), 0o700); err != nil {
		return err
	}
	// One that stays: each program else starts the services of Windows anew.
	if err := w.unix(w.server, "-p").Run(); err != nil {
		return fmt.Errorf("wineserver: %w", err)
	}
	if err := w.Command("wineboot", "--init").Run(); err != nil {
		return fmt.Errorf("wineboot: %w", err)
	}
	if err := w.addRandom(); err != nil {
		return err
	}
	users, err := filepath.Glob(filepath.Join(w.Drive(), "users", "*", "AppData"))
	if err != nil || len(users) != 1 {
		return fmt.Errorf("users of Windows: %q, %w", users, err)
	}
	w.Home = filepath.Dir(users[0])
	return nil
}

func (w *Wine) prefix() string { return filepath.Join(w.dir, "prefix") }

// Drive is C:.
func (w *Wine) Drive() string { return filepath.Join(w.prefix(), "drive_c") }

// forward passes the one function of a library on to where it always was.
const forward = `LIBRARY bcryptprimitives.dll
EXPORTS ProcessPrng = advapi32.SystemFunction036
`

// addRandom adds the library that Go's programs take random numbers from, and do
// not start without. Wine 8 does not have it.
func (w *Wine) addRandom() error {
	library := filepath.Join(w.Drive(), "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(library); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	definition := filepath.Join(w.dir, "bcryptprimitives.def")
	if err := os.WriteFile(definition, []byte(forward), 0o600); err != nil {
		return err
	}
	// No code is in it, so no compiler for Windows is wanted: Debian's own ld does.
	if said, err := exec.Command("ld", "-m", "i386pep", "--dll", "-e", "0", "-o", library, definition).CombinedOutput(); err != nil {
		return fmt.Errorf("ld: %w\n%s", err, said)
	}
	return nil
}

// Command is a program of Windows. It has the variables that its user has there,
// and what is added to Env.
func (w *Wine) Command(program string, args ...string) *exec.Cmd {
	if path, err := Program(program + ".exe"); err == nil {
		program = path
	}
	return w.unix(w.loader, append([]string{program}, args...)...)
}

// unix is a part of wine itself. Its programs see most of these variables too.
func (w *Wine) unix(program string, args ...string) *exec.Cmd {
	command := exec.Command(program, args...)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + w.dir, // in it are the folders that wine links the user's to
		"TMPDIR=" + w.dir,
		"LC_ALL=C.UTF-8", // else there are no names of files beyond ASCII
		"WINEPREFIX=" + w.prefix(),
		"WINEDEBUG=-all",
		// Else looked for, and not wanted: menus on the desktop, .NET, a browser.
		"WINEDLLOVERRIDES=winemenubuilder.exe,mscoree,mshtml=",
		// The built programs come first in PATH.
		"WINEPATH=Z:" + strings.ReplaceAll(os.Getenv(variable), "/", `\`),
	}
	return command
}

// Close ends everything that runs there, once.
func (w *Wine) Close() {
	if w.dir == "" {
		return
	}
	_ = w.unix(w.server, "-k").Run() // this one's alone, and waits for its end
	_ = os.RemoveAll(w.dir)
	w.dir = ""
}
