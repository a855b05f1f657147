package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/internal/trusted"
)

// What docker login gave us is one item in the OS keyring for each GitHub host,
// and beside the settings a record without secrets that says so: without it, each
// get would open the keyring only to find nothing there.

// loginService is the service under which the keyring holds the items.
const loginService = "docker-credential-ghcr"

// loginItem is the content of an item.
type loginItem struct {
	Username string `json:"username"`
	Secret   string `json:"secret"`
}

// loginRecord says that the keyring holds an item for the host that names
// the file.
type loginRecord struct {
	User string `json:"user"`
	// CacheKey is where the cache has what is known about the item's token.
	CacheKey string `json:"memory"`
}

func loginsDir() (string, error) {
	dir, err := trusted.ConfigDir()
	return filepath.Join(dir, "logins"), err
}

// readLoginRecord reads the record for a host. One that is damaged still says
// that there is an item.
func readLoginRecord(host string) (record loginRecord, ok bool, err error) {
	dir, err := loginsDir()
	if err != nil {
		return loginRecord{}, false, nil
	}
	content, err := trusted.Read(filepath.Join(dir, host))
	if trusted.IsAbsent(err) {
		return loginRecord{}, false, nil
	}
	if err != nil {
		return loginRecord{}, true, err
	}
	_ = json.Unmarshal(content, &record)
	return record, true, nil
}

// KeepsDockerLogin reports whether docker login gave something for a host that the
// keyring still holds, as far as our record says.
func KeepsDockerLogin(host string) bool { return hasLoginRecord(host) }

func hasLoginRecord(host string) bool {
	_, ok, _ := readLoginRecord(host)
	return ok
}

func writeLoginRecord(host string, record loginRecord) error {
	dir, err := loginsDir()
	if err != nil {
		return err
	}
	if err := trusted.MakeDir(dir); err != nil {
		return err
	}
	content, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return trusted.Write(filepath.Join(dir, host), append(content, '\n'))
}

func removeLoginRecord(host string) error {
	dir, err := loginsDir()
	if err != nil {
		return nil
	}
	if err := trusted.Remove(filepath.Join(dir, host)); err != nil && !trusted.IsAbsent(err) {
		return err
	}
	return nil
}

// loginHosts lists the hosts that have a record.
func loginHosts() []string {
	dir, err := loginsDir()
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir(dir)
	var hosts []string
	for _, entry := range entries {
		if github.IsHostname(entry.Name()) && entry.Type().IsRegular() {
			hosts = append(hosts, entry.Name())
		}
	}
	return hosts
}

// loginOrNone is a user name that docker login was given with a secret, if it is a
// GitHub login. A token is none: some people log docker in with it as the user name
// too, which ghcr.io does not look at.
func loginOrNone(name, secret string) string {
	if name == secret || github.KindOf(name) != github.UnknownKind || !github.IsLogin(name) {
		return ""
	}
	return name
}

// readDockerLogin is the candidate that docker login left. ok is false if none
// was left.
func readDockerLogin(ctx context.Context, k *limitedKeyring, host string) (c Candidate, ok bool) {
	c.Source = DockerLogin
	record, ok, err := readLoginRecord(host)
	if !ok {
		return c, false
	}
	if err != nil {
		return c.withFileError(err), true
	}
	c.Login = loginOrNone(record.User, "")
	content, err := k.get(ctx, loginService, host)
	if errors.Is(err, errAbsent) {
		c.Fault, c.Reason = Missing, "the keyring no longer holds what docker login put there"
		return c, true
	}
	if err != nil {
		return c.withKeyringError(err), true
	}
	var item loginItem
	if err := json.Unmarshal([]byte(content), &item); err != nil {
		c.Fault, c.Reason = Broken, "the keyring's item docker-credential-ghcr is damaged"
		return c, true
	}
	c.Login = loginOrNone(item.Username, item.Secret)
	return c.WithSecret(item.Secret), true
}

// writeDockerLogin keeps what docker login gave. The record comes first: an item
// without one would never be found again, nor erased.
func writeDockerLogin(ctx context.Context, k *limitedKeyring, host, user string, token github.Token) error {
	content, err := json.Marshal(loginItem{Username: user, Secret: token.Reveal()})
	if err != nil {
		return err
	}
	before, had, _ := readLoginRecord(host)
	if err := writeLoginRecord(host, loginRecord{User: user, CacheKey: cacheKey(token, host)}); err != nil {
		return fmt.Errorf("the record of logins cannot be written: %w", err)
	}
	err = k.set(ctx, loginService, host, string(content))
	switch {
	case err == nil, errors.Is(err, errTimeout):
		// After a timeout it is unknown whether the item was written.
	case had:
		_ = writeLoginRecord(host, before)
	default:
		_ = removeLoginRecord(host)
	}
	return err
}

// deleteDockerLogin deletes what docker login gave, and its record. The record stays if
// the keyring fails, so that it can be tried again.
func deleteDockerLogin(ctx context.Context, k *limitedKeyring, host string) error {
	err := k.delete(ctx, loginService, host)
	if err == nil || errors.Is(err, errAbsent) {
		err = removeLoginRecord(host)
	}
	return err
}
