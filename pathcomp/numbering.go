// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"fmt"
	"slices"
	"strings"

	"github.com/s2cd/s2cd/topology"
)

// number gives nodes, links and accesses their numbers, and returns what is
// wrong with them.
func (s *snapshot) number(n *topology.Network) []error {
	s.nodeOf = make(map[topology.NodeName]int32, len(n.Nodes))
	s.linkOf = make(map[string]int32, len(n.Links))
	s.accessOf = make(map[string]int32, len(n.Access))
	s.names = make([]topology.ArcName, 0, 2*len(n.Links)+2*len(n.Access))
	var faults []error
	for i, node := range n.Nodes {
		if _, twice := s.nodeOf[node.Name]; twice {
			faults = append(faults, fmt.Errorf("node %s: named twice", node.Name))
		}
		s.nodeOf[node.Name] = int32(i)
		s.nodeNames = append(s.nodeNames, node.Name)
	}
	for i := range n.Links {
		l := &n.Links[i]
		if _, twice := s.linkOf[l.Name]; twice {
			faults = append(faults, fmt.Errorf("link %s: named twice", l.Name))
		}
		s.linkOf[l.Name] = int32(i)
		faults = append(faults, s.linkFaults(l)...)
		s.names = append(s.names, topology.LinkArc(l.Name, 0), topology.LinkArc(l.Name, 1))
	}
	s.linkArcs = int32(len(s.names)) //nolint:gosec // arcs are few
	for i := range n.Access {
		a := &n.Access[i]
		if _, ok := s.nodeOf[a.Node]; !ok {
			faults = append(faults, fmt.Errorf("access %s: unknown node %q", a.Name, a.Node))
		}
		if _, twice := s.accessOf[a.Name]; twice {
			faults = append(faults, fmt.Errorf("access %s: named twice", a.Name))
		}
		s.accessOf[a.Name] = int32(len(s.names)) //nolint:gosec // arcs are few
		s.names = append(s.names, topology.AccessArc(a.Name, 0), topology.AccessArc(a.Name, 1))
	}
	s.rankNames()
	return faults
}

func (n *numbering) linkFaults(l *topology.Link) []error {
	var faults []error
	for _, end := range [2]topology.NodeName{l.A, l.Z} {
		if _, ok := n.nodeOf[end]; !ok {
			faults = append(faults, fmt.Errorf("link %s: unknown node %q", l.Name, end))
		}
	}
	for d := range 2 {
		// Equal-cost ways over links of metric 0 could go round in circles.
		if l.IGPMetric[d] == 0 || l.IGPMetric[d] > topology.MaxMetric {
			faults = append(faults, fmt.Errorf("link %s: IGP metric %d is not in 1..%d", l.Name, l.IGPMetric[d], topology.MaxMetric))
		}
		if l.LossPPM[d] >= 1_000_000 {
			faults = append(faults, fmt.Errorf("link %s: a loss of %d in a million leaves nothing", l.Name, l.LossPPM[d]))
		}
	}
	return faults
}

// rankNames sorts the arcs by name.
func (n *numbering) rankNames() {
	order := make([]int32, len(n.names))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(x, y int32) int { return strings.Compare(string(n.names[x]), string(n.names[y])) })
	n.rank = make([]int32, len(order))
	for rank, i := range order {
		n.rank[i] = int32(rank)
	}
}

// sortLeaving sorts the arcs of links by the node they leave.
func (s *snapshot) sortLeaving() {
	at := make([]int32, s.nodes.count+1)
	for i := range s.linkArcs {
		at[s.arcs.at(i).from+1]++
	}
	for i := 1; i < len(at); i++ {
		at[i] += at[i-1]
	}
	next := slices.Clone(at)
	s.leaving, s.leavingAt = make([]int32, s.linkArcs), at
	for i := range s.linkArcs {
		from := s.arcs.at(i).from
		s.leaving[next[from]] = i
		next[from]++
	}
}

// arcOf returns the number of an arc by its name.
func (n *numbering) arcOf(name topology.ArcName) (int32, bool) {
	text := string(name)
	if text == "" {
		return 0, false
	}
	d := int32(0)
	if strings.HasSuffix(text, "<") {
		d = 1
	}
	text = text[:len(text)-1]
	if link, ok := strings.CutPrefix(text, "link:"); ok {
		i, known := n.linkOf[link]
		return 2*i + d, known
	}
	i, known := n.accessOf[text]
	return i + d, known
}
