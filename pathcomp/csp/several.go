// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"slices"
	"sync/atomic"
)

// The metrics that a tour may bound.
const (
	delays = iota
	losses
	hops
	metrics
)

// mostVectors is how many labels a search with several bounds may make before
// it gives up: the problem is NP-hard, and memory ends.
const mostVectors = 4 << 20

// vector is a label of a search with several bounds.
type vector struct {
	cost   uint32
	sum    [metrics]uint32 // hops: of the path under way
	node   uint32
	leg    uint32
	parent uint32 // none: the source
	arc    uint32
	next   uint32 // expanded before at the same node and leg; none: the last
}

// floor is what is left to do on a leg and after it, at least.
type floor struct {
	least [metrics][]uint32 // by node; nil: not bounded, or a stretch's to say
	after [metrics]uint32
}

// several is the search with several bounds: A* over Pareto labels, popped like
// those of search, dominated by one that was expanded at the same node and is
// no worse in any bounded metric (Ahmadi, Harabor, Jea: Resource constrained
// path search, arXiv:2503.11037). With simple it also avoids paths that visit a
// node twice, to which waypoints may lead: then no label dominates another,
// since one may be barred from where the other can go.
type several struct {
	search
	simple  bool
	most    [metrics]uint32 // none: no bound
	vectors []vector
	floors  []floor
	own     [][metrics][]uint32 // of one query, by leg
}

// findBounded answers a tour with several bounds.
func (s *Solver) findBounded(w *workspace, t Tour, simple bool, path []uint32) (Result, []uint32) {
	t.MaxDelay = min(t.MaxDelay, MaxPath)
	v := &w.several
	v.start(w, s, t, simple)
	var r outcome
	done, spent := false, 0
	if v.know(s) && v.floorKnown(s) {
		r = v.run()
		done, spent = !r.overBudget, r.Expansions
	}
	if !done {
		cold := v.cold
		r = outcome{}
		if v.tighten(s) && v.floorTight() {
			r = v.run()
		}
		r.Expansions += spent
		r.Tight, r.Cold = true, cold
	}
	if !r.Found {
		return r.Result, path
	}
	first := len(path)
	path = v.trace(r.last, path)
	if !simple && len(t.Legs) > 1 && !s.graph.simple(t, path[first:]) {
		return s.findBounded(w, t, true, path[:first])
	}
	return r.Result, path
}

func (v *several) start(w *workspace, of *Solver, t Tour, simple bool) {
	v.begin(w, of, t)
	v.simple, v.further = simple, true
	v.most = [metrics]uint32{none, none, none}
	if t.MaxDelay < MaxPath {
		v.most[delays] = t.MaxDelay
	}
	if t.MaxLoss > 0 {
		v.most[losses] = t.MaxLoss
	}
	if t.MaxHops > 0 {
		v.most[hops] = t.MaxHops
	}
	v.floors = slices.Grow(v.floors[:0], len(t.Legs))[:len(t.Legs)]
}

// floorKnown takes the least losses and hops that are kept, or makes them.
func (v *several) floorKnown(of *Solver) bool {
	for i := range v.legs {
		l, f := &v.legs[i], &v.floors[i]
		f.least = [metrics][]uint32{}
		to := reach{to: l.To, usable: of.opening(l.To), most: none - 1}
		if v.most[losses] != none {
			f.least[losses] = v.kept(&l.loss, v.graph.lossOf, to)
		}
		if v.most[hops] != none {
			f.least[hops] = v.kept(&l.hops, oneHop, to)
		}
	}
	v.sumUpFloors()
	return true
}

// kept returns a least metric that a potential keeps, made if it is not there.
func (v *several) kept(at *atomic.Pointer[[]uint32], metric func(uint32) uint32, to reach) []uint32 {
	if known := at.Load(); known != nil {
		return *known
	}
	made := v.graph.least(metric, to, &v.near, nil)
	at.Store(&made)
	return made
}

// floorTight computes them over the usable arcs; false: a bound cannot be kept.
func (v *several) floorTight() bool {
	for i := range v.legs {
		if i == len(v.own) {
			v.own = append(v.own, [metrics][]uint32{})
		}
		l, f, own := &v.legs[i], &v.floors[i], &v.own[i]
		f.least = [metrics][]uint32{}
		for m, metric := range [metrics]func(uint32) uint32{losses: v.graph.lossOf, hops: oneHop} {
			if metric == nil || v.most[m] == none {
				continue
			}
			own[m] = v.graph.least(metric, reach{to: l.To, usable: l.Usable, most: uint64(min(v.most[m], none-1))}, &v.near, own[m])
			f.least[m] = own[m]
		}
	}
	v.sumUpFloors()
	return true
}

// sumUpFloors adds up what the legs after each need, hops to the end of the
// path only.
func (v *several) sumUpFloors() {
	var after [metrics]uint32
	for i := len(v.legs) - 1; i >= 0; i-- {
		v.floors[i].after = after
		if i == 0 {
			return
		}
		start := v.legs[i-1].To
		for m := range after {
			after[m] = capped(after[m], v.left(i, start, m))
		}
		if v.legs[i].Turn {
			after[hops] = 0
		}
	}
}

