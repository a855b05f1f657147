package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/docker-credential-ghcr/docker-credential-ghcr/cmd/e2e/stage"
)

// A link is a network interface whose packets take their time. Unlike a relay it
// delays TCP's handshake too.
type link struct {
	file  *os.File
	delay atomic.Int64 // nanoseconds, there and back
}

// What this machine sends from here to there comes back to it as if 10.2.10.1 had
// sent it, and its answer as if it came from there. The two differ in the order of
// their halves only, so one takes the other's place and no checksum changes.
var (
	here  = net.IPv4(10, 1, 1, 10).To4()
	there = net.IPv4(10, 1, 10, 2).To4()
)

func newLink() (*link, error) {
	file, err := tunnel("slow0")
	if err != nil {
		return nil, fmt.Errorf("a network interface of our own, which takes /dev/net/tun: %w", err)
	}
	return &link{file: file}, nil
}

// use has api.github.com be at the link's far end.
func (l *link) use() error {
	go l.carry()
	listener, err := net.Listen("tcp", net.JoinHostPort(here.String(), "443"))
	if err != nil {
		return err
	}
	go relay(listener)
	hosts := strings.Replace(stage.Hosts(), " api.github.com ", " ", 1) + there.String() + " api.github.com\n"
	return os.WriteFile("/etc/hosts", []byte(hosts), 0o644)
}

func (l *link) close() error { return l.file.Close() }

// carry takes each packet to the other end, half a round trip later.
func (l *link) carry() {
	type sent struct {
		packet []byte
		due    time.Time
	}
	underWay := make(chan sent, 1024)
	defer close(underWay)
	go func() {
		for s := range underWay {
			time.Sleep(time.Until(s.due))
			_, _ = l.file.Write(s.packet)
		}
	}()
	packet := make([]byte, 1<<16)
	for {
		n, err := l.file.Read(packet)
		if err != nil {
			return
		}
		if turnRound(packet[:n]) {
			underWay <- sent{slices.Clone(packet[:n]), time.Now().Add(time.Duration(l.delay.Load()) / 2)}
		}
	}
}

// turnRound makes of an IPv4 packet to the one end one that comes from the other
// (RFC 791, section 3.1). It refuses all other packets.
func turnRound(packet []byte) bool {
	if len(packet) < 20 || packet[0]>>4 != 4 {
		return false
	}
	from, to := packet[12:16], packet[16:20]
	other := []byte{to[2], to[3], to[0], to[1]}
	copy(to, from)
	copy(from, other)
	return true
}

// tunnel is a network interface whose other side is a file, see
// https://docs.kernel.org/networking/tuntap.html
func tunnel(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return nil, err
	}
	for _, step := range []struct {
		fd  int
		do  uint
		set func()
	}{
		{fd, unix.TUNSETIFF, func() { request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI) }},
		{socket, unix.SIOCSIFADDR, func() { _ = request.SetInet4Addr(here) }},
		{socket, unix.SIOCSIFNETMASK, func() { _ = request.SetInet4Addr(net.CIDRMask(8, 32)) }},
		{socket, unix.SIOCSIFFLAGS, func() { request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING) }},
	} {
		step.set()
		if err := unix.IoctlIfreq(step.fd, step.do, request); err != nil {
			return nil, err
		}
	}
	// Not sooner: before it is a tunnel, the file cannot be waited for.
	return os.NewFile(uintptr(fd), name), nil
}

// relay takes connections on to the stage.
func relay(listener net.Listener) {
	for {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer from.Close()
			to, err := net.Dial("tcp", "127.0.0.1:443")
			if err != nil {
				return
			}
			defer to.Close()
			go func() {
				_, _ = io.Copy(to, from)
				_ = to.(*net.TCPConn).CloseWrite()
			}()
			_, _ = io.Copy(from, to)
		}()
	}
}
