// Package dockerconfig reads and changes docker's config.json.
//
// Every byte that is not ours to change stays as it was, with the file's mode,
// owner and ACL. A crash leaves the old file or the new one. What setup changed is
// kept in an undo record, so that undo gives the same bytes back.
package dockerconfig
