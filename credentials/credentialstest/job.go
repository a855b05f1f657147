package credentialstest

import (
	"cmp"
	"strings"
)

// Job is the job of GitHub Actions that a GITHUB_TOKEN was made for. Such a token
// has no person's rights: a package lets in the job's repository, or does not
// (https://docs.github.com/packages/learn-github-packages/about-permissions-for-github-packages).
type Job struct {
	Repository   string // full name of the repository that runs it
	RepositoryID int64
	Owner        string // where the app is installed; "" is the repository's owner
	Packages     string // its permission for packages: "read", "write", "" for none
}

func (j *Job) owns(namespace string) bool {
	return strings.EqualFold(namespace, cmp.Or(j.Owner, ownerOf(j.Repository)))
}

func (j *Job) reads(p Package) bool {
	return p.Public || j.Packages != "" && p.roleOf(j.RepositoryID) != ""
}

func (j *Job) refusePull(namespace string, p Package, exists bool) *denial {
	switch {
	case !exists && !j.owns(namespace):
		return nameUnknown
	case exists && !j.reads(p):
		return denied
	}
	return nil
}

func (j *Job) refusePush(namespace string, p Package, exists bool) *denial {
	switch {
	case !j.owns(namespace):
		return notInstalled
	case j.Packages != "write" && exists:
		return jobMayNotWrite
	case j.Packages != "write":
		return jobMayNotCreate
	case exists && p.roleOf(j.RepositoryID) != "write":
		return mayNotWrite
	}
	return nil
}
