package main

import (
	"slices"
	"strings"
)

// How is one of our own gh command lines run without a shell?

// ghRun is one call of gh.
type ghRun struct {
	without []string // variables that gh must not see
	args    []string
}

// ghRuns reads a command line that the credentials package wrote for a person to
// paste. ok is false if it has anything but gh auth in it.
func ghRuns(line string) (runs []ghRun, ok bool) {
	line = strings.ReplaceAll(line, "; if ($?) { ", " && ")
	for part := range strings.SplitSeq(line, " && ") {
		run := ghRun{}
		words := strings.Fields(strings.TrimSuffix(part, " }"))
		for len(words) > 0 {
			if name, isPowerShell := strings.CutSuffix(words[0], "='';"); isPowerShell && strings.HasPrefix(name, "$env:") {
				run.without = append(run.without, strings.TrimPrefix(name, "$env:"))
				words = words[1:]
			} else if len(words) > 2 && words[0] == "env" && words[1] == "-u" {
				run.without = append(run.without, words[2])
				words = slices.Concat([]string{"env"}, words[3:])
			} else if words[0] == "env" {
				words = words[1:]
			} else {
				break
			}
		}
		if len(words) < 3 || words[0] != "gh" || words[1] != "auth" || strings.ContainsAny(strings.Join(words, ""), `'"$;&|<>(){}\`) {
			return nil, false
		}
		run.args = words[1:]
		runs = append(runs, run)
	}
	return runs, true
}
