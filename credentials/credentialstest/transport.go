package credentialstest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

// Transport answers requests in memory, without a socket. It ends an exchange with
// the request's context, streams bodies as they are written, and like every
// RoundTripper follows no redirect.
func (g *GitHub) Transport() http.RoundTripper { return transport{g} }

type transport struct{ handler http.Handler }

// RoundTrip lets the handler write into a pipe out of which the client reads.
func (t transport) RoundTrip(sent *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(sent.Context())
	received, err := receive(ctx, sent)
	if err != nil {
		cancel()
		return nil, err
	}
	body, pipe := io.Pipe()
	stop := context.AfterFunc(ctx, func() { pipe.CloseWithError(context.Cause(ctx)) })
	w := &responseWriter{
		header: make(http.Header),
		mute:   sent.Method == http.MethodHead,
		pipe:   pipe,
		began:  make(chan struct{}),
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer received.Body.Close() // as net/http's own transport does
		aborted := serve(t.handler, w, received)
		stop()
		w.end(ctx, aborted)
	}()

	select {
	case <-w.began:
	case <-ended:
	case <-ctx.Done():
	}
	select {
	case <-w.began:
		return w.response(sent, &responseBody{body, cancel}), nil
	default:
		defer cancel()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, io.EOF // as of a connection that is closed without a word
	}
}

// receive turns the request as a client has it into the request as a server has it.
func receive(ctx context.Context, sent *http.Request) (*http.Request, error) {
	r := sent.Clone(ctx)
	if r.Body == nil {
		r.Body = http.NoBody
	}
	if sent.URL.Scheme != "https" && sent.URL.Scheme != "http" || sent.URL.Host == "" {
		r.Body.Close()
		return nil, fmt.Errorf("credentialstest: no such address: %q", sent.URL.Redacted())
	}
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	if agent, ok := r.Header["User-Agent"]; !ok {
		r.Header.Set("User-Agent", "Go-http-client/1.1")
	} else if len(agent) == 0 || agent[0] == "" {
		r.Header.Del("User-Agent")
	}
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	r.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	if r.URL.Path == "" {
		r.URL.Path = "/"
	}
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = "127.0.0.1:0"
	if sent.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, ServerName: withoutPort(r.Host)}
	}
	return r, nil
}

// serve reports whether the handler broke the exchange off.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			aborted = true
		default:
			panic(v)
		}
	}()
	h.ServeHTTP(w, r)
	return false
}

// responseWriter is used by the handler's goroutine alone until began is closed;
// afterwards status and sent are read-only.
type responseWriter struct {
	header http.Header
	mute   bool // an answer without a body: to HEAD, 204, 304
	pipe   *io.PipeWriter

	begin  sync.Once
	began  chan struct{}
	status int
	sent   http.Header
	length int64 // announced, -1 if not

	written int64
}

func (w *responseWriter) Header() http.Header { return w.header }

func (w *responseWriter) WriteHeader(code int) {
	w.begin.Do(func() {
		w.status, w.sent, w.length = code, w.header.Clone(), -1
		if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
			w.length = n
		}
		w.mute = w.mute || code == http.StatusNoContent || code == http.StatusNotModified
		close(w.began)
	})
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.mute {
		return len(p), nil
	}
	n, err := w.pipe.Write(p)
	w.written += int64(n)
	return n, err
}

// FlushError does nothing: the client has the header and every byte at once.
func (w *responseWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return nil
}

func (w *responseWriter) end(ctx context.Context, aborted bool) {
	if !aborted {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case ctx.Err() != nil:
		w.pipe.CloseWithError(context.Cause(ctx))
	case aborted, !w.mute && w.written < w.length:
		w.pipe.CloseWithError(io.ErrUnexpectedEOF)
	default:
		w.pipe.Close()
	}
}

func (w *responseWriter) response(to *http.Request, body io.ReadCloser) *http.Response {
	if w.mute {
		body.Close()
		body = http.NoBody
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          body,
		ContentLength: w.length,
		Request:       to,
	}
}

// responseBody ends the exchange when the client closes it.
type responseBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *responseBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
