// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"cmp"
	"slices"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/topology"
)

// course is where ways lead. It is never changed: admissions share it.
type course struct {
	forward, reverse []topology.NodeName // of one way

	// Of a steered path, each direction's in order.

	arcs  [2][]int32
	links [2][]topology.ArcName
}

// chart is the course of a steered path, and what it takes in the order of the arcs'
// names.
type chart struct {
	course
	takes []taken
}

// taken is an arc that a direction (0: there) takes.
type taken struct{ arc, way int32 }

// chart returns a path's, which is drawn once where the solver remembers the path.
func (t *steering) chart(found csp.Result, path []uint32) *chart {
	if found.Note == nil {
		return t.draw(path)
	}
	if known, ok := found.Note.Load().(*chart); ok {
		return known
	}
	c := t.draw(path)
	found.Note.Store(c)
	return c
}

// draw makes the chart of a path.
func (t *steering) draw(path []uint32) *chart {
	c := &chart{}
	node, way := t.from.node, int32(0)
	for _, i := range path {
		a := int32(i) //nolint:gosec // number of an arc
		if way == 0 && node == t.to.node && t.demand.Separate {
			way = 1
		}
		c.arcs[way] = append(c.arcs[way], a)
		node = t.arcs.at(a).to
	}
	if !t.demand.Separate {
		for _, a := range slices.Backward(c.arcs[0]) {
			c.arcs[1] = append(c.arcs[1], a^1)
		}
	}
	for way, arcs := range c.arcs {
		for _, a := range arcs {
			c.takes = append(c.takes, taken{a, int32(way)})
		}
	}
	slices.SortFunc(c.takes, func(x, y taken) int { return cmp.Compare(t.rank[x.arc], t.rank[y.arc]) })
	c.forward, c.reverse = namesOf(t.nodeNames, t.along(t.from.node, c.arcs[0]), t.along(t.to.node, c.arcs[1]))
	c.links[0], c.links[1] = namesOf(t.names, c.arcs[0], c.arcs[1])
	return c
}

// along returns the nodes that arcs lead over.
func (t *steering) along(from int32, arcs []int32) []int32 {
	nodes := append(make([]int32, 0, 1+len(arcs)), from)
	for _, a := range arcs {
		nodes = append(nodes, t.arcs.at(a).to)
	}
	return nodes
}

// over is the course of ways that the routers choose, over nodes of one of them.
func (s *snapshot) over(there, back []int32) course {
	var c course
	c.forward, c.reverse = namesOf(s.nodeNames, there, back)
	return c
}

// namesOf returns the names of two rows of numbers, side by side in memory.
func namesOf[T any](names []T, there, back []int32) (forward, reverse []T) {
	both := make([]T, len(there)+len(back))
	forward, reverse = both[:len(there):len(there)], both[len(there):]
	for i, n := range there {
		forward[i] = names[n]
	}
	for i, n := range back {
		reverse[i] = names[n]
	}
	return forward, reverse
}
