// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// Core answers demands: a search on an immutable snapshot, without locks, that
// Ledger.Reserve validates again. Safe for concurrent use.
type Core struct {
	ledger *Ledger
	clock  func() time.Time
	now    atomic.Pointer[snapshot]

	changing sync.Mutex // held while now is replaced
	wanted   chan destination
	idle     sync.Pool // of *steering
}

// NewCore makes n the network that l keeps the book of. The error names every
// bad reference in n.
func NewCore(n *topology.Network, l *Ledger, clock func() time.Time) (*Core, error) {
	c := &Core{ledger: l, clock: clock, wanted: make(chan destination, mostWanted)}
	if err := c.Swap(n); err != nil {
		return nil, err
	}
	return c, nil
}

// Swap makes n the network that searches from now on see. Reservations stay, by
// the names of arcs; an arc that n lacks sells nothing more. On error nothing
// has changed.
func (c *Core) Swap(n *topology.Network) error {
	s, err := newSnapshot(n)
	if err != nil {
		return fmt.Errorf("topology revision %d: %w", n.Revision, err)
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	c.ledger.setCapacities(s)
	c.now.Store(s)
	return nil
}

// Network returns the network that searches see.
func (c *Core) Network() *topology.Network { return c.now.Load().network() }

// Search looks for room on the ways that the routers' own SPF takes, in both
// directions. Flows are spread over equal-cost ways and a session may be one
// flow: each arc of the fan must have room for all of it, and the slowest way and
// the one that loses most count. Of Steered only MaxLossPPM is looked at. The refusal
// is nil when the demand fits. For two ways see Second.
func (c *Core) Search(d Demand) (Admission, *Refusal) {
	s, ask := c.now.Load(), c.searchOne
	if d.Second != nil {
		ask = c.searchPair
	}
	a, refusal := ask(s, &d)
	if refusal != nil {
		refusal.Objects = refusal.Cause.objects()
	}
	return a, refusal
}

// searchOne is Search for a demand of one way.
func (c *Core) searchOne(s *snapshot, d *Demand) (Admission, *Refusal) {
	w, refusal := s.route(d)
	if refusal != nil {
		return Admission{}, refusal
	}
	if d.MaxRTTMicros > 0 && w.micros > uint64(d.MaxRTTMicros) {
		return Admission{}, &Refusal{Cause: Latency, LeastRTTMicros: micros(w.micros)}
	}
	if d.MaxLossPPM > 0 && w.loss > uint64(lossBound(d.MaxLossPPM)) {
		return Admission{}, &Refusal{Cause: Loss, LeastRTTMicros: micros(w.micros)}
	}
	if refusal := c.lacks(s, d, &w); refusal != nil {
		return Admission{}, refusal
	}
	return s.admission(d, w), nil
}

// lacks says what ways have no room for; nil: there is room.
func (c *Core) lacks(s *snapshot, d *Demand, w *ways) *Refusal {
	r := c.roomFor(s, d)
	blocking := r.blocking(w.needs)
	if len(blocking) == 0 {
		return nil
	}
	return &Refusal{
		Cause: Bandwidth, Blocking: blocking, LeastRTTMicros: micros(w.micros),
		MostKbps:      r.mostKbps(w.needs),
		EarliestStart: r.earliest(w.needs, c.clock()),
	}
}

// ways is where a demand goes and what it takes there.
type ways struct {
	course
	micros uint64 // round trip on the slowest ways
	loss   uint64 // and on those that lose most, in lossUnit
	needs  []need // by arc
	cost   uint64 // of a steered path
}

// terminal is a Terminal by numbers.
type terminal struct {
	node   int32
	access []int32 // arcs into the network
	micros uint64  // one way
}

// route finds the demand's ways whether or not there is room.
func (s *snapshot) route(d *Demand) (ways, *Refusal) {
	from, to, refusal := s.terminals(d)
	if refusal != nil {
		return ways{}, refusal
	}
	there, ok := s.fan(from.node, to.node)
	back, okBack := s.fan(to.node, from.node)
	if !ok || !okBack {
		return ways{}, &Refusal{Cause: NoPath}
	}
	if shut := s.shut(s.shutOn(&there), s.shutOn(&back)); len(shut) > 0 {
		return ways{}, &Refusal{Cause: Maintenance, Nodes: shut}
	}
	n := needs{demand: d, list: make([]need, 0, len(there.arcs)+len(back.arcs)+2*(len(from.access)+len(to.access)))}
	for direction, f := range [2]fan{there, back} {
		for _, a := range f.arcs {
			n.take(a, true, direction)
		}
	}
	n.takeAccess(from, to)
	return ways{
		course: s.over(there.path(), back.path()), needs: n.merge(s.rank),
		micros: there.micros() + back.micros() + 2*(from.micros+to.micros), loss: there.loss() + back.loss(),
	}, nil
}

// terminals looks both ends up, and the window over.
func (s *snapshot) terminals(d *Demand) (from, to terminal, refusal *Refusal) {
	if first, end := d.Window.span(); first >= end {
		return from, to, &Refusal{Cause: Invalid}
	}
	if from, refusal = s.terminal(d.From); refusal != nil {
		return from, to, refusal
	}
	to, refusal = s.terminal(d.To)
	return from, to, refusal
}

func (s *snapshot) terminal(t Terminal) (terminal, *Refusal) {
	node, ok := s.nodeOf[t.Node]
	if !ok {
		return terminal{}, &Refusal{Cause: UnknownNode, Nodes: []topology.NodeName{t.Node}}
	}
	out := terminal{node: node}
	for _, name := range t.Access {
		in, ok := s.accessOf[name]
		if !ok {
			return terminal{}, &Refusal{Cause: UnknownNode, Blocking: []topology.ArcName{topology.AccessArc(name, 0)}}
		}
		out.access = append(out.access, in)
		out.micros += uint64(s.arcs.at(in).micros)
	}
	return out, nil
}

// shut returns the nodes in maintenance, sorted.
func (s *snapshot) shut(sets ...[]int32) []topology.NodeName {
	var out []topology.NodeName
	for _, nodes := range sets {
		for _, i := range nodes {
			if s.flags[i]&isShut != 0 {
				out = append(out, s.nodeNames[i])
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *snapshot) admission(d *Demand, w ways) Admission {
	a := Admission{
		Revision: s.revision, Snapshot: s.serial, Class: d.Class, Window: d.Window,
		RTTMicros: micros(w.micros), LossPPM: ppm(w.loss), Cost: w.cost, Forward: w.forward, Reverse: w.reverse, Links: w.links,
		Uses: make([]Use, len(w.needs)), Arcs: make([]int32, len(w.needs)),
	}
	for i, n := range w.needs {
		a.Uses[i] = Use{Arc: s.names[n.arc], Kbps: uint64(n.kbps)} //nolint:gosec // never negative
		a.Arcs[i] = n.arc
	}
	return a
}

func micros(sum uint64) uint32 { return uint32(min(sum, math.MaxUint32)) }
