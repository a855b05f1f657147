package dockerconfig

import (
	"bytes"
	"errors"
)

// maxAttempts is how often an edit is repeated while other programs change the file.
const maxAttempts = 20

// Outcome is what an edit did.
type Outcome struct {
	// Changed is set if the file was written.
	Changed bool
	// RecordErr says why the undo record could not be read or written: then undo
	// cannot give the same bytes back.
	RecordErr error

	path, records string
	text          []byte // the file before, nil if there was none
	now           []byte // the file as written
	record        *Record
}

// Edit reads the file and its undo record, lets edit change both, and writes them
// under one lock. records is the directory of the undo records, "" if there is none.
// It starts again if another program changes the file at the same time, so edit may
// run more than once and must be quick: other processes of ours wait. If edit fails
// or changes nothing, nothing is written.
//
// The record that says what was there before is written first, and one that says
// less is written last. A process that is killed in between leaves a record of
// changes that the file does not have, which Undo knows to ignore.
func Edit(path, records string, edit func(*Config, *Record) error) (Outcome, error) {
	file, err := followLinks(path)
	if err != nil {
		return Outcome{}, err
	}
	unlock, locked, err := lock(file, records)
	if err != nil {
		return Outcome{}, &Error{Path: path, Err: err, Fix: "wait for it and try again"}
	}
	defer unlock()
	removeStaleTemps(file, locked)
	for range maxAttempts {
		outcome, err := editOnce(path, records, edit)
		if !errors.Is(err, errChanged) {
			return outcome, err
		}
	}
	return Outcome{}, &Error{Path: path, Err: errChanged, Fix: "wait for it and try again"}
}

func editOnce(path, records string, edit func(*Config, *Record) error) (Outcome, error) {
	c, err := Read(path)
	if err != nil {
		return Outcome{}, err
	}
	before, recordErr := ReadRecord(path, records)
	after := before.clone()
	if err := edit(c, after); err != nil {
		return Outcome{}, err
	}
	o := Outcome{Changed: c.Changed(), path: path, records: records, record: before}
	if err := c.editable(); o.Changed && err != nil {
		return Outcome{}, err
	}
	recordChanged := !bytes.Equal(before.json(), after.json())
	if o.Changed || recordChanged {
		o.RecordErr = recordErr
	}
	first := recordChanged && after.growsFrom(before)
	if first {
		o.RecordErr = after.write(records)
	}
	if err := c.write(); err != nil {
		if first && o.RecordErr == nil {
			_ = before.write(records)
		}
		return Outcome{}, err
	}
	if recordChanged && !first {
		o.RecordErr = after.write(records)
	}
	if c.info != nil {
		o.text = append([]byte{}, c.before...)
	}
	if !c.absent {
		o.now = c.bytes()
	}
	return o, nil
}

// Revert restores the file and the record from before the edit, byte by byte. If
// another program has changed the file since, it applies undo instead.
func (o Outcome) Revert(undo func(*Config, *Record) error) error {
	if !o.Changed {
		return nil
	}
	_, err := Edit(o.path, o.records, func(c *Config, r *Record) error {
		if !bytes.Equal(c.before, o.now) {
			return undo(c, r)
		}
		*r = *o.record.clone()
		return c.restore(o.text)
	})
	return err
}

// restore makes text the text to write, nil for no file.
func (c *Config) restore(text []byte) error {
	old := &Config{path: c.path, before: text, absent: text == nil}
	if err := old.parse(); err != nil {
		return err
	}
	c.root, c.blank, c.absent, c.trailing = old.root, old.blank, old.absent, old.trailing
	return nil
}
