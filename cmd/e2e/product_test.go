package e2e

import (
	"debug/buildinfo"
	"os"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// A tool that holds secrets is audited by the list of what is in it.
func TestProductIsLean(t *testing.T) {
	t.Parallel()
	onlyOnStage(t) // where the product is built
	path := program(t, stage.Product, "it is built before the tests")
	file, err := os.Stat(path)
	check(t, err)
	if file.Size() > 8<<20 {
		t.Errorf("%d bytes, which is more than 8 MiB", file.Size())
	}
	info, err := buildinfo.ReadFile(path)
	check(t, err)
	if modules := 1 + len(info.Deps); modules > 16 {
		t.Errorf("%d modules, which is more than 16", modules)
	}
	t.Logf("%d bytes, %d modules", file.Size(), 1+len(info.Deps))
}
