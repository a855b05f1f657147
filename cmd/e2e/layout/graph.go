package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// graph is one package on one operating system.
type graph struct {
	path  string // relative to the module
	name  string
	files []string
	// uses holds, for a file and another that it depends on, the names used.
	uses    map[string]map[string][]string
	imports []importSpec
	selects []selection
	inits   []string
}

// importSpec is one import of a file.
type importSpec struct{ file, path, alias string }

// selection is the use of another package's object, such as os.Args.
type selection struct{ file, object string }

// load reads the product's packages as they are built for a system.
func load(dir, system string) ([]*graph, error) {
	loaded, err := packages.Load(&packages.Config{
		Dir: dir,
		Env: append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0", "GOFLAGS="),
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedModule,
	}, "./...")
	if err != nil {
		return nil, err
	}
	var graphs []*graph
	for _, p := range loaded {
		for _, e := range p.Errors {
			err = errors.Join(err, e)
		}
		graphs = append(graphs, newGraph(p))
	}
	return graphs, err
}

func newGraph(p *packages.Package) *graph {
	g := &graph{
		path: strings.TrimPrefix(strings.TrimPrefix(p.PkgPath, p.Module.Path), "/"),
		name: p.Name,
		uses: make(map[string]map[string][]string),
	}
	fileOf := func(o types.Object) string { return filepath.Base(p.Fset.Position(o.Pos()).Filename) }
	for _, syntax := range p.Syntax {
		file := filepath.Base(p.Fset.Position(syntax.Package).Filename)
		g.files = append(g.files, file)
		for _, spec := range syntax.Imports {
			alias := ""
			if spec.Name != nil {
				alias = spec.Name.Name
			}
			g.imports = append(g.imports, importSpec{file, strings.Trim(spec.Path.Value, `"`), alias})
		}
		for _, declaration := range syntax.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				g.inits = append(g.inits, file)
			}
		}
		ast.Inspect(syntax, func(node ast.Node) bool {
			identifier, ok := node.(*ast.Ident)
			if !ok {
				return true
			}
			switch used := p.TypesInfo.Uses[identifier]; {
			case used == nil || used.Pkg() == nil:
			case used.Pkg() != p.Types:
				g.selects = append(g.selects, selection{file, used.Pkg().Path() + "." + used.Name()})
			default:
				if other := fileOf(used); other != file {
					g.add(file, other, used.Name())
				}
			}
			return true
		})
	}
	slices.Sort(g.files)
	return g
}

func (g *graph) add(file, other, name string) {
	if g.uses[file] == nil {
		g.uses[file] = make(map[string][]string)
	}
	if !slices.Contains(g.uses[file][other], name) {
		g.uses[file][other] = append(g.uses[file][other], name)
	}
}

func (g *graph) edgeCount() (n int) {
	for _, others := range g.uses {
		n += len(others)
	}
	return n
}

// largestCycle is the largest set of files each of which depends on every other,
// directly or not.
func (g *graph) largestCycle() []string {
	reach := make(map[string]map[string]bool)
	for _, file := range g.files {
		reach[file] = g.reachable(file)
	}
	var largest []string
	for _, file := range g.files {
		var cycle []string
		for _, other := range g.files {
			if other == file || reach[file][other] && reach[other][file] {
				cycle = append(cycle, other)
			}
		}
		if len(cycle) > len(largest) {
			largest = cycle
		}
	}
	return largest
}

func (g *graph) reachable(file string) map[string]bool {
	seen := make(map[string]bool)
	next := []string{file}
	for len(next) > 0 {
		current := next[0]
		next = next[1:]
		for other := range g.uses[current] {
			if !seen[other] {
				seen[other] = true
				next = append(next, other)
			}
		}
	}
	return seen
}

// print lists the edges; those inside the largest cycle are marked.
func (g *graph) print(w io.Writer) {
	cycle := g.largestCycle()
	for _, file := range g.files {
		for _, other := range slices.Sorted(maps.Keys(g.uses[file])) {
			mark := " "
			if len(cycle) > 1 && slices.Contains(cycle, file) && slices.Contains(cycle, other) {
				mark = "*"
			}
			fmt.Fprintf(w, "  %s %s -> %s: %s\n", mark, file, other, strings.Join(slices.Sorted(slices.Values(g.uses[file][other])), ", "))
		}
	}
}
