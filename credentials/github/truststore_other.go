//go:build !linux

package github

import "crypto/x509"

// bundledRoots is nil where the system itself verifies certificates, or keeps
// them otherwise.
func bundledRoots() (*x509.CertPool, error) { return nil, nil }

// checkCertificateDirs has nothing to check there.
func checkCertificateDirs() error { return nil }
