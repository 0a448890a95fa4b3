// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"math"
	"sync"
	"sync/atomic"
)

// PairQuery asks for two paths with no risk in common, each with a delay of at
// most MaxDelay, with the least sum of costs. One leaves From[0] and one
// From[1]; one reaches To[0] and one To[1], whichever. If both are the same
// node, both paths share it, and it is no risk. Where nodes are risks, no path
// touches an end of the other that is not shared.
type PairQuery struct {
	From, To [2]uint32
	MaxDelay uint32
	// Budget is the number of path searches after which the answer is what was
	// found until then; 0: a default. What is begun is finished, which takes a
	// few more.
	Budget int
}

// PairStatus says what is known of a pair.
type PairStatus uint8

// What is known of a pair.
const (
	PairUnknown  PairStatus = iota // none found, but there may be one: the budget is spent
	PairNone                       // there is none
	PairFeasible                   // there may be a cheaper one: the budget is spent
	PairOptimal                    // there is no cheaper one
)

// PairResult is the answer to a pair query. Which pair it is among several of
// the same sum is fixed by the numbers of nodes and arcs; it need not be the
// fastest.
type PairResult struct {
	Status PairStatus
	// Paths are the arcs of both. Path i begins at From[i], and ends at To[i] if
	// From is one node; if To is one node too, the cheaper one is first.
	Paths       [2][]uint32
	Cost, Delay [2]uint32
	// LowerBound is proven: no pair has a smaller sum of costs. MaxUint64: there
	// is no pair.
	LowerBound uint64
	Searches   int // path searches, a shortest-path tree counting as one
}

// Sum returns the sum of both costs.
func (r *PairResult) Sum() uint64 { return uint64(r.Cost[0]) + uint64(r.Cost[1]) }

const defaultPairBudget = 2000

// PairSolver finds disjoint pairs on one graph. Safe for concurrent use. It keeps
// four octets a node for each destination asked for, beside what its Solver
// keeps, and about 100 octets a node for each query that runs at once; one that
// branches also makes a graph with prices, which it drops.
type PairSolver struct {
	solver *Solver
	graph  *Graph
	risks  *Risks
	// leaving are the numbers of the arcs grouped by the node they leave.
	leaving   []uint32
	leavingAt []uint32
	weights   int64                      // largest weight of costs, or delays, in a length
	toCost    []atomic.Pointer[[]uint32] // least cost to a destination, by destination

	mu   sync.Mutex // guards idle
	idle []*pairSearch
}

// NewPairSolver returns a solver for pairs that have none of the risks in
// common. The solver is of the graph that the risks are of.
func NewPairSolver(solver *Solver, risks *Risks) *PairSolver {
	g := risks.graph
	p := &PairSolver{solver: solver, graph: g, risks: risks, toCost: make([]atomic.Pointer[[]uint32], g.Nodes())}
	p.leavingAt = make([]uint32, g.Nodes()+1)
	total := int64(1)
	for i := range uint32(g.Arcs()) { //nolint:gosec // arcs are numbered in 32 bits
		a := g.Arc(i)
		p.leavingAt[a.From+1]++
		total += int64(a.Cost) + int64(a.Delay)
	}
	p.weights = min(maxWeight, max(1, maxLength/total))
	for i := 1; i < len(p.leavingAt); i++ {
		p.leavingAt[i] += p.leavingAt[i-1]
	}
	next := append([]uint32(nil), p.leavingAt...)
	p.leaving = make([]uint32, g.Arcs())
	for i := range uint32(g.Arcs()) { //nolint:gosec // arcs are numbered in 32 bits
		from := g.Arc(i).From
		p.leaving[next[from]] = i
		next[from]++
	}
	return p
}

// Find answers q over the arcs that usable (nil: all) lets through, which must
// not change meanwhile.
//
// First the pair of least sum without a bound on delay: a flow of two units (see
// flow). It is the answer if it is in time and shares no risk, and there is no
// answer if it does not exist. Else weights of cost and delay for which the flow
// bounds the answer best, and then a search by conflicts (see branching): NP-hard
// in general (Hu: Diverse routing in optical mesh networks, IEEE Transactions
// on Communications 51, 2003), hence the budget.
func (p *PairSolver) Find(q PairQuery, usable Filter) PairResult {
	q.MaxDelay = min(q.MaxDelay, MaxPath)
	if q.Budget <= 0 {
		q.Budget = defaultPairBudget
	}
	s := p.take()
	defer p.giveBack(s)
	s.begin(q, usable)
	if !s.relax() {
		return PairResult{Status: PairNone, LowerBound: math.MaxUint64, Searches: s.searches}
	}
	open := false
	if s.bound < s.best.sum {
		open = s.branch()
	}
	return s.result(open)
}

func (p *PairSolver) take() *pairSearch {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.idle) - 1; last >= 0 {
		s := p.idle[last]
		p.idle = p.idle[:last]
		return s
	}
	return newPairSearch(p)
}

func (p *PairSolver) giveBack(s *pairSearch) {
	s.release()
	p.mu.Lock()
	p.idle = append(p.idle, s)
	p.mu.Unlock()
}

// costTo returns the least cost from every node to one if every arc is usable.
func (p *PairSolver) costTo(to uint32) []uint32 {
	if known := p.toCost[to].Load(); known != nil {
		return *known
	}
	dist := p.graph.DistancesTo(to, nil)
	p.toCost[to].Store(&dist)
	return dist
}
