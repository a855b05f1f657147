package credentials

import "testing"

func TestCommandLinesAreThoseOfTheSystem(t *testing.T) {
	t.Parallel()
	hiding := []string{"GH_TOKEN", "GITHUB_TOKEN"}
	for _, test := range []struct{ got, want string }{
		{shell("linux").unlock(), "gnome-keyring-daemon --replace --unlock --components=secrets"},
		{shell("freebsd").unlock(), "gnome-keyring-daemon --replace --unlock --components=secrets"},
		{shell("darwin").unlock(), "security unlock-keychain"},
		{shell("windows").unlock(), "control /name Microsoft.CredentialManager"},
		{shell("linux").unset("GH_TOKEN"), "unset GH_TOKEN"},
		{shell("darwin").unset("GH_TOKEN"), "unset GH_TOKEN"},
		{shell("windows").unset("GH_TOKEN"), "Remove-Item Env:GH_TOKEN"},
		{shell("darwin").without(nil, "gh"), "gh"},
		{shell("windows").without(nil, "gh"), "gh"},
		{shell("darwin").without(hiding, "gh"), "env -u GH_TOKEN -u GITHUB_TOKEN gh"},
		{shell("windows").without(hiding, "gh"), "$env:GH_TOKEN=''; $env:GITHUB_TOKEN=''; gh"},
		{shell("darwin").inTurn("a", "b"), "a && b"},
		{shell("windows").inTurn("a", "b"), "a; if ($?) { b }"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
