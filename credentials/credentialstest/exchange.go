package credentialstest

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// exchange is what the handlers know about the request beyond itself.
type exchange struct {
	to      destination
	sent    credential
	regular http.Handler
}

type exchangeKey struct{}

func exchangeOf(r *http.Request) exchange {
	x, ok := r.Context().Value(exchangeKey{}).(exchange)
	if !ok {
		panic("credentialstest: handler used outside of GitHub.ServeHTTP")
	}
	return x
}

// writeJSON answers with a body whose length is announced, so that the wire and
// the memory show the same headers.
func writeJSON(w http.ResponseWriter, code int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	writeBody(w, code, "application/json; charset=utf-8", string(body))
}

func writeBody(w http.ResponseWriter, code int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	io.WriteString(w, body) // the client may have gone
}

// sign sets the header by which an answer is known as GitHub's own.
func sign(w http.ResponseWriter) {
	id := rand.Text()
	w.Header().Set("X-GitHub-Request-Id", strings.Join([]string{id[:4], id[4:10], id[10:16], id[16:24]}, ":"))
}

// cut splits a list on commas or blanks and drops what is empty.
func cut(list string) []string {
	return slices.Collect(strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }))
}

// write answers with an error in the form of GitHub's REST API.
func (r refusal) write(w http.ResponseWriter) {
	writeJSON(w, r.status, struct {
		Message          string `json:"message"`
		DocumentationURL string `json:"documentation_url"`
		Status           int    `json:"status,string"`
	}{r.message, "https://docs.github.com/rest", r.status})
}

// statusWriter reports the status of the answer. Unwrap keeps flushing and
// hijacking possible.
type statusWriter struct {
	http.ResponseWriter
	code func(int)
	done bool
}

func (w *statusWriter) WriteHeader(code int) {
	if !w.done {
		w.done = true
		w.code(code)
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if !w.done {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
