package trusted

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

const (
	openFlags = 0
	lockFlags = os.O_RDONLY
)

func isBusy(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_ACCESS_DENIED)
}

// The access lists of a user's profile let no other user write there.

func Check(string, fs.FileInfo) error { return nil }

func GiveToOwnerOfDir(string) error { return nil }

func IsForeignToRoot(string) bool { return false }
