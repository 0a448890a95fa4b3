// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/southbound"
)

// markPrefix begins the alias of every link that is ours.
const markPrefix = "s2cd:"

func markOf(m southbound.Mark) string { return fmt.Sprintf("%s%d:%s", markPrefix, m.Epoch, m.VPN) }

func ours(l netlink.Link) bool { return strings.HasPrefix(l.Attrs().Alias, markPrefix) }

// again repeats a dump that the kernel says was interrupted by a change.
func again[T any](f func() (T, error)) (T, error) {
	v, err := f()
	for i := 0; i < 10 && errors.Is(err, netlink.ErrDumpInterrupted); i++ {
		v, err = f()
	}
	return v, err
}

func (w *work) readLinks() error {
	list, err := again(w.nl.LinkList)
	if err != nil {
		return fmt.Errorf("list links: %w", err)
	}
	w.links = make(map[string]netlink.Link, len(list))
	for _, l := range list {
		w.links[l.Attrs().Name] = l
	}
	return nil
}

// removeUnwanted removes links that are ours and not wanted, or not of the
// wanted kind. Tunnels and VLANs go before the VRF they are in; where one of
// them cannot go, the VRF stays around it: outside it would be in the host's
// own tables.
func (w *work) removeUnwanted() error {
	keep := w.wanted()
	var gone []netlink.Link
	for name, l := range w.links {
		if !ours(l) && !w.making(name) {
			continue
		}
		if fits, ok := keep[name]; ok && fits(l) {
			continue
		}
		gone = append(gone, l)
	}
	slices.SortFunc(gone, func(a, b netlink.Link) int {
		return rank(a) - rank(b)
	})
	holds := make(map[int]string) // index of a VRF device -> a member that does not go
	var faults []error
	for _, l := range gone {
		a := l.Attrs()
		w.cfg.Log.Info("remove link", "link", a.Name, "kind", l.Type())
		vrf := w.vrfOf(l)
		var err error
		if member := holds[a.Index]; member != "" {
			err = fmt.Errorf("%s is still in it", member)
		} else {
			err = w.remove(l)
		}
		if err != nil {
			w.stuck[a.Name] = true
			holds[a.MasterIndex] = a.Name
			faults = append(faults, &gateway.ObjectError{VRF: vrf, Object: "vrf " + vrf + " remove link " + a.Name, Err: err})
			continue
		}
		delete(w.links, a.Name)
	}
	return errors.Join(faults...)
}

// vrfOf names the VRF that a link of ours is in; one that is in none stands
// for itself.
func (w *work) vrfOf(l netlink.Link) string {
	for _, m := range w.links {
		if i := l.Attrs().MasterIndex; i != 0 && m.Attrs().Index == i {
			return m.Attrs().Name
		}
	}
	return l.Attrs().Name
}

// replaceable refuses to work with a link that should have made room.
func (w *work) replaceable(name string) error {
	if w.stuck[name] {
		return fmt.Errorf("the former device %s cannot be removed", name)
	}
	return nil
}

func rank(l netlink.Link) int {
	if l.Type() == "vrf" {
		return 1
	}
	return 0
}

// wanted returns for every wanted link the test whether an existing one can be adopted.
func (w *work) wanted() map[string]func(netlink.Link) bool {
	keep := make(map[string]func(netlink.Link) bool)
	for _, v := range w.want.Config.VRFs {
		keep[v.Name] = func(l netlink.Link) bool {
			x, ok := l.(*netlink.Vrf)
			return ok && int(x.Table) >= w.cfg.FirstTable && int(x.Table) <= w.cfg.LastTable
		}
		for _, a := range v.Attachments {
			keep[VLANName(a.Port, a.VLAN)] = func(l netlink.Link) bool {
				x, ok := l.(*netlink.Vlan)
				port := w.links[a.Port]
				return ok && x.VlanId == int(a.VLAN) && port != nil && x.ParentIndex == port.Attrs().Index
			}
		}
		for _, t := range v.Tunnels {
			keep[t.Name] = w.usable
		}
	}
	return keep
}

