package dockerconfig

import (
	"encoding/base64"
	"strings"

	"github.com/tailscale/hujson"
)

// RegistryOf is the registry that a key under auths is for: clients write keys with
// a scheme, a port, a path, or in capitals.
func RegistryOf(key string) string {
	key = strings.ToLower(key)
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	host, _, _ := strings.Cut(key, "/")
	return strings.TrimSuffix(host, ":443")
}

func isAuthField(name string) bool {
	switch strings.ToLower(name) {
	case "auth", "username", "password", "serveraddress", "identitytoken", "registrytoken":
		return true
	}
	return false
}

// secretIn is the secret in a member of an entry under auths, "" if there is none.
func secretIn(m hujson.ObjectMember) (user, secret string) {
	switch strings.ToLower(memberName(m)) {
	case "auth":
		user, secret, _ = decodeAuth(stringOf(m.Value))
	case "password", "identitytoken", "registrytoken":
		secret = stringOf(m.Value)
	}
	return user, secret
}

// decodeAuth reads docker's base64 of user:secret. An empty text is valid.
func decodeAuth(auth string) (user, secret string, ok bool) {
	if auth == "" {
		return "", "", true
	}
	text, err := base64.StdEncoding.DecodeString(auth)
	if err != nil {
		return "", "", false
	}
	user, secret, ok = strings.Cut(string(text), ":")
	return user, strings.Trim(secret, "\x00"), ok && user != ""
}
