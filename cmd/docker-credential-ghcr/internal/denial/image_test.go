package denial

import (
	"net/url"
	"path"
	"strings"
	"testing"
	"unicode"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/credentials/github"
)

func TestAnImagesNameIsReadAsAPersonWritesIt(t *testing.T) {
	t.Parallel()
	const digest = "sha256:055bdd5ec004414c3ef9f4b51be4cef09571b5a85290da40668e72114203fd97"
	for text, want := range map[string]Image{
		"octocat/app":                           {Registry: "ghcr.io", Path: "octocat/app", Owner: "octocat", Name: "app"},
		"octocat/app:1.2":                       {Registry: "ghcr.io", Path: "octocat/app", Reference: "1.2", Owner: "octocat", Name: "app"},
		"ghcr.io/octocat/app":                   {Registry: "ghcr.io", Path: "octocat/app", Owner: "octocat", Name: "app"},
		"https://ghcr.io/octocat/app":           {Registry: "ghcr.io", Path: "octocat/app", Owner: "octocat", Name: "app"},
		"ghcr.io/octocat/app:V1":                {Registry: "ghcr.io", Path: "octocat/app", Reference: "V1", Owner: "octocat", Name: "app"},
		"ghcr.io/octocat/app@" + digest:         {Registry: "ghcr.io", Path: "octocat/app", Reference: digest, Owner: "octocat", Name: "app"},
		"ghcr.io/octocat/app:1@" + digest:       {Registry: "ghcr.io", Path: "octocat/app", Reference: digest, Owner: "octocat", Name: "app"},
		"acme/charts/app":                       {Registry: "ghcr.io", Path: "acme/charts/app", Owner: "acme", Name: "charts/app"},
		"GHCR.IO/octocat/app":                   {Registry: "ghcr.io", Path: "octocat/app", Owner: "octocat", Name: "app"},
		"ghcr.io/Octocat/app":                   {Registry: "ghcr.io", Path: "octocat/app", Owner: "octocat", Name: "app", Spelled: "Octocat/app"},
		"Octocat/App:1":                         {Registry: "ghcr.io", Path: "octocat/app", Reference: "1", Owner: "octocat", Name: "app", Spelled: "Octocat/App"},
		"docker.pkg.github.com/octocat/app/img": {Registry: "docker.pkg.github.com", Path: "octocat/app/img", Owner: "octocat", Name: "app/img"},
		"containers.acme.ghe.com/acme/app":      {Registry: "containers.acme.ghe.com", Path: "acme/app", Owner: "acme", Name: "app"},
		"containers.git.example.com/mona/app":   {Registry: "containers.git.example.com", Path: "mona/app", Owner: "mona", Name: "app"},
		"docker.git.example.com/mona/app:1":     {Registry: "docker.git.example.com", Path: "mona/app", Reference: "1", Owner: "mona", Name: "app"},
	} {
		if got, err := ParseImage(text); got != want || err != nil {
			t.Errorf("%q: got %+v, %v, want %+v", text, got, err, want)
		}
	}
}

func TestAnImagesNameIsReadAsItIsPasted(t *testing.T) {
	t.Parallel()
	const digest = "sha256:055bdd5ec004414c3ef9f4b51be4cef09571b5a85290da40668e72114203fd97"
	for text, want := range map[string]string{
		" ghcr.io/octocat/app\n":                   "ghcr.io/octocat/app",
		"ghcr.io/octocat/app/":                     "ghcr.io/octocat/app",
		"ghcr.io:443/octocat/app:1":                "ghcr.io/octocat/app:1",
		"https://ghcr.io:443/octocat/app":          "ghcr.io/octocat/app",
		"HTTPS://ghcr.io/octocat/app:1/":           "ghcr.io/octocat/app:1",
		"http://ghcr.io/octocat/app":               "ghcr.io/octocat/app",
		"docker://ghcr.io/octocat/app@" + digest:   "ghcr.io/octocat/app@" + digest,
		"docker://ghcr.io/octocat/app:1@" + digest: "ghcr.io/octocat/app@" + digest,
		"oci://ghcr.io/octocat/charts/app":         "ghcr.io/octocat/charts/app",
		"ghcr.io/Octocat/App:V1":                   "ghcr.io/octocat/app:V1",

		"https://github.com/users/octocat/packages/container/package/app":       "ghcr.io/octocat/app",
		"https://github.com/orgs/Acme/packages/container/charts%2Fapp/settings": "ghcr.io/acme/charts/app",
		"github.com/acme/repository/pkgs/container/app/12345?tag=1":             "ghcr.io/acme/app",
		"https://acme.ghe.com/orgs/acme/packages/container/package/app":         "containers.acme.ghe.com/acme/app",
		"https://git.example.com/mona/repository/pkgs/container/app#readme":     "containers.git.example.com/mona/app",
		"https://github.com/users/octocat/packages/container/app%00/settings":   "",
		"https://github.com/users/octocat/packages/container/app%zz/settings":   "",
		"https://www.github.com/users/octocat/packages/container/app/settings":  "",
		"https://github.com/users/octocat/packages/npm/package/app":             "",
		"https://github.com/octocat/repository":                                 "",
		"ftp://ghcr.io/octocat/app":                                             "",
		"docker-daemon:ghcr.io/octocat/app":                                     "",
		"https://octocat:password@ghcr.io/octocat/app":                          "",
		"https://octocat:pass/word@ghcr.io/octocat/app":                         "",
		"ftp://octocat:password@ghcr.io/octocat/app":                            "",
	} {
		got := ""
		i, err := ParseImage(text)
		if err == nil {
			got = i.Whole()
		} else if strings.Contains(err.Error(), "octocat:pass") {
			t.Errorf("%q: %v", text, err)
		}
		if got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestWhichPartsHaveUpperCaseInThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Octocat/app":                   "Octocat has upper case in it",
		"octocat/App":                   "App has upper case in it",
		"ghcr.io/Octocat/charts/App:V1": "Octocat and App have upper case in them",
	} {
		if i, err := ParseImage(text); err != nil || i.UpperCase() != want {
			t.Errorf("%q: got %q, %v", text, i.UpperCase(), err)
		}
	}
}

