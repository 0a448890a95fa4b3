// SPDX-License-Identifier: Apache-2.0

package csp

// The sides from which severed looks.
const (
	ahead = iota
	astern
)

// suspicious is the number of expansions without an answer after which a search
// asks whether there is any path: most that go on have none.
const suspicious = 8

// severed says whether there is a leg whose ends no usable arcs join.
func (s *search) severed() bool {
	from := s.tour.From
	for i := range s.legs {
		to := s.legs[i].To
		if from != to && !s.joined(i, from, to) {
			return true
		}
		from = to
	}
	return false
}

// joined says whether usable arcs lead from one end of a leg to the other. It
// looks from both by turns, so that it is done soon where either has few nodes
// on its side.
func (s *search) joined(leg int, from, to uint32) bool {
	l := &s.legs[leg]
	s.sides = [2][]uint32{append(s.sides[ahead][:0], from), append(s.sides[astern][:0], to)}
	s.state(l, from).seen = 1 << ahead
	s.state(l, to).seen = 1 << astern
	for next := 0; ; next++ {
		for side := range s.sides {
			if next == len(s.sides[side]) {
				return false
			}
			node := s.sides[side][next]
			edges := s.graph.leaving(node)
			if side == astern {
				edges = s.graph.reaching(node)
			}
			for _, e := range edges {
				state := s.state(l, e.node)
				if state.seen&(1<<side) != 0 || l.Usable != nil && !l.Usable.Usable(e.arc) {
					continue
				}
				if state.seen != 0 {
					return true
				}
				state.seen = 1 << side
				s.sides[side] = append(s.sides[side], e.node)
			}
		}
	}
}
