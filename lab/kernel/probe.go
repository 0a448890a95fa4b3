// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Probe says whether this kernel can run the lab by doing it: it makes a VRF,
// a queue with netem and looks for MPLS in a network namespace that is thrown
// away. It tries to load the modules first, which needs root.
func Probe() error {
	if modprobe, err := exec.LookPath("modprobe"); err == nil {
		for _, m := range Modules {
			_ = exec.Command(modprobe, "-q", m).Run() //nolint:noctx // short; what is missing shows below
		}
	}
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and the
		// namespace with it.
		runtime.LockOSThread()
		done <- probeHere()
	}()
	return <-done
}

func probeHere() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("make network namespace: %w", err)
	}
	vrf := &netlink.Vrf{LinkAttrs: netlink.LinkAttrs{Name: "probe"}, Table: 10}
	if err := netlink.LinkAdd(vrf); err != nil {
		return fmt.Errorf("make vrf device: %w", err)
	}
	if _, err := os.Stat("/proc/sys/net/mpls/platform_labels"); err != nil {
		return fmt.Errorf("find MPLS: %w", err)
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	q := netlink.NewNetem(netlink.QdiscAttrs{LinkIndex: lo.Attrs().Index, Parent: netlink.HANDLE_ROOT}, netlink.NetemQdiscAttrs{Latency: 1000})
	if err := netlink.QdiscAdd(q); err != nil {
		return fmt.Errorf("make netem queue: %w", err)
	}
	return nil
}
