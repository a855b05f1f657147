package process

import (
	"reflect"
	"testing"
)

func TestOnlyGHsCommandsAreRun(t *testing.T) {
	t.Parallel()
	login := []string{"auth", "login", "-h", "github.com", "-s", "write:packages"}
	refresh := []string{"auth", "refresh", "-h", "github.com", "-s", "write:packages"}
	change := []string{"auth", "switch", "-h", "github.com", "-u", "hubot"}
	for line, want := range map[string][]GHRun{
		"gh auth login -h github.com -s write:packages":                                                                            {{nil, login}},
		"env -u GH_TOKEN -u GITHUB_TOKEN gh auth login -h github.com -s write:packages":                                            {{[]string{"GH_TOKEN", "GITHUB_TOKEN"}, login}},
		"$env:GH_TOKEN=''; $env:GITHUB_TOKEN=''; gh auth login -h github.com -s write:packages":                                    {{[]string{"GH_TOKEN", "GITHUB_TOKEN"}, login}},
		"gh auth switch -h github.com -u hubot && gh auth refresh -h github.com -s write:packages":                                 {{nil, change}, {nil, refresh}},
		"gh auth switch -h github.com -u hubot; if ($?) { gh auth refresh -h github.com -s write:packages }":                       {{nil, change}, {nil, refresh}},
		"env -u GH_TOKEN gh auth switch -h github.com -u hubot && env -u GH_TOKEN gh auth refresh -h github.com -s write:packages": {{[]string{"GH_TOKEN"}, change}, {[]string{"GH_TOKEN"}, refresh}},
		"":                             nil,
		"docker login ghcr.io":         nil,
		"unset GHCR_TOKEN":             nil,
		"security unlock-keychain":     nil,
		"gh auth":                      nil,
		"gh api -X DELETE":             nil,
		"gh auth login -h $(evil)":     nil,
		"gh auth login; rm -rf x":      nil,
		"gh auth login -h 'a b'":       nil,
		"gh auth login -h a && rm -rf": nil,
	} {
		got, ok := GHRuns(line)
		if ok != (want != nil) || ok && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, %v, want %v", line, got, ok, want)
		}
	}
}
