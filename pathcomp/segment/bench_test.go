// SPDX-License-Identifier: Apache-2.0

package segment_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/pathcomp/segment"
)

// provider is a network of 10,000 nodes: a core in a ring with chords,
// aggregation at two core nodes each, access in rings of ten between two
// aggregation nodes.
func provider(b *testing.B) instance {
	b.Helper()
	const core, aggregation, nodes = 100, 1_000, 10_000
	r := rand.New(rand.NewPCG(11, 12))
	var arcs []csp.Arc
	link := func(x, y, cost uint32) {
		arcs = append(arcs, csp.Arc{From: x, To: y, Cost: cost}, csp.Arc{From: y, To: x, Cost: cost})
	}
	for i := range uint32(core) {
		link(i, (i+1)%core, 10+r.Uint32N(20))
		link(i, r.Uint32N(core), 10+r.Uint32N(40))
	}
	for i := uint32(core); i < aggregation; i++ {
		link(i, r.Uint32N(core), 100)
		link(i, r.Uint32N(core), 100)
	}
	for i := uint32(aggregation); i < nodes; i++ {
		if i%10 == 0 {
			link(i, core+r.Uint32N(aggregation-core), 1000)
			continue
		}
		link(i, i-1, 1000)
		if i%10 == 9 {
			link(i, core+r.Uint32N(aggregation-core), 1000)
		}
	}
	return newInstance(b, slices.Repeat([]segment.NodeState{{Transit: true, SID: true}}, nodes), arcs,
		slices.Repeat([]segment.ArcState{{IGP: true, SID: true}}, len(arcs)))
}

// walks returns paths of 12 hops that begin in the core and go anywhere.
func (in instance) walks() [][]uint32 {
	const hops, core = 12, 100
	r := rand.New(rand.NewPCG(13, 14))
	leaving := make([][]uint32, len(in.Nodes))
	for i, a := range in.arcs {
		leaving[a.From] = append(leaving[a.From], uint32(i))
	}
	var paths [][]uint32
	for len(paths) < 20 {
		at := r.Uint32N(core)
		passed := map[uint32]bool{at: true}
		var path []uint32
		for len(path) < hops {
			arc := leaving[at][r.IntN(len(leaving[at]))]
			if at = in.arcs[arc].To; passed[at] {
				break
			}
			passed[at] = true
			path = append(path, arc)
		}
		if len(path) == hops {
			paths = append(paths, path)
		}
	}
	return paths
}

// lists are the shortest for paths; e knows all distances then.
func lists(b *testing.B, e *segment.Encoder, paths [][]uint32) [][]segment.Segment {
	b.Helper()
	all := make([][]segment.Segment, len(paths))
	for i, path := range paths {
		var err error
		if all[i], err = e.List(path, anyDepth(segment.Fewest)); err != nil {
			b.Fatal(err)
		}
	}
	return all
}

func BenchmarkList(b *testing.B) {
	in := provider(b)
	paths := in.walks()
	b.Run("warm", func(b *testing.B) {
		e := in.encoder(b)
		segments := 0
		for _, list := range lists(b, e, paths) {
			segments += len(list)
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if _, err := e.List(paths[i%len(paths)], anyDepth(segment.Fewest)); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(segments)/float64(len(paths)), "segments/list")
	})
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			e := in.encoder(b)
			b.StartTimer()
			if _, err := e.List(paths[i%len(paths)], anyDepth(segment.Fewest)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	in := provider(b)
	paths := in.walks()
	e, s := in.encoder(b), in.simulator(b)
	all := lists(b, e, paths)
	b.Run("pins", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if !e.Pins(paths[i%len(paths)], all[i%len(paths)]) {
				b.Fatal("a list does not pin its path")
			}
		}
	})
	b.Run("simulated", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if err := s.Verify(paths[i%len(paths)], all[i%len(paths)]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
