package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

const token = "gho_benchmark"

type bench struct {
	stage *stage.Stage
	// In home gh's token is in its file, in kept in a keyring.
	home, kept *stage.Home
	keyring    *stage.Keyring
	slow       *link

	subjects []*subject
	trips    []trip
}

func (b *bench) close() {
	if b.slow != nil {
		_ = b.slow.close()
	}
	if b.keyring != nil {
		b.keyring.Close()
	}
}

// bundle is where Debian keeps what the system trusts.
const bundle = "/etc/ssl/certs/ca-certificates.crt"

// parts are the programs that are measured or measure, and Debian's packages that
// bring them.
var parts = map[string]string{
	"curl": "curl", "time": "time", "secret-tool": "libsecret-tools",
	"dbus-daemon": "dbus", "gnome-keyring-daemon": "gnome-keyring",
}

func (b *bench) prepare() (err error) {
	for program, brings := range parts {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w: install %s", err, brings)
		}
	}
	b.slow, err = newLink()
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "bench: round trips are not measured:", err)
	} else if err != nil {
		return err
	}
	if err := b.trust(); err != nil {
		return err
	}
	b.kept = b.stage.Home(filepath.Join(b.home.Dir, "kept"))
	for _, home := range []*stage.Home{b.home, b.kept} {
		home.Setenv("SSL_CERT_FILE", "")
		home.Setenv("SSL_CERT_DIR", "")
		home.Setenv("GH_TELEMETRY", "0")
	}
	b.stage.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	err = errors.Join(
		b.home.LogIn("github.com", "octocat", token),
		b.home.WriteFile("authorization", "Authorization: Bearer "+token+"\n"),
		b.kept.LogIn("github.com", "octocat", ""),
		b.kept.WriteFile(".config/gh/hosts.yml", "github.com:\n    users:\n        octocat:\n    user: octocat\n"),
	)
	if err != nil {
		return err
	}
	if b.keyring, err = b.kept.StartKeyring(); err != nil {
		return err
	}
	store := b.kept.Command("secret-tool", append([]string{"store", "--label=gh"}, ghItem...)...)
	store.Stdin = strings.NewReader(token)
	return store.Run()
}

// ghItem is where gh keeps its token.
var ghItem = []string{"service", "gh:github.com", "username", "octocat"}

// trust makes the stage's authority one of those that the system trusts, so that
// every program reads what it reads on a person's machine.
func (b *bench) trust() error {
	trusted, err := os.ReadFile(bundle)
	if err != nil {
		return err
	}
	all := filepath.Join(b.home.Dir, "bundle.crt")
	if err := os.WriteFile(all, append(trusted, b.stage.Authority.PEM()...), 0o644); err != nil {
		return err
	}
	if err := syscall.Mount(all, bundle, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", bundle, err)
	}
	return nil
}

// A bound is a ratio that is promised. One below the least is no success: then it
// was not measured what is told.
type bound struct {
	text        string
	value, base time.Duration
	most, least float64
}

func (b bound) ratio() float64 { return float64(b.value) / float64(b.base) }
func (b bound) kept() bool     { return b.least <= b.ratio() && b.ratio() <= b.most }

func (b *bench) measure() ([]bound, error) {
	get := []string{stage.Product, "get"}
	version := []string{stage.Product, "version"}
	var (
		floor      = &subject{home: b.home, name: "curl, the same request: the floor", args: []string{"curl", "-sS", "--fail", "-o", "/dev/null", "-H", "@authorization", "https://api.github.com/user"}}
		checked    = &subject{home: b.home, name: "get, from gh's file, checked", args: get, stdin: "ghcr.io", fresh: true}
		remembered = &subject{home: b.home, name: "get, from gh's file, checked a moment ago", args: get, stdin: "ghcr.io"}
		foreign    = &subject{home: b.home, name: "get, a foreign registry", args: get, stdin: "docker.io", unknown: true}
		starting   = &subject{home: b.home, name: "version", args: version}
		burst      = &subject{home: b.home, name: "get, 20 at once", args: get, stdin: "ghcr.io", fresh: true, atOnce: 20}
		startings  = &subject{home: b.home, name: "version, 20 at once", args: version, atOnce: 20}
		ghToken    = &subject{home: b.home, name: "gh auth token, unchecked", args: []string{"gh", "auth", "token"}}
		fromRing   = &subject{home: b.kept, name: "get, from the keyring, checked", args: get, stdin: "ghcr.io", fresh: true}
		lookup     = &subject{home: b.kept, name: "secret-tool lookup", args: append([]string{"secret-tool", "lookup"}, ghItem...)}
	)
	b.subjects = []*subject{floor, checked, remembered, foreign, starting, burst, startings, ghToken, fromRing, lookup}
	var rivals []*subject
	for _, name := range others {
		if _, err := stage.Program(name); errors.Is(err, exec.ErrNotFound) {
			if os.Getenv("CI") == "true" {
				return nil, err
			}
			continue // Build has said why
		}
		rivals = append(rivals, &subject{home: b.home, name: name + " version", args: []string{name, "version"}})
	}
	b.subjects = append(b.subjects, rivals...)
	if err := b.inTurns(*rounds, b.subjects...); err != nil {
		return nil, err
	}
	for _, s := range b.subjects {
		if err := b.measurePeak(s); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	bounds := []bound{
		{"a checked get takes at most as long as curl's request", checked.median(), floor.median(), 1.0, 0},
		{"from the keyring, at most a secret-tool lookup more", fromRing.median(), checked.median() + lookup.median(), 1.0, 0},
		{"a checked get takes at most 0.3 of gh auth token", checked.median(), ghToken.median(), 0.3, 0},
		{"20 gets at once take at most 20 versions and 1.5 gets", burst.median(), startings.median() + checked.median()*3/2, 1.0, 0},
		{"a foreign registry takes at most 1 ms more than version", foreign.median(), starting.median() + time.Millisecond, 1.0, 0},
		{"a checked get has at most 14 MiB", time.Duration(checked.peak), 14 << 10, 1.0, 0},
		{"from the keyring, too", time.Duration(fromRing.peak), 14 << 10, 1.0, 0},
	}
	if len(rivals) > 0 {
		fastest := slices.MinFunc(rivals, func(a, b *subject) int { return int(a.median() - b.median()) })
		bounds = append(bounds, bound{"version takes at most 1.5 ms more than the fastest other helper's", starting.median(), fastest.median() + 1500*time.Microsecond, 1.0, 0})
	}
	if b.slow == nil {
		return bounds, nil
	}
	trips, err := b.measureTrips(checked, floor)
	return append(bounds, trips...), err
}
