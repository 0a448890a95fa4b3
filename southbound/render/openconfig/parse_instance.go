// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/yang/oc"
)

// instance is a network instance without what its subinterfaces say.
type instance struct {
	name   string
	ours   bool           // marked; else the rest is empty
	vrf    southbound.VRF // without attachments
	places []place        // of its subinterfaces
}

func (m *Model) readInstance(entry node) (i instance, lasting bool, err error) {
	i.name = text(entry["name"])
	mark, _, ok := parseMark(text(member(entry, "config")["description"]))
	if !ok {
		return i, true, nil
	}
	i.ours = true
	ni := &oc.NetworkInstance{}
	if err := unmarshal("NetworkInstance", entry, ni); err != nil {
		return i, false, fmt.Errorf("network instance %s: %w", i.name, err)
	}
	if i.vrf, err = m.vrf(ni, mark); err != nil {
		return i, false, fmt.Errorf("network instance %s: %w", deref(ni.Name), err)
	}
	for id, e := range ni.Interface {
		if where, ok := placeOf(deref(e.Interface), uint64(deref(e.Subinterface)), id); ok {
			i.places = append(i.places, where)
		}
	}
	// What was made of a key that is shown holds for the key that a reference
	// leads to now.
	shown := m.config.Platform.ReadsSecrets &&
		slices.ContainsFunc(i.vrf.Neighbors, func(n southbound.BGPNeighbor) bool { return n.Secret != "" })
	return i, !shown, nil
}

// with returns the VRF with its subinterfaces, taken from subs; its lists are the
// caller's.
func (i instance) with(subs map[place]*found) southbound.VRF {
	v := i.vrf
	v.ImportRTs, v.ExportRTs = slices.Clone(v.ImportRTs), slices.Clone(v.ExportRTs)
	v.Routes, v.Neighbors = slices.Clone(v.Routes), slices.Clone(v.Neighbors)
	for _, where := range i.places {
		f := subs[where]
		if f == nil {
			continue // not marked, or gone: not ours
		}
		f.used = true
		if f.mark != v.Mark {
			f.attachment.MTU = 0 // of another owner or an older epoch: written anew
		}
		v.Attachments = append(v.Attachments, f.attachment)
	}
	return v
}

// vrf reads a marked network instance.
func (m *Model) vrf(ni *oc.NetworkInstance, mark southbound.Mark) (southbound.VRF, error) {
	v := southbound.VRF{Name: deref(ni.Name), Mark: mark, RD: deref(ni.RouteDistinguisher)}
	v.ImportRTs, v.ExportRTs = routeTargets(ni)
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
