package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/docker-credential-ghcr/internal/denial"
)

// The README and the man page are held to the code: what one of them lists and
// the other does not have is a failure.

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func readme(t *testing.T) string  { return read(t, "../../README.md") }
func manPage(t *testing.T) string { return read(t, "docker-credential-ghcr.1") }

// section is the part of a Markdown text under a heading.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("no section %q", heading)
	}
	body, _, _ := strings.Cut(rest, "\n## ")
	return body
}

// firstColumn are the words in code style in the first column of a section's table.
func firstColumn(t *testing.T, text, heading string) []string {
	t.Helper()
	var words []string
	for line := range strings.Lines(section(t, text, heading)) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cell, _, _ := strings.Cut(line[1:], "|")
		for _, match := range inCode.FindAllStringSubmatch(cell, -1) {
			words = append(words, match[1])
		}
	}
	return sorted(words)
}

var inCode = regexp.MustCompile("`([^`\n]+)`")

func sorted(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

func same(t *testing.T, what string, documented, inCode []string) {
	t.Helper()
	for _, word := range documented {
		if !slices.Contains(inCode, word) {
			t.Errorf("%s: %q is documented, but not in the code", what, word)
		}
	}
	for _, word := range inCode {
		if !slices.Contains(documented, word) {
			t.Errorf("%s: %q is in the code, but not documented", what, word)
		}
	}
}

// constants are the values of the string constants of a type in a package.
func constants(t *testing.T, dir, typeName string) []string {
	t.Helper()
	var values []string
	for _, file := range parse(t, dir) {
		for _, decl := range file.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				value := spec.(*ast.ValueSpec)
				if name, ok := value.Type.(*ast.Ident); ok && name.Name == typeName {
					text, err := strconv.Unquote(value.Values[0].(*ast.BasicLit).Value)
					if err != nil {
						t.Fatal(err)
					}
					values = append(values, text)
				}
			}
		}
	}
	return sorted(values)
}

func parse(t *testing.T, dir string) []*ast.File {
	t.Helper()
	var files []*ast.File
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != dir:
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		files = append(files, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// variables are the environment variables that the program reads, by the string
// literals that look like one.
func variables(t *testing.T) []string {
	t.Helper()
	ours := regexp.MustCompile(`^(GHCR_|GH_|GITHUB_|DOCKER_CONFIG|NO_COLOR)[A-Z_]*$`)
	var names []string
	for _, dir := range []string{".", "internal/dockerconfig", "internal/process", "internal/terminal", "../../credentials"} {
		for _, file := range parse(t, dir) {
			ast.Inspect(file, func(node ast.Node) bool {
				literal, ok := node.(*ast.BasicLit)
				if ok && literal.Kind == token.STRING {
					if text, err := strconv.Unquote(literal.Value); err == nil && ours.MatchString(text) {
						names = append(names, text)
					}
				}
				return true
			})
		}
	}
	// Read by the standard library on our behalf.
	return sorted(append(names, "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"))
}

func TestFaultsAreDocumented(t *testing.T) {
	t.Parallel()
	faults := constants(t, "../../credentials", "Fault")
	if len(faults) < 5 {
		t.Fatalf("only %d faults found in the code", len(faults))
	}
	same(t, "README", firstColumn(t, readme(t), "When it does not work"), faults)
	var inManPage []string
	for _, match := range regexp.MustCompile(`(?m)^\.It Sy (\S+)$`).FindAllStringSubmatch(manPage(t), -1) {
		inManPage = append(inManPage, match[1])
	}
	same(t, "man page", inManPage, faults)
}

func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	same(t, "README", firstColumn(t, readme(t), "Environment"), variables(t))
	var inManPage []string
	for _, match := range regexp.MustCompile(`(?m)^\.It Ev (.+)$`).FindAllStringSubmatch(manPage(t), -1) {
		inManPage = append(inManPage, strings.Split(match[1], " , ")...)
	}
	same(t, "man page", inManPage, variables(t))
}

func TestCommandsAndFlagsAreInTheManPage(t *testing.T) {
	t.Parallel()
	page := manPage(t)
	for _, word := range []string{"get", "store", "erase", "list", "version"} {
		if !strings.Contains(page, "\n.It Cm "+word+"\n") {
			t.Errorf("man page: no %s", word)
		}
	}
	var commands, flags []string
	root := rootCommand(world{})
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		commands = append(commands, command.Name())
		command.Flags().VisitAll(func(flag *pflag.Flag) { flags = append(flags, command.Name()+" --"+flag.Name) })
		if command.Example == "" && command.Name() != "completion" {
			t.Errorf("%s --help has no example", command.Name())
		}
	}
	_, described, _ := strings.Cut(page, "A person types:")
	described, _, _ = strings.Cut(described, "Registry clients run")
	var documentedCommands, documentedFlags []string
	for line := range strings.Lines(described) {
		if word, ok := strings.CutPrefix(line, ".It Cm "); ok {
			documentedCommands = append(documentedCommands, strings.Fields(word)[0])
		}
		if word, ok := strings.CutPrefix(line, ".It Fl -"); ok {
			documentedFlags = append(documentedFlags, documentedCommands[len(documentedCommands)-1]+" --"+strings.Fields(word)[0])
		}
	}
	same(t, "man page", documentedCommands, commands)
	same(t, "man page", documentedFlags, flags)
}

