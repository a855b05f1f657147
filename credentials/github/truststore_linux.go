package github

import (
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// bundles are the files in which Linux systems keep the certificates that they
// trust, in the order in which crypto/x509 takes the first that is there.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// maxBundle bounds what is read for certificates, in bytes. Systems have some
// 250,000.
const maxBundle = 16 << 20

// bundledRoots are the certificates of the system's one file, a part of what
// crypto/x509 trusts: that reads every file of the certificate directories as
// well, which takes longer than all else that a get does. nil if there is no
// such file. An error says that crypto/x509 must not read it either: it would take
// a device such as /dev/zero as it comes.
func bundledRoots() (*x509.CertPool, error) {
	files := bundles
	if file := os.Getenv("SSL_CERT_FILE"); file != "" {
		files = []string{file}
	}
	for _, name := range files {
		content, err := readBundle(name)
		if len(content) > maxBundle {
			return nil, fmt.Errorf("%s is larger than %d MiB", name, maxBundle>>20)
		}
		if err != nil {
			continue
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(content) {
			return nil, nil
		}
		return roots, nil
	}
	return nil, nil
}

// readBundle waits for no pipe's other end longer than for a server.
func readBundle(name string) ([]byte, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	_ = file.SetReadDeadline(time.Now().Add(APILimit)) // regular files have none
	return io.ReadAll(io.LimitReader(file, maxBundle+1))
}

// certificateDirs are the directories that crypto/x509 reads as well.
var certificateDirs = []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}

// checkCertificateDirs checks that crypto/x509 can read every certificate directory:
// it would read a device without end and wait for a pipe.
func checkCertificateDirs() error {
	dirs := certificateDirs
	if list := os.Getenv("SSL_CERT_DIR"); list != "" {
		dirs = strings.Split(list, ":")
	}
	for _, dir := range dirs {
		total := int64(0)
		entries, _ := os.ReadDir(dir)
		for _, entry := range entries {
			path := filepath.Join(dir, entry.Name())
			info, err := os.Stat(path)
			if err != nil || info.IsDir() {
				continue // crypto/x509 leaves it out
			}
			if total += info.Size(); !info.Mode().IsRegular() {
				return fmt.Errorf("%s is not a regular file", path)
			}
		}
		if total > 2*maxBundle { // links may name a file twice
			return fmt.Errorf("%s has more than %d MiB", dir, 2*maxBundle>>20)
		}
	}
	return nil
}
