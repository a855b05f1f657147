package github

import (
	"slices"
	"strings"
	"testing"
)

// configuredHosts are the enterprise hosts of the tables below.
var configuredHosts = []string{"git.example.com", "ghes.acme.co.uk", "a.b.c.d.example.com", "xn--bcher-kva.example", "10.0.0.7"}

// asking is a configured that remembers what it was asked.
func asking(hosts ...string) (configured func(string) bool, asked *[]string) {
	asked = new([]string)
	return func(host string) bool {
		*asked = append(*asked, host)
		return slices.Contains(hosts, host)
	}, asked
}

func TestARegistryOfGitHubIsKnownInEveryFormThatClientsSend(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ serverURL, name, host string }{
		// github.com
		{"ghcr.io", "ghcr.io", "github.com"},
		{"https://ghcr.io", "ghcr.io", "github.com"},
		{"https://ghcr.io/", "ghcr.io", "github.com"},
		{"https://ghcr.io/v1/", "ghcr.io", "github.com"},
		{"https://ghcr.io/v2/", "ghcr.io", "github.com"},
		{"ghcr.io/", "ghcr.io", "github.com"},
		{"ghcr.io/v2/", "ghcr.io", "github.com"},
		{"ghcr.io/octocat", "ghcr.io", "github.com"},
		{"ghcr.io/octocat/app", "ghcr.io", "github.com"},
		{"ghcr.io/octocat/app:1.0", "ghcr.io", "github.com"},
		{"ghcr.io/octocat/app@sha256:0", "ghcr.io", "github.com"},
		{"https://ghcr.io/token?service=ghcr.io", "ghcr.io", "github.com"},
		{"ghcr.io:443", "ghcr.io", "github.com"},
		{"ghcr.io:443/octocat/app", "ghcr.io", "github.com"},
		{"https://ghcr.io:443", "ghcr.io", "github.com"},
		{"https://ghcr.io:443/v2/", "ghcr.io", "github.com"},
		{"GHCR.IO", "ghcr.io", "github.com"},
		{"Ghcr.Io", "ghcr.io", "github.com"},
		{"HTTPS://GHCR.IO/", "ghcr.io", "github.com"},
		{"ghcr.io\n", "ghcr.io", "github.com"},
		{"ghcr.io\r\n", "ghcr.io", "github.com"},
		{"ghcr.io ", "ghcr.io", "github.com"},
		{" ghcr.io", "ghcr.io", "github.com"},
		{"\tghcr.io\t\n", "ghcr.io", "github.com"},
		{"docker.pkg.github.com", "docker.pkg.github.com", "github.com"},
		{"https://docker.pkg.github.com/octocat/repository/app", "docker.pkg.github.com", "github.com"},
		{"DOCKER.PKG.GITHUB.COM:443", "docker.pkg.github.com", "github.com"},

		// GHE.com
		{"containers.acme.ghe.com", "containers.acme.ghe.com", "acme.ghe.com"},
		{"https://containers.acme.ghe.com/v2/", "containers.acme.ghe.com", "acme.ghe.com"},
		{"CONTAINERS.ACME.GHE.COM:443\r\n", "containers.acme.ghe.com", "acme.ghe.com"},
		{"containers.a-1.ghe.com", "containers.a-1.ghe.com", "a-1.ghe.com"},
		{"containers." + strings.Repeat("a", 63) + ".ghe.com", "containers." + strings.Repeat("a", 63) + ".ghe.com", strings.Repeat("a", 63) + ".ghe.com"},

		// an enterprise host that somebody configured
		{"containers.git.example.com", "containers.git.example.com", "git.example.com"},
		{"docker.git.example.com", "docker.git.example.com", "git.example.com"},
		{"https://Containers.Git.Example.com:443/acme/app", "containers.git.example.com", "git.example.com"},
		{"containers.ghes.acme.co.uk", "containers.ghes.acme.co.uk", "ghes.acme.co.uk"},
		{"containers.a.b.c.d.example.com", "containers.a.b.c.d.example.com", "a.b.c.d.example.com"},
		{"docker.xn--bcher-kva.example", "docker.xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"containers.10.0.0.7", "containers.10.0.0.7", "10.0.0.7"},
	} {
		configured, asked := asking(configuredHosts...)
		got, ok := ParseRegistry(test.serverURL, configured)
		if want := (Registry{test.name, test.host}); !ok || got != want {
			t.Errorf("%q: got %v, %v, want %v", test.serverURL, got, ok, want)
		}
		if want := slices.Contains(configuredHosts, test.host); (len(*asked) > 0) != want {
			t.Errorf("%q: asked about %q", test.serverURL, *asked)
		}
	}
}

