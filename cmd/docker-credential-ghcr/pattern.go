package main

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first needed. To
// compile them all at the start took a fifth of a get, and docker needs none.
type pattern struct {
	text  string
	once  sync.Once
	ready *regexp.Regexp
}

func patternOf(text string) *pattern { return &pattern{text: text} }

// compiled panics if the text is no regular expression.
func (p *pattern) compiled() *regexp.Regexp {
	p.once.Do(func() { p.ready = regexp.MustCompile(p.text) })
	return p.ready
}
