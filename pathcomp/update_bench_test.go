// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
	"github.com/s2cd/s2cd/topology"
)

// providerCore returns the core of a provider's network with warm caches, and
// the octets that its making allocated.
func providerCore(t testing.TB, nodes int) (core *pathcomp.Core, n *topology.Network, octets uint64) {
	t.Helper()
	p, err := pathbench.NewProvider(nodes, 1)
	if err != nil {
		t.Fatal(err)
	}
	n = pathbench.Network(p.Graph)
	octets = allocated(func() { core, _ = newCore(t, n) })
	d := demand(1000)
	d.From = pathcomp.Terminal{Node: n.Nodes[p.Sites[0]].Name}
	d.To = pathcomp.Terminal{Node: n.Nodes[p.Gateways[0]].Name}
	core.Prepare(t.Context(), d.To.Node)
	separate := d
	separate.Separate = true
	for _, search := range []func() (pathcomp.Admission, *pathcomp.Refusal){
		func() (pathcomp.Admission, *pathcomp.Refusal) { return core.Search(d) },
		func() (pathcomp.Admission, *pathcomp.Refusal) { return core.Steer(d) },
		func() (pathcomp.Admission, *pathcomp.Refusal) { return core.Steer(separate) },
	} {
		if _, refusal := search(); refusal != nil {
			t.Fatal(refusal)
		}
	}
	return core, n, octets
}

// allocated returns how many octets do allocates. Nothing else may run.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// flap takes link i down, or up again.
func flap(t testing.TB, core *pathcomp.Core, n *topology.Network, i int, down bool) {
	l := n.Links[i%len(n.Links)]
	l.Down = down
	if err := core.Update(pathcomp.Update{Links: []topology.Link{l}}); err != nil {
		t.Fatal(err)
	}
}

// TestUpdateCostsWhatChanges counts what news of one link allocates, on networks
// of which one is 50 times the other. It runs by itself, since it counts what
// every test allocates.
func TestUpdateCostsWhatChanges(t *testing.T) {
	for _, tt := range []struct {
		nodes int
		most  uint64
	}{{1_000, 24 << 10}, {50_000, 64 << 10}} {
		core, n, whole := providerCore(t, tt.nodes)
		const updates = 64
		each := allocated(func() {
			for i := range updates {
				flap(t, core, n, 1009*i, true)
			}
		}) / updates
		t.Logf("%d nodes: %d octets an update, %d for the network", tt.nodes, each, whole)
		if each > tt.most || 50*each > whole {
			t.Errorf("%d nodes: an update allocates %d octets, the network %d: want at most %d, and far less", tt.nodes, each, whole, tt.most)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	for _, nodes := range []int{1_000, 10_000, 50_000} {
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			core, n, _ := providerCore(b, nodes)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				flap(b, core, n, 1009*(i/2), i%2 == 0)
			}
		})
	}
}
