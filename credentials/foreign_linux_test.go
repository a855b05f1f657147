package credentials

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	protocol "github.com/docker/docker-credential-helpers/credentials"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// watch has the kernel note what happens to the files below a folder. The result
// lists the files to which one of the events happened, once for each.
func watch(t *testing.T, folder string, events uint32) (seen func() []string) {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		unavailable(t, "needs inotify; raise fs.inotify.max_user_instances and max_user_watches", err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	err = filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_, err = syscall.InotifyAddWatch(fd, path, events)
		}
		return err
	})
	if err != nil {
		unavailable(t, "needs inotify; raise fs.inotify.max_user_instances and max_user_watches", err)
	}
	seen = func() []string {
		var names []string
		for buffer := make([]byte, 64<<10); ; {
			n, err := syscall.Read(fd, buffer)
			if errors.Is(err, syscall.EAGAIN) {
				return names
			}
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < n; {
				event := (*syscall.InotifyEvent)(unsafe.Pointer(&buffer[at]))
				name := buffer[at+syscall.SizeofInotifyEvent : at+syscall.SizeofInotifyEvent+int(event.Len)]
				names = append(names, strings.TrimRight(string(name), "\x00"))
				at += syscall.SizeofInotifyEvent + int(event.Len)
			}
		}
	}
	seen() // the walk itself
	return seen
}

func TestForAForeignRegistryTheKernelSeesNoFileOpened(t *testing.T) {
	m := newMachine(t)
	allVariables(t)
	m.settings(`{"registries":{}}`)
	m.hosts("github.com:\n    user: octocat\n")
	m.write(filepath.Join(filepath.Dir(m.hostsPath()), "config.yml"), "version: \"1\"\n")
	m.dockerLogin(github.DotCom, "octocat", "gho_example")
	m.write(m.cachePath("gho_example"), "{}")
	touched := watch(t, os.Getenv("HOME"), syscall.IN_ALL_EVENTS)
	h := m.helper()
	h.Stderr = mustNotWrite{t}
	for _, serverURL := range foreign {
		_, _, _ = h.Get(serverURL)
		_ = h.Delete(serverURL)
		_ = h.Add(&protocol.Credentials{ServerURL: serverURL, Username: "octocat", Secret: "gho_x"})
		if names := touched(); len(names) > 0 {
			t.Fatalf("%q touched %q", serverURL, names)
		}
	}
	m.refused("ghcr.io")
	if names := touched(); len(names) == 0 {
		t.Error("ghcr.io touched nothing either: this test sees nothing")
	}
}

func TestEachFileIsOpenedOnceAGet(t *testing.T) {
	m := newMachine(t)
	t.Setenv("GHCR_NO_MEMORY", "1")
	m.settings(`{"registries":{}}`)
	m.ghKeyringLogin(github.DotCom, "octocat", "gho_example")
	m.write(filepath.Join(filepath.Dir(m.hostsPath()), "config.yml"), "version: \"1\"\n")
	m.dockerLogin(github.DotCom, "octocat", "gho_dead")
	m.token("gho_example", "write:packages")
	opened := watch(t, os.Getenv("HOME"), syscall.IN_OPEN)
	m.found("ghcr.io", "octocat", "gho_example")
	times := map[string]int{}
	for _, name := range opened() {
		times[name]++
	}
	for _, name := range []string{"settings.json", "hosts.yml", "config.yml", "github.com"} {
		if times[name] != 1 {
			t.Errorf("%s was opened %d times", name, times[name])
		}
	}
}
