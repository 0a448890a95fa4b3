// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/southbound"
)

// TestAHungWireGuardIsReplaced stops a tunnel's process and wants it known as
// not usable, taken away and a new one in its place.
func TestAHungWireGuardIsReplaced(t *testing.T) {
	t.Parallel()
	wireguard := buildWireGuard(t)
	name, nl := newNamespace(t, "hung")
	r := newRealiser(t, name, wireguard)
	r.kind = userspace
	tun := fmt.Sprintf("s2h%d", os.Getpid()%1000000)
	t.Cleanup(func() { // what a failed test leaves
		if l, err := nl.LinkByName(tun); err == nil {
			_ = nl.LinkDel(l)
		}
	})
	work := func() *work {
		w := r.newWork(t.Context(), gateway.Desired{Config: southbound.DeviceConfig{VRFs: []southbound.VRF{{
			Name: "red", Tunnels: []southbound.Tunnel{{Name: tun, ListenPort: 51820}},
		}}}})
		must(t, w.readLinks())
		return w
	}
	w := work()
	made, err := w.make(w.tunnelLink(tun), "s2cd:1:x", func() error { return w.startEngine(tun) })
	must(t, err)
	w = work()
	if !w.usable(w.links[tun]) {
		t.Fatal("a tunnel that answers is not usable")
	}
	must(t, w.removeUnwanted())
	if w.links[tun] == nil || w.links[tun].Attrs().Index != made.Attrs().Index {
		t.Fatal("a tunnel that answers is removed")
	}
	c := w.child(made)
	must(t, unix.PidfdSendSignal(c.pidfd, unix.SIGSTOP, nil, 0))
	awaitStop(t, c.pidfd)
	c.close()
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, first := w.device(short, tun)
	_, second := w.device(short, tun)
	if first == nil || second == nil || !strings.Contains(second.Error(), "the call before") {
		t.Errorf("calls to a stopped process: %v; %v", first, second)
	}
	must(t, w.removeUnwanted())
	if _, err := nl.LinkByName(tun); err == nil {
		t.Error("the hung tunnel is left")
	}
	w = work()
	_, err = w.make(w.tunnelLink(tun), "s2cd:1:x", func() error { return w.startEngine(tun) })
	must(t, err)
	if _, err := w.device(t.Context(), tun); err != nil {
		t.Errorf("the new one: %v", err)
	}
	w.want.Config.VRFs = nil
	must(t, w.removeUnwanted())
}

// awaitStop waits until all threads of a process that was told to stop have:
// on a busy machine they answer for a while.
func awaitStop(t *testing.T, pidfd int) {
	t.Helper()
	info, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", pidfd))
	must(t, err)
	_, pid, ok := strings.Cut(string(info), "Pid:\t")
	if !ok {
		t.Fatalf("no process id in %q", info)
	}
	pid, _, _ = strings.Cut(pid, "\n")
	for !stopped(t, pid) {
		if t.Context().Err() != nil {
			t.Fatal("the process does not stop")
		}
		runtime.Gosched()
	}
}

func stopped(t *testing.T, pid string) bool {
	t.Helper()
	threads, err := filepath.Glob("/proc/" + pid + "/task/*/stat")
	must(t, err)
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		must(t, err)
		if !strings.Contains(string(stat), ") T ") {
			return false
		}
	}
	return len(threads) > 0
}

func TestPing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer string
		good   bool
	}{
		"whole":     {"private_key=00\nerrno=0\n\n", true},
		"cut off":   {"private_key=00\n", false},
		"no answer": {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "s")
			l, err := net.Listen("unix", path)
			must(t, err)
			defer func() { _ = l.Close() }()
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				b := make([]byte, 16)
				n, _ := c.Read(b)
				if string(b[:n]) == "get=1\n\n" {
					_, _ = c.Write([]byte(tc.answer))
				}
				_ = c.Close()
			}()
			if err := ping(t.Context(), path); (err == nil) != tc.good {
				t.Errorf("%v, want good %v", err, tc.good)
			}
		})
	}
}
