// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/audit"
	"github.com/s2cd/s2cd/topology"
)

// What an arc of the changing network may sell at the most, kbit/s.
const mostTotal, mostGold = 800, 500

// changing is a network that never stays as it is. Only its owner uses it.
type changing struct {
	random  *rand.Rand
	network *topology.Network
	spare   *topology.Link // not in the network now; nil: all are
	arcs    []topology.ArcName

	// ceilings are the largest limits since they were last reset.
	ceilings map[string]audit.Limit
}

// newChanging has four PEs with a port each, two Ps, and a way over either P, or
// over both.
func newChanging(random *rand.Rand) *changing {
	n := &topology.Network{Revision: 1, AS: 65000}
	shares := topology.Shares{All: mostTotal, ByClass: map[string]uint32{"gold": mostGold}}
	for _, p := range []topology.NodeName{"m", "n"} {
		n.Nodes = append(n.Nodes, topology.Node{Name: p, Role: topology.P})
	}
	n.Links = append(n.Links, link("m-n", "m", "n", 1000, 50, 1))
	for _, pe := range []topology.NodeName{"a", "b", "c", "d"} {
		n.Nodes = append(n.Nodes, topology.Node{Name: pe, Role: topology.PE})
		n.Access = append(n.Access, topology.Access{Name: port(pe), Node: pe, Kbps: 1000, Reservable: shares})
		for _, p := range n.Nodes[:2] {
			n.Links = append(n.Links, link(fmt.Sprintf("%s-%s", pe, p.Name), pe, p.Name, 1000, 100, 10))
		}
	}
	for i := range n.Links {
		n.Links[i].Reservable = shares
	}
	c := &changing{random: random, network: n, ceilings: map[string]audit.Limit{}}
	for _, l := range n.Links {
		c.arcs = append(c.arcs, topology.LinkArc(l.Name, 0), topology.LinkArc(l.Name, 1))
	}
	for _, a := range n.Access {
		c.arcs = append(c.arcs, topology.AccessArc(a.Name, 0), topology.AccessArc(a.Name, 1))
	}
	slices.Sort(c.arcs)
	c.reset()
	return c
}

func port(pe topology.NodeName) string { return "port:" + string(pe) }

// limits returns what may be sold now.
func (c *changing) limits() map[string]audit.Limit {
	out := map[string]audit.Limit{}
	add := func(arc topology.ArcName, kbps uint64, shares topology.Shares) {
		out[of(arc, "")] = audit.Limit{Total: int64(shares.Limit(kbps))}
		for _, class := range []string{"best", "gold"} {
			out[of(arc, class)] = audit.Limit{Total: int64(shares.ClassLimit(kbps, class))}
		}
	}
	for _, l := range c.network.Links {
		add(topology.LinkArc(l.Name, 0), l.Kbps[0], l.Reservable)
		add(topology.LinkArc(l.Name, 1), l.Kbps[1], l.Reservable)
	}
	for _, a := range c.network.Access {
		add(topology.AccessArc(a.Name, 0), a.Kbps, a.Reservable)
		add(topology.AccessArc(a.Name, 1), a.Kbps, a.Reservable)
	}
	return out
}

func (c *changing) raise() {
	for name, l := range c.limits() {
		c.ceilings[name] = audit.Limit{Total: max(l.Total, c.ceilings[name].Total)}
	}
}

func (c *changing) reset() {
	clear(c.ceilings)
	c.raise()
}

// change has a core learn of something new, at random.
func (c *changing) change(core *pathcomp.Core) error {
	defer c.raise()
	if c.random.IntN(20) == 0 {
		return c.swap(core)
	}
	var u pathcomp.Update
	if c.random.IntN(4) == 0 {
		n := &c.network.Nodes[c.random.IntN(len(c.network.Nodes))]
		n.Maintenance, n.Down = c.random.IntN(40) == 0, c.random.IntN(40) == 0
		u.Nodes = append(u.Nodes, *n)
	}
	for range 1 + c.random.IntN(2) {
		l := &c.network.Links[c.random.IntN(len(c.network.Links))]
		switch c.random.IntN(3) {
		case 0:
			l.Down = !l.Down && c.random.IntN(5) == 0
		case 1:
			l.IGPMetric = [2]uint32{1 + c.random.Uint32N(20), 1 + c.random.Uint32N(20)}
		default: // full again, or lower, perhaps below what is reserved
			for d := range l.Kbps {
				l.Kbps[d] = 1000 - c.random.Uint64N(2)*c.random.Uint64N(600)
			}
		}
		u.Links = append(u.Links, *l)
	}
	return core.Update(u)
}

// swap brings a new revision, in another order, which lacks a link that the last
// one had, or has it again.
func (c *changing) swap(core *pathcomp.Core) error {
	next := c.clone()
	next.Revision++
	c.random.Shuffle(len(next.Nodes), func(i, j int) { next.Nodes[i], next.Nodes[j] = next.Nodes[j], next.Nodes[i] })
	c.random.Shuffle(len(next.Links), func(i, j int) { next.Links[i], next.Links[j] = next.Links[j], next.Links[i] })
	if c.spare != nil {
		next.Links, c.spare = append(next.Links, *c.spare), nil
	} else {
		last := len(next.Links) - 1
		spare := next.Links[last]
		c.spare, next.Links = &spare, next.Links[:last]
	}
	c.network = next
	return core.Swap(c.clone())
}

// clone returns the network for a core, which keeps it as it is now.
func (c *changing) clone() *topology.Network {
	n := *c.network
	n.Nodes, n.Links = slices.Clone(n.Nodes), slices.Clone(n.Links)
	return &n
}
