// SPDX-License-Identifier: Apache-2.0

package topology

import "slices"

// Node returns the node called name.
func (n *Network) Node(name NodeName) (*Node, bool) {
	i := slices.IndexFunc(n.Nodes, func(x Node) bool { return x.Name == name })
	if i < 0 {
		return nil, false
	}
	return &n.Nodes[i], true
}

// Link returns the link called name.
func (n *Network) Link(name string) (*Link, bool) {
	i := slices.IndexFunc(n.Links, func(x Link) bool { return x.Name == name })
	if i < 0 {
		return nil, false
	}
	return &n.Links[i], true
}

// AccessPoint returns the access called name.
func (n *Network) AccessPoint(name string) (*Access, bool) {
	i := slices.IndexFunc(n.Access, func(x Access) bool { return x.Name == name })
	if i < 0 {
		return nil, false
	}
	return &n.Access[i], true
}

// LinksOf returns the links that end at node, in the order of the network.
func (n *Network) LinksOf(node NodeName) []Link {
	var out []Link
	for _, l := range n.Links {
		if l.A == node || l.Z == node {
			out = append(out, l)
		}
	}
	return out
}

// AccessOf returns the accesses at node, in the order of the network.
func (n *Network) AccessOf(node NodeName) []Access {
	var out []Access
	for _, a := range n.Access {
		if a.Node == node {
			out = append(out, a)
		}
	}
	return out
}

// Limit returns how much of kbps may be sold in all, in kbit/s.
func (s Shares) Limit(kbps uint64) uint64 { return share(kbps, s.All) }

// ClassLimit returns how much of kbps may be sold to class, in kbit/s: never
// more than Limit.
func (s Shares) ClassLimit(kbps uint64, class string) uint64 {
	limit := s.Limit(kbps)
	if of, ok := s.ByClass[class]; ok {
		limit = min(limit, share(kbps, of))
	}
	return limit
}

// share is kbps x permille / 1000, rounded down, without overflow.
func share(kbps uint64, permille uint32) uint64 {
	of := uint64(permille)
	return kbps/1000*of + kbps%1000*of/1000
}
