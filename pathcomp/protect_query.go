// SPDX-License-Identifier: Apache-2.0

package pathcomp

import "github.com/s2cd/s2cd/pathcomp/csp"

// pairQuery is a steering for two paths.
type pairQuery struct {
	t        *steering
	solver   *csp.PairSolver
	from, to [2]terminal
	budget   int
}

// pairQuery looks the ends up.
func (t *steering) pairQuery(s *snapshot, p *Protection) (*pairQuery, *Refusal) {
	q := &pairQuery{
		t: t, solver: s.pairSolver(p.Disjoint), from: [2]terminal{t.from, t.from}, to: [2]terminal{t.to, t.to}, budget: p.Budget,
	}
	for i, second := range [2]Terminal{p.From, p.To} {
		if second.Node == "" {
			continue
		}
		end, refusal := t.terminal(second)
		if refusal != nil {
			return nil, refusal
		}
		[2]*[2]terminal{&q.from, &q.to}[i][1] = end
	}
	for i := range 4 {
		if q.from[i/2].node == q.to[i%2].node {
			return nil, &Refusal{Cause: Unsupported}
		}
	}
	t.others = []int32{q.from[0].node, q.from[1].node, q.to[0].node, q.to[1].node}
	if names := t.shut(t.others); len(names) > 0 {
		return nil, &Refusal{Cause: Maintenance, Nodes: names, Objects: Maintenance.objects()}
	}
	return q, nil
}

// Usable implements csp.Filter. What holds for one path holds for both; beside
// that, no path goes through a gateway where the other begins or ends.
func (q *pairQuery) Usable(i uint32) bool {
	a := q.t.arcs.at(int32(i)) //nolint:gosec // number of an arc
	leaves := !q.t.ends(a.from) || a.from == q.from[0].node || a.from == q.from[1].node
	reaches := !q.t.ends(a.to) || a.to == q.to[0].node || a.to == q.to[1].node
	return leaves && reaches && q.t.sides[0].Usable(i)
}

// access is the latency of the terminals of a path, there and back.
func (q *pairQuery) access(from, to int) uint64 { return 2 * (q.from[from].micros + q.to[to].micros) }

// bounds returns the bounds on the latency of links with which a pair surely is
// within the demand's, and may be: they differ where terminals do. False:
// terminals alone take too long.
func (q *pairQuery) bounds() (sure, most uint32, ok bool) {
	bound := uint64(q.t.demand.MaxRTTMicros)
	if bound == 0 {
		return csp.MaxPath, csp.MaxPath, true
	}
	slow, fast := q.access(0, 0), q.access(0, 0)
	for i := range 4 {
		micros := q.access(i/2, i%2)
		slow, fast = max(slow, micros), min(fast, micros)
	}
	left := func(access uint64) uint32 { return uint32(min(bound-min(bound, access), csp.MaxPath)) }
	return left(slow), left(fast), fast <= bound
}

// find returns the best pair. A bound on links is wrong for some terminals where
// these differ: a pair that is best under the loosest such bound and keeps the
// demand's is the best, else one under the tightest will do.
func (q *pairQuery) find() csp.PairResult {
	sure, most, ok := q.bounds()
	if !ok {
		return csp.PairResult{Status: csp.PairNone}
	}
	ask := csp.PairQuery{MaxDelay: most, Budget: q.budget}
	for i := range 2 {
		ask.From[i], ask.To[i] = uint32(q.from[i].node), uint32(q.to[i].node) //nolint:gosec // numbers of nodes
	}
	best := q.solver.Find(ask, q)
	if sure == most || best.Status == csp.PairNone || best.Status != csp.PairUnknown && q.inTime(&best) {
		return best
	}
	ask.MaxDelay = sure
	found := q.solver.Find(ask, q)
	switch {
	case found.Status == csp.PairUnknown:
	case found.Status == csp.PairNone, !q.inTime(&found): // the slowest terminals alone may be too slow
		found.Status = csp.PairUnknown
	case found.Status == csp.PairOptimal && found.Sum() > best.LowerBound:
		found.Status = csp.PairFeasible
	}
	found.LowerBound = best.LowerBound
	return found
}

// isPair says whether there is a pair, the best or not.
func isPair(r *csp.PairResult) bool {
	return r.Status == csp.PairFeasible || r.Status == csp.PairOptimal
}

// inTime says whether both paths keep the demand's bound between their terminals.
func (q *pairQuery) inTime(r *csp.PairResult) bool {
	for i := range r.Paths {
		from, to := q.terminals(r, i)
		if uint64(r.Delay[i])+q.access(from, to) > uint64(q.t.demand.MaxRTTMicros) {
			return false
		}
	}
	return true
}

// terminals returns which terminals path i of a pair has.
func (q *pairQuery) terminals(r *csp.PairResult, i int) (from, to int) {
	path := r.Paths[i]
	last := q.t.arcs.at(int32(path[len(path)-1])).to //nolint:gosec // number of an arc
	if q.to[0].node == q.to[1].node || last == q.to[i].node {
		return i, i
	}
	return i, 1 - i
}

// protected is what a pair makes.
func (q *pairQuery) protected(r *csp.PairResult) Protected {
	out := Protected{Optimal: r.Status == csp.PairOptimal, Gap: r.Sum() - min(r.Sum(), r.LowerBound)}
	for i := range out.Paths {
		out.Paths[i] = q.admission(r, i)
	}
	if out.Paths[1].Cost < out.Paths[0].Cost {
		out.Paths[0], out.Paths[1] = out.Paths[1], out.Paths[0]
	}
	out.Both = both(out.Paths[0], out.Paths[1])
	return out
}

// admission is path i of a pair.
func (q *pairQuery) admission(r *csp.PairResult, i int) Admission {
	from, to := q.terminals(r, i)
	q.t.from, q.t.to = q.from[from], q.to[to]
	return q.t.admission(q.t.demand, q.t.ways(csp.Result{Cost: r.Cost[i], Delay: r.Delay[i]}, r.Paths[i]))
}
