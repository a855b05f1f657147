package stage

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// Images is what the registries hold, in memory, each for itself. Who may do what
// the pretend GitHub has decided before.
type Images struct {
	mu         sync.Mutex
	byRegistry map[string]http.Handler
}

// ServeHTTP answers as the registry that the request names.
func (i *Images) ServeHTTP(w http.ResponseWriter, r *http.Request) { i.of(r.Host).ServeHTTP(w, r) }

func (i *Images) of(name string) http.Handler {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.byRegistry == nil {
		i.byRegistry = make(map[string]http.Handler)
	}
	if i.byRegistry[name] == nil {
		i.byRegistry[name] = registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
	}
	return i.byRegistry[name]
}

// Tags lists the tags that a repository has; none if there is no such repository.
func (i *Images) Tags(registry, repository string) []string {
	answer := i.do(http.MethodGet, registry, "/v2/"+repository+"/tags/list", "", nil)
	var list struct{ Tags []string }
	if answer.Code != http.StatusOK || json.Unmarshal(answer.Body.Bytes(), &list) != nil {
		return nil
	}
	return list.Tags
}

// Put leaves a small image of one layer in a repository, past all checks.
func (i *Images) Put(registry, repository, tag string) error {
	image, err := random.Image(512, 1)
	if err != nil {
		return err
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	blobs := [][]byte{config}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		stream, err := layer.Compressed()
		if err != nil {
			return err
		}
		blob, err := io.ReadAll(stream)
		if err != nil {
			return err
		}
		blobs = append(blobs, blob)
	}
	manifest, err := image.RawManifest()
	if err != nil {
		return err
	}
	kind, err := image.MediaType()
	if err != nil {
		return err
	}
	for _, blob := range blobs {
		if answer := i.do(http.MethodPost, registry, "/v2/"+repository+"/blobs/uploads/?digest=sha256:"+fmt.Sprintf("%x", sha256.Sum256(blob)), "", blob); answer.Code != http.StatusCreated {
			return fmt.Errorf("blob: %d %s", answer.Code, answer.Body)
		}
	}
	if answer := i.do(http.MethodPut, registry, "/v2/"+repository+"/manifests/"+tag, string(kind), manifest); answer.Code != http.StatusCreated {
		return fmt.Errorf("manifest: %d %s", answer.Code, answer.Body)
	}
	return nil
}

func (i *Images) do(method, registry, path, contentType string, body []byte) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, bytes.NewReader(body))
	request.Header.Set("Content-Type", contentType)
	answer := httptest.NewRecorder()
	i.of(registry).ServeHTTP(answer, request)
	return answer
}

// ImageRequests returns the requests that reached a registry about a repository.
func (s *Stage) ImageRequests(repository string) []credentialstest.Request {
	var found []credentialstest.Request
	for _, request := range s.GitHub.Requests() {
		if request.Place == credentialstest.Images && strings.HasPrefix(request.Path, "/v2/"+repository+"/") {
			found = append(found, request)
		}
	}
	return found
}
