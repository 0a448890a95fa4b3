// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/s2cd/s2cd/lab/frr"
)

// firstTable is the routing table of the first VRF; below are those that
// Linux and others use.
const firstTable = 1001

func (b *Box) applyPorts(_ context.Context, want *Plan) error {
	for _, name := range slices.Sorted(maps.Keys(want.Ports)) {
		w := want.Ports[name]
		if h, ok := b.have.Ports[name]; ok && h == w {
			continue
		}
		link, err := b.links.LinkByName(name)
		if err != nil {
			return fmt.Errorf("port %s: %w", name, err)
		}
		if w.MTU != 0 {
			if err := b.links.LinkSetMTU(link, w.MTU); err != nil {
				return fmt.Errorf("port %s: set mtu %d: %w", name, w.MTU, err)
			}
		}
		set := b.links.LinkSetDown
		if w.Enabled {
			set = b.links.LinkSetUp
		}
		if err := set(link); err != nil {
			return fmt.Errorf("port %s: set enabled %v: %w", name, w.Enabled, err)
		}
		b.have.Ports[name] = w
	}
	maps.DeleteFunc(b.have.Ports, func(name string, _ Port) bool { _, ok := want.Ports[name]; return !ok })
	return nil
}

// removeLinks removes subinterfaces and VRF devices that are not wanted, or
// cannot be changed into what is wanted.
func (b *Box) removeLinks(ctx context.Context, want *Plan) error {
	for _, name := range slices.Sorted(maps.Keys(b.have.Subifs)) {
		w, keep := want.Subifs[name]
		h := b.have.Subifs[name]
		if keep && !b.dirty[subifKey(name)] && h.VLAN == w.VLAN && h.Port == w.Port && h.VRF == w.VRF {
			continue
		}
		if err := b.change(subifKey(name), func() error { return b.removeLink(name) }); err != nil {
			return err
		}
		delete(b.have.Subifs, name)
		delete(b.have.Rates, name) // queues go with their device
	}
	for _, name := range slices.Sorted(maps.Keys(b.have.VRFs)) {
		if _, keep := want.VRFs[name]; keep && !b.dirty[vrfKey(name)] {
			continue
		}
		if err := b.change(vrfKey(name), func() error { return errors.Join(b.removeLink(name), b.waitZebraGone(ctx, name)) }); err != nil {
			return err
		}
		delete(b.have.VRFs, name)
	}
	return nil
}

