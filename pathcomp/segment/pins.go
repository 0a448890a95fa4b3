// SPDX-License-Identifier: Apache-2.0

package segment

import "slices"

// Pins says whether under list every flow takes path and nothing else: whether
// a list made for another view of the same graph still does what it was made
// for. It says what Simulator.Verify proves, and not why, but from distances
// that are at hand: a lookup where that is a search.
func (e *Encoder) Pins(path []uint32, list []Segment) bool {
	if e.checkPath(path) != nil {
		return false
	}
	at := 0
	for _, x := range list {
		arcs, ok := e.pinned(path, at, x)
		if !ok {
			return false
		}
		at += arcs
	}
	return at == len(path)
}

// pinned returns how many arcs a segment takes from place at of a path; false:
// not all flows stay on the path.
func (e *Encoder) pinned(path []uint32, at int, x Segment) (int, bool) {
	switch x.Kind {
	case Adjacency:
		return 1, at < len(path) && path[at] == x.Number && e.view.Arcs[x.Number].SID
	case Node:
		if len(path) == 0 || int64(x.Number) >= int64(len(e.view.Nodes)) || !e.view.Nodes[x.Number].SID {
			return 0, false
		}
		if at == 0 && e.tail(path[0]) == x.Number || at > 0 && e.head(path[at-1]) == x.Number {
			return 0, true
		}
		n := 1 + slices.IndexFunc(path[at:], func(arc uint32) bool { return e.head(arc) == x.Number })
		return n, n > 0 && e.onlyWay(path[at:at+n])
	}
	return 0, false
}
