package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// leaveDockerLogin leaves what docker login leaves where no credential helper is
// set up: the secret in config.json, in no more than base64.
func leaveDockerLogin(home *stage.Home, key, user, secret string) error {
	config := make(map[string]any)
	text, err := os.ReadFile(filepath.Join(home.Dir, ".docker", "config.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		if err := json.Unmarshal(text, &config); err != nil {
			return err
		}
	}
	auths, ok := config["auths"].(map[string]any)
	if !ok {
		auths = make(map[string]any)
		config["auths"] = auths
	}
	auths[key] = map[string]string{"auth": inConfig(user, secret)}
	text, err = json.MarshalIndent(config, "", "\t")
	if err != nil {
		return err
	}
	return home.WriteFile(".docker/config.json", string(text))
}

// inConfig is how docker writes a secret into config.json.
func inConfig(user, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))
}