// remove takes a link away and ends the process behind it.
func (w *work) remove(l netlink.Link) error {
	child := w.child(l)
	defer child.close()
	err := w.nl.LinkDel(l)
	if err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("delete: %w", err)
	}
	delete(w.endpoints, l.Attrs().Name)
	return child.end(w.ctx)
}

// VLANName is the device name of an attachment. Names that are too long for
// Linux keep their VLAN and a sum of the port's name.
func VLANName(port string, vlan uint16) string {
	name := fmt.Sprintf("%s.%d", port, vlan)
	if len(name) < unix.IFNAMSIZ {
		return name
	}
	return fmt.Sprintf("v%08x.%d", sum(port), vlan)
}

func sum(s string) uint32 {
	h := uint32(2166136261) // FNV-1a
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// make adds a link and marks it. The journal holds its name in between: an
// agent that dies there still knows the unmarked link as its own.
func (w *work) make(l netlink.Link, alias string, add func() error) (netlink.Link, error) {
	name := l.Attrs().Name
	if other := w.links[name]; other != nil && !w.making(name) {
		return nil, fmt.Errorf("a %s device named %s is there and not ours", other.Type(), name)
	}
	entry := filepath.Join(w.cfg.Folder, "making", name)
	if err := os.WriteFile(entry, nil, 0o600); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if w.links[name] == nil {
		if err := add(); err != nil {
			return nil, w.forget(name, entry, err)
		}
	}
	made, err := w.nl.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("read back: %w", err)
	}
	if err := w.nl.LinkSetAlias(made, alias); err != nil {
		return nil, fmt.Errorf("mark: %w", err)
	}
	made.Attrs().Alias = alias
	if err := os.Remove(entry); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	w.links[name] = made
	w.cfg.Log.Info("made link", "link", name, "kind", made.Type())
	return made, nil
}

// forget takes the entry of a link that was not made out of the journal: a link
// of that name that somebody makes later, or was quicker with, is not ours. One
// that is half made keeps it.
func (w *work) forget(name, entry string, err error) error {
	var missing netlink.LinkNotFoundError
	_, there := w.nl.LinkByName(name)
	if !errors.Is(err, unix.EEXIST) && !errors.As(there, &missing) {
		return err
	}
	if rm := os.Remove(entry); rm != nil {
		return fmt.Errorf("%w; journal: %w", err, rm)
	}
	return err
}

// making reports whether a link's creation was begun and not finished.
func (w *work) making(name string) bool {
	_, err := os.Stat(filepath.Join(w.cfg.Folder, "making", name))
	return err == nil
}

func (w *work) vrfDevice(v southbound.VRF) (netlink.Link, error) {
	if err := w.replaceable(v.Name); err != nil {
		return nil, err
	}
	alias := markOf(v.Mark)
	l := w.links[v.Name]
	if l == nil || !ours(l) {
		table, err := w.freeTable()
		if err != nil {
			return nil, err
		}
		dev := &netlink.Vrf{LinkAttrs: probeAttrs(v.Name), Table: uint32(table)} //nolint:gosec // in the configured range
		if l, err = w.make(dev, alias, func() error { return w.nl.LinkAdd(dev) }); err != nil {
			return nil, err
		}
	}
	if l.Attrs().Alias != alias {
		if err := w.nl.LinkSetAlias(l, alias); err != nil {
			return nil, fmt.Errorf("mark: %w", err)
		}
	}
	dev, ok := l.(*netlink.Vrf)
	if !ok {
		return nil, fmt.Errorf("device %s is no VRF", v.Name)
	}
	w.tables[v.Name] = int(dev.Table)
	if err := w.unreachable(int(dev.Table)); err != nil {
		return nil, err
	}
	if err := w.deviceSysctls(v.Name); err != nil {
		return nil, err
	}
	return l, w.up(l)
}

