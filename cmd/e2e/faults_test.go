package e2e

import (
	"net/http"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// faults are what `github break SECRET PLACE HOW` knows.
var faults = map[string]http.Handler{
	"hang":            credentialstest.Hang,
	"hang-in-body":    credentialstest.HangInBody,
	"close":           credentialstest.CloseEarly,
	"close-in-header": credentialstest.CloseInHeader,
	"truncate":        credentialstest.Truncated,
	"garbage":         credentialstest.Garbage,
	"huge":            credentialstest.Huge,
	"500":             credentialstest.ServerError(http.StatusInternalServerError),
	"502":             credentialstest.ServerError(http.StatusBadGateway),
	"503":             credentialstest.ServerError(http.StatusServiceUnavailable),
	"rate-limit":      credentialstest.RateLimited,
	"secondary-403":   credentialstest.SecondaryLimit(http.StatusForbidden, time.Minute),
	"secondary-429":   credentialstest.SecondaryLimit(http.StatusTooManyRequests, time.Minute),
	"sso":             credentialstest.SSORequired("acme"),
	"proxy-200":       credentialstest.ProxyPage,
	"proxy-401":       credentialstest.ProxyUnauthorized,
	"proxy-403":       credentialstest.ProxyDenied,
	"redirect-away":   credentialstest.RedirectTo("https://gw.example.com/user"),
	"redirect-http":   credentialstest.RedirectTo("http://api.github.com/user"),
	"redirect-loop":   credentialstest.RedirectTo("https://api.github.com/user"),
}
