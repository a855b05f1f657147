// Command layout measures how the product's files depend on each other, and checks
// the project's rules about that.
//
//	go run ./layout          a summary of each package, and every broken rule
//	go run ./layout -edges   also each reference between two files, with names
//
// File A depends on file B when A uses something that B of the same package
// declares: a package-level object, a method or a field. Test files do not count.
// Each package is measured as it is built for each operating system.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// systems are those whose files differ. FreeBSD has the files of macOS or none.
var systems = []string{"linux", "darwin", "windows", "freebsd"}

func main() {
	edges := flag.Bool("edges", false, "print each reference between two files")
	flag.Parse()
	ok, err := report(filepath.Join("..", ".."), *edges)
	if err != nil {
		fmt.Fprintln(os.Stderr, "layout:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// report prints what is measured in the module in dir, and returns whether every
// rule holds.
func report(dir string, edges bool) (ok bool, err error) {
	broken := make(map[string]bool) // one rule can be broken on every system
	var order []string
	for _, system := range systems {
		graphs, err := load(dir, system)
		if err != nil {
			return false, err
		}
		for _, g := range graphs {
			fmt.Printf("%-8s %-50s %2d files, %3d edges, largest cycle %d\n", system, g.path, len(g.files), g.edgeCount(), len(g.largestCycle()))
			if edges && system == systems[0] {
				g.print(os.Stdout)
			}
			for _, rule := range g.brokenRules() {
				if !broken[rule] {
					broken[rule] = true
					order = append(order, rule)
				}
			}
		}
	}
	for _, rule := range order {
		fmt.Println("layout:", rule)
	}
	return len(order) == 0, nil
}
