// Package denial knows why a GitHub registry denies a push or a pull, and how to
// fix it. It has the causes, reads the logs of clients, and diagnoses an image from
// facts that were gathered about it.
//
// All of it is pure: no screen, no command line, no network, no files.
package denial
