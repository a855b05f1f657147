package main

import (
	"debug/buildinfo"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// report prints everything that was measured.
func (b *bench) report(out io.Writer, bounds []bound) error {
	fmt.Fprintf(out, "%s, %s/%s, %d processors, %s, medians of %d rounds in turns\n",
		time.Now().UTC().Format("2 January 2006"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), *rounds)
	versions, err := b.versions()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n\n", versions)

	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "ms\tto the floor\tpeak MiB\t  ")
	for _, s := range b.subjects {
		peak := ""
		if s.peak > 0 {
			peak = fmt.Sprintf("%.1f", float64(s.peak)/1024)
		}
		fmt.Fprintf(table, "%.2f\t%.2f\t%s\t  %s\n", milliseconds(s.median()), float64(s.median())/float64(b.subjects[0].median()), peak, s.name)
	}
	if len(b.trips) > 0 {
		fmt.Fprintln(table, "\t\t\t")
		fmt.Fprintln(table, "ms a round trip\tms more\tround trips\t  ")
	}
	for _, t := range b.trips {
		fmt.Fprintf(table, "%.0f\t%.2f\t%.2f\t  %s\n", milliseconds(t.delay), milliseconds(t.added), t.count(), t.name)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, bound := range bounds {
		verdict := "kept"
		if !bound.kept() {
			verdict = "NOT KEPT"
		}
		fmt.Fprintf(out, "%-9s %.2f of %.2f  %s\n", verdict, bound.ratio(), bound.most, bound.text)
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// versions are those of all programs that were measured beside the product.
func (b *bench) versions() (string, error) {
	curl, err := b.home.Command("curl", "--version").Output()
	if err != nil {
		return "", err
	}
	versions := []string{strings.Join(strings.Fields(string(curl))[:2], " ")}
	if out, err := exec.Command("dpkg-query", "-W", "-f", "${Package} ${Version}\n", "libsecret-tools", "gnome-keyring").Output(); err == nil {
		versions = append(versions, strings.Split(strings.TrimSpace(string(out)), "\n")...)
	}
	for _, name := range append([]string{"gh"}, others...) {
		path, err := stage.Program(name)
		if err != nil {
			continue
		}
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return "", err
		}
		versions = append(versions, name+" "+info.Main.Version)
	}
	return strings.Join(versions, ", "), nil
}
