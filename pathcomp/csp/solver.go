// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"sync"
	"sync/atomic"
)

// Options are what a Solver may be given. They change speed, never answers.
type Options struct {
	// Budget is the number of expansions after which a search gives the known
	// bounds up and computes its own, on the arcs usable now; 0: a default.
	Budget int
	// MostKnown bounds for how many destinations bounds are kept; 0: as many as
	// take half a gigabyte.
	MostKnown int
	// Open says which arcs are worth a thought on the way to a destination: a
	// filter lets no others through. Nil: all.
	Open func(arc, to uint32) bool
}

// Solver answers queries on one graph. Safe for concurrent use.
type Solver struct {
	graph  *Graph
	turned *Graph
	orders []order
	budget int
	open   func(arc, to uint32) bool
	known  *known
	spaces *workspaces
	recall *recall
}

// NewSolver returns a solver for g.
func NewSolver(g *Graph, o Options) *Solver {
	if o.Budget <= 0 {
		o.Budget = g.nodes/128 + 64
	}
	orders := g.orders()
	if o.MostKnown <= 0 {
		const bytes, aRow = 512 << 20, 64
		o.MostKnown = max(1, bytes/(max(g.nodes, 1)*aRow))
	}
	return &Solver{
		graph: g, turned: g.turned(), orders: orders, budget: o.Budget, open: o.Open,
		known: newKnown(g.nodes, o.MostKnown), spaces: &workspaces{nodes: g.nodes}, recall: &recall{},
	}
}

// With returns a solver for g, which comes of the solver's graph by With, and
// for Open, by which the arcs in opened may be usable now that were not before.
// Bounds that are still good are kept: dearer and closed arcs harm none, and for
// others each is checked. It takes the time of the changes, once for each
// destination known.
func (s *Solver) With(g *Graph, changed, opened []uint32, open func(arc, to uint32) bool) *Solver {
	var better []Arc
	for _, i := range changed {
		if was, is := s.graph.arc(i), g.arc(i); is.Cost < was.Cost || is.Delay < was.Delay || is.Loss < was.Loss {
			better = append(better, *is)
		}
	}
	for _, i := range opened {
		better = append(better, *g.arc(i))
	}
	next := *s
	next.graph, next.turned, next.open, next.recall = g, g.turned(), open, &recall{}
	next.known = s.known.with(g.nodes, better, s.orders)
	return &next
}

// Graph returns the graph that queries are about.
func (s *Solver) Graph() *Graph { return s.graph }

// Known returns for how many destinations bounds are kept.
func (s *Solver) Known() int { return s.known.destinations() }

// Prepare computes and keeps the bounds to a destination, if they are not
// there. Queries do not wait for it.
func (s *Solver) Prepare(to uint32) { s.potential(to) }

// potential returns the bounds to a destination, computed if they are not there.
func (s *Solver) potential(to uint32) *potential {
	if p := s.known.get(to); p != nil {
		return p
	}
	p := newPotential(s.graph)
	var w filling
	for k, o := range s.orders {
		p.fill(s.graph, o, k, to, s.opening(to), &w)
	}
	p.compare(len(s.orders))
	s.known.put(to, p)
	return p
}

// opening returns the filter of what is worth a thought on the way to to.
func (s *Solver) opening(to uint32) Filter {
	if s.open == nil {
		return nil
	}
	return opening{s.open, to}
}

type opening struct {
	open func(arc, to uint32) bool
	to   uint32
}

// Usable implements Filter.
func (o opening) Usable(arc uint32) bool { return o.open(arc, o.to) }

// Find answers q over the arcs that usable (nil: all) lets through. The
// numbers of the path's arcs are appended to path.
func (s *Solver) Find(q Query, usable Filter, path []uint32) (Result, []uint32) {
	if p := s.known.get(q.To); p != nil && p.graph == s.graph {
		if r, path := p.cheapest(q, usable, path); r.Found {
			return r, path
		}
	}
	w := s.spaces.take()
	defer s.spaces.giveBack(w)
	w.one[0] = Leg{To: q.To, Usable: usable}
	return s.find(w, Tour{From: q.From, Legs: w.one[:], MaxDelay: q.MaxDelay}, path)
}

// cheapest answers q by the cheapest way known, if that is fast enough and
// usable throughout: no search is needed then.
func (p *potential) cheapest(q Query, usable Filter, path []uint32) (Result, []uint32) {
	w := &p.at(q.From)[byCost]
	if w.cost > MaxPath || w.delay > min(q.MaxDelay, MaxPath) {
		return Result{}, path
	}
	all := path
	for at := q.From; at != q.To; at = p.graph.heads[all[len(all)-1]] {
		arc := p.at(at)[byCost].branch
		if usable != nil && !usable.Usable(arc) {
			return Result{}, path
		}
		all = append(all, arc)
	}
	return Result{Found: true, Cost: w.cost, Delay: w.delay}, all
}