// foreign are server URLs that are not GitHub's, though some look like it, and
// of which the name alone says so.
var foreign = []string{
	// other registries
	"", " ", "\n", "docker.io", "index.docker.io", "registry-1.docker.io", "https://index.docker.io/v1/",
	"https://index.docker.io/v1/refresh-token", "quay.io", "gcr.io", "registry.gitlab.com", "mcr.microsoft.com",
	"localhost", "localhost:5000", "127.0.0.1", "127.0.0.1:5000", "unused", "acme.azurecr.io",

	// other schemes
	"http://ghcr.io", "http://ghcr.io/", "HTTP://ghcr.io", "ftp://ghcr.io", "ssh://ghcr.io", "oci://ghcr.io",
	"docker://ghcr.io", "unix:///ghcr.io", "file://ghcr.io", "javascript://ghcr.io", "://ghcr.io", "//ghcr.io", "///ghcr.io",
	"https:ghcr.io", "https:/ghcr.io", "https//ghcr.io", "https:///ghcr.io", "https:////ghcr.io", "https", "https:", "https://",
	"https://https://ghcr.io", "https://http://ghcr.io", "http://https://ghcr.io", "https ://ghcr.io", "https://://ghcr.io",
	"xhttps://ghcr.io", "https+unix://ghcr.io", `https:\\ghcr.io`, `https:\\ghcr.io\`, "https:\t//ghcr.io",

	// user info
	"octocat@ghcr.io", "octocat:hunter2@ghcr.io", "https://octocat@ghcr.io", "https://octocat:hunter2@ghcr.io/", "@ghcr.io",
	":@ghcr.io", "https://@ghcr.io", "ghcr.io@evil.example", "https://ghcr.io@evil.example", "https://ghcr.io:443@evil.example/",
	"ghcr.io:hunter2@evil.example", "https://evil.example@ghcr.io", "https://evil.example#@ghcr.io", `ghcr.io\@evil.example`,
	`https://ghcr.io\@evil.example`, `https://evil.example\@ghcr.io`, "ghcr.io%40evil.example", "ghcr.io;@evil.example",

	// ports
	"ghcr.io:80", "ghcr.io:8443", "ghcr.io:4430", "ghcr.io:44", "ghcr.io:0443", "ghcr.io:+443", "ghcr.io:-443", "ghcr.io: 443",
	"ghcr.io :443", "ghcr.io:", "ghcr.io:/", "ghcr.io:https", "ghcr.io:443:443", "ghcr.io::443", "ghcr.io:443:", "ghcr.io:443 443",
	"https://ghcr.io:80", "https://ghcr.io:443:443/", ":443", "https://:443", "ghcr.io:443.evil.example", "ghcr.io:443@evil.example",
	"ghcr.io:４４３", "ghcr.io.:443", "ghcr.io:443.",

	// queries and fragments where the path should begin
	"ghcr.io?x", "ghcr.io#", "ghcr.io#x", "https://ghcr.io?service=ghcr.io", "https://ghcr.io#/", "ghcr.io?/", "?ghcr.io",
	"#ghcr.io", "evil.example?ghcr.io", "evil.example#ghcr.io", "ghcr.io?.evil.example", "ghcr.io#.evil.example", "ghcr.io&evil.example",

	// another host with ours in the path
	"evil.example/ghcr.io", "https://evil.example/ghcr.io", "evil.example/https://ghcr.io", "evil.example/@ghcr.io",
	"/ghcr.io", "./ghcr.io", "../ghcr.io", `evil.example\ghcr.io`, `ghcr.io\evil.example`, `\ghcr.io`, `\\ghcr.io`, "evil.example%2fghcr.io",

	// names around ours
	"evilghcr.io", "evil-ghcr.io", "ghcr.io.example.com", "ghcr.ioevil", "ghcr.io-evil", "ghcr.iox", "xghcr.io", "ghcr.i", "ghcr",
	"ghcr-io", "ghcrio", "ghcr.com", "ghcr.io.io", "ghcr.io.ghcr.io", "www.ghcr.io", "ghcr.io.github.com", "a.ghcr.io", "ghcr.org",
	"ghr.io", "ghrc.io", "gchr.io", "ghcr.lo", "ghcr.1o", "ghcr.i0", "ghcr,io", "ghcr..io", "-ghcr.io", "ghcr-.io", "ghcr_.io",
	"github.com", "api.github.com", "www.github.com", "pkg.github.com", "npm.pkg.github.com", "maven.pkg.github.com",
	"evil.docker.pkg.github.com", "dockerpkg.github.com", "docker-pkg.github.com",
	"pkg-containers.githubusercontent.com", "containers.pkg.github.com", "docker.github.com", "containers.github.com",
	"containers.ghcr.io", "docker.ghcr.io", "containers.docker.pkg.github.com", "containers.api.github.com", "docker.api.github.com",
	"containers.github.localhost", "docker.github.localhost", "containers.a.github.localhost", "github.localhost", "https://github.localhost/ghcr.io",

	// dots
	".ghcr.io", "ghcr.io.", "ghcr.io..", "..ghcr.io", "https://ghcr.io./", ".", "..", "...", "ghcr.", ".io", "ghcr. io", "ghcr .io",
	"ghcr。io", "ghcr．io", "ghcr｡io", "ghcr․io", "ghcr·io", "ghcr%2eio", "ghcr%2Eio", "ghcr\\.io", "containers..ghe.com",
	"containers.acme.ghe.com.", "containers.acme..ghe.com", ".containers.acme.ghe.com", "containers.acme。ghe.com", "containers.",
	"containers..", "containers..example.com", "containers.example..com", "containers.git.example.com.", "docker.", "docker..",

	// letters that look alike, or become ours in lower case or by Unicode's normal forms
	"ghсr.io", "ghcr.іo", "ɡhcr.io", "ghcr.ıo", "ghcr.İo", "GHCR.İO", "ｇｈｃｒ.ｉｏ", "ghcr.ℹo", "𝐠hcr.io", "ghcr.io\u0301", "g\u200bhcr.io",
	"ghcr.io\u200b", "\u202eghcr.io", "ghcr.io\u202e", "ghcr\u00ad.io", "ghcr.io\u2060", "\ufeffghcr.io", "ghc\u0327r.io",
	"doc\u212aer.pkg.github.com", "DOC\u212aER.PKG.GITHUB.COM", "docker.pkg.gıthub.com", "docker.pkg.gİthub.com",
	"contaİners.acme.ghe.com", "contaıners.acme.ghe.com", "containers.acme.ghe.com\u0307", "xn--ghcr-io", "xn--ghcr.io", "bücher.example",
	"containers.bücher.ghe.com", "ⓒontainers.acme.ghe.com", "ghcr.io\u0337",

	// bytes that are no part of a name
	"ghcr.io\x00", "\x00ghcr.io", "ghcr\x00.io", "ghcr.io\x00.evil.example", "ghcr.io\x1b[2J", "ghcr\n.io", "ghcr.io\nevil", "ghcr.io\r\nevil.example",
	"evil.example\nghcr.io", "ghcr.io\tevil", "ghcr.io evil.example", "ghcr.io\x7f", "ghcr.io\xff", "\xffghcr.io", "ghcr.io\xc0\xae", "ghcr\xc0\xaeio",
	"ghcr.io,evil.example", "ghcr.io;evil.example", "ghcr.io|evil.example", "ghcr.io`id`", "$(id)", "ghcr.io*", "*", "*.ghe.com", "ghcr.{io,com}",
	"ghcr.io'", `"ghcr.io"`, "<ghcr.io>", "[ghcr.io]", "(ghcr.io)", "ghcr.io=", "ghcr.io+", "ghcr.io~", "ghcr.io!", "ghcr.io^", "%67hcr.io",
	"ghcr%00.io", "ghcr.io%00", "ghcr.io%0a", "ghcr.io%20", "%ghcr.io",

	// bytes of that kind behind a slash
	"ghcr.io/\x00", "ghcr.io/a\nb", "ghcr.io/\r\nevil.example", "https://ghcr.io/\x1b[2J", "ghcr.io/a\tb",

	// addresses
	"[::1]", "[::1]:443", "https://[::1]", "::1", "[ghcr.io]:443", "[::ffff:7f00:1]", "0x7f.1", "2130706433", "[fe80::1%25ghcr.io]", "[]", "[ghcr.io",

	// GHE.com's own names, and names that are no tenant's
	"ghe.com", "acme.ghe.com", "api.acme.ghe.com", "containers.ghe.com", "docker.ghe.com", "docker.x.ghe.com", "docker.acme.ghe.com", "containers.a.b.ghe.com",
	"containers.api.acme.ghe.com", "containers.containers.acme.ghe.com", "docker.containers.acme.ghe.com", "containers.docker.acme.ghe.com",
	"containers.acme.ghe.com.evil.example:80", "containers.acmeghe.com:80", "xcontainers.acme.ghe.com", "container.acme.ghe.com",
	"containers-acme.ghe.com", "containers.-acme.ghe.com", "containers.acme-.ghe.com", "containers.ac_me.ghe.com", "containers.ac me.ghe.com",
	"containers.acme.ghe.com:80", "http://containers.acme.ghe.com", "containers." + strings.Repeat("a", 64) + ".ghe.com",
	"containers.*.ghe.com", "containers.%61.ghe.com",

	// no enterprise host
	"containers", "docker", "containers.example", "docker.example", "containers.localhost", "docker.localhost", "docker.io:443", "containers.com",
	"docker.com", "hub.docker.com", "xcontainers.git.example.com", "xdocker.git.example.com", "git.example.com", "https://git.example.com",
	"containers-git.example.com", "evil.containers.git.example.com", "ghcr.git.example.com", "registry.git.example.com",
	"http://containers.git.example.com", "containers.git.example.com:5000", "octocat@containers.git.example.com", "containers.git_example.com",
	"containers.-git.example.com", "docker.git-.example.com", "containers." + strings.Repeat("a", 64) + ".example.com",
	"containers." + strings.Repeat("a.", 122) + "com",
}

