package credentials

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/internal/trusted"
)

// maxTokenFile bounds a file with a token, in bytes.
const maxTokenFile = 64 << 10

// fromTokenFile is the token in the file that GHCR_TOKEN_FILE names. It is read at every
// call, so that a new token counts at once. ok is false if no file is named.
func fromTokenFile() (c Candidate, ok bool) {
	c.Source = TokenFile
	path := os.Getenv(string(TokenFile))
	switch {
	case path == "":
		return c, false
	case !filepath.IsAbs(path):
		c.Fault, c.Reason = Broken, "it is not an absolute path"
		return c, true
	}
	return c.readToken(path), true
}

// fromSystemd is the token that a systemd service gets by LoadCredential=ghcr-token. ok is
// false if it gets none.
func fromSystemd() (c Candidate, ok bool) {
	c.Source = SystemdCredential
	path := filepath.Join(os.Getenv("CREDENTIALS_DIRECTORY"), "ghcr-token")
	if !filepath.IsAbs(path) {
		return c, false
	}
	if _, err := os.Lstat(path); trusted.IsAbsent(err) {
		return c, false
	}
	return c.readToken(path), true
}

func (c Candidate) readToken(path string) Candidate {
	content, info, err := trusted.ReadInfo(path)
	switch {
	case trusted.IsAbsent(err):
		c.Fault, c.Reason = Missing, fmt.Sprintf("there is no file %s", github.Printable(path))
		return c
	case err != nil:
		return c.withFileError(err)
	case len(content) > maxTokenFile:
		c.Fault, c.Reason = Broken, fmt.Sprintf("%s is larger than %d bytes", github.Printable(path), maxTokenFile)
		return c
	}
	c.File, c.Exposed = path, info.Mode().Perm()&0o004 != 0
	return c.WithSecret(string(content))
}
