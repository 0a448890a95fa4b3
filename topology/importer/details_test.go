// SPDX-License-Identifier: Apache-2.0

package importer_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/topology"
	"github.com/s2cd/s2cd/topology/importer"
)

// summary renders a network and the notes in few words, a line an object.
func summary(n *topology.Network, notes []importer.Note) []string {
	var out []string
	for _, x := range n.Nodes {
		out = append(out, fmt.Sprintf("%s %s", x.Name, x.Role))
	}
	for _, l := range n.Links {
		out = append(out, fmt.Sprintf("%s: %s-%s %v kbps %v us %v, groups %x", l.Name, l.A, l.Z, l.Kbps, l.Micros, l.IGPMetric, l.AdminGroups))
	}
	for _, x := range notes {
		out = append(out, x.String())
	}
	return out
}

func TestDetails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		format  importer.Format
		options importer.Options
		text    string
		want    []string
	}{
		{"links described once, before the nodes, in a RESTCONF reply", importer.RFC8345, importer.Options{CapacityKbps: 5}, `{"ietf-network:network": [{
  "ietf-network-topology:link": [
    {"link-id": "x y", "source": {"source-node": "a"}, "destination": {"dest-node": "b"},
     "ietf-te-topology:te": {"te-link-attributes": {"te-delay-metric": 40, "administrative-group": "01:00:00:00:02"}}},
    {"link-id": "loop", "source": {"source-node": "a"}, "destination": {"dest-node": "a"}}],
  "node": [{"node-id": "a"}, {"node-id": "b"}], "network-id": "n"}]}`, []string{
			"a pe", "b pe", "x-y: a-b [5 5] kbps [40 40] us [40 40], groups 2",
			"line 3: administrative groups above 31 passed over: x y",
			"line 3: links described once taken for both directions: x y, loop",
			"line 5: links passed over that lead back to their node: loop",
			"line 3: links renamed: x y to x-y",
			"line 3: capacity by default: x-y",
			"line 3: IGP metric from the latency: x-y",
		}},
		{"parallel links in the order of the file", importer.RFC8345, importer.Options{CapacityKbps: 5, Metric: 9}, `{"data": {"ietf-network:networks": {"network": [{"network-id": "n", "node": [{"node-id": "a"}, {"node-id": "b"}], "link": [
{"link-id": "1", "source": {"source-node": "a"}, "destination": {"dest-node": "b"}, "ietf-l3-unicast-topology:l3-link-attributes": {"metric1": "1"}},
{"link-id": "2", "source": {"source-node": "a"}, "destination": {"dest-node": "b"}, "ietf-l3-unicast-topology:l3-link-attributes": {"metric1": "2"}},
{"link-id": "3", "source": {"source-node": "b"}, "destination": {"dest-node": "a"}, "ietf-l3-unicast-topology:l3-link-attributes": {"metric1": "3"}},
{"link-id": "4", "source": {"source-node": "b"}, "destination": {"dest-node": "a"}}]}]}}}`, []string{
			"a pe", "b pe", "1: a-b [5 5] kbps [0 0] us [1 3], groups 0", "2: a-b [5 5] kbps [0 0] us [2 9], groups 0",
			"line 2: capacity by default: 1, 2", "line 2: latency by default: 1, 2", "line 3: IGP metric by default: 2",
		}},
		{"groups, hyperedges, mixed directions, defaults", importer.GraphML, importer.Options{PE: []string{"edge*"}}, `<graphml>
<key id="k" attr.name="CAPACITY" for="all"><default>2Gbps</default></key><key id="n" for="node" attr.name="label"/>
<graph edgedefault="directed"><desc>two nodes</desc>
<node id="g"><data key="n">group</data><graph edgedefault="undirected">
<node id="a"><data key="n">edge one</data></node><node id="b"/></graph></node><node id="c"/>
<hyperedge id="h"><endpoint node="a"/></hyperedge><data key="n">of the graph</data>
<edge source="a" target="b"/><edge directed="false" source="b" target="c"><data key="k">1Mbps</data></edge>
<edge source="b" target="a"><data key="k">3Gbps</data></edge></graph></graphml>`, []string{
			"edge-one pe", "b p", "c p",
			"b-c: b-c [1000 1000] kbps [0 0] us [10 10], groups 0", "edge-one-b: edge-one-b [2000000 3000000] kbps [0 0] us [10 10], groups 0",
			"line 4: groups opened, whose nodes count: g", "line 6: hyperedges passed over: h",
			"line 5: nodes renamed: edge one to edge-one",
			"line 7: latency by default: b-c, edge-one-b", "line 7: IGP metric by default: b-c, edge-one-b",
		}},
		{"aliases and merge keys that lead nowhere or in circles", importer.Containerlab, importer.Options{CapacityKbps: 7}, `topology:
  kinds: &k
    linux: {labels: &l {role: P, <<: [*l, *k, *none]}}
  nodes: &n
    <<: *n
    a: {kind: linux}
    b: {<<: {kind: linux}, labels: {<<: *l, role: pe}}
  links:
    - &x {endpoints: [a:1, b:1], vars: {latency: 2us}}
    - *x
`, []string{
			"a p", "b pe", "a-b: a-b [7 7] kbps [2 2] us [2 2], groups 0", "a-b-2: a-b [7 7] kbps [2 2] us [2 2], groups 0",
			"line 9: capacity by default: a-b, a-b-2", "line 9: IGP metric from the latency: a-b, a-b-2",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, notes, err := importer.Read(strings.NewReader(tt.text), tt.format, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, summary(n, notes)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestLab reads the topologies that are delivered for containerlab.
func TestLab(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../lab/containerlab/*.clab.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if format, ok := importer.Detect(data); !ok || format != importer.Containerlab {
			t.Errorf("%s is taken as %q", f, format)
		}
		n, _, err := importer.Read(strings.NewReader(string(data)), importer.Containerlab, importer.Options{PE: []string{"pe*"}, CapacityKbps: 1000})
		if err != nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		if pe, ok := n.Node("pe1"); len(n.Nodes) != 6 || len(n.Links) != 6 || !ok || pe.Role != topology.PE {
			t.Errorf("%s: %+v", f, n)
		}
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		head string
		want importer.Format
	}{
		{"\ufeff <?xml version=\"1.0\"?>\n<!-- a map -->\n<graphml xmlns=\"x\">", importer.GraphML},
		{"\n{\"ietf-network:networks\":", importer.RFC8345},
		{`{"networks": {`, importer.RFC8345},
		{`{"name": "x", "topology": {`, importer.Containerlab},
		{"# a lab\nname: x\n\ntopology:\n  nodes:", importer.Containerlab},
		{"<html>", ""},
		{`{"nodes": []}`, ""},
		{"nodes:\n  topology: x\n", ""},
		{"", ""},
	} {
		if got, ok := importer.Detect([]byte(tt.head)); ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%q: %q, %v", tt.head, got, ok)
		}
	}
}

// endless is a description that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// broken is a description that cannot be read.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// crowded is a lab of n nodes that share n labels.
func crowded(n int) string {
	var b strings.Builder
	b.WriteString("topology:\n  defaults:\n    labels:\n")
	for i := range n {
		fmt.Fprintf(&b, "      l%d: 1\n", i)
	}
	b.WriteString("  nodes:\n")
	for i := range n {
		fmt.Fprintf(&b, "    n%d: {}\n", i)
	}
	return b.String()
}

// TestMergeBomb reads merge keys that would unfold to a million million entries.
func TestMergeBomb(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("topology:\n  defaults:\n    labels:\n      m0: &m0 {role: p}\n")
	for i := range 12 {
		ten := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*m%d, ", i), 10), ", ")
		fmt.Fprintf(&b, "      m%d: &m%d {<<: [%s]}\n", i+1, i+1, ten)
	}
	b.WriteString("  nodes: {a: {labels: *m12}}\n")
	n, _, err := importer.Read(strings.NewReader(b.String()), importer.Containerlab, importer.Options{})
	if err != nil || len(n.Nodes) != 1 || n.Nodes[0].Role != topology.P {
		t.Errorf("got %+v, %v", n, err)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	many := strings.Builder{}
	for i := range 200_001 {
		fmt.Fprintf(&many, "{\"node-id\": %d},\n", i)
	}
	for _, tt := range []struct {
		name   string
		format importer.Format
		from   io.Reader
		want   string
	}{
		{"JSON", importer.RFC8345, endless{}, "larger than 64 MiB"},
		{"YAML", importer.Containerlab, endless{}, "larger than 2 MiB"},
		{"reader", importer.GraphML, broken{}, "read network: io: read/write on closed pipe"},
		{"depth of JSON", importer.RFC8345, strings.NewReader(`{"network":[{"node":[` + strings.Repeat("[", 20_000)), "line 1, column 10018: not valid JSON: invalid character '[' exceeded max depth"},
		{"depth of networks", importer.RFC8345, strings.NewReader(strings.Repeat(`{"networks":`, 1000) + "7" + strings.Repeat("}", 1000)), "no network in ietf-network:networks"},
		{"values of JSON", importer.RFC8345, strings.NewReader(`{"network":[{"link":[{}, {"x":[` + strings.Repeat("1,", 200_000) + `1]}]}]}`), "line 1, column 26: more than 200000 values in one element"},
		{"depth of YAML", importer.Containerlab, strings.NewReader(strings.Repeat("[", 100)), "line 1, column 65: nested deeper than 64 levels"},
		{"entries of YAML", importer.Containerlab, strings.NewReader("topology:\n  nodes:\n" + strings.Repeat("    a:\n      - b: {c: d}\n", 10_001)), "line 20003, column 6: a mapping of more than 10000 entries"},
		{"documents", importer.Containerlab, strings.NewReader(strings.Repeat("---\na: 1\n", 3)), "line 5, column 1: several documents"},
		{"aliases", importer.Containerlab, strings.NewReader(crowded(1450)), "aliases lead to more than 2000000 entries"},
		{"nodes", importer.GraphML, strings.NewReader("<graphml><graph>" + strings.Repeat("<node/>", 200_001)), "line 1, column 1400024: more than 200000 nodes"},
		{"networks", importer.RFC8345, strings.NewReader(`{"network":[{"node":[` + many.String() + "{}]}]}"), "line 200001, column 1: more than 200000 nodes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, _, err := importer.Read(tt.from, tt.format, importer.Options{})
			if err == nil || err.Error() != tt.want || n != nil {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// TestReadTwice proves that an import depends on the text alone, and that each
// link of a random graph arrives once, with both ends.
func TestReadTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		nodes := rapid.IntRange(1, 8).Draw(t, "nodes")
		ends := rapid.SliceOf(rapid.Custom(func(t *rapid.T) [2]int {
			return [2]int{rapid.IntRange(0, nodes-1).Draw(t, "a"), rapid.IntRange(0, nodes-1).Draw(t, "z")}
		})).Draw(t, "links")
		var text strings.Builder
		text.WriteString(`<graphml><key id="l" for="node" attr.name="label"/><graph edgedefault="undirected">`)
		for i := range nodes {
			fmt.Fprintf(&text, `<node id="%d"><data key="l">town %d</data></node>`, i, i/2)
		}
		links := 0
		for _, e := range ends {
			fmt.Fprintf(&text, `<edge source="%d" target="%d"/>`, e[0], e[1])
			if e[0] != e[1] {
				links++
			}
		}
		text.WriteString("</graph></graphml>")
		read := func() *topology.Network {
			n, _, err := importer.Read(strings.NewReader(text.String()), importer.GraphML, importer.Options{CapacityKbps: 1})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		n := read()
		if diff := cmp.Diff(n.Links, read().Links); diff != "" {
			t.Fatal(diff)
		}
		if len(n.Nodes) != nodes || len(n.Links) != links {
			t.Fatalf("%d nodes and %d links of %d and %d", len(n.Nodes), len(n.Links), nodes, links)
		}
		at := 0
		for _, e := range ends {
			if e[0] == e[1] {
				continue
			}
			if l := n.Links[at]; l.A != n.Nodes[e[0]].Name || l.Z != n.Nodes[e[1]].Name {
				t.Fatalf("link %+v joins not %v", l, e)
			}
			at++
		}
	})
}
