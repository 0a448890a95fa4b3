// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/topology"
)

// Disjointness is what two paths must not share, as a set.
type Disjointness uint8

// What two paths must not share. Nodes and risk groups include links.
const (
	LinkDisjoint Disjointness = 1 << iota
	NodeDisjoint              // nor nodes, but an end that both have
	SRLGDisjoint              // nor shared risk link groups (RFC 4202 section 2.3)
)

// Protection asks for two paths that fail apart. An end has one terminal or
// two: with two, one path ends at each.
type Protection struct {
	Disjoint Disjointness
	// From and To are the second terminals; without a node, both paths end at
	// the demand's.
	From, To Terminal
	Budget   int // path searches; 0: a default
}

// Protected is a pair of paths, the cheaper first, each with room for all of the
// demand. Together they are one reservation.
type Protected struct {
	Paths [2]Admission
	Both  Admission // Uses of both; what they share at their ends counts once
	// Optimal says that no pair has a smaller sum of costs. Gap is how much
	// smaller it may be where that is not proven.
	Optimal bool
	Gap     uint64
}

// SteerPair looks for two paths of the least sum of costs, both within the
// demand's bound on the round trip, with room for the demand on both. A demand
// for another objective, bounds on loss or hops, nodes to include or separate
// directions is refused as Unsupported, as are ends that are one node. Where
// terminals differ in latency of their own and the bound is tight enough for
// that to matter, the answer may miss a pair: it is not Optimal then, or the
// cause is Undecided.
func (c *Core) SteerPair(d Demand, p Protection) (Protected, *Refusal) {
	s := c.now.Load()
	if d.Objective != LeastCost || d.MaxLossPPM > 0 || d.MaxHops > 0 || len(d.Include) > 0 || d.Separate || p.Disjoint == 0 {
		return Protected{}, &Refusal{Cause: Unsupported}
	}
	t, refusal := c.steering(s, &d)
	if refusal != nil {
		return Protected{}, refusal
	}
	defer c.idle.Put(t)
	q, refusal := t.pairQuery(s, &p)
	if refusal != nil {
		return Protected{}, refusal
	}
	found := q.find()
	if !isPair(&found) {
		return Protected{}, q.refuse(found.Status == csp.PairUnknown, floorSecond(c.clock()))
	}
	out := q.protected(&found)
	if len(t.lacking(out.Both.Uses)) > 0 { // at the ends
		return Protected{}, q.refuseBoth(floorSecond(c.clock()))
	}
	return out, nil
}

// both is an admission of two paths: where they share an arc, the larger use.
func both(a, b Admission) Admission {
	out := a
	out.Forward, out.Reverse, out.Links, out.Arcs = nil, nil, [2][]topology.ArcName{}, nil
	out.Cost, out.RTTMicros, out.LossPPM = a.Cost+b.Cost, max(a.RTTMicros, b.RTTMicros), max(a.LossPPM, b.LossPPM)
	out.Uses = merged(a.Uses, b.Uses, func(x, y uint64) uint64 { return max(x, y) })
	return out
}

// lacking returns the arcs that have no room for uses.
func (t *steering) lacking(uses []Use) []topology.ArcName {
	var list []need
	for _, u := range uses {
		if i, ok := t.arcOf(u.Arc); ok {
			list = append(list, need{arc: i, kbps: kbit(u.Kbps)})
		}
	}
	return t.blocking(list)
}

// pairSolver finds pairs that do not share what d says.
func (s *snapshot) pairSolver(d Disjointness) *csp.PairSolver {
	return s.pairs[d&7].get(func() *csp.PairSolver {
		solver := s.bothWaysSolver()
		return csp.NewPairSolver(solver, csp.NewRisks(solver.Graph(), s.risks(d), d&NodeDisjoint != 0))
	})
}

// risks numbers links, and the risk groups after them.
func (s *snapshot) risks(d Disjointness) func(arc uint32) []uint32 {
	groups := map[uint32]uint32{}
	return func(arc uint32) []uint32 {
		risks := []uint32{arc / 2}
		if d&SRLGDisjoint == 0 {
			return risks
		}
		for _, name := range s.links.at(int32(arc / 2)).SRLGs { //nolint:gosec // number of a link
			if _, ok := groups[name]; !ok {
				groups[name] = uint32(s.links.count + len(groups)) //nolint:gosec // links and groups are few
			}
			risks = append(risks, groups[name])
		}
		return risks
	}
}
