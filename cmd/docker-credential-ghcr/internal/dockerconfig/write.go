package dockerconfig

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// write replaces the file with the text as edited, if the file is still what was
// read.
func (c *Config) write() error {
	if !c.Changed() {
		return nil
	}
	if err := c.replace(); err != nil {
		return c.failed(err)
	}
	return nil
}

func (c *Config) replace() error {
	if err := c.writable(); err != nil {
		return err
	}
	if c.absent {
		if err := c.unchanged(); err != nil {
			return err
		}
		if err := retry(func() error { return os.Remove(c.file) }); err != nil {
			return err
		}
		syncDir(filepath.Dir(c.file))
		return nil
	}
	// docker takes no lock. The shorter the time between this check and the rename,
	// the less of docker's changes can be lost.
	return replacement{file: c.file, old: c.info, content: c.bytes(), check: c.unchanged}.write()
}

// Writable is an error if the file, or its directory, does not let this user change
// it.
func (c *Config) Writable() error {
	if err := c.editable(); err != nil {
		return err
	}
	if err := c.writable(); err != nil {
		return c.failed(err)
	}
	if err := dirWritable(filepath.Dir(c.file)); err != nil {
		return c.failed(err)
	}
	return nil
}

// writable respects a file that its owner made read-only, though a rename would not.
func (c *Config) writable() error {
	if c.info == nil {
		return nil
	}
	if c.info.Mode().Perm()&0o200 == 0 {
		return errReadOnly
	}
	f, err := os.OpenFile(c.file, os.O_WRONLY|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return errChanged
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// dirWritable tries a temporary file in the directory, or in the nearest one that
// exists.
func dirWritable(dir string) error {
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	f, err := os.CreateTemp(dir, ".docker-credential-ghcr-*")
	if err != nil {
		return err
	}
	f.Close()
	return os.Remove(f.Name())
}

func (c *Config) unchanged() error {
	file, err := followLinks(c.path)
	if err != nil || file != c.file {
		return errChanged
	}
	_, now, err := readRegular(c.file)
	if (c.info == nil) != errors.Is(err, fs.ErrNotExist) || (c.info != nil && err != nil) || !bytes.Equal(now, c.before) {
		return errChanged
	}
	return nil
}
