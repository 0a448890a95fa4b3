// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/s2cd/s2cd/pathcomp/csp"
)

// fewest is the smallest network that has all its tiers.
const fewest = 20

// Provider is a made-up provider's network, for who has no graph in a file: a
// core mesh over a country, pairs of aggregation routers each homed on two of
// the core, pairs of PEs each homed on a pair of aggregation, and access rings
// that begin at one PE of a pair and end at the other. Of 50 nodes about 1 is
// core, 4 aggregate, 5 are PEs and 40 lie in rings. No single node or link cuts
// it. Arcs come in pairs, there and back.
type Provider struct {
	Graph    *Graph
	Sites    []uint32 // where customers connect: the nodes of the rings
	Gateways []uint32 // where clouds are reached: some of the PEs, at most 50
}

// NewProvider makes a network of so many nodes, at least 20. The same nodes and
// seed give the same network.
func NewProvider(nodes int, seed uint64) (*Provider, error) {
	if nodes < fewest {
		return nil, fmt.Errorf("nodes: %d, want at least %d", nodes, fewest)
	}
	b := builder{rand: rand.New(rand.NewPCG(seed, uint64(nodes))), graph: &Graph{}}
	core := b.core(max(4, nodes/50))
	aggregation := b.pairs(max(1, nodes/25), func(int) (home, other uint32) {
		home = core[b.rand.IntN(len(core))]
		return home, b.nearest(home, core, 1)[0]
	}, tier{km: 40, cost: 10, capacities: []uint32{100_000}})
	pes := b.pairs(nodes/20, func(i int) (home, other uint32) {
		pair := 2 * (i % (len(aggregation) / 2))
		return aggregation[pair], aggregation[pair+1]
	}, tier{km: 20, cost: 10, capacities: []uint32{10_000, 40_000}})
	p := &Provider{Graph: b.graph}
	for len(b.places) < nodes {
		pair := 2 * b.rand.IntN(len(pes)/2)
		p.Sites = append(p.Sites, b.ring(pes[pair], pes[pair+1], min(4+b.rand.IntN(5), nodes-len(b.places)))...)
	}
	b.graph.Nodes = nodes
	count := min(50, max(2, len(pes)/20))
	for i := range count {
		p.Gateways = append(p.Gateways, pes[i*len(pes)/count])
	}
	return p, nil
}

// Queries asks for ways from sites to gateways. The bound is from 1 to 2 times
// the least delay there is when nothing is reserved; in one query of 20 it is
// below, so that there is no answer. Others have none for want of bandwidth. The
// same count and seed give the same queries.
func (p *Provider) Queries(count int, seed uint64) ([]Query, error) {
	least, err := p.leastDelays()
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(seed, uint64(count)))
	rates := []uint32{50, 100, 200, 500, 1000}
	out := make([]Query, count)
	for i := range out {
		gateway := r.IntN(len(p.Gateways))
		q := Query{From: p.Sites[r.IntN(len(p.Sites))], To: p.Gateways[gateway], Mbps: rates[r.IntN(len(rates))]}
		q.Micros = least[gateway][q.From]
		if i%20 == 19 {
			q.Micros -= 1 + r.Uint32N(q.Micros/10)
		} else {
			q.Micros += r.Uint32N(q.Micros + 1)
		}
		out[i] = q
	}
	return out, nil
}

// leastDelays returns, gateway by gateway, the least delay from every node.
func (p *Provider) leastDelays() ([][]uint32, error) {
	arcs := slices.Clone(p.Graph.Arcs)
	for i := range arcs {
		arcs[i].Cost = arcs[i].Delay
	}
	g, err := csp.NewGraph(p.Graph.Nodes, arcs)
	if err != nil {
		return nil, err
	}
	out := make([][]uint32, len(p.Gateways))
	for i, gateway := range p.Gateways {
		out[i] = g.DistancesTo(gateway, nil)
	}
	return out, nil
}

// place is where a node is, in kilometres.
type place struct{ x, y float64 }

func (p place) km(o place) float64 { return math.Hypot(p.x-o.x, p.y-o.y) }

