package credentials

import (
	"runtime"
	"strings"
)

// Command lines that differ from system to system. On Windows they are
// PowerShell's.

// unlockCommand unlocks the keyring. GNOME's asks for its password on the
// terminal, so it serves over ssh too.
func unlockCommand() string {
	switch runtime.GOOS {
	case "darwin":
		return "security unlock-keychain"
	case "windows":
		return "control /name Microsoft.CredentialManager"
	}
	return "gnome-keyring-daemon --replace --unlock --components=secrets"
}

// withoutVariables runs a command without some variables.
func withoutVariables(names []string, command string) string {
	if len(names) == 0 {
		return command
	}
	if runtime.GOOS == "windows" {
		return "$env:" + strings.Join(names, "=''; $env:") + "=''; " + command
	}
	return "env -u " + strings.Join(names, " -u ") + " " + command
}

// unsetCommand removes a variable from the shell.
func unsetCommand(name string) string {
	if runtime.GOOS == "windows" {
		return "Remove-Item Env:" + name
	}
	return "unset " + name
}
