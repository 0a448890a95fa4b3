// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/s2cd/s2cd/pathcomp/segment"
	"github.com/s2cd/s2cd/topology"
)

// pathSegments are the wish for segment lists.
type pathSegments struct {
	wanted   bool
	strategy segment.Strategy
	depth    uint32
}

func (p *pathSegments) flags(fs *pflag.FlagSet) {
	strategies := oneOf([]string{"fewest", "first-adjacency", "adjacencies"},
		[]segment.Strategy{segment.Fewest, segment.FirstAdjacency, segment.AdjacencyOnly})
	fs.Var(&textFlag[segment.Strategy]{to: &p.strategy, kind: "how", parse: func(text string) (segment.Strategy, error) {
		p.wanted = true
		return strategies(text)
	}}, "segments", "add the SR-MPLS segment list (RFC 8402) of each direction: fewest, first-adjacency or adjacencies")
	fs.Lookup("segments").NoOptDefVal = "fewest"
	fs.Uint32Var(&p.depth, "max-depth", 0, "most `segments` that the head end can push (RFC 8491)")
}

// add gives each direction of each path its list. The error names the path that
// has none.
func (p *pathSegments) add(n *topology.Network, paths []pathFound) error {
	if !p.wanted && p.depth == 0 {
		return nil
	}
	view, err := segment.NetworkView(n)
	if err != nil {
		return err
	}
	encoder, err := segment.NewEncoder(view, nil)
	if err != nil {
		return err
	}
	o := segment.Options{Strategy: p.strategy, MaxDepth: segment.AnyDepth}
	if p.depth > 0 {
		o.MaxDepth = int(p.depth)
	}
	for i := range paths {
		for _, d := range []*pathDirection{&paths[i].Forward, &paths[i].Reverse} {
			arcs := make([]uint32, len(d.Hops))
			for k, h := range d.Hops {
				arcs[k] = h.arc
			}
			list, err := encoder.List(arcs, o)
			if err != nil {
				return fmt.Errorf("segments from %s to %s: %w", d.Nodes[0], d.Nodes[len(d.Nodes)-1], err)
			}
			d.Segments = namedSegments(n, list)
		}
	}
	return nil
}

// pathSegment is one segment of a list.
type pathSegment struct {
	Kind string `json:"kind"`           // "node" or "adjacency"
	Node string `json:"node,omitempty"` // of a node
	Link string `json:"link,omitempty"` // of an adjacency
	From string `json:"from,omitempty"` // the node it leaves
}

func namedSegments(n *topology.Network, list []segment.Segment) []pathSegment {
	out := make([]pathSegment, len(list))
	for i, s := range list {
		out[i].Kind = s.Kind.String()
		if s.Kind == segment.Node {
			out[i].Node = string(n.Nodes[s.Number].Name)
			continue
		}
		l := &n.Links[s.Number/2]
		out[i].Link, out[i].From = l.Name, string([2]topology.NodeName{l.A, l.Z}[s.Number%2])
	}
	return out
}

// segmentText says a list in words.
func segmentText(list []pathSegment) string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = s.Kind + " " + s.Node + s.Link
	}
	return strings.Join(words, ", ")
}
