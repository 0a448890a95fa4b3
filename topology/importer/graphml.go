// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// graphMLReader reads a GraphML text element by element. Attributes count by
// their attr.name in any case; what has none, as the drawing of an editor, is
// passed over.
type graphMLReader struct {
	dec    *xml.Decoder
	report *report

	keys     map[graphMLKey]string        // attr.name in lower case
	defaults map[string]map[string]string // by "node" or "edge", attr.name
	directed bool                         // by default
	graphs   int                          // at the top

	open  []*graphMLObject // nodes and edges that are being read
	nodes []*graphMLObject
	edges []*graphMLObject
}

// graphMLKey is a declared attribute: it is of a kind of elements.
type graphMLKey struct{ id, of string }

// graphMLObject is a node or an edge.
type graphMLObject struct {
	kind           string // "node" or "edge"
	id             string
	line           int
	source, target string            // of an edge
	directed       bool              // an edge
	group          bool              // a node that holds a graph
	text           map[string]string // attributes by attr.name
}

// readGraphML reads one graph. Edges of a directed graph are directions of
// links, those of an undirected one are links.
func readGraphML(data []byte, rep *report) *draft {
	g := &graphMLReader{
		dec: xml.NewDecoder(bytes.NewReader(data)), report: rep,
		keys: map[graphMLKey]string{}, defaults: map[string]map[string]string{"node": {}, "edge": {}},
	}
	if err := g.read(); err != nil {
		line, column := g.dec.InputPos()
		rep.fault(line, column, "%s", err)
		return nil
	}
	if g.graphs == 0 {
		rep.fault(0, 0, "no graph element: not GraphML")
		return nil
	}
	return g.draft()
}

func (g *graphMLReader) read() error {
	for {
		t, err := g.dec.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("not valid XML: %s", xmlReason(err))
		}
		switch e := t.(type) {
		case xml.StartElement:
			if err := g.start(e); err != nil {
				return err
			}
		case xml.EndElement:
			if e.Name.Local == "node" || e.Name.Local == "edge" {
				g.open = g.open[:max(0, len(g.open)-1)]
			}
		}
	}
}

// xmlReason is an error without the line, which the fault has.
func xmlReason(err error) string {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Msg
	}
	return strings.TrimPrefix(err.Error(), "xml: ")
}

func (g *graphMLReader) start(e xml.StartElement) error {
	line, _ := g.dec.InputPos()
	switch e.Name.Local {
	case "key":
		return g.key(e)
	case "graph":
		return g.graph(e, line)
	case "node", "edge":
		o := &graphMLObject{
			kind: e.Name.Local, id: attr(e, "id"), line: line, source: attr(e, "source"), target: attr(e, "target"),
			directed: g.directed, text: map[string]string{},
		}
		if d := attr(e, "directed"); d != "" {
			o.directed = d == "true"
		}
		g.open = append(g.open, o)
		return g.enter(o)
	case "hyperedge":
		g.report.note(line, "hyperedges passed over", cmp.Or(attr(e, "id"), "line "+strconv.Itoa(line)))
		return g.skip()
	case "data":
		return g.data(e)
	}
	return nil
}

func (g *graphMLReader) enter(o *graphMLObject) error {
	if o.kind == "edge" {
		if g.edges = append(g.edges, o); len(g.edges) > maxLinks {
			return fmt.Errorf("more than %d edges", maxLinks)
		}
		return nil
	}
	if g.nodes = append(g.nodes, o); len(g.nodes) > maxNodes {
		return fmt.Errorf("more than %d nodes", maxNodes)
	}
	return nil
}

func (g *graphMLReader) graph(e xml.StartElement, line int) error {
	if len(g.open) > 0 {
		o := g.open[len(g.open)-1]
		o.group = true
		g.report.note(line, "groups opened, whose nodes count", o.id)
		return nil
	}
	if g.graphs++; g.graphs > 1 {
		return errors.New("a second graph")
	}
	g.directed = attr(e, "edgedefault") == "directed"
	return nil
}