// freeTable returns the lowest routing table of the range that no VRF has.
func (w *work) freeTable() (int, error) {
	used := map[int]bool{}
	for _, l := range w.links {
		if x, ok := l.(*netlink.Vrf); ok {
			used[int(x.Table)] = true
		}
	}
	for t := w.cfg.FirstTable; t <= w.cfg.LastTable; t++ {
		if !used[t] {
			return t, nil
		}
	}
	return 0, fmt.Errorf("no routing table is free in %d to %d", w.cfg.FirstTable, w.cfg.LastTable)
}

func (w *work) attachment(v southbound.VRF, a southbound.Attachment, master netlink.Link) error {
	port := w.links[a.Port]
	if port == nil {
		return fmt.Errorf("port %s is not there", a.Port)
	}
	mtu := int(a.MTU)
	if mtu == 0 {
		mtu = 1500
	}
	if mtu > port.Attrs().MTU {
		return fmt.Errorf("mtu %d is above the %d of port %s", mtu, port.Attrs().MTU, a.Port)
	}
	if port.Attrs().Flags&net.FlagUp == 0 {
		w.faults = append(w.faults, fmt.Sprintf("port %s is down", a.Port))
	}
	alias := markOf(v.Mark)
	if a.Description != "" {
		alias += " " + a.Description
	}
	name := VLANName(a.Port, a.VLAN)
	if err := w.replaceable(name); err != nil {
		return err
	}
	l := w.links[name]
	if l == nil || !ours(l) {
		attrs := probeAttrs(name)
		attrs.ParentIndex, attrs.MTU = port.Attrs().Index, mtu
		dev := &netlink.Vlan{LinkAttrs: attrs, VlanId: int(a.VLAN)}
		var err error
		if l, err = w.make(dev, alias, func() error { return w.nl.LinkAdd(dev) }); err != nil {
			return err
		}
	}
	if err := w.member(l, master, mtu, alias, a.Addresses); err != nil {
		return err
	}
	return w.limit(l, a.ShapeKbps, a.PoliceKbps, mtu)
}

func (w *work) up(l netlink.Link) error {
	if l.Attrs().Flags&net.FlagUp != 0 {
		return nil
	}
	if err := w.nl.LinkSetUp(l); err != nil {
		return fmt.Errorf("set up: %w", err)
	}
	return nil
}

// addresses makes l have exactly these, beside link-local ones of the kernel's own.
func (w *work) addresses(l netlink.Link, want []netip.Prefix) error {
	have, err := again(func() ([]netlink.Addr, error) { return w.nl.AddrList(l, netlink.FAMILY_ALL) })
	if err != nil {
		return fmt.Errorf("list addresses: %w", err)
	}
	found := map[netip.Prefix]bool{}
	for _, a := range have {
		p := prefixOf(a.IPNet)
		found[p] = true
		if slices.Contains(want, p) || p.Addr().IsLinkLocalUnicast() && p.Addr().Is6() {
			continue
		}
		if err := w.nl.AddrDel(l, &a); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return fmt.Errorf("remove address %s: %w", p, err)
		}
	}
	for _, p := range want {
		if found[p] {
			continue
		}
		addr := &netlink.Addr{IPNet: ipNet(p)}
		if p.Addr().Is6() {
			// Only the other end shares the link: no second of waiting for
			// duplicate address detection (RFC 4862 section 5.4).
			addr.Flags = unix.IFA_F_NODAD
		}
		if err := w.nl.AddrAdd(l, addr); err != nil {
			return fmt.Errorf("address %s: %w", p, err)
		}
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

func prefixOf(n *net.IPNet) netip.Prefix {
	if n == nil {
		return netip.Prefix{}
	}
	a, _ := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(a.Unmap(), bits)
}