func TestAForeignRegistryIsForeignByItsNameAlone(t *testing.T) {
	t.Parallel()
	for _, serverURL := range foreign {
		registry, ok := ParseRegistry(serverURL, func(host string) bool {
			t.Errorf("%q: asked whether %q is configured", serverURL, host)
			return true
		})
		if ok || registry != (Registry{}) {
			t.Errorf("%q: got %v, %v", serverURL, registry, ok)
		}
	}
}

func TestAnEnterpriseRegistryIsForeignUntilItsVeryHostIsConfigured(t *testing.T) {
	t.Parallel()
	for serverURL, host := range map[string]string{
		"containers.example.com":              "example.com",
		"docker.example.com":                  "example.com",
		"https://containers.example.com/v2/":  "example.com",
		"CONTAINERS.EXAMPLE.COM":              "example.com",
		"containers.evil.git.example.com":     "evil.git.example.com",
		"containers.containers.example.com":   "containers.example.com",
		"docker.docker.example.com":           "docker.example.com",
		"containers.docker.io":                "docker.io",
		"containers.git.example.com.evil.net": "git.example.com.evil.net",
		"containers.acmeghe.com":              "acmeghe.com",
		"containers.evilgithub.com":           "evilgithub.com",
		"containers.evilghcr.io":              "evilghcr.io",
		"containers.github.com.evil.example":  "github.com.evil.example",
		"docker.acme.ghe.com.evil.example":    "acme.ghe.com.evil.example",
		"docker.pkg.github.com.evil.example":  "pkg.github.com.evil.example",
		"containers.acme.ghe.co":              "acme.ghe.co",
		"containers.192.0.2.1":                "192.0.2.1",
	} {
		configured, asked := asking(configuredHosts...)
		registry, ok := ParseRegistry(serverURL, configured)
		if ok || registry != (Registry{}) {
			t.Errorf("%q: got %v, %v", serverURL, registry, ok)
		}
		if !slices.Equal(*asked, []string{host}) {
			t.Errorf("%q: asked about %q, want %q once", serverURL, *asked, host)
		}
	}
}

