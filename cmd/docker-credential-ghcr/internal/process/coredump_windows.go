package process

// DisableCoreDumps has nothing to do: Windows writes none unless an administrator asks
// for them.
func DisableCoreDumps() {}
