package main

import (
	"strings"
	"testing"
)

func TestWhatIsNoImageEndsAsAMistakeInTheWords(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "app", "quay.io/acme/app", "github.com/octocat/app", "octocat/app:a b", "octocat@ghcr.io/octocat/app"} {
		if code := call(nil, "check", text).code; code != 2 {
			t.Errorf("%q: exit status %d", text, code)
		}
	}
}

func TestCheckWantsOneImage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"check"}, {"check", "octocat/app", "octocat/other"}, {"check", "--push", "octocat/app"}} {
		if got := call(nil, args...); got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, "Usage:") {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestUpperCaseIsExplainedWithoutAskingAnybody(t *testing.T) {
	moveIn(t)
	got := call(nil, "check", "ghcr.io/Octocat/app:1")
	want := "push ghcr.io/octocat/app:1\n" +
		"  X name: Octocat has upper case in it\n" +
		"X you may not push ghcr.io/octocat/app:1: image names must be in lower case\n" +
		"  use ghcr.io/octocat/app:1\n"
	if got != (outcome{1, want, ""}) {
		t.Errorf("got %+v, want %s", got, want)
	}
}
