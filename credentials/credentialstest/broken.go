package credentialstest

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The ways in which GitHub, or a proxy before it, is broken; for [GitHub.Break].
// GitHub's own answers have X-GitHub-Request-Id, a proxy's have not.
var (
	// Regular gives the answer that was broken. A handler of one's own falls back to it.
	Regular http.Handler = http.HandlerFunc(regular)

	// Hang takes the request and never answers.
	Hang http.Handler = http.HandlerFunc(hang)

	// HangInBody answers 200, and half a body that never ends.
	HangInBody http.Handler = http.HandlerFunc(hangInBody)

	// CloseEarly closes the connection instead of an answer.
	CloseEarly http.Handler = http.HandlerFunc(closeEarly)

	// CloseInHeader closes the connection within the answer's header.
	CloseInHeader http.Handler = http.HandlerFunc(closeInHeader)

	// Truncated closes the connection within the answer's body.
	Truncated http.Handler = http.HandlerFunc(truncated)

	// Garbage has the type of JSON and is not JSON.
	Garbage = answer(http.StatusOK, "application/json; charset=utf-8", `{"login":"octo`+"\xff\x00")

	// Huge is 64 MiB of valid JSON.
	Huge http.Handler = http.HandlerFunc(huge)

	// RateLimited says that the hour's quota is used up
	// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
	RateLimited http.Handler = http.HandlerFunc(rateLimited)

	// ProxyPage is a page of a captive portal.
	ProxyPage = answer(http.StatusOK, "text/html", proxyPage)

	// ProxyUnauthorized is a proxy that requires its own login.
	ProxyUnauthorized = answer(http.StatusUnauthorized, "text/html", proxyPage)

	// ProxyDenied is a proxy's refusal.
	ProxyDenied = answer(http.StatusForbidden, "text/html", proxyPage)
)

const proxyPage = "<!DOCTYPE html>\n<html><head><title>Access control</title></head><body>Please contact your administrator.</body></html>\n"

func answer(code int, contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeBody(w, code, contentType, body) })
}

// Status answers with that status and body, and without GitHub's headers.
func Status(code int, body string) http.Handler {
	contentType := "text/plain; charset=utf-8"
	if strings.HasPrefix(body, "{") {
		contentType = "application/json; charset=utf-8"
	}
	return answer(code, contentType, body)
}

// Slow waits, then lets next answer; nil is the regular answer.
func Slow(wait time.Duration, next http.Handler) http.Handler {
	if next == nil {
		next = Regular
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			closeEarly(w, r)
		}
	})
}

// At answers with how where the path ends so, else regularly: one endpoint is
// broken, "/credentials/revoke" for instance, and not all of its place.
func At(path string, how http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, path) {
			how.ServeHTTP(w, r)
			return
		}
		regular(w, r)
	})
}

// ServerError is a failure of GitHub's: 500 as JSON of the API, any other code as an
// HTML page.
func ServerError(code int) http.Handler {
	if code == http.StatusInternalServerError {
		return own(func(w http.ResponseWriter) { serverError.write(w) })
	}
	return answer(code, "text/html; charset=utf-8", fmt.Sprintf("<!DOCTYPE html>\n<html><head><title>Unicorn! · GitHub</title></head>"+
		"<body><p>%d %s</p></body></html>\n", code, http.StatusText(code)))
}

// SecondaryLimit says, with 403 or 429, that too many requests came at once, and
// when to come back.
func SecondaryLimit(code int, retryAfter time.Duration) http.Handler {
	return own(func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		tooManyAtOnce(code).write(w)
	})
}

// Forbidden is GitHub's own 403 with that message.
func Forbidden(message string) http.Handler {
	return own(func(w http.ResponseWriter) { refusal{status: http.StatusForbidden, message: message}.write(w) })
}

// SSORequired is the 403 for an OAuth app token that the organization's single
// sign-on has not authorized. [Policy] plays it where the organization is asked for.
func SSORequired(organization string) http.Handler {
	return own(unauthorized("github.com", organization, "OAuth token").write)
}

// RedirectTo sends the client to another address.
func RedirectTo(url string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", url)
		writeBody(w, http.StatusTemporaryRedirect, "text/html", "<a href=\""+url+"\">Moved</a>\n")
	})
}

// Denied is the registry's refusal with that code and message.
func Denied(status int, code, message string) http.Handler {
	return own((&denial{status: status, code: code, message: message}).write)
}

func own(write func(http.ResponseWriter)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		sign(w)
		write(w)
	})
}

func regular(w http.ResponseWriter, r *http.Request) { exchangeOf(r).regular.ServeHTTP(w, r) }

func hang(w http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	closeEarly(w, r)
}

func hangInBody(w http.ResponseWriter, r *http.Request) {
	begin(w, 1000, `{"login":"octo`)
	hang(w, r)
}

func truncated(w http.ResponseWriter, r *http.Request) {
	begin(w, 1000, `{"login":"octo`)
	closeEarly(w, r)
}

// begin sends the header and the first part of a longer body.
func begin(w http.ResponseWriter, length int, part string) {
	sign(w)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(length))
	io.WriteString(w, part) // the client may have gone
	http.NewResponseController(w).Flush()
}

// closeEarly breaks the connection off: net/http's own way to do so, which our
// transport knows too.
func closeEarly(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func closeInHeader(w http.ResponseWriter, r *http.Request) {
	// In memory and in HTTP/2 a header comes whole or not at all.
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: applicat") // the client may have gone
		conn.Close()
	}
	closeEarly(w, r)
}

const hugeSize = 64 << 20

func huge(w http.ResponseWriter, _ *http.Request) {
	const head, tail = `{"login":"`, `"}`
	sign(w)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(hugeSize))
	block := strings.Repeat("o", 64<<10)
	left := hugeSize - len(head) - len(tail)
	_, err := io.WriteString(w, head)
	for ; left > 0 && err == nil; left -= len(block) {
		_, err = io.WriteString(w, block[:min(left, len(block))])
	}
	io.WriteString(w, tail) // the client may have gone
}

func rateLimited(w http.ResponseWriter, _ *http.Request) {
	sign(w)
	w.Header().Set("X-RateLimit-Limit", "5000")
	w.Header().Set("X-RateLimit-Remaining", "0")
	w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10))
	limitReached.write(w)
}