// FindTour answers t. The numbers of its arcs are appended to path, one leg
// after another: a leg ends where its end is first reached. Of ways that are equally
// good, where there is one leg and no bound on loss or hops, it takes one with the
// fewest arcs, and of those the first by the numbers of its arcs.
func (s *Solver) FindTour(t Tour, path []uint32) (Result, []uint32) {
	w := s.spaces.take()
	defer s.spaces.giveBack(w)
	if t.MaxLoss > 0 || t.MaxHops > 0 {
		return s.findBounded(w, t, false, path)
	}
	if len(t.Legs) == 1 {
		return s.findPlain(w, t, path)
	}
	first := len(path)
	r, path := s.find(w, t, path)
	if r.Found && !s.graph.simple(t, path[first:]) {
		return s.findBounded(w, t, true, path[:first])
	}
	return r, path
}

// findPlain answers a tour of one leg with a bound on delay only: by the best way on
// the whole graph while that is usable, else by a search. So what was asked before,
// and which bounds are known, makes no difference to the answer, not even among ways
// that are equally good.
func (s *Solver) findPlain(w *workspace, t Tour, path []uint32) (Result, []uint32) {
	leg := &t.Legs[0]
	q := Query{From: t.From, To: leg.To, MaxDelay: t.MaxDelay}
	best := s.recall.get(q)
	if best == nil {
		best = s.best(w, q)
	}
	if best.Found && !all(leg.Usable, best.arcs) {
		r, path := s.findFirst(w, t, path)
		r.Expansions += best.Expansions
		return r, path
	}
	return best.Result, append(path, best.arcs...)
}

// best searches the whole graph, and keeps what it found, or that there is nothing;
// without what that took: who recalls it has not searched.
func (s *Solver) best(w *workspace, q Query) *recalled {
	w.one[0] = Leg{To: q.To}
	r, arcs := s.findFirst(w, Tour{From: q.From, Legs: w.one[:], MaxDelay: q.MaxDelay}, nil)
	kept := &recalled{query: q, arcs: arcs}
	r.Note = &kept.note
	kept.Result = Result{Found: r.Found, Cost: r.Cost, Delay: r.Delay, Note: r.Note}
	s.recall.put(kept)
	return &recalled{Result: r, arcs: arcs}
}

// findFirst is find, and takes the first of ways that are equally good.
func (s *Solver) findFirst(w *workspace, t Tour, path []uint32) (Result, []uint32) {
	before := len(path)
	r, path := s.find(w, t, path)
	return r, w.search.first(r, path, before)
}

// find answers a tour with a bound on delay only.
func (s *Solver) find(w *workspace, t Tour, path []uint32) (Result, []uint32) {
	t.MaxDelay = min(t.MaxDelay, MaxPath)
	search := &w.search
	search.begin(w, s, t)
	var spent int
	if search.know(s) {
		if r := search.run(); !r.overBudget {
			return search.answer(r.Result, path)
		} else {
			spent = r.Expansions
		}
	}
	var r Result
	cold := search.cold
	if len(t.Legs) == 1 && !cold {
		r, path, sure := search.findBack(s, path)
		if r.Expansions += spent; sure {
			r.Tight = true
			return r, path
		}
		spent = r.Expansions
		search.begin(w, s, t)
	}
	if search.tighten(s) {
		r = search.run().Result
	}
	r.Expansions += spent
	r.Tight, r.Cold = true, cold
	return search.answer(r, path)
}

// workspaces are used again.
type workspaces struct {
	nodes int
	last  atomic.Pointer[workspace] // given back last, as long as nobody took it
	mu    sync.Mutex                // guards idle
	idle  []*workspace              // the others
}

// take returns a workspace that nobody else uses.
func (s *workspaces) take() *workspace {
	if w := s.last.Swap(nil); w != nil {
		return w
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.idle) - 1; last >= 0 {
		w := s.idle[last]
		s.idle = s.idle[:last]
		return w
	}
	return &workspace{nodes: make([]nodeState, s.nodes), near: newFrontier(s.nodes)}
}

func (s *workspaces) giveBack(w *workspace) {
	if s.last.CompareAndSwap(nil, w) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, w)
}

// simple says whether no path of a tour visits a node twice.
func (g *Graph) simple(t Tour, arcs []uint32) bool {
	leg, first := 0, 0 // first arc of the path under way
	for i := 0; i <= len(arcs); i++ {
		at := t.From
		if i > 0 {
			at = g.arc(arcs[i-1]).To
		}
		for k := first; k < i; k++ {
			if g.arc(arcs[k]).From == at {
				return false
			}
		}
		for leg < len(t.Legs) && at == t.Legs[leg].To {
			if leg++; leg < len(t.Legs) && t.Legs[leg].Turn {
				first = i
			}
		}
	}
	return true
}
