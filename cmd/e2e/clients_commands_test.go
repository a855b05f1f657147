package e2e

import (
	"crypto/tls"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// realClient is how a client is driven.
type realClient struct {
	name  string
	parts []part
	root  bool // it wants to be root, and not in a user namespace alone

	prepare func(t *testing.T, b *bench)                    // once
	local   func(t *testing.T, b *bench, repository string) // makes on this machine what is to be pushed
	stock   func(t *testing.T, b *bench, repository string) // puts into the registry what is to be pulled; nil: an image :1

	// Command lines, in which $repository, without a tag, is $registry/$name and
	// $public is another one, which is public.
	push, pull string

	cannot string // why it is not run at all

	// It asks for each image by itself, for all at once. GitHub is to be asked once.
	atOnce bool

	// It drops whatever goes wrong with a credential helper and sends the login that
	// is in config.json. With a dead one even what is public cannot be pulled.
	sendsLeftover bool
}

// part is a program, of a module in tools/ or else of a Debian package.
type part struct{ program, module, debian string }

func (p part) howToGetIt() string {
	if p.module != "" {
		return "it is built from tools/" + p.module + ", which wants the network once"
	}
	return "apt-get install " + p.debian
}

func built(module string) part { return part{program: module, module: module} }

func debian(name string) part { return part{program: name, debian: name} }

// Debian's, whatever comes first in PATH.
func dockerOfDebian() part { return part{program: "/usr/bin/docker", debian: "docker.io"} }

func dockerd() part { return part{program: "dockerd", debian: "docker.io"} }

func buildkit(program string) part { return part{program: program, module: "buildkit"} }

var realClients = []realClient{
	{
		name: "docker", parts: []part{dockerOfDebian(), dockerd()}, root: true,
		prepare: engine,
		local:   imported("/usr/bin/docker", "2"),
		push:    "/usr/bin/docker push $repository:2",
		pull:    "/usr/bin/docker pull $repository:1",
	},
	{
		name: "docker with distribution", parts: []part{dockerOfDebian(), dockerd(), debian("docker-registry")}, root: true,
		prepare: func(t *testing.T, b *bench) { engine(t, b); startDistribution(t, b) },
		local:   imported("/usr/bin/docker", "2"),
		stock: func(t *testing.T, b *bench, repository string) {
			imported("/usr/bin/docker", "1")(t, b, repository)
			b.does(t, "/usr/bin/docker push $repository:1", repository)
		},
		push: "/usr/bin/docker push $repository:2",
		pull: "/usr/bin/docker pull $repository:1",
	},
	{
		name: "docker 29", parts: []part{built("docker-29"), dockerd()}, root: true,
		prepare: engine,
		local:   imported("docker-29", "2"),
		push:    "docker-29 push $repository:2",
		pull:    "docker-29 pull $repository:1",
	},
	{
		name: "docker compose", parts: []part{built("docker-compose"), built("docker-29"), dockerd()}, root: true,
		prepare: func(t *testing.T, b *bench) {
			engine(t, b)
			plugin(t, b, "docker-compose")
			check(t, b.WriteFile("compose.yaml", composeFile))
			check(t, b.WriteFile("build.yaml", composeBuildFile))
		},
		local: imported("docker-29", composeTags...),
		stock: func(t *testing.T, b *bench, repository string) {
			for _, tag := range composeTags {
				b.put(t, repository, tag)
			}
		},
		push:   "env REPOSITORY=$repository docker-29 compose -f compose.yaml -f build.yaml push",
		pull:   "env REPOSITORY=$repository docker-29 compose pull",
		atOnce: true,
	},
	{
		name: "docker buildx build, by the engine", parts: []part{built("docker-buildx"), built("docker-29"), dockerd()}, root: true,
		prepare: func(t *testing.T, b *bench) { engine(t, b); plugin(t, b, "docker-buildx"); buildContext(t, b) },
		push:    "docker-29 buildx build --progress=plain --push -t $repository:2 context",
		pull:    "docker-29 buildx build --progress=plain --build-arg=BASE=$repository:1 -f context/Dockerfile.from context",
	},
	{
		name: "docker buildx build, by buildkitd", parts: []part{built("docker-buildx"), built("docker-29"), buildkit("buildkitd"), debian("runc")}, root: true,
		prepare: builder,
		push:    "docker-29 buildx build --progress=plain --push -t $repository:2 context",
		pull:    "docker-29 buildx build --progress=plain --build-arg=BASE=$repository:1 -f context/Dockerfile.from -o built context",
	},
	{
		name: "docker buildx bake", parts: []part{built("docker-buildx"), built("docker-29"), buildkit("buildkitd"), debian("runc")}, root: true,
		prepare: func(t *testing.T, b *bench) { builder(t, b); check(t, b.WriteFile("docker-bake.hcl", bakeFile)) },
		push:    "env REPOSITORY=$repository docker-29 buildx bake --progress=plain --push push",
		pull:    "env REPOSITORY=$repository docker-29 buildx bake --progress=plain pull",
	},
	{
		name: "buildctl", parts: []part{buildkit("buildctl"), buildkit("buildkitd"), debian("runc")}, root: true,
		prepare: func(t *testing.T, b *bench) { startBuildkit(t, b.Home); buildContext(t, b) },
		push: "buildctl build --progress=plain --frontend=dockerfile.v0 --local=context=context --local=dockerfile=context" +
			" --output=type=image,name=$repository:2,push=true",
		pull: "buildctl build --progress=plain --frontend=dockerfile.v0 --local=context=context --local=dockerfile=context" +
			" --opt=filename=Dockerfile.from --opt=build-arg:BASE=$repository:1 --output=type=local,dest=built",
	},
	{
		name: "podman", parts: []part{debian("podman")}, root: true,
		prepare: func(t *testing.T, b *bench) { layer(t, b); containers(t, b) },
		local: func(t *testing.T, b *bench, repository string) {
			b.does(t, "podman import layer.tar $repository:2", repository)
		},
		push: "podman push $repository:2",
		pull: "podman pull $repository:1",
	},
	{
		name: "buildah", parts: []part{debian("buildah")}, root: true,
		prepare: func(t *testing.T, b *bench) { buildContext(t, b); containers(t, b) },
		local: func(t *testing.T, b *bench, repository string) {
			b.does(t, "buildah bud --isolation=chroot -t $repository:2 context", repository)
		},
		push: "buildah push $repository:2",
		pull: "buildah pull $repository:1",
	},
	{
		name: "skopeo", parts: []part{debian("skopeo")}, root: true,
		prepare: func(t *testing.T, b *bench) {
			source := b.repository(t, "source", true)
			b.put(t, source, "1")
			b.does(t, "skopeo copy docker://$repository:1 oci:image", source)
		},
		push: "skopeo copy oci:image docker://$repository:2",
		pull: "skopeo copy docker://$repository:1 oci:pulled",
	},
	{
		name: "crane", parts: []part{built("crane")},
		prepare: layer,
		push:    "crane append -f layer.tar -t $repository:2",
		pull:    "crane pull $repository:1 image.tar",
	},
	{
		name: "crane with distribution", parts: []part{built("crane"), debian("docker-registry")},
		prepare: func(t *testing.T, b *bench) { layer(t, b); startDistribution(t, b) },
		stock: func(t *testing.T, b *bench, repository string) {
			b.does(t, "crane append -f layer.tar -t $repository:1", repository)
		},
		push: "crane append -f layer.tar -t $repository:2",
		pull: "crane pull $repository:1 image.tar",
	},
	{
		name: "ko", parts: []part{built("ko")},
		prepare: func(t *testing.T, b *bench) {
			check(t, b.WriteFile("go.mod", "module example.com/app\n\ngo 1.26\n"))
			check(t, b.WriteFile("main.go", "package main\n\nfunc main() {}\n"))
			b.Setenv("GOCACHE", os.Getenv("GOCACHE"))
		},
		push: "env KO_DEFAULTBASEIMAGE=$public:1 KO_DOCKER_REPO=$repository ko build --bare --sbom=none .",
		pull: "env KO_DEFAULTBASEIMAGE=$repository:1 KO_DOCKER_REPO=example.com/nowhere ko build --push=false --sbom=none .",
	},
	{
		name: "cosign", parts: []part{built("cosign")},
		prepare: func(t *testing.T, b *bench) {
			b.Setenv("COSIGN_PASSWORD", "none")
			b.does(t, "cosign generate-key-pair", "")
		},
		stock: func(t *testing.T, b *bench, repository string) {
			b.put(t, repository, "1")
			b.does(t, "cosign sign --key cosign.key --tlog-upload=false --use-signing-config=false $repository:1", repository)
		},
		push: "cosign sign --key cosign.key --tlog-upload=false --use-signing-config=false $repository:1",
		pull: "cosign verify --key cosign.pub --insecure-ignore-tlog $repository:1",
	},
	{
		name: "regctl", parts: []part{built("regctl")},
		prepare:       layer,
		push:          "regctl artifact put --artifact-type=application/vnd.example.layer --file=layer.tar $repository:2",
		pull:          "regctl image export $repository:1 image.tar",
		sendsLeftover: true,
	},
	{
		name: "oras", parts: []part{built("oras")},
		prepare: layer,
		push:    "oras push --no-tty $repository:2 layer.tar",
		pull:    "oras pull --no-tty -o pulled $repository:1",
	},
	{
		name: "helm", parts: []part{built("helm")},
		stock: func(t *testing.T, b *bench, repository string) {
			name := path.Base(repository)
			check(t, b.WriteFile("charts/"+name+"/Chart.yaml", "apiVersion: v2\nname: "+name+"\nversion: 1.0.0\n"))
			b.does(t, "helm package charts/$name", repository)
			b.does(t, "helm push $name-1.0.0.tgz oci://$registry", repository)
		},
		push: "helm push $name-1.0.0.tgz oci://$registry",
		pull: "helm pull oci://$repository --version=1.0.0",
	},
	{
		name:   "nerdctl",
		cannot: "cannot be built from the Go module proxy: it imports a library for its tests that is no published module",
	},
}

func (c realClient) key() string {
	return strings.ReplaceAll(strings.ReplaceAll(c.name, ",", ""), " ", "-")
}

// line is a command line for a repository and, beside it, a public one.
func line(template, repository, public string) []string {
	return strings.Fields(os.Expand(template, func(name string) string {
		return map[string]string{
			"repository": repository, "public": public,
			"registry": path.Dir(repository), "name": path.Base(repository),
		}[name]
	}))
}

// does runs what comes before the situations.
func (b *bench) does(t *testing.T, template, repository string) {
	t.Helper()
	if done := b.run(t, line(template, repository, "")); done.code != 0 {
		t.Fatalf("%s exits with %d\n%s", template, done.code, done.said)
	}
}

// layer makes layer.tar.
func layer(t *testing.T, b *bench) {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(b.Dir, "layer.tar"), layerTar(t), 0o600))
}

