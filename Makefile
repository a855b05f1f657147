PREFIX ?= $(HOME)/.local
NAME = docker-credential-ghcr
MODULES = . cmd/e2e
VERSION ?=
LDFLAGS = -s -w $(if $(VERSION),-X main.linkedVersion=$(VERSION))
# The race detector needs a C compiler; the go command knows whether there is one.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
# The program speaks HTTP/1.1 only: without net/http's HTTP/2 it is 356 KiB smaller.
TAGS = nethttpomithttp2
# Without inlining outside the standard library it is 120 KiB smaller, and no slower: it waits for the network.
GCFLAGS = github.com/...=-l
SYSTEMS = linux darwin windows freebsd
FUZZTIME ?= 60s
SOAK ?= 10m
RUNS ?= 1

.PHONY: help build install uninstall test e2e kubelet lint layout cross fuzz soak scale bench demo picture release snapshot packages live

help: ## show this list
	@sed -n 's/^\([a-z0-9]*\):.*## /make \1	/p' $(MAKEFILE_LIST) | expand -t 20

build: ## build bin/docker-credential-ghcr
	CGO_ENABLED=0 go build -trimpath -tags $(TAGS) -gcflags "$(GCFLAGS)" -ldflags "$(LDFLAGS)" -o bin/$(NAME) ./cmd/$(NAME)

install: build ## install it into PREFIX/bin (PREFIX is ~/.local by default)
	@mkdir -p "$(DESTDIR)$(PREFIX)/bin"
	@cp bin/$(NAME) "$(DESTDIR)$(PREFIX)/bin/.$(NAME).new"
	@mv "$(DESTDIR)$(PREFIX)/bin/.$(NAME).new" "$(DESTDIR)$(PREFIX)/bin/$(NAME)"
	@mkdir -p "$(DESTDIR)$(PREFIX)/share/man/man1"
	@cp cmd/$(NAME)/$(NAME).1 "$(DESTDIR)$(PREFIX)/share/man/man1/"
	@echo "installed $(DESTDIR)$(PREFIX)/bin/$(NAME)"
	@.ci/after-install "$(PREFIX)/bin"

uninstall: ## remove it from PREFIX/bin
	rm -f "$(DESTDIR)$(PREFIX)/bin/$(NAME)" "$(DESTDIR)$(PREFIX)/share/man/man1/$(NAME).1"

test: ## run the tests that need only Go; takes a few minutes the first time
	@echo "make test leaves out the real clients, Windows under wine and the race detector; make e2e runs all of it"
	@for module in $(MODULES); do (cd $$module && go test -short -shuffle=on ./...) || exit 1; done

e2e: ## build the real clients and run every test with the race detector, RUNS times (1)
	@.ci/parts
	@for n in $$(seq $(RUNS)); do for module in $(MODULES); do \
		(cd $$module && go test $(RACE) -shuffle=on -count=1 -timeout 45m ./...) || exit 1; done; done

kubelet: ## build the kubelet's own plugin code and pull credentials through it; takes minutes the first time
	@cd cmd/e2e && go test -count=1 -timeout 45m -v -run '^TestRealKubelet$$' . -kubelet -update

lint: ## gofmt, go vet on every system, staticcheck, go mod tidy
	@.ci/lint

layout: ## measure how the files depend on each other, and check the rules about it (EDGES=1 lists each reference)
	@cd cmd/e2e && go run ./layout $(if $(EDGES),-edges)

cross: ## build for every system
	@for os in $(SYSTEMS); do for arch in amd64 arm64; do \
		echo $$os/$$arch; CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch go build -trimpath -tags $(TAGS) -o /dev/null ./... || exit 1; done; done

fuzz: ## run each fuzzer for FUZZTIME (60s)
	@.ci/fuzz $(FUZZTIME)

soak: ## run thousands of gets under random faults, for SOAK (10m)
	@cd cmd/e2e && go test -count=1 -timeout=0 -v -run '^(TestSoak|TestFiftyAtOnce)$$' . -soak $(SOAK)

scale: ## simulate 10 to 10,000 Kubernetes nodes for a working day, and write it to cmd/e2e/scale/README.md
	@cd cmd/e2e && go test -count=1 -timeout 60m -v -run '^TestAFleetPullsThroughTheDay$$' ./scale -write

bench: ## compare a get with curl making the same request, and write it to cmd/e2e/bench/RESULTS.txt
	@cd cmd/e2e && go run ./bench -to bench/RESULTS.txt

demo: ## see it work with a pretend GitHub, a registry and a real client: no account, no network
	@cd cmd/e2e && go run ./demo

picture: ## draw the terminal picture of the README from a real run
	@cd cmd/e2e && go run ./picture ../../.github/terminal.svg

release: ## build what is published for the tag that is checked out, in bin/release
	@.ci/release/build

snapshot: ## the same for what is committed, without a tag
	@.ci/release/build --snapshot

packages: ## install, upgrade and remove the packages of make snapshot, and build them twice to compare the bytes
	@.ci/packages
	@.ci/reproducible

live: ## test the main job against the real GitHub, with a token in GHCR_TOKEN, and delete what that creates
	@cd cmd/e2e && go run ./live
