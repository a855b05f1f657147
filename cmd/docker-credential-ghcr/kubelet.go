package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	protocol "github.com/docker/docker-credential-helpers/credentials"
	"github.com/spf13/cobra"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

// How does the kubelet use us? By its image credential provider protocol:
// https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/
// The kubelet decodes strictly: one field too many, or in another case, and it drops
// the whole answer.

const kubeletAPI = "credentialprovider.kubelet.k8s.io/v1"

// cacheDuration is how long the kubelet uses a credential again without asking. A
// revoked token lives as long as this on a node.
const cacheDuration = 5 * time.Minute

// kubeletRequest has the fields of a CredentialProviderRequest that count here. A pod's
// service account token is never read.
type kubeletRequest struct {
	apiVersion, kind, image string
}

// kubeletResponse is a CredentialProviderResponse.
type kubeletResponse struct {
	APIVersion    string                 `json:"apiVersion"`
	Kind          string                 `json:"kind"`
	CacheKeyType  string                 `json:"cacheKeyType"`
	CacheDuration string                 `json:"cacheDuration"`
	Auth          map[string]kubeletAuth `json:"auth"`
}

type kubeletAuth struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

func kubeletCommand(w world) *cobra.Command {
	lasts, printConfig := cacheDuration, false
	command := &cobra.Command{
		Use:   "kubelet",
		Short: "Give the kubelet of a Kubernetes node a token for an image",
		Long: `Give the kubelet of a Kubernetes node a token for an image.

The kubelet runs this as an image credential provider: it sends a
CredentialProviderRequest on standard input and reads the answer on standard
output. Run it once with --print-config to write the file that the kubelet's flag
--image-credential-provider-config names.

A token needs only read:packages. Without a token, and for other registries,
the answer is empty. If there are tokens but none is valid, the exit status is 1
and the kubelet logs the reason. In both cases public images still pull.`,
		Example: `  docker-credential-ghcr kubelet --print-config > /etc/kubernetes/image-credential-providers.yaml
  docker-credential-ghcr status --kubelet`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case lasts < 0:
				return usageError{fmt.Errorf("--cache-duration %v is negative", lasts)}
			case printConfig:
				return printKubeletConfig(w, lasts)
			}
			w.stderr = &timeoutWriter{Writer: w.stderr}
			if err := serveKubelet(w, lasts); err != nil {
				if refusal := (*credentials.Refusal)(nil); !errors.As(err, &refusal) { // which the helper prints
					complain(w, err)
				}
				return errSaid
			}
			return nil
		},
	}
	command.Flags().DurationVar(&lasts, "cache-duration", lasts, "how long the kubelet may cache a token")
	command.Flags().BoolVar(&printConfig, "print-config", false, "print a CredentialProviderConfig for this machine's registries")
	return command
}

// serveKubelet answers one request. The kubelet reads stderr only if the exit status is
// not 0, and goes on anonymously then.
func serveKubelet(w world, lasts time.Duration) error {
	ends := time.Now().Add(verbLimit)
	input, err := readInput(w.stdin)
	if err != nil {
		return err
	}
	request, err := parseKubeletRequest(input)
	if err != nil {
		return err
	}
	helper := w.kubeletHelper(false)
	answer, err := within(ends, func() (kubeletResponse, error) { return answerKubelet(helper, request, lasts) })
	if err != nil {
		return err
	}
	out, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	_, err = w.stdout.Write(append(out, '\n'))
	return err
}

// answerKubelet is a pull's credential, or an empty answer if there is none, which must
// not be cached: somebody may be about to provide one. The error of a token that is not
// valid is a Refusal.
func answerKubelet(helper *credentials.Helper, request kubeletRequest, lasts time.Duration) (kubeletResponse, error) {
	answer := kubeletResponse{
		APIVersion:    kubeletAPI,
		Kind:          "CredentialProviderResponse",
		CacheKeyType:  "Registry",
		CacheDuration: "0s",
		Auth:          map[string]kubeletAuth{},
	}
	registry, isImage := registryOf(request.image)
	if !isImage {
		return answer, nil
	}
	v, err := helper.Find(context.Background(), registry)
	if refusal := (*credentials.Refusal)(nil); !errors.As(err, &refusal) && protocol.IsErrCredentialsNotFound(err) {
		return answer, nil
	} else if err != nil {
		return kubeletResponse{}, err
	}
	if left := time.Until(v.Expires); !v.Expires.IsZero() {
		lasts = max(0, min(lasts, left.Truncate(time.Second)))
	}
	answer.CacheDuration = lasts.String()
	answer.Auth[registry] = kubeletAuth{v.User, v.Token.Reveal()}
	return answer, nil
}

