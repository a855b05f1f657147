package dockerconfig

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// sizeLimit bounds every file that is read.
const sizeLimit = 16 << 20

// ReadFile reads a small regular file. It does not wait for a pipe or a device.
func ReadFile(path string) ([]byte, error) {
	_, content, err := readRegular(path)
	return content, err
}

// ReadTrustedFile is [ReadFile] for a file that counts only if this user or root owns
// it and not everyone may write it.
func ReadTrustedFile(path string) ([]byte, error) {
	info, content, err := readRegular(path)
	if err == nil && !isTrusted(info) {
		return nil, errors.New("belongs to another user, or everyone may write it")
	}
	return content, err
}

func readRegular(path string) (fs.FileInfo, []byte, error) {
	var f *os.File
	if err := retry(func() (err error) { f, err = os.OpenFile(path, os.O_RDONLY|openFlags, 0); return err }); err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, nil, err
	case info.IsDir():
		return nil, nil, errIsDirectory
	case !info.Mode().IsRegular():
		return nil, nil, errors.New("is not a regular file")
	}
	content, err := io.ReadAll(io.LimitReader(f, sizeLimit+1))
	if err == nil && len(content) > sizeLimit {
		err = fmt.Errorf("is larger than %d MiB", sizeLimit>>20)
	}
	return info, content, err
}