// causeRows are the rows of README's table of causes.
func causeRows() (rows []string) {
	words := strings.NewReplacer("{registry}", "ghcr.io", "{host}", "github.com", "{scope}", "write:packages",
		"{owner}", "OWNER", "{lower}", "ghcr.io/owner/image", "{repository}", "OWNER/REPOSITORY", "{linked}", "OWNER/REPOSITORY",
		"{client}", "docker", "{logout}", "docker logout ghcr.io", "{address}", "ghcr.io", "{helper}", "docker-credential-NAME", "{other}", "another registry or program")
	for _, c := range denial.Causes() {
		fix := c.Advice
		if c.Command != "" {
			fix = "`" + c.Command + "`"
		}
		if c.InActions != "" {
			fix += "; in Actions: " + c.InActions
		}
		if c.InCluster != "" {
			fix += "; in a cluster: " + c.InCluster
		}
		rows = append(rows, words.Replace("| `"+c.ID+"` | "+c.What+" | "+fix+" |"))
	}
	return rows
}

func TestCausesAreDocumented(t *testing.T) {
	t.Parallel()
	text := section(t, readme(t), "When a push is denied")
	_, table, _ := strings.Cut(text, "\n### Causes\n")
	var documented []string
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| `") {
			documented = append(documented, strings.TrimSpace(line))
		}
	}
	rows := causeRows()
	same(t, "README", documented, rows)
}

// Each cause is played by a transcript of its own name, of check if that can find it,
// which cmd/e2e runs.
func TestEveryCauseIsPlayed(t *testing.T) {
	t.Parallel()
	for _, c := range denial.Causes() {
		script, err := os.ReadFile(filepath.Join("testdata", "check-"+c.ID+".txt"))
		played := regexp.MustCompile(`(?m)^(denied|unknown) .*\b` + regexp.QuoteMeta(c.ID) + `$`)
		if err != nil {
			script, err = os.ReadFile(filepath.Join("testdata", "explain-"+c.ID+".txt"))
			played = regexp.MustCompile(`"cause": "` + regexp.QuoteMeta(c.ID) + `"`)
		}
		if err != nil {
			t.Error(err)
		} else if !played.Match(script) {
			t.Errorf("no transcript comes to %s", c.ID)
		}
	}
}

func TestFieldsOfCheckAndExplainAreInTheReadme(t *testing.T) {
	t.Parallel()
	fieldsAreIn(t, section(t, readme(t), "When a push is denied"),
		reflect.TypeFor[checked](), reflect.TypeFor[step](), reflect.TypeFor[denial.Diagnosis](), reflect.TypeFor[denial.Explanation]())
}

func TestFlagsOfSetupAreInTheReadme(t *testing.T) {
	t.Parallel()
	text := section(t, readme(t), "Set up")
	var setup *cobra.Command
	for _, command := range rootCommand(world{}).Commands() {
		if command.Name() == "setup" {
			setup = command
		}
	}
	setup.Flags().VisitAll(func(flag *pflag.Flag) {
		if !strings.Contains(text, "--"+flag.Name) {
			t.Errorf("README: no setup --%s", flag.Name)
		}
	})
}

func TestFieldsOfStatusAreInTheReadme(t *testing.T) {
	t.Parallel()
	fieldsAreIn(t, section(t, readme(t), "Status"),
		reflect.TypeFor[report](), reflect.TypeFor[wiring](), reflect.TypeFor[finding](), reflect.TypeFor[candidate]())
}

// fieldsAreIn holds a text to the JSON fields of types.
func fieldsAreIn(t *testing.T, text string, types ...reflect.Type) {
	t.Helper()
	var documented []string
	for _, match := range inCode.FindAllStringSubmatch(text, -1) {
		documented = append(documented, match[1])
	}
	for _, of := range types {
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if name != "" && !slices.Contains(documented, name) {
				t.Errorf("README: no field %s of %s", name, of)
			}
		}
	}
}
