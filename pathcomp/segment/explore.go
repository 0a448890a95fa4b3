// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"cmp"
	"slices"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// unreached is farther than any way, and than any way and an arc.
const unreached = 1 << 62

// explore computes distances from where the packet is, up to that of a node;
// false: there is no way to it (Dijkstra).
func (w *walk) explore(to uint32) bool {
	if w.dist == nil {
		w.dist = make([]uint64, len(w.view.Nodes))
	}
	for i := range w.dist {
		w.dist[i] = unreached
	}
	w.dist[w.at] = 0
	q := queue{{node: w.at}}
	for len(q) > 0 {
		x := q.pop()
		if x.node == to {
			return true
		}
		if x.dist > w.dist[x.node] || x.node != w.at && !w.view.Nodes[x.node].Transit {
			continue
		}
		for _, i := range w.leaving[x.node] {
			a := w.view.Graph.Arc(i)
			next := x.dist + uint64(a.Cost)
			if next <= csp.MaxPath && next < w.dist[a.To] {
				w.dist[a.To] = next
				q.push(arrival{dist: next, node: a.To})
			}
		}
	}
	return false
}

// fan returns the arcs of all shortest ways to a node that was explored.
func (w *walk) fan(to uint32) []uint32 {
	var arcs []uint32
	seen := map[uint32]bool{to: true}
	for open := []uint32{to}; len(open) > 0; {
		node := open[len(open)-1]
		open = open[:len(open)-1]
		for _, i := range w.reaching[node] {
			a := w.view.Graph.Arc(i)
			if a.From != w.at && !w.view.Nodes[a.From].Transit || w.dist[a.From]+uint64(a.Cost) != w.dist[node] {
				continue
			}
			arcs = append(arcs, i)
			if !seen[a.From] {
				seen[a.From] = true
				open = append(open, a.From)
			}
		}
	}
	slices.SortFunc(arcs, func(x, y uint32) int {
		a, b := w.view.Graph.Arc(x), w.view.Graph.Arc(y)
		return cmp.Or(cmp.Compare(w.dist[a.From], w.dist[b.From]), cmp.Compare(x, y))
	})
	return arcs
}

// arrival is a node and how far it is, at most.
type arrival struct {
	dist uint64
	node uint32
}

// queue is a binary heap, nearest first.
type queue []arrival

func (q *queue) push(x arrival) {
	h := append(*q, x)
	for i := len(h) - 1; i > 0 && h[i].dist < h[(i-1)/2].dist; i = (i - 1) / 2 {
		h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
	}
	*q = h
}

func (q *queue) pop() arrival {
	h := *q
	top, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	for i := 0; 2*i+1 < last; {
		least := 2*i + 1
		if least+1 < last && h[least+1].dist < h[least].dist {
			least++
		}
		if h[i].dist <= h[least].dist {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	*q = h
	return top
}