// FuzzImage: what is taken for an image is one of a registry of GitHub's, leads to
// no other address there, and is read again as the same; what is not is a mistake
// in the words, said on one line.
func FuzzImage(f *testing.F) {
	const digest = "@sha256:055bdd5ec004414c3ef9f4b51be4cef09571b5a85290da40668e72114203fd97"
	for _, text := range []string{
		"", "octocat/app", "octocat/app:1.2", "ghcr.io/octocat/app" + digest, "docker://ghcr.io:443/octocat/app:1" + digest, "oci://GHCR.IO/Octocat/App:V1/",
		"https://github.com/users/octocat/packages/container/package/charts%2Fapp", "github.com/o/r/pkgs/container/%2e%2e", "containers.acme.ghe.com/acme/app",
		"ghcr.io/octocat/../app", "ghcr.io/octocat//app", "ghcr.io/octocat/app?x", "ghcr.io/octocat/app#x", "ghcr.io/octocat/%61pp", "octocat:password@ghcr.io/a/b",
		"ghcr.io/octocat/app:a b", "ghcr.io/o/\x1b[2J", "\u212aghcr.io/o/a", "localhost:5000/o/a", "[::1]:443/o/a", "ghcr.io:0443/o/a", "https://https://ghcr.io/o/a",
		"ghcr.io/users/0/packages/container/0", ".\u0381/0/0",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseImage(text)
		if err != nil {
			if len(err.Error()) > 2000 || strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if registry, ok := github.RegistryNamed(i.Registry); !ok || registry != i.Registry || github.HostNamed(i.Registry) == "" {
			t.Errorf("%q is of %q", text, i.Registry)
		}
		address, err := url.Parse("https://" + i.Registry + "/v2/" + i.Path + "/manifests/" + i.Manifest())
		if err != nil || address.Host != i.Registry || path.Clean(address.Path) != "/v2/"+i.Owner+"/"+i.Name+"/manifests/"+i.Manifest() || address.RawQuery != "" || address.Fragment != "" {
			t.Errorf("%q leads to %v, %v", text, address, err)
		}
		if strings.ToLower(i.Path) != i.Path || i.Owner == "" || i.Name == "" {
			t.Errorf("%q: %+v", text, i)
		}
		i.Spelled = ""
		if again, err := ParseImage(i.Whole()); err != nil || again != i {
			t.Errorf("%q: %+v, and again %+v, %v", text, i, again, err)
		}
	})
}

func TestWhatIsNoImageOfGitHubs(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                                "names no owner and image",
		"app":                             "names no owner and image",
		"app:1":                           "names no owner and image",
		"ghcr.io":                         "names no owner and image",
		"ghcr.io/":                        "names no owner and image",
		"ghcr.io/app":                     "names no owner and image",
		"octocat/":                        "names no owner and image",
		"/app":                            "names no owner and image",
		"octocat/app:":                    "is not the name of an image",
		"octocat/app:a b":                 "is not the name of an image",
		"octocat/app@sha256:0":            "what follows @ must be a digest",
		"octocat/app@latest":              "what follows @ must be a digest",
		"octocat/a..pp":                   "is not the name of an image",
		"octocat/-app":                    "is not the name of an image",
		"octocat/a\u212apa":               "is not the name of an image",
		"octocat/a pp":                    "is not the name of an image",
		"octocat/äpp":                     "is not the name of an image",
		"ftp://ghcr.io/octocat/app":       "names no owner and image",
		"docker.io/library/alpine":        "is not a GitHub container registry",
		"quay.io/acme/app":                "is not a GitHub container registry",
		"localhost/acme/app":              "is not a GitHub container registry",
		"localhost:5000/acme/app":         "is not a GitHub container registry",
		"ghcr.io.example.com/octocat/app": "is not a GitHub container registry",
		"ghcr.io:5000/octocat/app":        "is not a GitHub container registry",
		"github.com/octocat/app":          "github.com's images are on ghcr.io",
		"octocat@ghcr.io/octocat/app":     "a user or password is not part",
	} {
		got, err := ParseImage(text)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %+v, %v, want %q", text, got, err, says)
		}
	}
}
