package credentials

import (
	"crypto/x509"
	"os"
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

// bundledRoots are the certificates of the system's one file, a part of what
// crypto/x509 trusts: that reads every file of the certificate directories as
// well, which takes longer than all else that a get does. nil if there is no
// such file.
func bundledRoots() *x509.CertPool {
	files := bundles
	if file := os.Getenv("SSL_CERT_FILE"); file != "" {
		files = []string{file}
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(content) {
			return nil
		}
		return roots
	}
	return nil
}
