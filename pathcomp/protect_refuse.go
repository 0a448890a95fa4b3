// SPDX-License-Identifier: Apache-2.0

package pathcomp

// refuse says why there is no pair: what two together cannot have; or where there are
// no two whatever they may take, why there is no path for one of them.
func (q *pairQuery) refuse(unknown bool, now uint32) *Refusal {
	none := &Refusal{Cause: Undecided}
	if !unknown {
		if none = q.refuseBoth(now); none.Cause != Disjoint {
			return none
		}
	}
	q.t.others, q.t.anyRoom = nil, false
	possible := func(from, to int) bool {
		q.t.from, q.t.to = q.from[from], q.to[to]
		w, ok := q.t.best()
		return ok && len(q.t.blocking(w.needs)) == 0
	}
	for i := range 2 {
		if possible(i, i) || possible(0, 1) && possible(1, 0) {
			continue
		}
		q.t.from, q.t.to = q.from[i], q.to[i]
		return q.t.refuse(now)
	}
	return none
}

// refuseBoth says why there are not two paths: as for a single path, what is asked for
// is taken away until there are. Rates, starts and round
// trips at which the search does not decide count as refused.
func (q *pairQuery) refuseBoth(now uint32) *Refusal {
	t := q.t
	t.anyRoom = true
	least, ok := q.leastMicros()
	found := q.find()
	switch {
	case isPair(&found):
	case ok:
		return &Refusal{Cause: Latency, Objects: Latency.objects(), LeastRTTMicros: micros(least)}
	default:
		return &Refusal{Cause: Disjoint, Objects: Disjoint.objects()}
	}
	r := &Refusal{Cause: Bandwidth, Objects: Bandwidth.objects(), LeastRTTMicros: micros(least)}
	r.Blocking = t.lacking(q.protected(&found).Both.Uses)
	t.anyRoom, t.pair = false, q
	r.MostKbps = t.most()
	r.EarliestStart, r.StartsTried = t.soonest(now, mostPairStarts)
	t.pair = nil
	return r
}

// fits says whether there is a pair with room.
func (q *pairQuery) fits() bool {
	found := q.find()
	return isPair(&found) && len(q.t.lacking(q.protected(&found).Both.Uses)) == 0
}

// leastMicros returns the least bound on the round trip that two paths keep;
// false: there are no two.
func (q *pairQuery) leastMicros() (uint64, bool) {
	asked := q.t.demand
	try := *asked
	q.t.demand = &try
	defer func() { q.t.demand = asked }()
	within := func(bound uint32) (uint32, bool) {
		try.MaxRTTMicros = bound
		found := q.find()
		if !isPair(&found) {
			return 0, false
		}
		return q.protected(&found).Both.RTTMicros, true
	}
	high, ok := within(0)
	for low := uint32(1); ok && low < high; {
		if slower, ok := within(low + (high-low)/2); ok {
			high = slower
		} else {
			low += (high-low)/2 + 1
		}
	}
	return uint64(high), ok
}