// imported makes images of a layer in the engine.
func imported(docker string, tags ...string) func(*testing.T, *bench, string) {
	return func(t *testing.T, b *bench, repository string) {
		t.Helper()
		for _, tag := range tags {
			b.does(t, docker+" import layer.tar $repository:"+tag, repository)
		}
	}
}

// engine is a Docker engine, and a layer to make images of.
func engine(t *testing.T, b *bench) {
	t.Helper()
	layer(t, b)
	startEngine(t, b.Home)
}

// builder is a buildkitd that buildx uses.
func builder(t *testing.T, b *bench) {
	t.Helper()
	address := startBuildkit(t, b.Home)
	buildContext(t, b)
	plugin(t, b, "docker-buildx")
	b.does(t, "docker-29 buildx create --driver=remote --use "+address, "")
}

// plugin lets docker have one of its words.
func plugin(t *testing.T, b *bench, name string) {
	t.Helper()
	dir := filepath.Join(b.Dir, ".docker", "cli-plugins")
	check(t, os.MkdirAll(dir, 0o700))
	check(t, os.Symlink(program(t, name, "it is built"), filepath.Join(dir, name)))
}

// buildContext is what to build: one file from nothing, and one on top of BASE.
func buildContext(t *testing.T, b *bench) {
	t.Helper()
	check(t, b.WriteFile("context/file", t.Name()))
	check(t, b.WriteFile("context/Dockerfile", "FROM scratch\nCOPY file /\n"))
	check(t, b.WriteFile("context/Dockerfile.from", "ARG BASE\nFROM $BASE\nCOPY file /\n"))
}

