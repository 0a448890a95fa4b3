// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"slices"

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
	// smaller it may be where the budget ended before that was proven.
	Optimal bool
	Gap     uint64
}

// SteerPair looks for two paths of the least sum of costs, both within the
// demand's bound on the round trip, with room for the demand on both. A demand
// for another objective, bounds on loss or hops, nodes to include or separate
// directions is refused as Unsupported. Where terminals differ in latency of
// their own, the larger counts.
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
	q, refusal := t.pairQuery(&p)
	if refusal != nil {
		return Protected{}, refusal
	}
	found := s.pairSolver(p.Disjoint).Find(q.PairQuery, &t.sides[0])
	switch found.Status {
	case csp.PairNone, csp.PairUnknown:
		return Protected{}, t.refusePair(found.Status == csp.PairUnknown, floorSecond(c.clock()))
	case csp.PairFeasible, csp.PairOptimal:
	}
	out := Protected{Optimal: found.Status == csp.PairOptimal, Gap: found.Sum() - min(found.Sum(), found.LowerBound)}
	for i := range out.Paths {
		out.Paths[i] = t.pairPath(&q, csp.Result{Cost: found.Cost[i], Delay: found.Delay[i]}, found.Paths[i])
	}
	if out.Paths[1].Cost < out.Paths[0].Cost {
		out.Paths[0], out.Paths[1] = out.Paths[1], out.Paths[0]
	}
	out.Both = union(out.Paths[0], out.Paths[1])
	if blocking := t.lacking(out.Both.Uses); len(blocking) > 0 { // at the ends
		return Protected{}, &Refusal{Cause: Bandwidth, Objects: Bandwidth.objects(), Blocking: blocking}
	}
	return out, nil
}

// pairQuery is a query with its ends.
type pairQuery struct {
	csp.PairQuery
	from, to [2]terminal
}

func (t *steering) pairQuery(p *Protection) (pairQuery, *Refusal) {
	q := pairQuery{from: [2]terminal{t.from, t.from}, to: [2]terminal{t.to, t.to}}
	for i, second := range [2]Terminal{p.From, p.To} {
		if second.Node == "" {
			continue
		}
		end, refusal := t.terminal(second)
		if refusal != nil {
			return q, refusal
		}
		[2]*[2]terminal{&q.from, &q.to}[i][1] = end
		t.others = append(t.others, end.node)
	}
	var access uint64
	var shut []int32
	for i := range 2 {
		q.From[i], q.To[i] = uint32(q.from[i].node), uint32(q.to[i].node) //nolint:gosec // numbers of nodes
		access = max(access, q.from[i].micros+max(q.to[0].micros, q.to[1].micros))
		shut = append(shut, q.from[i].node, q.to[i].node)
	}
	if names := t.shut(shut); len(names) > 0 {
		return q, &Refusal{Cause: Maintenance, Nodes: names, Objects: Maintenance.objects()}
	}
	q.MaxDelay, q.Budget = csp.MaxPath, p.Budget
	if most := uint64(t.demand.MaxRTTMicros); most > 0 {
		if most < 2*access {
			return q, &Refusal{Cause: Latency, Objects: Latency.objects()}
		}
		q.MaxDelay = uint32(min(most-2*access, csp.MaxPath)) //nolint:gosec // bounded
	}
	return q, nil
}

// pairPath is one path of a pair, between the terminals at its ends.
func (t *steering) pairPath(q *pairQuery, r csp.Result, path []uint32) Admission {
	first, last := t.arcs.at(int32(path[0])).from, t.arcs.at(int32(path[len(path)-1])).to //nolint:gosec // numbers of arcs
	t.from, t.to = q.from[0], q.to[0]
	if first != t.from.node {
		t.from = q.from[1]
	}
	if last != t.to.node {
		t.to = q.to[1]
	}
	return t.admission(t.demand, t.ways(r, path))
}

// union is an admission of both: where they share an arc, the larger use.
func union(a, b Admission) Admission {
	both := a
	both.Forward, both.Reverse, both.Links = nil, nil, [2][]topology.ArcName{}
	both.Cost, both.RTTMicros = a.Cost+b.Cost, max(a.RTTMicros, b.RTTMicros)
	both.Uses = slices.Clone(a.Uses)
	for _, u := range b.Uses {
		i, ok := slices.BinarySearchFunc(both.Uses, u, func(x, y Use) int { return cmp.Compare(x.Arc, y.Arc) })
		if ok {
			both.Uses[i].Kbps = max(both.Uses[i].Kbps, u.Kbps)
		} else {
			both.Uses = slices.Insert(both.Uses, i, u)
		}
	}
	return both
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

// refusePair says why there is no pair: why there is no path, or that no two are
// disjoint.
func (t *steering) refusePair(unknown bool, now uint32) *Refusal {
	t.others = nil
	if w, ok := t.best(); !ok || len(t.blocking(w.needs)) > 0 {
		return t.refuse(now)
	}
	if unknown {
		return &Refusal{Cause: Undecided}
	}
	return &Refusal{Cause: Disjoint}
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
