// Command furnish does on a Windows what its owner does before the product comes:
//
//	furnish trust < CERTIFICATE         a certificate authority, from now on
//	furnish keep SERVICE USER < SECRET  in the Credential Manager, as gh does
//	furnish drop SERVICE USER           from there
package main

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials"
)

func main() {
	if err := furnish(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "furnish:", err)
		os.Exit(1)
	}
}

func furnish(args []string) error {
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	// gh keeps its tokens with the same library.
	manager := credentials.OSKeyring{}
	switch {
	case slices.Equal(args, []string{"trust"}):
		return trust(input)
	case len(args) == 3 && args[0] == "keep":
		return manager.Set(args[1], args[2], string(input))
	case len(args) == 3 && args[0] == "drop":
		return manager.Delete(args[1], args[2])
	}
	return errors.New("usage: trust, or keep or drop SERVICE USER")
}

// trust adds a certificate to those that the user trusts as roots. Windows shows
// a person a warning; wine does not.
func trust(input []byte) error {
	block, _ := pem.Decode(input)
	if block == nil {
		return errors.New("this is no certificate")
	}
	certificate, err := syscall.CertCreateCertificateContext(syscall.X509_ASN_ENCODING, &block.Bytes[0], uint32(len(block.Bytes)))
	if err != nil {
		return err
	}
	name, err := syscall.UTF16PtrFromString("Root")
	if err != nil {
		return err
	}
	store, err := syscall.CertOpenSystemStore(0, name)
	if err != nil {
		return err
	}
	const replaceExisting = 3 // CERT_STORE_ADD_REPLACE_EXISTING
	return errors.Join(
		syscall.CertAddCertificateContextToStore(store, certificate, replaceExisting, nil),
		syscall.CertCloseStore(store, 0),
	)
}