// left is the least that a metric adds from node to the end of a leg.
func (v *several) left(leg int, node uint32, m int) uint32 {
	switch least := v.floors[leg].least[m]; {
	case m == delays:
		return v.legs[leg].at(node)[byDelay].delay
	case least != nil:
		return least[node]
	}
	return 0
}

func (v *several) run() outcome {
	var r outcome
	v.reset()
	v.vectors = v.vectors[:0]
	v.add(vector{node: v.tour.From, parent: none, arc: none, next: none})
	for len(v.queue) > 0 {
		number := v.queue.pop().value
		at := v.vectors[number]
		if int(at.leg) == len(v.legs) {
			r.Found, r.Cost, r.Delay, r.last = true, at.cost, at.sum[delays], number
			return r
		}
		state := v.state(&v.legs[at.leg], at.node)
		if v.dominated(&at, state.delay) {
			continue
		}
		if r.Expansions == v.budget {
			r.overBudget = true
			return r
		}
		if len(v.vectors) > mostVectors {
			r.GaveUp = true
			return r
		}
		r.Expansions++
		v.vectors[number].next, state.delay = state.delay, number
		v.follow(at, number)
	}
	return r
}

// dominated says whether one of the vectors expanded here, linked from last, is
// as good: it costs no more, or it would have been popped later.
func (v *several) dominated(at *vector, last uint32) bool {
	if v.simple {
		return false
	}
next:
	for i := last; i != none; i = v.vectors[i].next {
		for m, most := range v.most {
			if most != none && v.vectors[i].sum[m] > at.sum[m] {
				continue next
			}
		}
		return true
	}
	return false
}

// follow makes the vectors that follow at.
func (v *several) follow(at vector, number uint32) {
	l := &v.legs[at.leg]
	for _, e := range v.graph.leaving(at.node) {
		next := vector{
			cost: capped(at.cost, e.cost), node: e.node, leg: at.leg, parent: number, arc: e.arc, next: none,
			sum: [metrics]uint32{delays: capped(at.sum[delays], e.delay), losses: at.sum[losses], hops: at.sum[hops] + 1},
		}
		if v.most[losses] != none {
			next.sum[losses] = capped(next.sum[losses], v.graph.lossOf(e.arc))
		}
		if v.within(&next) && (l.Usable == nil || l.Usable.Usable(e.arc)) && (!v.simple || !v.visited(number, e.node)) {
			v.add(next)
		}
	}
}

// within says whether a vector can still keep every bound.
func (v *several) within(x *vector) bool {
	leg := int(x.leg)
	for m, most := range v.most {
		if most != none && uint64(x.sum[m])+uint64(v.left(leg, x.node, m))+uint64(v.floors[leg].after[m]) > uint64(most) {
			return false
		}
	}
	l := &v.legs[leg]
	return uint64(x.cost)+uint64(l.at(x.node)[byCost].cost)+uint64(l.after[byCost].cost) <= MaxPath
}

// add queues a vector, on the leg that it is on now, unless it breaks a bound.
func (v *several) add(x vector) {
	for int(x.leg) < len(v.legs) && v.legs[x.leg].To == x.node {
		if x.leg++; int(x.leg) < len(v.legs) && v.legs[x.leg].Turn {
			x.sum[hops] = 0
		}
	}
	key := pack(x.cost, x.sum[delays])
	if int(x.leg) < len(v.legs) {
		l := &v.legs[x.leg]
		if !v.within(&x) || v.dominated(&x, v.state(l, x.node).delay) {
			return
		}
		key = v.key(l, l.at(x.node), uint64(x.cost), uint64(x.sum[delays]))
	}
	v.vectors = append(v.vectors, x)
	v.queue.push(key, uint32(len(v.vectors)-1)) //nolint:gosec // mostVectors is less
}

// visited says whether the path under way at a vector has been at node.
func (v *several) visited(number, node uint32) bool {
	for i := number; ; {
		x := &v.vectors[i]
		if x.node == node {
			return true
		}
		if x.parent == none || v.turned(x.parent, x.leg) {
			return false
		}
		i = x.parent
	}
}

// turned says whether another path began when a vector followed its parent.
func (v *several) turned(parent, leg uint32) bool {
	for i := v.vectors[parent].leg + 1; i <= leg && int(i) < len(v.legs); i++ {
		if v.legs[i].Turn {
			return true
		}
	}
	return false
}

// trace appends the arcs that lead to a vector.
func (v *several) trace(number uint32, path []uint32) []uint32 {
	first := len(path)
	for i := number; v.vectors[i].parent != none; i = v.vectors[i].parent {
		path = append(path, v.vectors[i].arc)
	}
	slices.Reverse(path[first:])
	return path
}
