// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "github.com/s2cd/s2cd/topology"

// policy is what a demand says of single nodes and links, by number.
type policy struct {
	affinity Affinity
	avoid    map[int32]struct{} // links
	through  []int32            // nodes to pass, in order
	none     bool               // it says nothing
}

// policy looks up what a demand includes and excludes.
func (s *snapshot) policy(d *Demand) (policy, *Refusal) {
	p := policy{affinity: d.Affinity}
	x := &d.Exclude
	p.none = p.affinity == Affinity{} && len(x.Nodes)+len(x.Links)+len(x.SRLGs) == 0
	var unknown []topology.NodeName
	if p.through, unknown = s.numbered(d.Include); len(unknown) > 0 {
		return p, &Refusal{Cause: UnknownNode, Nodes: unknown, Objects: []Object{IRO}}
	}
	if p.none {
		return p, nil
	}
	avoid, unknown := s.numbered(x.Nodes)
	if len(unknown) > 0 {
		return p, &Refusal{Cause: UnknownNode, Nodes: unknown, Objects: []Object{XRO}}
	}
	p.avoid = map[int32]struct{}{}
	for _, n := range avoid {
		for _, a := range s.leave(n) {
			p.avoid[a/2] = struct{}{}
		}
	}
	for _, name := range x.Links {
		n, ok := s.linkOf[name]
		if !ok {
			return p, &Refusal{Cause: UnknownNode, Blocking: []topology.ArcName{topology.LinkArc(name, 0)}, Objects: []Object{XRO}}
		}
		p.avoid[n] = struct{}{}
	}
	s.avoidGroups(x.SRLGs, p.avoid)
	return p, nil
}

// numbered returns the numbers of nodes, and which are not known.
func (s *snapshot) numbered(names []topology.NodeName) (nodes []int32, unknown []topology.NodeName) {
	for _, name := range names {
		if n, ok := s.nodeOf[name]; ok {
			nodes = append(nodes, n)
		} else {
			unknown = append(unknown, name)
		}
	}
	return nodes, unknown
}

// avoidGroups adds the links of shared risk groups to avoid.
func (s *snapshot) avoidGroups(groups []uint32, avoid map[int32]struct{}) {
	if len(groups) == 0 {
		return
	}
	wanted := make(map[uint32]struct{}, len(groups))
	for _, g := range groups {
		wanted[g] = struct{}{}
	}
	for i := range int32(s.links.count) { //nolint:gosec // links are few
		for _, g := range s.links.at(i).SRLGs {
			if _, ok := wanted[g]; ok {
				avoid[i] = struct{}{}
			}
		}
	}
}

// allows says whether a path may use an arc.
func (p *policy) allows(i int32, a *arc) bool {
	_, avoided := p.avoid[i/2]
	return !avoided && p.affinity.admits(a.groups)
}
