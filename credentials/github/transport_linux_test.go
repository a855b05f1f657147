package github

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	stdlog "log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/credentialstest"
)

// authority is a certificate authority, of which there may be several
// certificates for the one key.
type authority struct {
	key *ecdsa.PrivateKey
	ca  *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{key: key, ca: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
}

// certificate is the authority's own certificate, valid until a time.
func (a *authority) certificate(t *testing.T, until time.Time) []byte {
	t.Helper()
	template := *a.ca
	template.NotBefore, template.NotAfter = until.Add(-48*time.Hour), until
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// server answers on 127.0.0.1 with a certificate of the authority's, and counts.
func (a *authority) server(t *testing.T, requests *atomic.Int32) *httptest.Server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}, a.ca, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	credentialstest.NeedLoopback(t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	s.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// What is trusted is what crypto/x509 trusts, which reads its certificates once
// in a process: so each case is judged in a process of its own, by both.
func TestExactlyWhatTheSystemTrustsIsTrusted(t *testing.T) {
	if address := os.Getenv("TRUST_ADDRESS"); address != "" {
		ours, system := reach(NewTransport(), address), reach(&http.Transport{}, address)
		fmt.Printf("ours=%v system=%v\n", ours, system)
		return
	}
	t.Parallel()
	now := time.Now()
	a, other := newAuthority(t), newAuthority(t)
	other.ca.Subject.CommonName = "another authority"
	valid, expired := a.certificate(t, now.Add(time.Hour)), a.certificate(t, now.Add(-time.Hour))
	foreign := other.certificate(t, now.Add(time.Hour))
	for _, c := range []struct {
		name         string
		file, folder []byte
		trusted      bool
	}{
		{"in the file", valid, nil, true},
		{"in the folder alone", foreign, valid, true},
		{"in both", valid, valid, true},
		{"in neither", foreign, foreign, false},
		{"nowhere, for there is nothing", nil, nil, false},
		{"no file, in the folder", nil, valid, true},
		{"a file without certificates, in the folder", []byte("nothing"), valid, true},
		{"expired in the file, valid in the folder", expired, valid, true},
		{"expired in both", expired, expired, false},
		{"among others in the file", append(append([]byte{}, foreign...), valid...), nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			server := a.server(t, &requests)
			dir := t.TempDir()
			file, folder := filepath.Join(dir, "bundle.pem"), filepath.Join(dir, "certs")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			for path, content := range map[string][]byte{file: c.file, filepath.Join(folder, "one.pem"): c.folder} {
				if content != nil {
					if err := os.WriteFile(path, content, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			child := exec.Command(os.Args[0], "-test.run=^TestExactlyWhatTheSystemTrustsIsTrusted$")
			child.Env = []string{
				"TRUST_ADDRESS=https://localhost:" + server.Listener.Addr().String()[len("127.0.0.1:"):],
				"SSL_CERT_FILE=" + file, "SSL_CERT_DIR=" + folder, "HOME=" + dir, "GORACE=atexit_sleep_ms=0",
			}
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			var ours, system bool
			if _, err := fmt.Sscanf(string(out), "ours=%t system=%t\n", &ours, &system); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if ours != c.trusted || system != c.trusted {
				t.Errorf("trusted by us %v, by the system %v, want %v", ours, system, c.trusted)
			}
			if want := map[bool]int32{true: 2}[c.trusted]; requests.Load() != want {
				t.Errorf("%d requests reached the server, want %d: one of each", requests.Load(), want)
			}
		})
	}
}

// reach reports whether a server could be asked.
func reach(transport http.RoundTripper, address string) bool {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	response, err := transport.RoundTrip(request)
	if err == nil {
		response.Body.Close()
	}
	return err == nil
}

// What is named as the system's certificates may be anything: it is read as far as
// certificates go, and waited for no longer than a server.
func TestWhatIsNoFileOfCertificatesIsNotReadWithoutEnd(t *testing.T) {
	t.Setenv("SSL_CERT_DIR", t.TempDir())
	t.Setenv("SSL_CERT_FILE", "/dev/zero")
	request, err := http.NewRequest(http.MethodGet, "https://localhost:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewTransport().RoundTrip(request); err == nil || err.Error() != "/dev/zero is larger than 16 MiB" {
		t.Errorf("of a device: %v", err)
	}

	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", pipe)
	if roots, err := bundledRoots(); roots != nil || err != nil {
		t.Errorf("of a pipe without a writer: %v, %v", roots, err)
	}

	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	certificate := newAuthority(t).certificate(t, time.Now().Add(time.Hour))
	go func() {
		defer writer.Close()
		_, _ = writer.Write(certificate)
	}()
	t.Setenv("SSL_CERT_FILE", fmt.Sprintf("/dev/fd/%d", reader.Fd()))
	if roots, err := bundledRoots(); roots == nil || err != nil {
		t.Errorf("of a pipe: %v, %v", roots, err)
	}
}

// crypto/x509 would read a device in a certificate directory without end.
func TestACertificateDirectoryIsBounded(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"a pipe":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a large file": func(path string) error {
			file, err := os.Create(path)
			if err == nil {
				err = file.Truncate(2*maxBundle + 1)
			}
			return err
		},
	} {
		dir := t.TempDir()
		t.Setenv("SSL_CERT_DIR", t.TempDir()+":"+dir)
		if err := checkCertificateDirs(); err != nil {
			t.Errorf("of an empty directory: %v", err)
		}
		if err := spoil(filepath.Join(dir, "x.pem")); err != nil {
			t.Fatal(err)
		}
		if err := checkCertificateDirs(); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}