// builder lays nodes and links one after the other.
type builder struct {
	rand   *rand.Rand
	graph  *Graph
	places []place // by node
}

// tier is what the links of a part of the network are like.
type tier struct {
	km         float64  // a node is at most so far from its home
	cost       uint32   // least; less than twice as much at most
	capacities []uint32 // Mbit/s, one of them by chance
}

func (b *builder) node(at place) uint32 {
	b.places = append(b.places, at)
	return uint32(len(b.places) - 1)
}

func (b *builder) near(node uint32, km float64) place {
	angle, far := b.rand.Float64()*2*math.Pi, b.rand.Float64()*km
	home := b.places[node]
	return place{x: home.x + far*math.Cos(angle), y: home.y + far*math.Sin(angle)}
}

// core scatters nodes over 1,000 by 600 km. Each joins the four nearest of
// those before it: long links where there were few, short ones later. A link
// costs between nothing and twice what it is long, and a little, so that the
// cheapest way and the fastest differ.
func (b *builder) core(count int) []uint32 {
	nodes := make([]uint32, 0, count)
	for range count {
		n := b.node(place{x: b.rand.Float64() * 1000, y: b.rand.Float64() * 600})
		for _, other := range b.nearest(n, nodes, 4) {
			cost := 10 + uint32(b.places[n].km(b.places[other])/5*b.rand.Float64())
			b.link(n, other, cost, []uint32{100_000, 400_000}[b.rand.IntN(2)])
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// nearest returns the at most count nodes among others that are nearest to one.
func (b *builder) nearest(to uint32, others []uint32, count int) []uint32 {
	var best []uint32
	for _, n := range others {
		if n == to {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, n, func(have, n uint32) int {
			if b.places[have].km(b.places[to]) <= b.places[n].km(b.places[to]) {
				return -1
			}
			return 1
		})
		if at < count {
			best = slices.Insert(best[:min(len(best), count-1)], at, n)
		}
	}
	return best
}

// pairs makes so many pairs of nodes, each node linked to its twin and to both
// homes of the pair.
func (b *builder) pairs(count int, homes func(int) (home, other uint32), t tier) []uint32 {
	nodes := make([]uint32, 0, 2*count)
	for i := range count {
		home, other := homes(i)
		first, second := b.node(b.near(home, t.km)), b.node(b.near(home, t.km))
		b.tierLink(t, first, second)
		for _, n := range []uint32{first, second} {
			b.tierLink(t, n, home)
			b.tierLink(t, n, other)
		}
		nodes = append(nodes, first, second)
	}
	return nodes
}

// ring lays a chain of so many nodes from one PE to the other.
func (b *builder) ring(first, last uint32, count int) []uint32 {
	t := tier{km: 15, cost: 5, capacities: []uint32{[]uint32{2_500, 10_000}[b.rand.IntN(2)]}}
	nodes := make([]uint32, 0, count)
	before := first
	for range count {
		n := b.node(b.near(first, t.km))
		b.tierLink(t, before, n)
		nodes, before = append(nodes, n), n
	}
	b.tierLink(t, before, last)
	return nodes
}

func (b *builder) tierLink(t tier, a, z uint32) {
	b.link(a, z, t.cost+b.rand.Uint32N(t.cost), t.capacities[b.rand.IntN(len(t.capacities))])
}

// link lays both arcs of a link. Light takes 5 µs for a kilometre of fibre,
// which goes round corners. Between 2 and 100 % of the capacity are available,
// in each direction by itself.
func (b *builder) link(a, z, cost, capacity uint32) {
	detour := 1.1 + 0.5*b.rand.Float64()
	micros := 10 + uint32(5*detour*b.places[a].km(b.places[z]))
	for _, ends := range [][2]uint32{{a, z}, {z, a}} {
		b.graph.Arcs = append(b.graph.Arcs, csp.Arc{From: ends[0], To: ends[1], Cost: cost, Delay: micros})
		b.graph.Mbps = append(b.graph.Mbps, capacity/50+b.rand.Uint32N(capacity-capacity/50))
	}
}
