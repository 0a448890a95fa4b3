// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"slices"

	"github.com/s2cd/s2cd/topology"
)

// Second asks a search for a second way, between terminals of its own, that
// fails apart from the first: as the routers take them, the two have no link, no
// node, no access and no shared risk link group (RFC 4202 section 2.3) in common,
// and the demand's bounds on latency and loss hold on both. Where an end fails,
// traffic goes from the first terminal of one end to the second of the other: the
// ways in between have room too, as far as there are any.
type Second struct {
	From, To Terminal
	// MayMeet takes two ways also where they share something. It is for what is
	// in service already and has to be reserved where the routers take it.
	MayMeet bool
}

// Way is the second way of an admission.
type Way struct {
	Forward   []topology.NodeName // one shortest path, for people
	Reverse   []topology.NodeName
	RTTMicros uint32 // the worst of all equal-cost ways
	LossPPM   uint32 // of those that lose most, rounded up
	Shared    Shared // with the first: empty unless the demand's ways may meet
}

// Shared is what two ways have in common, sorted.
type Shared struct {
	Nodes  []topology.NodeName
	Links  []string
	Access []string
	SRLGs  []uint32
}

// None says that they have nothing in common.
func (s *Shared) None() bool {
	return len(s.Nodes)+len(s.Links)+len(s.Access)+len(s.SRLGs) == 0
}

// roundTrip is a way that the routers take there and back.
type roundTrip struct {
	from, to    terminal
	there, back fan
}

func (r *roundTrip) micros() uint64 {
	return r.there.micros() + r.back.micros() + 2*(r.from.micros+r.to.micros)
}

func (r *roundTrip) loss() uint64 { return r.there.loss() + r.back.loss() }

// roundTrip returns the ways between two terminals; false: there is none.
func (s *snapshot) roundTrip(from, to terminal) (roundTrip, bool) {
	there, ok := s.fan(from.node, to.node)
	back, okBack := s.fan(to.node, from.node)
	return roundTrip{from: from, to: to, there: there, back: back}, ok && okBack
}

// searchPair is Search for a demand of two ways.
func (c *Core) searchPair(s *snapshot, d *Demand) (Admission, *Refusal) {
	ways, shared, refusal := s.pair(d)
	if refusal != nil {
		return Admission{}, refusal
	}
	first, second := &ways[0], &ways[1]
	w := s.bothWaysTaken(d, ways)
	w.micros = max(first.micros(), second.micros())
	if refusal := c.lacks(s, d, &w); refusal != nil {
		return Admission{}, refusal
	}
	w.course, w.micros, w.loss = s.over(first.there.path(), first.back.path()), first.micros(), first.loss()
	a := s.admission(d, w)
	a.Second = &Way{RTTMicros: micros(second.micros()), LossPPM: ppm(second.loss()), Shared: shared}
	a.Second.Forward, a.Second.Reverse = namesOf(s.nodeNames, second.there.path(), second.back.path())
	return a, nil
}

// pair returns the first and the second way, if they are as the demand wants
// them, and what they share.
func (s *snapshot) pair(d *Demand) (ways [2]roundTrip, shared Shared, refusal *Refusal) {
	one := *d
	for i := range ways {
		if i == 1 {
			one.From, one.To = d.Second.From, d.Second.To
		}
		from, to, refusal := s.terminals(&one)
		if refusal != nil {
			return ways, shared, refusal
		}
		var ok bool
		if ways[i], ok = s.roundTrip(from, to); !ok {
			return ways, shared, &Refusal{Cause: NoPath}
		}
		if shut := s.shut(s.shutOn(&ways[i].there), s.shutOn(&ways[i].back)); len(shut) > 0 {
			return ways, shared, &Refusal{Cause: Maintenance, Nodes: shut}
		}
	}
	if shared = s.shared(&ways[0], &ways[1]); !shared.None() && !d.Second.MayMeet {
		return ways, shared, &Refusal{Cause: Disjoint, Shared: shared}
	}
	slower := max(ways[0].micros(), ways[1].micros())
	if d.MaxRTTMicros > 0 && slower > uint64(d.MaxRTTMicros) {
		return ways, shared, &Refusal{Cause: Latency, LeastRTTMicros: micros(slower)}
	}
	for i := range ways {
		if d.MaxLossPPM > 0 && ways[i].loss() > uint64(lossBound(d.MaxLossPPM)) {
			return ways, shared, &Refusal{Cause: Loss, LeastRTTMicros: micros(slower)}
		}
	}
	return ways, shared, nil
}

