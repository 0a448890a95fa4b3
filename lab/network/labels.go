// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// LabelStack reads from the kernel which MPLS labels a VRF puts on a packet to
// an address, outermost first. It is empty for a local route.
func (n *Network) LabelStack(namespace, vrf string, to netip.Addr) ([]int, error) {
	h, err := n.Handle(namespace)
	if err != nil {
		return nil, err
	}
	link, err := h.LinkByName(vrf)
	if err != nil {
		return nil, fmt.Errorf("find vrf %s in %s: %w", vrf, namespace, err)
	}
	device, ok := link.(*netlink.Vrf)
	if !ok {
		return nil, fmt.Errorf("%s in %s is a %s device, not a vrf", vrf, namespace, link.Type())
	}
	routes, err := dump(func() ([]netlink.Route, error) {
		return h.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: int(device.Table)}, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return nil, fmt.Errorf("list routes of vrf %s in %s: %w", vrf, namespace, err)
	}
	var best *netlink.Route
	bits := -1
	for i, r := range routes {
		if r.Dst == nil || !r.Dst.Contains(to.AsSlice()) {
			continue
		}
		if ones, _ := r.Dst.Mask.Size(); ones > bits {
			best, bits = &routes[i], ones
		}
	}
	if best == nil {
		return nil, fmt.Errorf("vrf %s in %s has no route to %s", vrf, namespace, to)
	}
	return routeLabels(*best)
}

func routeLabels(r netlink.Route) ([]int, error) {
	encap := r.Encap
	if encap == nil && len(r.MultiPath) > 0 {
		encap = r.MultiPath[0].Encap
	}
	if encap == nil {
		return nil, nil
	}
	m, ok := encap.(*netlink.MPLSEncap)
	if !ok || encap.Type() != nl.LWTUNNEL_ENCAP_MPLS {
		return nil, errors.New("the route's encapsulation is not MPLS")
	}
	return m.Labels, nil
}
