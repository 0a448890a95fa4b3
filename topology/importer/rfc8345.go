// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"errors"
	"slices"
	"strings"
)

// ietfNetwork is one network of an RFC 8345 file. Its faults count only if it
// is the one that is taken.
type ietfNetwork struct {
	id         string
	line       int
	supporting []string // network-ids that it stands on
	draft      draft
	arcs       []arc
	report     report
}

// readRFC8345 reads networks as ietf-network:networks, or a reply that holds the
// list ietf-network:network alone, and takes the one called want.
func readRFC8345(data []byte, want string, rep *report) *draft {
	var all []*ietfNetwork
	s, err := newJSONScanner(data)
	if err == nil {
		err = s.networks(&all, 0)
	}
	if f := (*Fault)(nil); errors.As(err, &f) {
		rep.faults = append(rep.faults, f)
		return nil
	}
	n := choose(all, want, rep)
	if n == nil {
		return nil
	}
	*rep = n.report
	n.draft.links = pair(n.arcs, rep)
	return &n.draft
}

// networks reads the whole text, in which the networks are at most two levels
// down (RFC 8040 puts the top level in ietf-restconf:data).
func (s *jsonScanner) networks(all *[]*ietfNetwork, depth int) error {
	return s.object("an object", func(name string) error {
		switch {
		case depth < 2 && (name == "networks" || name == "data"):
			return s.networks(all, depth+1)
		case name == "network":
			return s.list("a list of networks", func() error {
				n, err := s.network()
				*all = append(*all, n)
				return err
			})
		}
		s.skip()
		return nil
	})
}

// choose takes the network called want; without a name the only one, or the one
// that no other stands on.
func choose(all []*ietfNetwork, want string, rep *report) *ietfNetwork {
	var ids, top []string
	under := map[string]bool{}
	for _, n := range all {
		ids = append(ids, n.id)
		for _, id := range n.supporting {
			under[id] = true
		}
	}
	for _, id := range ids {
		if !under[id] {
			top = append(top, id)
		}
	}
	known := shorten(strings.Join(ids, ", "))
	take := func(id string) *ietfNetwork {
		return all[slices.Index(ids, id)]
	}
	switch {
	case len(all) == 0:
		rep.fault(0, 0, "no network in ietf-network:networks")
	case want != "" && !slices.Contains(ids, want):
		rep.fault(0, 0, "no network has the network-id %q, there are: %s", want, known)
	case want != "":
		return take(want)
	case len(all) == 1:
		return all[0]
	case len(top) == 1:
		n := take(top[0])
		n.report.note(n.line, "the network taken that stands on the others", n.id)
		return n
	default:
		rep.fault(0, 0, "several networks and none on top of the others, name one: %s", known)
	}
	return nil
}

// network reads one element of the list network.
func (s *jsonScanner) network() (*ietfNetwork, error) {
	n := &ietfNetwork{}
	s.next()
	n.line, _ = s.place(s.pos)
	err := s.object("a network", func(name string) error {
		switch name {
		case "network-id", "supporting-network":
			v, err := s.value()
			if id, ok := v.text(); ok {
				n.id = id
			}
			for _, below := range v.list() {
				if id, ok := below.text("network-ref"); ok {
					n.supporting = append(n.supporting, id)
				}
			}
			return err
		case "node":
			return s.list("a list of nodes", func() error { return s.node(n) })
		case "link":
			return s.list("a list of links", func() error { return s.arc(n) })
		}
		s.skip()
		return nil
	})
	return n, err
}

func (s *jsonScanner) node(n *ietfNetwork) error {
	v, err := s.value()
	if err != nil {
		return err
	}
	if len(n.draft.nodes) == maxNodes {
		return s.fault(v.at, "more than %d nodes", maxNodes)
	}
	line, _ := s.place(v.at)
	id, _ := v.text("node-id")
	e := element{scanner: s, report: &n.report, of: "node " + id, value: v}
	out := node{id: id, line: line}
	e.node(&out)
	n.draft.addNode(out, &n.report)
	return nil
}

func (s *jsonScanner) arc(n *ietfNetwork) error {
	v, err := s.value()
	if err != nil {
		return err
	}
	if len(n.arcs) == maxLinks {
		return s.fault(v.at, "more than %d links", maxLinks)
	}
	line, _ := s.place(v.at)
	id, _ := v.text("link-id")
	if id == "" {
		n.report.fault(line, 0, "a link without link-id")
		return nil
	}
	e := element{scanner: s, report: &n.report, of: "link " + id, value: v}
	out := arc{name: id, line: line}
	out.from, out.fromPort = e.end("source", "source-node", "source-tp")
	out.to, out.toPort = e.end("destination", "dest-node", "dest-tp")
	e.arc(&out)
	n.arcs = append(n.arcs, out)
	return nil
}

// end returns node and termination point of one end of a link.
func (e element) end(side, nodeRef, tpRef string) (node, tp string) {
	node, ok := e.value.text(side, nodeRef)
	if !ok || node == "" {
		e.fault(e.value, "no %s in %s", nodeRef, side)
	}
	tp, _ = e.value.text(side, tpRef)
	return node, tp
}
