package credentials

import (
	"runtime"
	"strings"
)

// shell speaks the command language of a system, which bears the system's name in
// runtime.GOOS. That of Windows is PowerShell's.
type shell string

const ourShell = shell(runtime.GOOS)

// unlock unlocks the keyring. GNOME's asks for its password on the terminal, so it
// serves over ssh too.
func (s shell) unlock() string {
	switch s {
	case "darwin":
		return "security unlock-keychain"
	case "windows":
		return "control /name Microsoft.CredentialManager"
	}
	return "gnome-keyring-daemon --replace --unlock --components=secrets"
}

// without runs a command without some variables.
func (s shell) without(names []string, command string) string {
	if len(names) == 0 {
		return command
	}
	if s == "windows" {
		return "$env:" + strings.Join(names, "=''; $env:") + "=''; " + command
	}
	return "env -u " + strings.Join(names, " -u ") + " " + command
}

// inTurn runs a second command if the first one succeeds. The PowerShell that
// comes with Windows does not know &&.
func (s shell) inTurn(first, second string) string {
	if s == "windows" {
		return first + "; if ($?) { " + second + " }"
	}
	return first + " && " + second
}

// unset removes a variable.
func (s shell) unset(name string) string {
	if s == "windows" {
		return "Remove-Item Env:" + name
	}
	return "unset " + name
}