// waitZebraGone waits until zebra has seen that a VRF is gone, so that a new
// one of the same name is not taken for it.
func (b *Box) waitZebraGone(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, pollFor)
	defer cancel()
	for {
		text, err := frr.Show(ctx, b.frr, "zebra", "show vrf")
		if err != nil {
			return err
		}
		if !strings.Contains(text, "vrf "+name+" ") || strings.Contains(text, "vrf "+name+" inactive") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("zebra still shows vrf %s: %w", name, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

func (b *Box) removeLink(name string) error {
	link, err := b.links.LinkByName(name)
	if err != nil {
		var none netlink.LinkNotFoundError
		if errors.As(err, &none) {
			return nil
		}
		return fmt.Errorf("find: %w", err)
	}
	if err := b.links.LinkDel(link); err != nil {
		return fmt.Errorf("remove: %w", err)
	}
	return nil
}

func (b *Box) applyVRFs(ctx context.Context, want *Plan) error {
	for _, name := range slices.Sorted(maps.Keys(want.VRFs)) {
		if _, ok := b.have.VRFs[name]; ok {
			continue
		}
		// Recorded before it is tried, with nothing in it: removing it again
		// has to know of it.
		b.have.VRFs[name] = VRF{}
		err := b.change(vrfKey(name), func() error {
			table, err := b.freeTable()
			if err != nil {
				return err
			}
			vrf := &netlink.Vrf{LinkAttrs: netlink.LinkAttrs{Name: name}, Table: table}
			if err := b.links.LinkAdd(vrf); err != nil {
				return fmt.Errorf("make device: %w", err)
			}
			if err := b.links.LinkSetUp(vrf); err != nil {
				return fmt.Errorf("set up: %w", err)
			}
			return b.waitZebra(ctx, name, "is up")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// freeTable picks a routing table by what is on the box, not by what is
// remembered.
func (b *Box) freeTable() (uint32, error) {
	links, err := listLinks(b.links)
	if err != nil {
		return 0, fmt.Errorf("list links: %w", err)
	}
	used := map[uint32]bool{}
	for _, l := range links {
		if v, ok := l.(*netlink.Vrf); ok {
			used[v.Table] = true
		}
	}
	table := uint32(firstTable)
	for used[table] {
		table++
	}
	return table, nil
}

// listLinks repeats a dump that a concurrent change has interrupted.
func listLinks(h *netlink.Handle) ([]netlink.Link, error) {
	for range 10 {
		links, err := h.LinkList()
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			return links, err
		}
	}
	return nil, netlink.ErrDumpInterrupted
}

func (b *Box) applySubifs(ctx context.Context, want *Plan) error {
	for _, name := range slices.Sorted(maps.Keys(want.Subifs)) {
		w := want.Subifs[name]
		h, ok := b.have.Subifs[name]
		if ok && equal(h, w) {
			continue
		}
		if !ok {
			h = Subif{Port: w.Port, VLAN: w.VLAN, VRF: w.VRF}
			b.have.Subifs[name] = h
		}
		err := b.change(subifKey(name), func() error {
			if !ok {
				if err := b.addSubif(ctx, name, w); err != nil {
					return err
				}
			}
			return b.updateSubif(ctx, name, h, w)
		})
		if err != nil {
			return err
		}
		b.have.Subifs[name] = w
	}
	return nil
}

func (b *Box) addSubif(ctx context.Context, name string, w Subif) error {
	port, err := b.links.LinkByName(w.Port)
	if err != nil {
		return fmt.Errorf("find port %s: %w", w.Port, err)
	}
	attrs := netlink.LinkAttrs{Name: name, ParentIndex: port.Attrs().Index}
	if w.VRF != "" {
		vrf, err := b.links.LinkByName(w.VRF)
		if err != nil {
			return fmt.Errorf("find vrf %s: %w", w.VRF, err)
		}
		attrs.MasterIndex = vrf.Attrs().Index
	}
	if err := b.links.LinkAdd(&netlink.Vlan{LinkAttrs: attrs, VlanId: w.VLAN}); err != nil {
		return fmt.Errorf("make vlan %d: %w", w.VLAN, err)
	}
	if w.VRF == "" {
		return nil
	}
	return b.waitZebra(ctx, name, "vrf: "+w.VRF)
}

func (b *Box) updateSubif(ctx context.Context, name string, h, w Subif) error {
	link, err := b.links.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find: %w", err)
	}
	if w.MTU != 0 && w.MTU != h.MTU {
		if err := b.links.LinkSetMTU(link, w.MTU); err != nil {
			return fmt.Errorf("set mtu %d: %w", w.MTU, err)
		}
	}
	if w.Description != h.Description {
		if err := b.links.LinkSetAlias(link, w.Description); err != nil {
			return fmt.Errorf("set description: %w", err)
		}
	}
	for _, a := range h.Addrs {
		if !slices.Contains(w.Addrs, a) {
			if err := b.links.AddrDel(link, &netlink.Addr{IPNet: ipNet(a)}); err != nil {
				return fmt.Errorf("remove address %s: %w", a, err)
			}
		}
	}
	set := b.links.LinkSetDown
	if w.Enabled {
		set = b.links.LinkSetUp
	}
	if err := set(link); err != nil {
		return fmt.Errorf("set enabled %v: %w", w.Enabled, err)
	}
	var shown []string
	for _, a := range w.Addrs {
		shown = append(shown, a.String())
		if slices.Contains(h.Addrs, a) {
			continue
		}
		if err := b.links.AddrReplace(link, &netlink.Addr{IPNet: ipNet(a)}); err != nil {
			return fmt.Errorf("add address %s: %w", a, err)
		}
	}
	return b.waitZebra(ctx, name, shown...)
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
