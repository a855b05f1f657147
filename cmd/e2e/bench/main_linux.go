// Command bench measures what a get costs beside what it could not cost less than:
// curl making the same one HTTPS request. Everything is measured in one run, in
// turns, against the same pretend GitHub on loopback, trusting the system's usual
// certificates; what counts are the ratios. See README.md; run it with `make bench`.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

var (
	rounds = flag.Int("n", 120, "how often each is measured")
	slack  = flag.Float64("slack", 1, "fail if a figure is so many times off its bound; 0: never")
	to     = flag.String("to", "", "also write what is printed to this file")
)

func main() {
	flag.Parse()
	if *rounds < 1 {
		fmt.Fprintln(os.Stderr, "bench: -n is at least 1")
		os.Exit(2)
	}
	code, err := stage.Perform(run, append([]string{"gh"}, others...)...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		code = 1
	}
	os.Exit(code)
}

func run(s *stage.Stage, home *stage.Home) error {
	b := &bench{stage: s, home: home}
	defer b.close()
	if err := b.prepare(); err != nil {
		return err
	}
	bounds, err := b.measure()
	if err != nil {
		return err
	}
	var report bytes.Buffer
	if err := b.report(&report, bounds); err != nil {
		return err
	}
	fmt.Print(report.String())
	if *to != "" {
		if err := os.WriteFile(*to, report.Bytes(), 0o644); err != nil {
			return err
		}
	}
	for _, bound := range bounds {
		if *slack > 0 && (bound.ratio() > *slack*bound.most || bound.ratio() < bound.least / *slack) {
			return fmt.Errorf("not kept: %s", bound.text)
		}
	}
	return nil
}
