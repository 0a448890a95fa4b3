// SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp/segment"
	"github.com/s2cd/s2cd/topology"
)

func TestNetworkView(t *testing.T) {
	t.Parallel()
	n := &topology.Network{
		Nodes: []topology.Node{{Name: "a", Role: topology.PE}, {Name: "b", Role: topology.P, Down: true}, {Name: "g", Role: topology.Gateway}, {Name: "z", Role: topology.PE}},
		Links: []topology.Link{
			{Name: "ab", A: "a", Z: "b", IGPMetric: [2]uint32{1, 2}},
			{Name: "za", A: "z", Z: "a", IGPMetric: [2]uint32{3, topology.MaxMetric}},
			{Name: "ag", A: "a", Z: "g", IGPMetric: [2]uint32{4, 4}, Down: true},
		},
	}
	v, err := segment.NetworkView(n)
	if err != nil {
		t.Fatal(err)
	}
	off, on := segment.ArcState{}, segment.ArcState{IGP: true, SID: true}
	arcs := []segment.ArcState{off, off, on, {SID: true}, off, off}
	nodes := []segment.NodeState{{Transit: true, SID: true}, {}, {SID: true}, {Transit: true, SID: true}}
	if diff := cmp.Diff(arcs, v.Arcs) + cmp.Diff(nodes, v.Nodes); diff != "" {
		t.Error(diff)
	}
	if a := v.Graph.Arc(2); a.From != 3 || a.To != 0 || a.Cost != 3 {
		t.Errorf("arc 2 is %+v", a)
	}
	n.Links[1].Z = "x"
	if _, err := segment.NetworkView(n); err == nil || err.Error() != `link za: from "z" to "x", which are not both nodes` {
		t.Errorf("a link that ends nowhere: %v", err)
	}
}
