package denial

import (
	"slices"
	"strings"
)

// marks are words that tell something of a text in which they are.
type marks []string

func (m marks) in(low string) bool {
	return slices.ContainsFunc(m, func(mark string) bool { return strings.Contains(low, mark) })
}

// Where a client ran. What only GitHub's runner writes comes first: a job may deploy
// to a cluster and print its events.
var (
	actionsMarks = marks{
		"##[", "::error", "::group::", "/opt/hostedtoolcache", "/home/runner/", "/runner/_work/", "github_token: ***", "github_actions", "post job cleanup", "process completed with exit code",
		"buildx call failed with", "buildx failed with", "docker pull failed with exit code", "docker build failed with exit code", "docker login for '", "starting job container", "initialize containers", "current runner version",
		"run docker/login-action", "run docker/build-push-action", "run docker/metadata-action", "run docker/bake-action", "uses: docker/", "/usr/bin/docker pull ", "/usr/bin/docker login ", "actions/checkout@", "github.actor", "github_repository", "goreleaser-action", "download action repository", "the process '/usr/bin/docker' failed",
		"github_token permissions", "requires authentication (and any provided details",
		"installation not allowed to", "requested installation does not exist",
	}
	// runnersIndent is how the runner shows the build of a container action.
	runnersIndent = pattern(`(?m)^  #[0-9]{1,3} (?:ERROR|\[internal\])`)

	clusterMarks = marks{
		"errimagepull", "imagepullbackoff", "failed to pull image \"", "back-off pulling image", "kubelet", "pulling image \"", "cri-o", "pullimage \"", "pullimage from image service failed", "crictl",
		"source-controller", "helm-controller", "kustomize-controller", "image-reflector-controller", "reconciler error", "ocirepository", "helmchart", "helmrelease", "helmrepository", "fluxinstance", "image-automation",
		"argocd", "argo-cd", "kargo", "controller-runtime", "warning  failed ", "containerstatuses", "failed to pull and unpack image",
	}
)

func placeOf(lines []line) Place {
	place := Machine
	for _, l := range lines {
		switch {
		case actionsMarks.in(l.low) || runnersIndent().MatchString(l.text):
			return Actions
		case clusterMarks.in(l.low):
			place = Cluster
		}
	}
	return place
}

// What was done. A client that pushes also looks for what is there already, so what
// tells a push counts more.
var (
	pushMarks = marks{
		"push", "/blobs/upload", "writing blob", "save image", "signing", "trying to reuse blob", "write_package", "create_package", "organization package", "createregistrypackageversion", "put https://", "put \"https://", "post https://", "post \"https://", "put request", "writing manifest", "exporting to image", "attest", "initiating layer upload", "cache exporter",
	}
	pullMarks = marks{
		"pull", "load metadata", "failed to resolve", "resolve reference", "initializing source", "reading manifest", "get \"https://", "get https://", "head \"https://", "head https://", "errimage", "fetching manifest", "fetchreference", "tags/list", "downloading", "failed to download", "failed to get manifest", "failed to copy: httpreadseeker", "unable to find image", "remotedockerimage", "resolve feature", "installation failed", "show chart", "previous image", "docker run", "while making image", "get request", "head request", "get tags", "creating build container", "copy from source", "failed to solve: ghcr.io", "db repository", "from source", "error fetching",
	}
	// ping is what every client asks first.
	ping = pattern(`(?:get|head) "?https://[^/\s]+/v2/"?:`)
	// lookBefore is how a client that pushes looks for what is there already.
	lookBefore = pattern(`head "?https://[^\s"]+/manifests/sha256:`)
)

// actionOf tells what a line, or else what is nearest to it, does: push, pull, or ""
// if that is unknown.
func (t text) actionOf(n int) string {
	if action := actionOn(t.lines[n].low); action != "" {
		return action
	}
	for distance := 1; distance < len(t.lines) && distance <= 60; distance++ {
		for _, k := range []int{n - distance, n + distance} {
			if k < 0 || k >= len(t.lines) {
				continue
			}
			if action := actionOn(t.lines[k].low); action != "" {
				return action
			}
		}
	}
	return ""
}

func actionOn(low string) string {
	// A token's scope names both for a push. Actions are called build-push and say
	// push: false.
	low = strings.NewReplacer("build-push-action", "", "build-push", "", "push: false", "", "pull,push", "push", "push,pull", "push").Replace(low)
	if strings.Contains(low, "/v2/") {
		low = ping().ReplaceAllString(low, "")
	}
	switch {
	case pushMarks.in(low):
		return "push"
	case strings.Contains(low, "/manifests/sha256:") && lookBefore().MatchString(low) && !strings.Contains(low, "pull") && !strings.Contains(low, "resolve"):
		return "push"
	case pullMarks.in(low):
		return "pull"
	}
	return ""
}

// client is a program that speaks to registries.
type client struct {
	name string
	// logout removes its login for a registry.
	logout string
	marks  marks
}

// clients are those with a login of their own, the most telling words first. Every
// other one reads docker's.
var clients = []client{
	{"helm", "helm registry logout ", marks{"helm ", "helm3 ", "installation failed", "helm-charts", "\"fetchreference\"", "upgrade failed", "/charts/", "chart pull"}},
	{"podman", "podman logout ", marks{"podman", "trying to pull ", "initializing source docker://", "getting image source signatures", "requesting bearer token", "writing blob:", "trying to reuse blob"}},
	{"skopeo", "skopeo logout ", marks{"skopeo "}},
	{"buildah", "buildah logout ", marks{"buildah", "creating build container"}},
	{"oras", "oras logout ", marks{"oras "}},
	{"crane", "crane auth logout ", marks{"crane ", "base unspecified, using empty image"}},
	{"regctl", "regctl registry logout ", marks{"regctl "}},
	{"nerdctl", "nerdctl logout ", marks{"nerdctl "}},
	{"Singularity", "singularity remote logout docker://", marks{"singularity ", "apptainer ", "while making image from oci registry"}},
}

var docker = client{"docker", "docker logout ", nil}

// clientOf tells whose words a line has, or the lines near it.
func (t text) clientOf(n int) client {
	for distance := 0; distance < len(t.lines) && distance <= 30; distance++ {
		for _, k := range []int{n - distance, n + distance} {
			if k < 0 || k >= len(t.lines) {
				continue
			}
			low := t.lines[k].low
			for _, c := range clients {
				if c.marks.in(low) {
					return c
				}
			}
			if strings.Contains(low, "docker pu") || strings.Contains(low, "error response from daemon") || strings.Contains(low, "failed to solve") || strings.Contains(low, "the push refers to") {
				return docker
			}
		}
	}
	return docker
}
