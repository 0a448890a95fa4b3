// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/yang/oc"
)

// vrf reads a marked network instance and takes its subinterfaces from subs.
func (m *Model) vrf(ni *oc.NetworkInstance, mark southbound.Mark, subs map[place]*found) (southbound.VRF, error) {
	v := southbound.VRF{Name: deref(ni.Name), Mark: mark, RD: deref(ni.RouteDistinguisher)}
	v.ImportRTs, v.ExportRTs = routeTargets(ni)
	for id, e := range ni.Interface {
		where, ok := placeOf(deref(e.Interface), uint64(deref(e.Subinterface)), id)
		f := subs[where]
		if !ok || f == nil {
			continue // not marked, or gone: not ours
		}
		f.used = true
		if f.mark != mark {
			f.attachment.MTU = 0 // of another owner or an older epoch: written anew
		}
		v.Attachments = append(v.Attachments, f.attachment)
	}
	for key, p := range ni.Protocol {
		if key.Identifier == protoStatic {
			if err := readStatic(&v, p); err != nil {
				return v, err
			}
		}
		if key.Identifier == protoBGP && p.Bgp != nil {
			if err := m.readNeighbors(&v, p.Bgp); err != nil {
				return v, err
			}
		}
	}
	return v, nil
}

func readStatic(v *southbound.VRF, p *oc.NetworkInstance_Protocol) error {
	for text, static := range p.Static {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("static route: %w", err)
		}
		if len(static.NextHop) == 0 {
			v.Routes = append(v.Routes, southbound.StaticRoute{Prefix: prefix})
		}
		for _, hop := range static.NextHop {
			r := southbound.StaticRoute{Prefix: prefix, Metric: deref(hop.Metric)}
			if s, ok := hop.NextHop.(oc.UnionString); ok {
				if addr, err := netip.ParseAddr(string(s)); err == nil {
					r.NextHop = addr
				}
			}
			v.Routes = append(v.Routes, r)
		}
	}
	return nil
}

func (m *Model) readNeighbors(v *southbound.VRF, bgp *oc.NetworkInstance_Protocol_Bgp) error {
	var routerAS uint32
	if bgp.Global != nil {
		routerAS = deref(bgp.Global.As)
	}
	for text, e := range bgp.Neighbor {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("neighbor: %w", err)
		}
		n := southbound.BGPNeighbor{Address: addr, LocalAS: routerAS, Secret: m.secretOf(e)}
		if e.LocalAs != nil {
			n.LocalAS = *e.LocalAs
		}
		if deref(e.Enabled) {
			n.PeerAS = deref(e.PeerAs)
		}
		n.MaxPrefixes = maxPrefixes(addr, e)
		v.Neighbors = append(v.Neighbors, n)
	}
	return nil
}

func maxPrefixes(addr netip.Addr, n *oc.NetworkInstance_Protocol_Bgp_Neighbor) uint32 {
	if addr.Is4() {
		af := n.AfiSafi[unicastIPv4]
		if af == nil || af.Ipv4Unicast == nil || af.Ipv4Unicast.PrefixLimit == nil {
			return 0
		}
		return deref(af.Ipv4Unicast.PrefixLimit.MaxPrefixes)
	}
	af := n.AfiSafi[unicastIPv6]
	if af == nil || af.Ipv6Unicast == nil || af.Ipv6Unicast.PrefixLimit == nil {
		return 0
	}
	return deref(af.Ipv6Unicast.PrefixLimit.MaxPrefixes)
}

// secretOf returns the reference of a neighbour's key. Where the device shows
// keys, a key that is not the reference's reads as "?", which nobody wants.
func (m *Model) secretOf(n *oc.NetworkInstance_Protocol_Bgp_Neighbor) string {
	ref, hasRef := strings.CutPrefix(deref(n.Description), secretPrefix)
	if !hasRef {
		ref = ""
	}
	if !m.config.Platform.ReadsSecrets {
		return ref
	}
	if ref == "" {
		if n.AuthPassword != nil {
			return "?"
		}
		return ""
	}
	if key, err := m.config.Secret(ref); err == nil && deref(n.AuthPassword) != key {
		return "?"
	}
	return ref
}
