package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// newModule writes a module with the product's folders and loads the package at
// the path as it is built for a system.
func newModule(t *testing.T, system, path string, files map[string]string) *graph {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/m\n\ngo 1.26\n")
	for name, content := range files {
		write(filepath.Join(path, name), content)
	}
	graphs, err := load(dir, system)
	if err != nil {
		t.Fatal(err)
	}
	if len(graphs) != 1 || graphs[0].path != path {
		t.Fatalf("loaded %v", graphs)
	}
	return graphs[0]
}

func TestFieldsMethodsAndFunctionsAreReferences(t *testing.T) {
	t.Parallel()
	g := newModule(t, "linux", "credentials", map[string]string{
		"a.go":         "package p\n\ntype T struct{ Field int }\n",
		"b.go":         "package p\n\nfunc (T) Method() {}\n\nvar V = []T{{1}}\n",
		"c.go":         "package p\n\nfunc f() { for _, v := range V { v.Method(); _ = v.Field } }\n",
		"d_windows.go": "package p\n\nvar W = V\n",
		"e_test.go":    "package p\n\nvar X = V\n",
	})
	want := map[string]map[string][]string{
		"b.go": {"a.go": {"T"}},
		"c.go": {"a.go": {"Field"}, "b.go": {"V", "Method"}},
	}
	if !reflect.DeepEqual(g.uses, want) {
		t.Errorf("uses %v, want %v", g.uses, want)
	}
	if broken := g.brokenRules(); broken != nil {
		t.Errorf("breaks %q", broken)
	}
}

func TestEachBrokenRuleIsReported(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, path string
		files      map[string]string
		want       []string
	}{
		{"a cycle of two files is allowed", command, map[string]string{
			"a.go": "package main\n\nfunc main() { b() }\n", "b.go": "package main\n\nfunc b() { main() }\n",
		}, nil},
		{"a cycle of three files", command + "/internal/denial", map[string]string{
			"a.go": "package p\n\nfunc a() { b() }\n", "b.go": "package p\n\nfunc b() { c() }\n", "c.go": "package p\n\nfunc c() { a() }\n",
		}, []string{command + "/internal/denial: 3 files depend on each other in a cycle, at most 2 may: a.go b.go c.go"}},
		{"a forbidden import", command + "/internal/denial", map[string]string{
			"a.go": "package p\n\nimport _ \"net/http/httptest\"\n",
		}, []string{command + "/internal/denial: a.go imports net/http/httptest"}},
		{"a forbidden stream", library + "/github", map[string]string{
			"a.go": "package p\n\nimport \"os\"\n\nvar _ = os.Stdin\n",
		}, []string{library + "/github: a.go uses os.Stdin"}},
		{"an init function", library, map[string]string{
			"a.go": "package p\n\nfunc init() {}\n",
		}, []string{library + ": a.go has an init function"}},
		{"the pretend GitHub may print", pretend, map[string]string{
			"a.go": "package p\n\nimport \"os\"\n\nvar _ = os.Stdin\n",
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := newModule(t, "linux", test.path, test.files).brokenRules(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTooManyReferencesBreakTheRule(t *testing.T) {
	t.Parallel()
	g := &graph{path: library, files: []string{"a.go"}, uses: map[string]map[string][]string{}}
	for i := range mostEdges[library] {
		g.add("a.go", string(rune('A'+i))+".go", "X")
	}
	if broken := g.brokenRules(); broken != nil {
		t.Errorf("at the limit: %q", broken)
	}
	g.add("a.go", "one-more.go", "X")
	if broken := g.brokenRules(); len(broken) != 1 {
		t.Errorf("above the limit: %q", broken)
	}
}
