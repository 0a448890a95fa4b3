// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"cmp"
	"errors"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// clab reads a containerlab file. Labels of nodes and labels and vars of links
// are attributes by the inventory's keys; the label "role: host" says that a
// node is none of the network.
type clab struct {
	doc      *yamlDoc
	defaults ast.Node
	kinds    map[string]ast.Node
	groups   map[string]ast.Node
	report   *report
	draft    draft
	passed   map[string]string // nodes that are none of the network, and why
}

// readContainerlab reads nodes and links of type veth; hosts, bridges and
// management networks, and links to them, are passed over.
func readContainerlab(data []byte, rep *report) *draft {
	doc, err := parseYAML(data)
	if f := (*Fault)(nil); errors.As(err, &f) {
		rep.faults = append(rep.faults, f)
		return nil
	}
	root := doc.get(doc.root, "topology")
	if root == nil {
		rep.fault(0, 0, "no topology: not a containerlab file")
		return nil
	}
	c := &clab{
		doc: doc, defaults: doc.get(root, "defaults"), report: rep, passed: map[string]string{},
		kinds: doc.table(doc.get(root, "kinds")), groups: doc.table(doc.get(root, "groups")),
	}
	for _, p := range doc.pairs(doc.get(root, "nodes")) {
		c.node(p)
	}
	for _, n := range doc.list(doc.get(root, "links")) {
		c.link(n)
	}
	if doc.exhausted() {
		rep.fault(0, 0, "aliases lead to more than %d entries", maxYAMLVisit)
	}
	return &c.draft
}

func (c *clab) node(p yamlPair) {
	if len(c.draft.nodes) == maxNodes {
		c.report.fault(p.line, 0, "more than %d nodes", maxNodes)
		return
	}
	ofGroup := c.groups[cmp.Or(c.textOf(p.value, "group"), c.textOf(c.defaults, "group"))]
	kind := cmp.Or(c.textOf(p.value, "kind"), c.textOf(ofGroup, "kind"), c.textOf(c.defaults, "kind"))
	labels := map[string]string{}
	for _, from := range []ast.Node{c.defaults, c.kinds[kind], ofGroup, p.value} {
		c.words(c.doc.get(from, "labels"), labels)
	}
	if why := outside(kind, labels["role"]); why != "" {
		c.passed[p.key] = why
		c.report.note(p.line, why+"s passed over", p.key)
		return
	}
	n := node{id: p.key, line: p.line}
	words{of: "node " + p.key, line: p.line, text: labels, rep: c.report}.node(&n)
	n.platform = cmp.Or(n.platform, platformOf(kind))
	c.draft.addNode(n, c.report)
}

func (c *clab) textOf(n ast.Node, key string) string { return c.doc.text(c.doc.get(n, key)) }

// words adds a mapping's plain values, and numbers of a list, by lower-case key.
func (c *clab) words(n ast.Node, into map[string]string) {
	own := map[string]bool{}
	for _, p := range c.doc.pairs(n) {
		key := strings.ToLower(p.key)
		switch key { // as the editors of topologies spell them
		case "graph-geocoordinatelat":
			key = "latitude"
		case "graph-geocoordinatelng":
			key = "longitude"
		}
		if own[key] {
			continue // merged in, which counts less
		}
		own[key] = true
		parts := []string{}
		for _, e := range c.doc.list(p.value) {
			parts = append(parts, c.doc.text(e))
		}
		into[key] = cmp.Or(c.doc.text(p.value), strings.Join(parts, ","))
	}
}

// outside says why a node is none of the network; empty: it is one.
func outside(kind, role string) string {
	switch {
	case kind == "bridge" || kind == "ovs-bridge":
		return "bridge"
	case kind == "host" || strings.EqualFold(role, "host"):
		return "host"
	}
	return ""
}

// platformOf returns the key of the platform table for a node kind, empty for
// what has none.
func platformOf(kind string) string {
	if kind == "nokia_srlinux" || kind == "srl" {
		return "srlinux-oc"
	}
	for _, vendor := range []string{"arista_", "cisco_", "juniper_", "nokia_"} {
		if strings.HasPrefix(kind, vendor) {
			return "generic-openconfig"
		}
	}
	return ""
}

// link reads the brief form, whose endpoints are texts, and the extended one.
func (c *clab) link(n ast.Node) {
	line := lineOf(n)
	if kind := c.textOf(n, "type"); kind != "" && kind != "veth" {
		c.report.note(line, "links of type "+kind+" passed over", cmp.Or(c.end(c.doc.get(n, "endpoint")), "one"))
		return
	}
	ends := c.doc.list(c.doc.get(n, "endpoints"))
	if len(ends) != 2 {
		c.report.fault(line, 0, "a link has two endpoints, got %d", len(ends))
		return
	}
	l := link{line: line, a: c.end(ends[0]), z: c.end(ends[1])}
	if l.a == "" || l.z == "" {
		c.report.fault(line, 0, "an endpoint is node:interface, or has node and interface")
		return
	}
	for _, end := range []string{l.a, l.z} {
		if why := cmp.Or(c.passed[end], c.special(end)); why != "" {
			c.report.note(line, "links to a "+why+" passed over", l.a+"-"+l.z)
			return
		}
	}
	if len(c.draft.links) == maxLinks {
		c.report.fault(line, 0, "more than %d links", maxLinks)
		return
	}
	attributes := map[string]string{}
	c.words(c.doc.get(n, "labels"), attributes)
	c.words(c.doc.get(n, "vars"), attributes)
	words{of: "link " + l.title(), line: line, text: attributes, rep: c.report}.link(&l)
	c.draft.links = append(c.draft.links, l)
}

// end returns the node of an endpoint.
func (c *clab) end(n ast.Node) string {
	if brief := c.doc.text(n); brief != "" {
		node, port, ok := strings.Cut(brief, ":")
		if !ok || port == "" {
			return ""
		}
		return node
	}
	if only := c.doc.pairs(n); len(only) == 1 && only[0].key != "node" && c.doc.text(only[0].value) != "" {
		return only[0].key // within braces the parser takes a:1 without quotes for a mapping
	}
	return c.textOf(n, "node")
}

// special says what an endpoint is that names no node but something of the
// machine.
func (c *clab) special(end string) string {
	if _, ok := c.draft.index[end]; ok {
		return ""
	}
	switch end {
	case "host", "mgmt-net", "macvlan", "dummy":
		return end
	}
	return ""
}
