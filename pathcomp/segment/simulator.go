// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"fmt"
	"slices"
)

// Simulator forwards packets under segment lists through a view. It is the
// proof of what Encoder says and shares nothing with it but the view: shortest
// ways are searched from where the packet is, not from where it goes. Safe for
// concurrent use.
type Simulator struct {
	view              View
	leaving, reaching [][]uint32 // arcs that the IGP uses, by node
}

// NewSimulator returns a simulator for a view. The error says what in the view
// does not fit.
func NewSimulator(v View) (*Simulator, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	s := &Simulator{view: v, leaving: make([][]uint32, len(v.Nodes)), reaching: make([][]uint32, len(v.Nodes))}
	for i := range uint32(len(v.Arcs)) { //nolint:gosec // numbers of arcs
		if v.Arcs[i].IGP {
			a := v.Graph.Arc(i)
			s.leaving[a.From] = append(s.leaving[a.From], i)
			s.reaching[a.To] = append(s.reaching[a.To], i)
		}
	}
	return s, nil
}

// Verify proves that under list every flow takes path and nothing else.
// Errors: FaultError, DeviationError.
func (s *Simulator) Verify(path []uint32, list []Segment) error {
	if len(path) == 0 {
		if len(list) > 0 {
			return fmt.Errorf("%d segments for an empty path", len(list))
		}
		return nil
	}
	if int64(path[0]) >= int64(len(s.view.Arcs)) {
		return fmt.Errorf("path: no arc %d", path[0])
	}
	arcs, err := s.Simulate(s.view.Graph.Arc(path[0]).From, list)
	if err != nil {
		return err
	}
	if !slices.Equal(arcs, path) {
		return &DeviationError{Arcs: arcs}
	}
	return nil
}

// Simulate forwards a packet from a node under list and returns all arcs that
// may carry it, over every branch that a router may choose among equals:
// segment by segment and, within one, in the order of their distance. The packet
// ends where the last of them does. Where labels are popped (at the penultimate
// hop or the last) makes no difference to the way. A FaultError says that the
// packet may be lost, or pass a node twice.
func (s *Simulator) Simulate(from uint32, list []Segment) ([]uint32, error) {
	if int64(from) >= int64(len(s.view.Nodes)) {
		return nil, fmt.Errorf("no node %d", from)
	}
	w := walk{Simulator: s, at: from, passed: map[uint32]bool{from: true}}
	for i, segment := range list {
		start := w.at
		if cause := w.follow(segment); cause != "" {
			return nil, &FaultError{Cause: cause, Index: i, Segment: segment, At: start}
		}
	}
	return w.arcs, nil
}

// walk is a packet on its way. However flows spread within a segment, they meet
// at its end: the packet is at one node whenever a segment is done.
type walk struct {
	*Simulator
	at     uint32
	arcs   []uint32
	passed map[uint32]bool
	dist   []uint64 // of nodes, from where the segment began
}

// follow moves the packet to the end of a segment; "" if it gets there.
func (w *walk) follow(x Segment) Cause {
	var stretch []uint32
	switch x.Kind {
	case Node:
		if int64(x.Number) >= int64(len(w.view.Nodes)) || !w.view.Nodes[x.Number].SID {
			return NoSID
		}
		if x.Number == w.at {
			return ""
		}
		if !w.explore(x.Number) {
			return Unreachable
		}
		stretch = w.fan(x.Number)
	case Adjacency:
		if int64(x.Number) >= int64(len(w.view.Arcs)) || !w.view.Arcs[x.Number].SID {
			return NoSID
		}
		if w.view.Graph.Arc(x.Number).From != w.at {
			return NotLocal
		}
		stretch = []uint32{x.Number}
	default:
		return NoSID
	}
	return w.take(stretch)
}

// take moves the packet over the arcs of a segment, the last of which ends
// where the segment does.
func (w *walk) take(stretch []uint32) Cause {
	if len(w.arcs) > 0 && !w.view.Nodes[w.at].Transit {
		return NoTransit
	}
	ends := make(map[uint32]bool, len(stretch))
	for _, i := range stretch {
		w.at = w.view.Graph.Arc(i).To
		if w.passed[w.at] {
			return Loop
		}
		ends[w.at] = true
	}
	for node := range ends {
		w.passed[node] = true
	}
	w.arcs = append(w.arcs, stretch...)
	return ""
}
