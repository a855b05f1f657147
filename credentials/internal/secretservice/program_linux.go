// Package secretservice tells which program keeps the secrets on the session bus: each
// is unlocked in another way.
package secretservice

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// limit is how long the bus is waited for.
const limit = time.Second

// Program is the name of the program that owns the Secret Service, as the kernel shows
// it, which is at most 15 bytes of it. "" if it cannot be told. It asks the session bus,
// so a caller makes sure that there is one.
func Program() string {
	done := make(chan string, 1)
	go func() {
		defer func() {
			if recover() != nil { // the bus died
				done <- ""
			}
		}()
		done <- program()
	}()
	select {
	case name := <-done:
		return name
	case <-time.After(limit):
		return ""
	}
}

func program() string {
	bus, err := dbus.SessionBus()
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var id uint32
	call := bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetConnectionUnixProcessID", 0, "org.freedesktop.secrets")
	if call.Store(&id) != nil {
		return ""
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", id))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}
