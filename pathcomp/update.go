// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/s2cd/s2cd/pathcomp/csp"
	"github.com/s2cd/s2cd/topology"
)

// Update is news of the network that needs no new revision of the topology:
// what links and nodes are from now on, by their names. A link keeps its ends, a
// node its role.
type Update struct {
	Links []topology.Link
	Nodes []topology.Node
}

// Update makes news known to searches from now on, in time that goes with what
// has changed and not with the network. Bounds and distances that are still good
// are kept. Errors name a link or node that the topology lacks or that is not
// the same; then nothing has changed.
func (c *Core) Update(u Update) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	old := c.now.Load()
	s, changed, err := old.with(u)
	if err != nil {
		return err
	}
	c.ledger.setCapacity(s, changed)
	c.now.Store(s)
	return nil
}

// with returns the snapshot after news, and the numbers of the arcs that it is
// about.
func (s *snapshot) with(u Update) (*snapshot, []int32, error) {
	next := *s
	links, err := s.affected(u)
	if err != nil {
		return nil, nil, err
	}
	next.links, next.arcs, next.classes = s.links.fork(), s.arcs.fork(), s.classes.fork()
	if len(u.Nodes) > 0 {
		next.nodes, next.flags = s.nodes.fork(), slices.Clone(s.flags)
	}
	for i := range u.Nodes {
		n := s.nodeOf[u.Nodes[i].Name]
		next.nodes.set(&s.nodes, n, u.Nodes[i])
		next.flags[n] = flagsOf(&u.Nodes[i])
	}
	for _, l := range u.Links {
		next.links.set(&s.links, s.linkOf[l.Name], l)
	}
	var changed []int32
	next.closed, next.through = s.closed.fork(), s.through.fork()
	for _, i := range links {
		for d := range 2 {
			a := 2*i + int32(d)
			next.arcs.set(&s.arcs, a, next.linkArc(next.links.at(i), d))
			next.closed.set(&s.closed, a, next.isClosed(a))
			changed = append(changed, a)
		}
		next.look(s, i)
	}
	for i := range u.Nodes {
		for _, a := range s.leave(s.nodeOf[u.Nodes[i].Name]) {
			next.look(s, a/2)
		}
	}
	next.carry(s, changed)
	return &next, changed, nil
}

// look notes whether paths may take a link, in a version of old.
func (s *snapshot) look(old *snapshot, link int32) {
	for a := 2 * link; a < 2*link+2; a++ {
		s.through.set(&old.through, a, s.isThrough(a))
	}
}

// affected returns the numbers of the links that news is about, each once: those
// of a node too.
func (s *snapshot) affected(u Update) ([]int32, error) {
	var links []int32
	var faults []error
	for i := range u.Links {
		l := &u.Links[i]
		n, ok := s.linkOf[l.Name]
		if !ok {
			faults = append(faults, fmt.Errorf("link %s: not known", l.Name))
			continue
		}
		if was := s.links.at(n); was.A != l.A || was.Z != l.Z {
			faults = append(faults, fmt.Errorf("link %s: is from %s to %s", l.Name, was.A, was.Z))
		}
		faults = append(faults, s.linkFaults(l)...)
		links = append(links, n)
	}
	for i := range u.Nodes {
		n, ok := s.nodeOf[u.Nodes[i].Name]
		if !ok {
			faults = append(faults, fmt.Errorf("node %s: not known", u.Nodes[i].Name))
			continue
		}
		was := s.nodes.at(n)
		if was.Role != u.Nodes[i].Role {
			faults = append(faults, fmt.Errorf("node %s: is a %s", was.Name, was.Role))
		}
		if was.Down != u.Nodes[i].Down {
			for _, a := range s.leave(n) {
				links = append(links, a/2)
			}
		}
	}
	slices.Sort(links)
	return slices.Compact(links), errors.Join(faults...)
}

// carry takes over what s has made and what is good in next too.
func (s *snapshot) carry(old *snapshot, changed []int32) {
	var metrics [][2]*arc
	var opened []uint32
	for _, i := range changed {
		was, is := old.arcs.at(i), s.arcs.at(i)
		if was.down && !is.down {
			opened = append(opened, uint32(i)) //nolint:gosec // number of an arc
		}
		if was.igp != is.igp || was.down != is.down {
			metrics = append(metrics, [2]*arc{inService(was), inService(is)})
		}
	}
	s.whole, s.pairs = &lazy[topology.Network]{}, &[8]lazy[csp.PairSolver]{}
	s.spf = old.spf.with(metrics)
	numbers := make([]uint32, len(changed))
	for k, i := range changed {
		numbers[k] = uint32(i) //nolint:gosec // number of an arc
	}
	s.igp = old.igp.after(func(g *csp.Graph) *csp.Graph { return g.With(metricsOf(changed, s.igpOnly)) })
	after := func(metrics func(int32) csp.Metrics) func(*csp.Solver) *csp.Solver {
		return func(known *csp.Solver) *csp.Solver {
			return known.With(known.Graph().With(metricsOf(changed, metrics)), numbers, opened, s.open)
		}
	}
	s.coRouted = old.coRouted.after(after(s.bothWays))
	s.directed = old.directed.after(after(s.oneWay))
}

func metricsOf(arcs []int32, metrics func(int32) csp.Metrics) []csp.Metrics {
	out := make([]csp.Metrics, len(arcs))
	for k, i := range arcs {
		out[k] = metrics(i)
	}
	return out
}

func inService(a *arc) *arc {
	if a.down {
		return nil
	}
	return a
}
