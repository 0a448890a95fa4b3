// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"github.com/s2cd/s2cd/pathcomp/csp"
)

// refuse says why there is no path, and what there would be. It takes away what
// is asked for, one thing after another, until there is a path.
func (t *steering) refuse(now uint32) *Refusal {
	if t.gaveUp {
		return &Refusal{Cause: Undecided}
	}
	t.anyRoom = true
	least, ok := t.leastMicros()
	if !ok {
		return t.refuseAnyway()
	}
	r := &Refusal{LeastRTTMicros: micros(least), Cause: Bandwidth}
	d := t.demand
	switch {
	case d.MaxRTTMicros > 0 && least > uint64(d.MaxRTTMicros):
		r.Cause = Latency
	case d.MaxLossPPM > 0 && !t.exists(Steered{MaxLossPPM: d.MaxLossPPM}, 0):
		r.Cause = Loss
	case d.MaxHops > 0 && !t.exists(Steered{MaxHops: d.MaxHops}, 0):
		r.Cause = Hops
	case !t.exists(Steered{MaxHops: d.MaxHops, MaxLossPPM: d.MaxLossPPM}, d.MaxRTTMicros):
		r.Cause = Bounds
	}
	r.Objects = r.Cause.objects()
	if r.Cause != Bandwidth {
		return r
	}
	if w, ok := t.best(); ok {
		r.Blocking = t.blocking(w.needs)
	}
	t.anyRoom = false
	r.MostKbps = t.most()
	r.EarliestStart, r.StartsTried = t.soonest(now, mostStarts)
	return r
}

// refuseAnyway says why there is no path even if it may take any time and there
// is room on all links.
func (t *steering) refuseAnyway() *Refusal {
	if shut := t.shut([]int32{t.from.node, t.to.node}, t.policy.through); len(shut) > 0 {
		return &Refusal{Cause: Maintenance, Nodes: shut, Objects: Maintenance.objects()}
	}
	p := t.policy
	free := func(less policy) bool {
		t.policy = less
		_, ok := t.leastMicros()
		t.policy = p
		return ok
	}
	if !free(policy{none: true}) {
		return &Refusal{Cause: NoPath, Objects: NoPath.objects()}
	}
	r := &Refusal{Cause: Policy}
	var asked []Object
	for _, part := range []struct {
		object  Object
		asked   bool
		without policy
	}{
		{LSPA, p.affinity != Affinity{}, policy{avoid: p.avoid, through: p.through}},
		{IRO, len(p.through) > 0, policy{avoid: p.avoid, affinity: p.affinity}},
		{XRO, len(p.avoid) > 0, policy{through: p.through, affinity: p.affinity}},
	} {
		if !part.asked {
			continue
		}
		asked = append(asked, part.object)
		if free(part.without) {
			r.Objects = append(r.Objects, part.object)
		}
	}
	if len(r.Objects) == 0 { // none by itself
		r.Objects = asked
	}
	return r
}

// leastMicros returns the least round trip of all paths that the policy allows.
func (t *steering) leastMicros() (uint64, bool) {
	for _, end := range [2]int32{t.from.node, t.to.node} {
		if t.drained(end) {
			return 0, false
		}
	}
	tour := csp.Tour{From: uint32(t.from.node), MaxDelay: csp.MaxPath, Legs: t.legs()} //nolint:gosec // number of a node
	w, ok := t.fastest(tour)
	return w.micros, ok
}

// exists says whether there is a path within some of the demand's bounds.
func (t *steering) exists(bounds Steered, maxRTT uint32) bool {
	asked := t.demand
	try := *asked
	try.Objective, try.MaxLossPPM, try.MaxHops, try.MaxRTTMicros = LeastCost, bounds.MaxLossPPM, bounds.MaxHops, maxRTT
	t.demand = &try
	defer func() { t.demand = asked }()
	_, ok := t.best()
	return ok
}
