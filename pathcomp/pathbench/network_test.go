// SPDX-License-Identifier: Apache-2.0

package pathbench_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
	"github.com/s2cd/s2cd/topology"
)

func TestNetwork(t *testing.T) {
	t.Parallel()
	all := topology.Shares{All: 1000}
	got := pathbench.Network(&pathbench.Graph{
		Nodes: 3,
		Arcs: []csp.Arc{
			{From: 0, To: 1, Cost: 5, Delay: 50}, {From: 0, To: 1, Cost: 6, Delay: 60},
			{From: 1, To: 0, Cost: 0, Delay: 70}, {From: 1, To: 2, Cost: 8, Delay: 80},
		},
		Mbps: []uint32{1, 2, 3, 4},
	})
	want := &topology.Network{
		Revision: 1, AS: 65000,
		Nodes: []topology.Node{{Name: "0", Role: topology.PE}, {Name: "1", Role: topology.PE}, {Name: "2", Role: topology.PE}},
		Links: []topology.Link{
			{Name: "0", A: "0", Z: "1", Kbps: [2]uint64{1000, 3000}, Micros: [2]uint32{50, 70}, IGPMetric: [2]uint32{5, 1}, Reservable: all},
			{Name: "1", A: "0", Z: "1", Kbps: [2]uint64{2000, 0}, Micros: [2]uint32{60, 60}, IGPMetric: [2]uint32{6, topology.MaxMetric}, Reservable: all},
			{Name: "3", A: "1", Z: "2", Kbps: [2]uint64{4000, 0}, Micros: [2]uint32{80, 80}, IGPMetric: [2]uint32{8, topology.MaxMetric}, Reservable: all},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b topology.Node) bool { return a.Name == b.Name && a.Role == b.Role })); diff != "" {
		t.Error(diff)
	}
}

func TestIsGraph(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"3 2\n0 1 1 1 1\n": true, " 3\t2": true, "3\n": false, "3 2 1\n": false, "as: 1\n": false, "as 1\n": false, "": false, "-3 2\n": false,
	} {
		if got := pathbench.IsGraph([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bad.g")
	if err := os.WriteFile(path, []byte("2 1\n0 1 1 x 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pathbench.LoadGraph(path); err == nil || err.Error() != path+`: line 2: "x" is not a number from 0 to 2147483647` {
		t.Errorf("got %v", err)
	}
	if _, err := pathbench.LoadQueries(path+"none", 2); err == nil || !strings.Contains(err.Error(), path+"none: no such file") {
		t.Errorf("got %v", err)
	}
}
