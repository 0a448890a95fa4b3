// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"sync"
	"sync/atomic"
)

// Filter says which arcs may be used. If that changes during a search, each arc
// of the path was usable when it was asked for, and the path may not be the
// cheapest.
type Filter interface {
	Usable(arc uint32) bool
}

// Query asks for the cheapest path from From to To with a delay of at most
// MaxDelay.
type Query struct {
	From, To uint32
	MaxDelay uint32
}

// Result is the answer to a query. Among paths of equal cost it is one with the
// least delay.
type Result struct {
	Found       bool
	Cost, Delay uint32
	Expansions  int  // labels popped and relaxed
	Tight       bool // the cached bounds were not good enough for this query
}

// Solver answers queries on one graph. Safe for concurrent use.
type Solver struct {
	graph  *Graph
	orders []order
	budget int
	known  []atomic.Pointer[potential] // by destination

	mu   sync.Mutex // guards idle
	idle []*workspace
}

// NewSolver returns a solver for g. Budget is the number of expansions after
// which a search gives the cached bounds up and computes its own, on the arcs
// usable now; 0: a default. It changes speed, never answers.
func NewSolver(g *Graph, budget int) *Solver {
	if budget <= 0 {
		budget = g.nodes/4 + 64
	}
	return &Solver{graph: g, orders: g.orders(), budget: budget, known: make([]atomic.Pointer[potential], g.nodes)}
}

// take returns a workspace that nobody else uses.
func (s *Solver) take() *workspace {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.idle) - 1; last >= 0 {
		w := s.idle[last]
		s.idle = s.idle[:last]
		return w
	}
	return &workspace{nodes: make([]nodeState, s.graph.nodes)}
}

func (s *Solver) giveBack(w *workspace) {
	s.mu.Lock()
	s.idle = append(s.idle, w)
	s.mu.Unlock()
}

// Prepare computes the bounds to a destination, which the first query to it
// would have to wait for.
func (s *Solver) Prepare(to uint32) { s.potential(to, &queue{}) }

func (s *Solver) potential(to uint32, q *queue) potential {
	if p := s.known[to].Load(); p != nil {
		return *p
	}
	p := newPotential(s.graph.nodes, len(s.orders))
	for k, o := range s.orders {
		p.fill(s.graph, o, k, len(s.orders), to, nil, q)
	}
	s.known[to].Store(&p)
	return p
}

// Find answers q over the arcs that usable (nil: all) lets through. The
// numbers of the path's arcs are appended to path.
func (s *Solver) Find(q Query, usable Filter, path []uint32) (Result, []uint32) {
	q.MaxDelay = min(q.MaxDelay, MaxPath)
	w := s.take()
	defer s.giveBack(w)
	search := search{
		workspace: w, graph: s.graph, query: q, usable: usable,
		potential: s.potential(q.To, &w.queue), orders: s.orders, budget: s.budget,
	}
	result := search.run()
	if result.overBudget {
		spent := result.Expansions
		result = outcome{}
		if s.tighten(&search) {
			result = search.run()
		}
		result.Expansions += spent
		result.Tight = true
	}
	if !result.Found {
		return result.Result, path
	}
	return result.Result, search.path(path)
}

// tighten gives a search bounds of its own, over the usable arcs, and all the
// expansions it needs. False: there is nothing to find. On these bounds the
// orders between cost and delay save less than they take to compute.
func (s *Solver) tighten(search *search) bool {
	w := search.workspace
	if w.tight.ways == nil {
		w.tight = newPotential(s.graph.nodes, between)
	}
	search.potential, search.orders, search.budget = w.tight, s.orders[:between], -1
	// The most telling order first: most searches that go astray are for a path
	// that does not exist.
	for _, k := range [...]int{byDelay, byCost} {
		w.tight.fill(s.graph, s.orders[k], k, between, search.query.To, search.usable, &w.queue)
		if search.ways(search.query.From)[byDelay].delay > search.query.MaxDelay {
			return false
		}
	}
	return true
}

// LeastDelay returns the least delay there is from one node to another if every
// arc is usable; false: no path.
func (s *Solver) LeastDelay(from, to uint32) (uint32, bool) {
	w := s.take()
	defer s.giveBack(w)
	best := s.potential(to, &w.queue).ways[int(from)*len(s.orders)+byDelay]
	return best.delay, best.delay != none
}
