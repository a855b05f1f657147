package github

import (
	"net/url"
	"strings"
)

// DotCom is the host of github.com.
const DotCom = "github.com"

// notEnterprise lists GitHub's own domains. No enterprise host is in one of them: a
// registry name that leads into one and is not known is a look-alike.
var notEnterprise = []string{DotCom, "ghe.com", "ghcr.io", "github.localhost"}

// IsTenant reports whether host is SUBDOMAIN.ghe.com.
func IsTenant(host string) bool {
	sub, ok := strings.CutSuffix(host, ".ghe.com")
	return ok && IsHostname(sub) && !strings.Contains(sub, ".")
}

// MayBeEnterprise reports whether host can be a GitHub Enterprise Server: it has
// a dot, which keeps docker.io out, and is not one of GitHub's own.
func MayBeEnterprise(host string) bool {
	for _, domain := range notEnterprise {
		if host == domain || strings.HasSuffix(host, "."+domain) {
			return false
		}
	}
	return strings.Contains(host, ".") && IsHostname(host)
}

// IsEnterprise reports whether a host is a GitHub Enterprise Server, given that it is
// a GitHub host. It decides which variables may be used for it and where its API is.
func IsEnterprise(host string) bool { return host != DotCom && !IsTenant(host) }

// IsHostname accepts what DNS calls a host name (RFC 1123, section 2.1), in lower
// case and without the final dot.
func IsHostname(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	return true
}

// LowerASCII is text in lower case. It is not ok if there is anything but
// printable ASCII in it: Unicode has letters whose lower case is in ASCII, for
// example the Kelvin sign.
func LowerASCII(text string) (lower string, ok bool) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", false
	}
	return strings.ToLower(text), true
}

// NewTokenPage is the page that makes a classic token, with the scope preset.
func NewTokenPage(host string, scope Scope) string {
	return TokensPage(host) + "/new?scopes=" + url.QueryEscape(string(scope))
}

// TokensPage is the page that lists a person's classic tokens.
func TokensPage(host string) string { return "https://" + host + "/settings/tokens" }

// ApplicationsPage is the page that lists the applications a person has authorized.
func ApplicationsPage(host string) string { return "https://" + host + "/settings/applications" }
