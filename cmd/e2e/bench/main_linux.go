// Command bench measures what a get costs beside what it could not cost less than:
// curl making the same one HTTPS request. Everything is measured in one run, in
// turns, against the same pretend GitHub on loopback, trusting the system's usual
// certificates; what counts are the ratios. See README.md; run it with `make bench`.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

var (
	rounds = flag.Int("n", 120, "how often each is measured")
	slack  = flag.Float64("slack", 1, "fail if a figure is above so many times its bound; 0: never")
)

func main() {
	flag.Parse()
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
	if err := b.report(os.Stdout, bounds); err != nil {
		return err
	}
	for _, bound := range bounds {
		if *slack > 0 && bound.ratio() > *slack*bound.most {
			return fmt.Errorf("not kept: %s", bound.text)
		}
	}
	return nil
}