// containers keeps podman and buildah within the home.
func containers(t *testing.T, b *bench) {
	t.Helper()
	containersIn(t, b.Home)
}

func containersIn(t *testing.T, home *stage.Home) {
	t.Helper()
	check(t, home.WriteFile("storage.conf", "[storage]\ndriver = \"vfs\"\nrunroot = \""+home.Dir+"/run\"\ngraphroot = \""+home.Dir+"/storage\"\n"))
	check(t, home.WriteFile("containers.conf", "[engine]\nlock_type = \"file\"\nevents_logger = \"none\"\ncgroup_manager = \"cgroupfs\"\ntmp_dir = \""+home.Dir+"/libpod\"\n"))
	home.Setenv("CONTAINERS_STORAGE_CONF", filepath.Join(home.Dir, "storage.conf"))
	home.Setenv("CONTAINERS_CONF", filepath.Join(home.Dir, "containers.conf"))
}

var composeTags = []string{"1", "2", "3", "4"}

const composeFile = `services:
  one: {image: "${REPOSITORY}:1"}
  two: {image: "${REPOSITORY}:2"}
  three: {image: "${REPOSITORY}:3"}
  four: {image: "${REPOSITORY}:4"}
`

// Only what is built here is pushed.
const composeBuildFile = `services:
  one: {build: .}
  two: {build: .}
  three: {build: .}
  four: {build: .}
`

const bakeFile = `variable "REPOSITORY" {}
group "push" {
  targets = ["one", "two", "three"]
}
target "one" {
  context = "context"
  tags = ["${REPOSITORY}:2"]
}
target "two" {
  context = "context"
  tags = ["${REPOSITORY}:3"]
}
target "three" {
  context = "context"
  tags = ["${REPOSITORY}:4"]
}
target "pull" {
  context = "context"
  dockerfile = "Dockerfile.from"
  args = {BASE = "${REPOSITORY}:1"}
}
`

// startDistribution lets distribution hold what the bench's owner has.
func startDistribution(t *testing.T, b *bench) {
	t.Helper()
	registry, err := b.stage.StartDistribution(b.owner)
	check(t, err)
	t.Cleanup(registry.Close)
	outsider := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: b.stage.Trust()}}}
	defer outsider.CloseIdleConnections()
	answer, err := outsider.Get("https://ghcr.io/v2/" + b.owner + "/app/tags/list")
	check(t, err)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Fatalf("distribution answers %s without a token", answer.Status)
	}
}
