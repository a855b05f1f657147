package credentialstest

import (
	"cmp"
	"strings"
)

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
