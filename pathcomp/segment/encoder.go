// SPDX-License-Identifier: Apache-2.0

package segment

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// Strategy says which lists are wanted. Adjacency segments hold whatever the IGP
// does; node segments save labels, and hold as long as the IGP's view does.
type Strategy uint8

// The strategies.
const (
	// Fewest is the shortest list.
	Fewest Strategy = iota
	// FirstAdjacency is the shortest list that begins with an adjacency segment:
	// the head end then sees a failure of its own link, and does not follow the
	// IGP elsewhere.
	FirstAdjacency
	// AdjacencyOnly is one adjacency segment a link.
	AdjacencyOnly
)

// Options say which list is wanted.
type Options struct {
	Strategy Strategy
	// MaxDepth is the most segments there may be: what the head end can push
	// (BMI-MSD, RFC 8491 section 5) less the labels below the list, as of the
	// VPN. At 0 only the empty path has a list. All segments count, although the
	// label of a first adjacency is popped before it is on the wire.
	MaxDepth int
}

// AnyDepth is the MaxDepth that bounds nothing.
const AnyDepth = math.MaxInt

// Encoder turns paths into segment lists. Safe for concurrent use.
type Encoder struct {
	view      View
	distances Distances
	igp       []uint32 // arcs that the IGP uses, grouped by the node they leave
	igpAt     []uint32
}

// NewEncoder returns an encoder for a view, with the distances of that view;
// nil: it computes them when it needs them, and keeps 64 MiB of them. The error
// says what in the view does not fit.
func NewEncoder(v View, d Distances) (*Encoder, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	if d == nil {
		d = newCache(v, mostCached)
	}
	e := &Encoder{view: v, distances: d, igpAt: make([]uint32, len(v.Nodes)+1)}
	for i, state := range v.Arcs {
		if state.IGP {
			e.igp = append(e.igp, uint32(i))
			e.igpAt[e.tail(uint32(i))+1]++
		}
	}
	slices.SortStableFunc(e.igp, func(a, b uint32) int { return int(e.tail(a)) - int(e.tail(b)) })
	for i := 1; i < len(e.igpAt); i++ {
		e.igpAt[i] += e.igpAt[i-1]
	}
	return e, nil
}

// List returns the shortest segment list that makes every flow take exactly
// path, the numbers of its arcs in order. Where both would do, it names a link
// by its adjacency. The list of the empty path is empty. No segment for the
// path's end follows the adjacency into it.
//
// Errors: UncoveredError if there is no list, DepthError if it is longer than
// MaxDepth; others name what is wrong with the path: it has to be connected,
// pass no node twice, and pass only nodes that forward transit traffic.
//
// Each segment is the one that leads farthest. That is the best there is:
// routers forward by destination alone, so a segment that leads from one node
// of the path to another leads there from all nodes between them too. Whatever
// a shorter list did from behind, it could do from where this one is.
func (e *Encoder) List(path []uint32, o Options) ([]Segment, error) {
	if o.Strategy > AdjacencyOnly {
		return nil, fmt.Errorf("no strategy %d", o.Strategy)
	}
	if err := e.checkPath(path); err != nil {
		return nil, err
	}
	var list []Segment
	for at := 0; at < len(path); {
		nodes := o.Strategy == Fewest || o.Strategy == FirstAdjacency && at > 0
		segment, arcs := e.farthest(path[at:], nodes)
		if arcs == 0 {
			return nil, &UncoveredError{Arc: path[at]}
		}
		list = append(list, segment)
		at += arcs
	}
	if len(list) > o.MaxDepth {
		return nil, &DepthError{Need: len(list), Most: o.MaxDepth}
	}
	return list, nil
}

// farthest returns the segment that pins most of the path's beginning, and how
// many arcs those are; 0: there is none. Nodes says whether it may be a node's.
//
// If a stretch is the only shortest way to its end, it is the only one to each
// node that it passes: another as short, with the rest of the stretch, would be
// another shortest way to the end. Metrics are positive, so none of this goes
// in circles. That is why the longest such stretch can be searched by halving.
func (e *Encoder) farthest(path []uint32, nodes bool) (Segment, int) {
	best, arcs := Segment{}, 0
	if e.view.Arcs[path[0]].SID {
		best, arcs = Segment{Kind: Adjacency, Number: path[0]}, 1
	}
	if !nodes {
		return best, arcs
	}
	longest := sort.Search(len(path), func(i int) bool { return !e.onlyWay(path[:i+1]) })
	for n := longest; n > arcs; n-- {
		if end := e.head(path[n-1]); e.view.Nodes[end].SID {
			return Segment{Kind: Node, Number: end}, n
		}
	}
	return best, arcs
}

// onlyWay says whether all flows to the end of a stretch take this stretch.
func (e *Encoder) onlyWay(stretch []uint32) bool {
	to := e.head(stretch[len(stretch)-1])
	dist := e.distances.To(to)
	for _, arc := range stretch {
		if !e.onlyNextHop(arc, to, dist) {
			return false
		}
	}
	return true
}

// onlyNextHop says whether arc is the one next hop to a node from where it
// leaves. Parallel links are next hops of their own.
func (e *Encoder) onlyNextHop(arc, to uint32, dist []uint32) bool {
	tail, found := e.tail(arc), false
	if dist[tail] == csp.Unreachable {
		return false
	}
	for _, i := range e.igp[e.igpAt[tail]:e.igpAt[tail+1]] {
		a := e.view.Graph.Arc(i)
		if a.To != to && !e.view.Nodes[a.To].Transit || uint64(dist[tail]) != uint64(dist[a.To])+uint64(a.Cost) {
			continue
		}
		if i != arc {
			return false
		}
		found = true
	}
	return found
}

// checkPath says what is wrong with a path.
func (e *Encoder) checkPath(path []uint32) error {
	nodes := make([]uint32, 0, len(path)+1)
	for i, arc := range path {
		if int64(arc) >= int64(len(e.view.Arcs)) {
			return fmt.Errorf("path: no arc %d", arc)
		}
		tail := e.tail(arc)
		if i == 0 {
			nodes = append(nodes, tail)
		} else if tail != nodes[i] {
			return fmt.Errorf("path: arc %d does not begin where arc %d ends", arc, path[i-1])
		} else if !e.view.Nodes[tail].Transit {
			return fmt.Errorf("path: node %d forwards nothing for others", tail)
		}
		nodes = append(nodes, e.head(arc))
	}
	slices.Sort(nodes)
	if len(slices.Compact(nodes)) <= len(path) && len(path) > 0 {
		return errors.New("path: a node is passed twice")
	}
	return nil
}

func (e *Encoder) tail(arc uint32) uint32 { return e.view.Graph.Arc(arc).From }
func (e *Encoder) head(arc uint32) uint32 { return e.view.Graph.Arc(arc).To }