func TestAHostNameMayBeAsLongAsDNSAllows(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat(strings.Repeat("a", 63)+".", 3) + strings.Repeat("a", 61)
	for name, want := range map[string]bool{
		longest:                 true,
		longest + "a":           false,
		longest[1:]:             true,
		"a":                     true,
		"0":                     true,
		"a-b":                   true,
		"a--b":                  true,
		strings.Repeat("a", 63): true,
		strings.Repeat("a", 64): false,
		"":                      false,
		"-":                     false,
		"A":                     false,
	} {
		if got := IsHostname(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestTheRegistryOfAHost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		host, name string
		ok         bool
	}{
		{"github.com", "ghcr.io", true},
		{"acme.ghe.com", "containers.acme.ghe.com", true},
		{"git.example.com", "containers.git.example.com", true},
		{"localhost", "", false},
		{"github.localhost", "", false},
		{"ghe.com", "", false},
		{"a.b.ghe.com", "", false},
		{"ghcr.io", "", false},
		{"api.github.com", "", false},
		{"evil example", "", false},
		{"", "", false},
	} {
		name, ok := RegistryOf(test.host)
		if ok != test.ok || ok && name != test.name {
			t.Errorf("%q: got %q, %v", test.host, name, ok)
		}
		if !ok {
			continue
		}
		if r, ok := ParseRegistry(name, func(string) bool { return true }); !ok || r != (Registry{name, test.host}) {
			t.Errorf("the registry %s leads to %v, %v", name, r, ok)
		}
	}
}

// FuzzRegistry holds any server URL to law L1: what is accepted is one of GitHub's
// registries and leads to its own host, whoever wrote the name.
func FuzzRegistry(f *testing.F) {
	for _, serverURL := range foreign {
		f.Add(serverURL)
	}
	for _, serverURL := range []string{
		"ghcr.io", "https://GHCR.io:443/v2/", "docker.pkg.github.com", "containers.acme.ghe.com",
		"containers.git.example.com", "https://docker.git.example.com/a", "containers.no.example.com",
	} {
		f.Add(serverURL)
	}
	f.Fuzz(func(t *testing.T, serverURL string) {
		// Half of the hosts are configured.
		isConfigured := func(host string) bool { return len(host)%2 == 1 }
		var asked []string
		registry, ok := ParseRegistry(serverURL, func(host string) bool {
			asked = append(asked, host)
			return isConfigured(host)
		})
		own := registry.Host == "github.com" && (registry.Name == "ghcr.io" || registry.Name == "docker.pkg.github.com")
		sub, isGHE := strings.CutSuffix(registry.Host, ".ghe.com")
		tenant := isGHE && sub != "" && !strings.Contains(sub, ".") && registry.Name == "containers."+registry.Host
		switch {
		case !ok && registry != (Registry{}):
			t.Errorf("refused, but named %v", registry)
		case !ok && len(asked) == 1 && isConfigured(asked[0]):
			t.Errorf("refused, though %q is configured", asked[0])
		case !ok:
		case own || tenant:
			if len(asked) > 0 {
				t.Errorf("asked about %q, though the name decides", asked)
			}
		default:
			if !slices.Equal(asked, []string{registry.Host}) || !isConfigured(registry.Host) {
				t.Errorf("accepted %v after asking about %q", registry, asked)
			}
			if registry.Name != "containers."+registry.Host && registry.Name != "docker."+registry.Host {
				t.Errorf("%q is no registry of %q", registry.Name, registry.Host)
			}
		}
		for _, host := range asked {
			for _, domain := range []string{"github.com", "ghe.com", "ghcr.io", "github.localhost"} {
				if host == domain || strings.HasSuffix(host, "."+domain) {
					t.Errorf("asked about %q, though the name decides", host)
				}
			}
			if !IsHostname(host) || !strings.Contains(host, ".") {
				t.Errorf("asked about %q, which is no host", host)
			}
		}
		if !ok {
			return
		}
		// A name that only becomes one of ours by Unicode's rules is another's.
		plain := strings.TrimPrefix(asciiLower(strings.TrimSpace(serverURL)), "https://")
		if !strings.HasPrefix(plain, registry.Name) {
			t.Errorf("%q is not %q", serverURL, registry.Name)
		}
		if strings.ContainsFunc(strings.TrimSpace(serverURL), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q holds a control character", serverURL)
		}
		for _, again := range []string{registry.Name, "https://" + registry.Name, registry.Name + ":443", registry.Name + "/x"} {
			if r, ok := ParseRegistry(again, isConfigured); !ok || r != registry {
				t.Errorf("%q gave %v, and %q gives %v, %v", serverURL, registry, again, r, ok)
			}
		}
	})
}

// asciiLower is lower case as far as ASCII knows it.
func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

func TestWhatAPersonMayCallARegistry(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, registry, host string
	}{
		{"ghcr.io", "ghcr.io", "github.com"},
		{"GHCR.IO", "ghcr.io", "github.com"},
		{"https://ghcr.io/", "ghcr.io", "github.com"},
		{"github.com", "ghcr.io", "github.com"},
		{"https://github.com", "ghcr.io", "github.com"},
		{"docker.pkg.github.com", "docker.pkg.github.com", "github.com"},
		{"acme.ghe.com", "containers.acme.ghe.com", "acme.ghe.com"},
		{"containers.acme.ghe.com", "containers.acme.ghe.com", "acme.ghe.com"},
		{"git.example.com", "containers.git.example.com", "git.example.com"},
		{"containers.git.example.com", "containers.git.example.com", "git.example.com"},
		{"docker.git.example.com", "docker.git.example.com", "git.example.com"},
		{"localhost", "", ""},
		{"ghe.com", "", ""},
		{"api.github.com", "", ""},
		{"http://ghcr.io", "", ""},
		{"octocat@github.com", "", ""},
		{"ghcr.İo", "", ""},
		{"", "", ""},
	} {
		registry, ok := RegistryNamed(test.name)
		if registry != test.registry && ok || ok != (test.registry != "") {
			t.Errorf("%q is called %q, %v", test.name, registry, ok)
		}
		if got := HostNamed(test.registry); got != test.host {
			t.Errorf("%q belongs to %q, want %q", test.registry, got, test.host)
		}
	}
}