// bothWaysTaken is what traffic may take when neither, one or both first
// terminals fail. At any time it is on one way in each direction, and not
// always on the same: where ways meet the rate of a direction counts once.
func (s *snapshot) bothWaysTaken(d *Demand, w [2]roundTrip) ways {
	var taken [2][]int32
	for i := range 4 {
		one, ok := w[i/2], true
		if i%2 != i/2 { // an end's first terminal to the other's second
			one, ok = s.roundTrip(w[i/2].from, w[i%2].to)
		}
		if ok {
			one.take(&taken)
		}
	}
	n := needs{demand: d}
	for direction, arcs := range taken {
		slices.Sort(arcs)
		for _, a := range slices.Compact(arcs) {
			n.take(a, a < s.linkArcs, direction)
		}
	}
	return ways{needs: n.merge(s.rank)}
}

// take adds the arcs of each direction, those of the accesses too.
func (r *roundTrip) take(arcs *[2][]int32) {
	arcs[0], arcs[1] = append(arcs[0], r.there.arcs...), append(arcs[1], r.back.arcs...)
	for _, in := range r.from.access {
		arcs[0], arcs[1] = append(arcs[0], in), append(arcs[1], in+1)
	}
	for _, in := range r.to.access {
		arcs[0], arcs[1] = append(arcs[0], in+1), append(arcs[1], in)
	}
}

// shared returns what two ways have in common.
func (s *snapshot) shared(x, y *roundTrip) Shared {
	var out Shared
	a, b := s.risksOf(x), s.risksOf(y)
	for n := range a.nodes {
		if _, both := b.nodes[n]; both {
			out.Nodes = append(out.Nodes, s.nodeNames[n])
		}
	}
	for l := range a.links {
		if _, both := b.links[l]; both {
			out.Links = append(out.Links, s.links.at(l).Name)
		}
	}
	for i := range a.access {
		if _, both := b.access[i]; both {
			out.Access = append(out.Access, s.access[(i-s.linkArcs)/2].Name)
		}
	}
	for g := range a.groups {
		if _, both := b.groups[g]; both {
			out.SRLGs = append(out.SRLGs, g)
		}
	}
	slices.Sort(out.Nodes)
	slices.Sort(out.Links)
	slices.Sort(out.Access)
	slices.Sort(out.SRLGs)
	return out
}

// sharedRisks is what takes a way down when it fails.
type sharedRisks struct {
	nodes, links, access map[int32]struct{}
	groups               map[uint32]struct{}
}

func (s *snapshot) risksOf(r *roundTrip) sharedRisks {
	out := sharedRisks{nodes: map[int32]struct{}{}, links: map[int32]struct{}{}, access: map[int32]struct{}{}, groups: map[uint32]struct{}{}}
	for _, f := range []*fan{&r.there, &r.back} {
		for i := range f.hops {
			out.nodes[f.hops[i].node] = struct{}{}
		}
		for _, a := range f.arcs {
			out.links[a/2] = struct{}{}
			for _, g := range s.links.at(a / 2).SRLGs {
				out.groups[g] = struct{}{}
			}
		}
	}
	for _, in := range slices.Concat(r.from.access, r.to.access) {
		out.access[in] = struct{}{}
	}
	return out
}
