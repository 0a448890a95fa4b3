// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// localPriority is where the rule for local addresses moves: behind the VRFs'
// rule (1000), before the main table's (32766).
const localPriority = 32765

// host prepares what the namespace as a whole needs. As the kernel comes, the
// host's own addresses win over a VRF's routes, so a customer with the same
// addresses would end at the gateway; the kernel's VRF manual moves that rule.
func (w *work) host() error {
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		if err := w.moveLocalRule(family, localPriority); err != nil {
			return fmt.Errorf("rule for local addresses: %w", err)
		}
	}
	if w.usesIPv6() {
		return w.forwardIPv6()
	}
	return nil
}

// moveLocalRule puts the rule that looks up the local table at priority: the
// new one first, so that there is always one.
func (r *Realiser) moveLocalRule(family, priority int) error {
	rules, err := again(func() ([]netlink.Rule, error) { return r.nl.RuleList(family) })
	if err != nil {
		return fmt.Errorf("list rules: %w", err)
	}
	have := false
	var old []netlink.Rule
	for _, rule := range rules {
		if rule.Table != unix.RT_TABLE_LOCAL {
			continue
		}
		switch {
		// The library lists priority 0 as its "unset" value.
		case max(rule.Priority, 0) == priority:
			have = true
		case max(rule.Priority, 0) == 0 || rule.Protocol == routeProtocol:
			old = append(old, rule)
		}
	}
	if !have {
		rule := netlink.NewRule()
		rule.Family, rule.Table, rule.Priority = family, unix.RT_TABLE_LOCAL, priority
		if priority == localPriority {
			rule.Protocol = routeProtocol
		}
		if err := r.nl.RuleAdd(rule); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("add rule %d: %w", priority, err)
		}
	}
	for _, rule := range old {
		rule.Family, rule.Priority = family, max(rule.Priority, 0)
		if err := r.nl.RuleDel(&rule); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("remove rule %d: %w", rule.Priority, err)
		}
	}
	return nil
}

func (w *work) usesIPv6() bool {
	six := func(list []netip.Prefix) bool {
		for _, p := range list {
			if p.Addr().Is6() {
				return true
			}
		}
		return false
	}
	for _, v := range w.want.Config.VRFs {
		for _, a := range v.Attachments {
			if six(a.Addresses) {
				return true
			}
		}
		for _, t := range v.Tunnels {
			if six(t.Addresses) || six(t.Peer.AllowedIPs) {
				return true
			}
		}
	}
	return false
}

const sysctlRoot = "/proc/sys/net"

// forwardIPv6 switches the namespace to forwarding, which IPv6 has for all
// devices at once only. Devices that learn from router advertisements go on
// doing so (accept_ra 2): forwarding alone would stop them. The former values
// are kept for Purge.
func (w *work) forwardIPv6() error {
	return w.ns.do(func() error {
		all := filepath.Join(sysctlRoot, "ipv6/conf/all/forwarding")
		if v, err := readSysctl(all); err != nil || v == "1" {
			return err
		}
		learning, err := w.learning()
		if err != nil {
			return err
		}
		list, err := filepath.Glob(filepath.Join(sysctlRoot, "ipv6/conf/*/forwarding"))
		if err != nil {
			return fmt.Errorf("list devices: %w", err)
		}
		if err := w.remember(append(list, learning...)); err != nil {
			return err
		}
		for _, f := range learning {
			if err := writeSysctl(f, "2"); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return writeSysctl(all, "1")
	})
}

// learning lists the setting of every device that learns from router
// advertisements as long as it does not forward.
func (w *work) learning() ([]string, error) {
	list, err := filepath.Glob(filepath.Join(sysctlRoot, "ipv6/conf/*/accept_ra"))
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", err)
	}
	return slices.DeleteFunc(list, func(f string) bool {
		v, err := readSysctl(f)
		return err != nil || v != "1"
	}), nil
}

// deviceSysctls lets one of our devices forward. The host's others stay as
// they are: forwarding is asked of the VRF and its members alone. Reverse
// path filtering is loose, WireGuard and the edge check sources already.
func (w *work) deviceSysctls(name string) error {
	want := []struct{ file, value string }{
		{"ipv4/conf/" + name + "/forwarding", "1"},
		{"ipv4/conf/" + name + "/rp_filter", "2"},
		{"ipv4/conf/" + name + "/accept_redirects", "0"},
		{"ipv4/conf/" + name + "/send_redirects", "0"},
		{"ipv6/conf/" + name + "/accept_ra", "0"},
		{"ipv6/conf/" + name + "/accept_redirects", "0"},
		{"ipv6/conf/" + name + "/forwarding", "1"},
	}
	return w.ns.do(func() error {
		for _, s := range want {
			path := filepath.Join(sysctlRoot, s.file)
			have, err := readSysctl(path)
			if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(s.file, "ipv6/") {
				continue // a kernel without IPv6
			}
			if err != nil {
				return err
			}
			if have == s.value {
				continue
			}
			if err := writeSysctl(path, s.value); err != nil {
				return err
			}
		}
		return nil
	})
}

func readSysctl(path string) (string, error) {
	b, err := os.ReadFile(path) //nolint:gosec // below /proc/sys
	if err != nil {
		return "", fmt.Errorf("sysctl: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

func writeSysctl(path, value string) error {
	if err := os.WriteFile(path, []byte(value), 0); err != nil {
		return fmt.Errorf("sysctl: %w", err)
	}
	return nil
}
