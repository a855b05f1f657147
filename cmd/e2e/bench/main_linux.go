// Command bench measures what a get costs beside what it could not cost less than:
// curl making the same one HTTPS request. Everything is measured in one run, in
// turns, against the same pretend GitHub on loopback, trusting the system's usual
// certificates; what counts are the ratios. Run it with `go run ./bench`.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/namespace"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

var (
	rounds = flag.Int("n", 60, "how often each is measured")
	strict = flag.Bool("strict", false, "fail if a ratio is above its bound")
)

func main() {
	flag.Parse()
	code, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		code = 1
	}
	os.Exit(code)
}

func run() (code int, err error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	inside, code, err := namespace.Enter(stage.Hosts(), func() error { return stage.Build(dir, "gh") })
	if err != nil || !inside {
		return code, err
	}
	s, err := stage.Open(dir)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	b := &bench{stage: s, dir: dir, home: s.Home(dir)}
	if err := b.prepare(); err != nil {
		return 0, err
	}
	return b.measure(os.Stdout)
}

const token = "gho_benchmark"

type bench struct {
	stage *stage.Stage
	home  *stage.Home
	dir   string
}

// bundle is where Debian keeps what the system trusts.
const bundle = "/etc/ssl/certs/ca-certificates.crt"

// prepare makes the stage's authority one of those that the system trusts, so that
// every program reads what it reads on a person's machine.
func (b *bench) prepare() error {
	trusted, err := os.ReadFile(bundle)
	if err != nil {
		return err
	}
	ours, err := os.ReadFile(b.stage.CAFile)
	if err != nil {
		return err
	}
	all := filepath.Join(b.dir, "bundle.crt")
	if err := os.WriteFile(all, append(trusted, ours...), 0o644); err != nil {
		return err
	}
	if err := syscall.Mount(all, bundle, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", bundle, err)
	}
	b.home.Setenv("SSL_CERT_FILE", "")
	b.home.Setenv("SSL_CERT_DIR", "")
	b.stage.GitHub.Add(token, credentialstest.Token{Login: "octocat", Scopes: []string{"write:packages"}})
	return errors.Join(
		b.home.LogIn("github.com", "octocat", token),
		b.home.WriteFile("authorization", "Authorization: Bearer "+token+"\n"),
	)
}

// subject is something measured.
type subject struct {
	name   string
	args   []string
	stdin  string
	fresh  bool // nothing may be remembered
	atOnce int  // how many at the same time
	walls  []time.Duration
	peak   int64 // resident memory, in KiB; 0 if it was not measured
}

