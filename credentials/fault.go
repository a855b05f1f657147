package credentials

// Fault is what is wrong with a candidate. The zero value is nothing.
type Fault string

// The faults. How to fix each is in fix.go.
const (
	// Rejected: GitHub says that the token is wrong, expired or revoked, or that
	// its account is suspended.
	Rejected Fault = "rejected"
	// LacksScope: the token works but may not do what is required.
	LacksScope Fault = "lacks-scope"
	// WrongKind: GitHub Packages does not accept tokens of this kind.
	WrongKind Fault = "wrong-kind"
	// Missing: something says that there is a token here, and there is none.
	Missing Fault = "missing"
	// Locked: the keyring is locked.
	Locked Fault = "locked"
	// Timeout: the keyring, or another program that keeps the token, did not answer in
	// time.
	Timeout Fault = "timeout"
	// NoKeyring: no keyring can be reached, though a token should be in one.
	NoKeyring Fault = "no-keyring"
	// Broken: a file, a variable or the keyring could not be read.
	Broken Fault = "broken"
	// OtherOwner: another user could have written the file, so it is not believed.
	OtherOwner Fault = "other-owner"
	// Unreachable: neither the API nor the registry could say.
	Unreachable Fault = "unreachable"
)

// Fix says how to fix a fault. Exactly one of its fields is set.
type Fix struct {
	// Command is a command line to paste.
	Command string `json:"command,omitempty"`
	// Advice says in a sentence what to do where no command does it.
	Advice string `json:"advice,omitempty"`
}

func (f Fix) String() string {
	if f.Command != "" {
		return "run: " + f.Command
	}
	return f.Advice
}
