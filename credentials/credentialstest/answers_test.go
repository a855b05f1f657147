package credentialstest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every refusal is in answers.go, with its basis and its source.
func TestEveryRefusalSaysWhereItIsFrom(t *testing.T) {
	t.Parallel()
	bases := []string{"documented", "reported", "assumed", "seenLive"}
	if slices.Contains([]basis{documented, reported, assumed, seenLive}, "") {
		t.Error("a basis without a name")
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || name == "broken.go" { // there a test says what it wants to be said
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			kind, ok := literal.Type.(*ast.Ident)
			if !ok || kind.Name != "denial" && kind.Name != "refusal" {
				return true
			}
			found++
			if name != "answers.go" {
				t.Errorf("a refusal in %s; it belongs into answers.go", name)
				return true
			}
			last := len(literal.Elts) - 1
			if last < 3 {
				t.Errorf("a refusal without a basis and a source")
				return true
			}
			if mark, ok := literal.Elts[last-1].(*ast.Ident); !ok || !slices.Contains(bases, mark.Name) {
				t.Errorf("a refusal whose basis is not one of %q", bases)
			}
			if source, ok := literal.Elts[last].(*ast.BasicLit); ok && source.Value == `""` {
				t.Error("a refusal without a source")
			}
			return true
		})
	}
	if found < 30 {
		t.Errorf("only %d refusals were found", found)
	}
}
