package shell

import "testing"

func TestCommandLinesAreThoseOfTheSystem(t *testing.T) {
	t.Parallel()
	hiding := []string{"GH_TOKEN", "GITHUB_TOKEN"}
	for _, test := range []struct{ got, want string }{
		{Shell("linux").Unlock(), "gnome-keyring-daemon --replace --unlock --components=secrets"},
		{Shell("freebsd").Unlock(), "gnome-keyring-daemon --replace --unlock --components=secrets"},
		{Shell("darwin").Unlock(), "security unlock-keychain"},
		{Shell("windows").Unlock(), "control /name Microsoft.CredentialManager"},
		{Shell("linux").Unset("GH_TOKEN"), "unset GH_TOKEN"},
		{Shell("darwin").Unset("GH_TOKEN"), "unset GH_TOKEN"},
		{Shell("windows").Unset("GH_TOKEN"), "Remove-Item Env:GH_TOKEN"},
		{Shell("freebsd").Set("GHCR_SCOPE", "read:packages"), "export GHCR_SCOPE=read:packages"},
		{Shell("windows").Set("GHCR_SCOPE", "read:packages"), "$env:GHCR_SCOPE = 'read:packages'"},
		{Shell("darwin").Without(nil, "gh"), "gh"},
		{Shell("windows").Without(nil, "gh"), "gh"},
		{Shell("darwin").Without(hiding, "gh"), "env -u GH_TOKEN -u GITHUB_TOKEN gh"},
		{Shell("windows").Without(hiding, "gh"), "$env:GH_TOKEN=''; $env:GITHUB_TOKEN=''; gh"},
		{Shell("darwin").InTurn("a", "b"), "a && b"},
		{Shell("windows").InTurn("a", "b"), "a; if ($?) { b }"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
