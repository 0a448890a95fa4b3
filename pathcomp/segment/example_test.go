// SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"fmt"
	"slices"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/segment"
)

// PE1 (node 0) reaches PE2 (4) at least cost over P1 (1). A session is to go
// over P2 and P3 (2, 3), and one that was sold before goes over P1, on the first
// of two links into PE2. Only the arcs towards PE2 are shown.
func Example() {
	arcs := []csp.Arc{
		{From: 0, To: 1, Cost: 10}, {From: 1, To: 4, Cost: 10}, {From: 1, To: 4, Cost: 10},
		{From: 0, To: 2, Cost: 20}, {From: 2, To: 3, Cost: 20}, {From: 3, To: 4, Cost: 20},
	}
	graph, err := csp.NewGraph(5, arcs)
	if err != nil {
		fmt.Println(err)
		return
	}
	view := segment.View{
		Graph: graph,
		Arcs:  slices.Repeat([]segment.ArcState{{IGP: true, SID: true}}, graph.Arcs()),
		Nodes: slices.Repeat([]segment.NodeState{{Transit: true, SID: true}}, graph.Nodes()),
	}
	encoder, err := segment.NewEncoder(view, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	simulator, err := segment.NewSimulator(view)
	if err != nil {
		fmt.Println(err)
		return
	}

	path := []uint32{3, 4, 5}
	for _, strategy := range []segment.Strategy{segment.Fewest, segment.FirstAdjacency, segment.AdjacencyOnly} {
		list, err := encoder.List(path, segment.Options{Strategy: strategy, MaxDepth: 3})
		fmt.Println(list, err, simulator.Verify(path, list))
	}
	_, err = encoder.List(path, segment.Options{MaxDepth: 1})
	fmt.Println(err)

	// PE2's node SID would spread the other session over both links.
	fmt.Println(simulator.Verify([]uint32{0, 1}, []segment.Segment{{Kind: segment.Node, Number: 4}}))
	// Output:
	// [node 3 adjacency 5] <nil> <nil>
	// [adjacency 3 node 4] <nil> <nil>
	// [adjacency 3 adjacency 4 adjacency 5] <nil> <nil>
	// 2 segments are needed, and 1 may be pushed
	// packets may take arcs [0 1 2]
}
