// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"cmp"
	"slices"
)

// arc is one direction of a link as a file with directed links describes it.
type arc struct {
	name             string // empty: after its ends
	line             int
	from, to         string // ids of nodes
	fromPort, toPort string // empty: not given
	way              way
	srlgs            []uint32
	groups           uint32 // administrative groups
	down             bool
}

// ends are what two directions of a link have in common, swapped.
type ends struct{ from, fromPort, to, toPort string }

// pair makes links of arcs: an arc and the next one not taken that leads back
// between the same ends are a link with the name and orientation of the first.
// Where no arc of the network leads back from where another leads to, the file
// describes its links once: each arc counts for both directions. Else an arc
// without another is a fault, since half a link cannot be told from an oversight.
func pair(arcs []arc, rep *report) []link {
	var (
		out     []link
		waiting = map[ends][]int{} // indices in out, by the ends of what is missing
		half    = make([]bool, 0, len(arcs))
		once    = describedOnce(arcs)
	)
	for _, a := range arcs {
		own := ends{a.from, a.fromPort, a.to, a.toPort}
		if open := waiting[own]; len(open) > 0 {
			out[open[0]].join(a, rep)
			half[open[0]] = false
			waiting[own] = open[1:]
			continue
		}
		back := ends{a.to, a.toPort, a.from, a.fromPort}
		waiting[back] = append(waiting[back], len(out))
		half = append(half, true)
		out = append(out, a.link())
	}
	for i := range out {
		l := &out[i]
		switch {
		case half[i] && !once && l.a != l.z:
			rep.fault(l.line, 0, "link %s: no link leads back from %q to %q between the same termination points", l.title(), l.z, l.a)
		case half[i] && once:
			rep.note(l.line, "links described once taken for both directions", l.title())
		}
	}
	return out
}

// describedOnce reports that no two arcs lead to and fro between two nodes.
func describedOnce(arcs []arc) bool {
	seen := map[[2]string]bool{}
	for _, a := range arcs {
		if a.from != a.to && seen[[2]string{a.to, a.from}] {
			return false
		}
		seen[[2]string{a.from, a.to}] = true
	}
	return true
}

// link makes a link that is the same both ways.
func (a *arc) link() link {
	return link{
		name: a.name, line: a.line, a: a.from, z: a.to, ways: [2]way{a.way, a.way},
		srlgs: a.srlgs, groups: a.groups, down: a.down,
	}
}

// join adds the direction back. A link has its risks and groups as a whole, and
// with one direction down it is of no use.
func (l *link) join(back arc, rep *report) {
	if l.groups != back.groups || !slices.Equal(distinct(l.srlgs), distinct(back.srlgs)) {
		rep.note(l.line, "risk groups and administrative groups of both directions united", cmp.Or(l.name, l.title()))
	}
	l.ways[1] = back.way
	l.srlgs = append(l.srlgs, back.srlgs...)
	l.groups |= back.groups
	l.down = l.down || back.down
}