func (b *bench) measure(out io.Writer) (code int, err error) {
	get := []string{stage.Product, "get"}
	floor := &subject{name: "curl, the same request (the floor)", args: []string{"curl", "-sS", "--fail", "-o", "/dev/null", "-H", "@authorization", "https://api.github.com/user"}}
	checked := &subject{name: "get, from gh's file, checked", args: get, stdin: "ghcr.io", fresh: true}
	remembered := &subject{name: "get, remembered", args: get, stdin: "ghcr.io"}
	foreign := &subject{name: "get, a foreign registry", args: get, stdin: "docker.io"}
	version := &subject{name: "version", args: []string{stage.Product, "version"}}
	ghToken := &subject{name: "gh auth token, unchecked", args: []string{"gh", "auth", "token"}}
	burst := &subject{name: "20 gets at once", args: get, stdin: "ghcr.io", fresh: true, atOnce: 20}
	versions := &subject{name: "20 versions at once", args: version.args, atOnce: 20}
	subjects := []*subject{floor, checked, remembered, foreign, version, ghToken, burst, versions}
	for _, helper := range []string{"pass", "secretservice", "ecr-login", "gcr"} {
		if path, err := stage.Program("docker-credential-" + helper); err == nil {
			subjects = append(subjects, &subject{name: helper + ", version", args: []string{path, "version"}})
		}
	}
	for range *rounds {
		for _, s := range subjects {
			if err := b.once(s); err != nil {
				return 0, fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	if _, err := exec.LookPath("time"); err == nil {
		for _, s := range subjects {
			if err := b.measurePeak(s); err != nil {
				return 0, fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	bounds := []bound{
		{"a checked get is at most the floor", checked.median(), floor.median(), 1.0},
		{"a checked get is at most 0.3 of gh auth token", checked.median(), ghToken.median(), 0.3},
		{"20 gets at once are at most 20 versions and 1.5 gets", burst.median(), versions.median() + checked.median()*3/2, 1.0},
		{"a foreign registry costs at most 1 ms more than version", foreign.median(), version.median() + time.Millisecond, 1.0},
		{"a checked get uses at most 14 MiB", time.Duration(checked.peak), 14 << 10, 1.0},
	}
	b.report(out, subjects, bounds)
	if *strict && slices.ContainsFunc(bounds, bound.broken) {
		return 1, nil
	}
	return 0, nil
}

// bound is a ratio that is promised.
type bound struct {
	text       string
	value, per time.Duration
	most       float64
}

func (b bound) ratio() float64 { return float64(b.value) / float64(b.per) }
func (b bound) broken() bool   { return b.ratio() > b.most }

// once measures a subject once.
func (b *bench) once(s *subject) error {
	if s.fresh {
		if err := os.RemoveAll(filepath.Join(b.dir, ".cache", stage.Product)); err != nil {
			return err
		}
	}
	n := max(s.atOnce, 1)
	before := len(b.stage.GitHub.RequestsWith(token))
	commands := make([]*exec.Cmd, n)
	for i := range commands {
		commands[i] = b.home.Command(s.args[0], s.args[1:]...)
		commands[i].Stdin = strings.NewReader(s.stdin)
	}
	var wait sync.WaitGroup
	failures := make([]error, n)
	begun := time.Now()
	for i, command := range commands {
		wait.Go(func() { failures[i] = command.Run() })
	}
	wait.Wait()
	s.walls = append(s.walls, time.Since(begun))
	if s.name == "get, a foreign registry" {
		return nil // it ends with 1: not found
	}
	asked := len(b.stage.GitHub.RequestsWith(token)) - before
	if s.fresh && asked != 1 {
		return fmt.Errorf("%d requests, not 1", asked)
	}
	return errors.Join(failures...)
}

func (s *subject) median() time.Duration {
	walls := slices.Sorted(slices.Values(s.walls))
	return walls[len(walls)/2]
}

// measurePeak has time(1) start the program: the kernel counts to a process what
// its parent had when it was forked, and this one is large.
func (b *bench) measurePeak(s *subject) error {
	if s.atOnce > 1 {
		return nil
	}
	if s.fresh {
		if err := os.RemoveAll(filepath.Join(b.dir, ".cache", stage.Product)); err != nil {
			return err
		}
	}
	program := s.args[0]
	if path, err := stage.Program(program); err == nil {
		program = path
	}
	file := filepath.Join(b.dir, "peak")
	command := b.home.Command("time", append([]string{"-q", "-f", "%M", "-o", file, program}, s.args[1:]...)...)
	command.Stdin = strings.NewReader(s.stdin)
	var exit *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &exit) {
		return err
	}
	text, err := os.ReadFile(file)
	if err == nil {
		_, err = fmt.Sscan(string(text), &s.peak)
	}
	return err
}

func (b *bench) report(out io.Writer, subjects []*subject, bounds []bound) {
	fmt.Fprintf(out, "%s, %s/%s, %d processors, %s, medians of %d rounds in turns\n\n",
		time.Now().UTC().Format("2 January 2006"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), *rounds)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "ms\tto the floor\tpeak MiB\t  ")
	for _, s := range subjects {
		fmt.Fprintf(table, "%.2f\t%.2f\t%.1f\t  %s\n", float64(s.median().Microseconds())/1000,
			float64(s.median())/float64(subjects[0].median()), float64(s.peak)/1024, s.name)
	}
	table.Flush()
	fmt.Fprintln(out)
	for _, b := range bounds {
		verdict := "kept"
		if b.broken() {
			verdict = "NOT KEPT"
		}
		fmt.Fprintf(out, "%-9s %.2f of %.1f  %s\n", verdict, b.ratio(), b.most, b.text)
	}
}