// key reads a declaration with its default.
func (g *graphMLReader) key(e xml.StartElement) error {
	name := strings.ToLower(attr(e, "attr.name"))
	var body struct {
		Default string `xml:"default"`
	}
	if err := g.dec.DecodeElement(&body, &e); err != nil {
		return fmt.Errorf("not valid XML: %s", xmlReason(err))
	}
	if name == "" {
		return nil
	}
	of := []string{attr(e, "for")}
	if of[0] == "" || of[0] == "all" {
		of = []string{"node", "edge"}
	}
	for _, kind := range of {
		g.keys[graphMLKey{attr(e, "id"), kind}] = name
		if text := strings.TrimSpace(body.Default); text != "" && g.defaults[kind] != nil {
			g.defaults[kind][name] = text
		}
	}
	return nil
}

// data reads an attribute of the object that is open.
func (g *graphMLReader) data(e xml.StartElement) error {
	if len(g.open) == 0 {
		return g.skip()
	}
	o := g.open[len(g.open)-1]
	name, known := g.keys[graphMLKey{attr(e, "key"), o.kind}]
	if !known {
		return g.skip()
	}
	var text string
	if err := g.dec.DecodeElement(&text, &e); err != nil {
		return fmt.Errorf("not valid XML: %s", xmlReason(err))
	}
	o.text[name] = strings.TrimSpace(text)
	return nil
}

func (g *graphMLReader) skip() error {
	if err := g.dec.Skip(); err != nil {
		return fmt.Errorf("not valid XML: %s", xmlReason(err))
	}
	return nil
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// draft makes nodes and links of what was read.
func (g *graphMLReader) draft() *draft {
	d := &draft{}
	for _, o := range g.nodes {
		if o.group {
			continue
		}
		n := node{id: o.id, line: o.line}
		w := g.words(o, "node "+o.id)
		n.name = cmp.Or(w.text["label"], w.text["name"])
		w.text["latitude"] = cmp.Or(w.text["latitude"], w.text["lat"])
		w.text["longitude"] = cmp.Or(w.text["longitude"], w.text["lon"], w.text["lng"])
		w.node(&n)
		d.addNode(n, g.report)
	}
	var arcs []arc
	for _, o := range g.edges {
		l := link{line: o.line, a: o.source, z: o.target}
		w := g.words(o, "edge "+l.title())
		w.link(&l)
		if l.ways[0].kbps == 0 {
			w.zooSpeed(&l)
		}
		if !o.directed {
			d.links = append(d.links, l)
			continue
		}
		arcs = append(arcs, arc{line: l.line, from: l.a, to: l.z, way: l.ways[0], srlgs: l.srlgs, groups: l.groups, down: l.down})
	}
	d.links = append(d.links, pair(arcs, g.report)...)
	return d
}

// words are an object's attributes over the defaults of its kind.
func (g *graphMLReader) words(o *graphMLObject, of string) words {
	for name, text := range g.defaults[o.kind] {
		if _, given := o.text[name]; !given {
			o.text[name] = text
		}
	}
	return words{of: of, line: o.line, text: o.text, rep: g.report}
}

// zooSpeed reads the speed of a link as the Internet Topology Zoo writes it:
// LinkSpeedRaw in bit/s, or LinkSpeed with LinkSpeedUnits K, M, G or T.
func (w words) zooSpeed(l *link) {
	speed := func(perKbps float64) func(string) error {
		return func(s string) error {
			v, err := strconv.ParseFloat(s, 64)
			kbps := math.Round(v / perKbps)
			if err != nil || !(kbps >= 0 && kbps <= maxKbps) {
				return wants("a speed up to 100 Tbit/s")
			}
			l.ways[0].kbps, l.ways[1].kbps = uint64(kbps), uint64(kbps)
			return nil
		}
	}
	if w.text["linkspeedraw"] != "" {
		w.read("linkspeedraw", speed(1000))
		return
	}
	units := map[string]float64{"K": 1, "M": 1e-3, "G": 1e-6, "T": 1e-9}
	perKbps, ok := units[strings.ToUpper(w.text["linkspeedunits"])]
	if !ok {
		return
	}
	w.read("linkspeed", speed(perKbps))
}
