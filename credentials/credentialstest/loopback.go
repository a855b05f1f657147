package credentialstest

import (
	"net"
	"os"
	"runtime"
	"testing"
)

// NeedLoopback skips a test that connects to this machine by TCP where that is not
// possible: in a new network namespace, for example, loopback is down. In CI on Linux
// the test fails instead.
func NeedLoopback(t testing.TB) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		defer listener.Close()
		var conn net.Conn
		if conn, err = net.Dial("tcp", listener.Addr().String()); err == nil {
			_ = conn.Close()
			return
		}
	}
	if os.Getenv("CI") == "true" && runtime.GOOS == "linux" {
		t.Fatalf("loopback: %v", err)
	}
	t.Skipf("loopback is down: %v; on Linux run: ip link set lo up", err)
}