// addressesWithPasswords are server URLs that are not GitHub's, and what may
// be shown of them.
var addressesWithPasswords = map[string]string{
	"https://octocat:ghp_" + canary + "@ghcr.io":            "ghcr.io",
	"https://ghp_" + canary + "@ghcr.io/v2/":                "ghcr.io",
	"octocat:" + canary + "@ghcr.io":                        "ghcr.io",
	" HTTPS://octocat:" + canary + "@registry.example:5000": "registry.example:5000",
	"https://octocat:a@b@" + canary + "@ghcr.io/octocat":    "ghcr.io",
	"https://registry.example/?token=" + canary:             "registry.example",
	"https://registry.example/" + canary:                    "registry.example",
	"ftp://:" + canary + "@ghcr.io":                         "ghcr.io",
}

func TestWhatIsShownOfAnAddress(t *testing.T) {
	t.Parallel()
	for serverURL, want := range addressesWithPasswords {
		if got := ShownURL(serverURL); got != want {
			t.Errorf("%q is shown as %q, want %q", serverURL, got, want)
		}
	}
	for serverURL, want := range map[string]string{
		"":                            "",
		"docker.io":                   "docker.io",
		"https://index.docker.io/v1/": "index.docker.io",
		"evil\x1b[2J.example\nx":      "evil[2J.example x",
		"@":                           "",
		"://":                         "",
	} {
		if got := ShownURL(serverURL); got != want {
			t.Errorf("%q is shown as %q, want %q", serverURL, got, want)
		}
	}
}