// registryOf is the registry of an image as the image spells it, which is how the
// kubelet compares it. A name without a slash is Docker Hub's.
func registryOf(image string) (registry string, ok bool) {
	registry, _, hasPath := strings.Cut(image, "/")
	_, isASCII := github.LowerASCII(registry)
	return registry, hasPath && isASCII
}

// parseKubeletRequest reads a request. Unknown fields may be anything.
func parseKubeletRequest(input []byte) (kubeletRequest, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(input, &fields); err != nil || fields == nil {
		return kubeletRequest{}, errors.New("the request on standard input is not a JSON object; the kubelet sends a CredentialProviderRequest there")
	}
	var r kubeletRequest
	for name, value := range map[string]*string{"apiVersion": &r.apiVersion, "kind": &r.kind, "image": &r.image} {
		if raw, ok := fields[name]; ok && json.Unmarshal(raw, value) != nil {
			return kubeletRequest{}, fmt.Errorf("the request's %s is not a string", name)
		}
	}
	switch {
	case r.apiVersion != kubeletAPI:
		return kubeletRequest{}, fmt.Errorf("the request has the apiVersion %q, and only %s is supported; set it in the CredentialProviderConfig", github.Printable(r.apiVersion), kubeletAPI)
	case r.kind != "CredentialProviderRequest":
		return kubeletRequest{}, fmt.Errorf("the request has the kind %q, and only CredentialProviderRequest is supported", github.Printable(r.kind))
	case r.image == "":
		return kubeletRequest{}, errors.New("the request names no image")
	}
	return r, nil
}

// printKubeletConfig prints a CredentialProviderConfig for the registries that this
// machine knows. See
// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/#kubelet-config-k8s-io-v1-CredentialProviderConfig
func printKubeletConfig(w world, lasts time.Duration) error {
	registries, err := registriesToShow("")
	if err != nil {
		return err
	}
	logins, err := w.helper(false).List()
	if err != nil {
		return err
	}
	registries = append(registries, slices.Collect(maps.Keys(logins))...)
	slices.Sort(registries)
	registries = slices.Compact(registries)

	var b strings.Builder
	b.WriteString("apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n")
	fmt.Fprintf(&b, "  - name: %s\n    apiVersion: %s\n    matchImages:\n", programName, kubeletAPI)
	for _, registry := range registries {
		fmt.Fprintf(&b, "      - %q\n", registry)
	}
	b.WriteString("    defaultCacheDuration: \"0s\"\n    args:\n      - kubelet\n")
	if lasts != cacheDuration {
		fmt.Fprintf(&b, "      - --cache-duration=%v\n", lasts)
	}
	b.WriteString("    env:\n")
	for _, variable := range kubeletEnvironment(len(registries) > 1) {
		fmt.Fprintf(&b, "      - name: %s\n        value: %q\n", variable[0], variable[1])
	}
	_, err = w.stdout.Write([]byte(b.String()))
	return err
}

// kubeletEnvironment is what the kubelet has to tell us. Under systemd it has no home:
// the settings and gh's hosts, which name other registries than ghcr.io, have to be
// named.
func kubeletEnvironment(others bool) [][2]string {
	file := tokenFile
	if named := os.Getenv("GHCR_TOKEN_FILE"); filepath.IsAbs(named) {
		file = named
	}
	variables := [][2]string{{"GHCR_TOKEN_FILE", file}}
	for _, name := range []string{"GHCR_SCOPE", "GHCR_USER", "GH_HOST"} {
		if value := os.Getenv(name); value != "" {
			variables = append(variables, [2]string{name, value})
		}
	}
	settings, err := credentials.SettingsPath()
	if others && err == nil && runtime.GOOS != "windows" && runtime.GOOS != "darwin" {
		variables = append(variables, [2]string{"XDG_CONFIG_HOME", filepath.Dir(filepath.Dir(settings))})
	}
	return variables
}
