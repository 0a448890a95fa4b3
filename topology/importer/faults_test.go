// SPDX-License-Identifier: Apache-2.0

package importer_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/topology/importer"
)

// Descriptions without a fault; tests change one text of them.
const (
	plainJSON = `{"ietf-network:networks": {"network": [{
  "network-id": "net",
  "node": [
    {"node-id": "a", "ietf-te-topology:te-node-id": "192.0.2.1", "ietf-l3-unicast-topology:l3-node-attributes": {"name": "a"}},
    {"node-id": "b", "ietf-te-topology:te": {"oper-status": "up", "geolocation": {"latitude": "50", "longitude": "8"}}}
  ],
  "ietf-network-topology:link": [
    {"link-id": "ab", "source": {"source-node": "a", "source-tp": "1"}, "destination": {"dest-node": "b", "dest-tp": "1"},
     "ietf-te-topology:te": {"te-link-attributes": {
       "max-link-bandwidth": {"te-bandwidth": {"generic": "0x1p30"}}, "te-default-metric": 10,
       "te-delay-metric": 100, "te-srlgs": {"value": [1]}, "administrative-group": "01",
       "performance-metrics-one-way": {"one-way-packet-loss": "0.5"}}}},
    {"link-id": "ba", "source": {"source-node": "b", "source-tp": "1"}, "destination": {"dest-node": "a", "dest-tp": "1"},
     "ietf-te-topology:te": {"te-link-attributes": {"max-link-bandwidth": {"te-bandwidth": {"generic": "0x1p30"}}}}}
  ]
}]}}`
	plainXML = `<graphml>
<key id="la" for="node" attr.name="Latitude"/><key id="lo" for="node" attr.name="Longitude"/><key id="ro" for="node" attr.name="Role"/>
<key id="s" for="edge" attr.name="LinkSpeedRaw"/><key id="m" for="edge" attr.name="igpMetric"/><key id="t" for="edge" attr.name="latency"/>
<graph edgedefault="directed">
<node id="a"><data key="la">50</data><data key="lo">8</data></node>
<node id="b"><data key="ro">p</data></node>
<edge source="a" target="b"><data key="s">1e9</data><data key="m">10</data><data key="t">1ms</data></edge>
<edge source="b" target="a"><data key="s">1e9</data></edge>
</graph>
</graphml>`
	plainYAML = `topology:
  nodes:
    a: {kind: linux, labels: {role: pe, loopback: 192.0.2.1, maintenance: false}}
    b: {kind: linux}
  links:
    - endpoints: ["a:1", "b:1"]
      labels: {capacity: 1Gbps, latency: 1ms, igpMetric: 1, teMetric: 1, loss: 1%, srlgs: [1], adminGroups: [1], down: false}
`
)

// twin is plainJSON's network once more, of another name.
const twin = `}, {"network-id": "other", "node": [{"node-id": "c"}]}]}}`

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, old, new, want string
		format               importer.Format
	}{
		{"JSON cut off", "}]}}", "", "line 15, column 4: not valid JSON: unexpected end of JSON input", importer.RFC8345},
		{"JSON comma", `"network-id": "net",`, `"network-id": "net"`, "line 3, column 3: not valid JSON: invalid character '\"' after object key:value pair", importer.RFC8345},
		{"JSON twice", "}]}}", "}]}} {}", "line 16, column 6: not valid JSON: invalid character '{' after top-level value", importer.RFC8345},
		{"not UTF-8", `"net"`, "\"n\xfft\"", "line 2, column 19: not UTF-8", importer.RFC8345},
		{"no networks", "ietf-network:networks", "ietf-interfaces:interfaces", "no network in ietf-network:networks", importer.RFC8345},
		{"networks a number", `{"network": [{`, `7, "n": {"network": [{`, "line 1, column 27: want an object", importer.RFC8345},
		{"nodes no list", `"node": [`, `"node": 7, "n": [`, "line 3, column 11: want a list of nodes", importer.RFC8345},
		{"two networks", "}]}}", twin, "several networks and none on top of the others, name one: net, other", importer.RFC8345},
		{"node without id", `"node-id": "b"`, `"node": "b"`, "line 5: a node without an id", importer.RFC8345},
		{"node twice", `"node-id": "b"`, `"node-id": "a"`, `line 5: node "a" is described twice, first in line 4`, importer.RFC8345},
		{"router id", "192.0.2.1", "192.0.2", `line 4, column 53: node a: "192.0.2": want a router id in dotted-quad notation`, importer.RFC8345},
		{"latitude", `"50"`, `"91"`, "line 5, column 95: node b: latitude: want degrees from -90 to 90", importer.RFC8345},
		{"status", `"up"`, `"fine"`, `line 5, column 61: node b: oper-status "fine": want up, down, testing, preparing-maintenance, maintenance or unknown`, importer.RFC8345},
		{"link without id", `"link-id": "ab"`, `"id": "ab"`, "line 8: a link without link-id", importer.RFC8345},
		{"link to nowhere", `"dest-node": "b"`, `"dest-node": "c"`, "line 8: link ab: no node has the id \"c\"", importer.RFC8345},
		{"other ports", `"source-node": "b", "source-tp": "1"`, `"source-node": "b", "source-tp": "2"`, "line 8: link ab: no link leads back from \"b\" to \"a\" between the same termination points\nline 13: link ba: no link leads back from \"a\" to \"b\" between the same termination points", importer.RFC8345},
		{"link without an end", `"dest-node": "b", `, "", "line 8, column 5: link ab: no dest-node in destination", importer.RFC8345},
		{"bandwidth unit", `"0x1p30"}}, "te`, `"10G"}}, "te`, `line 10, column 59: link ab: max-link-bandwidth "10G": want bytes per second like 0x1p30 or 125000000, up to 100 Tbit/s`, importer.RFC8345},
		{"bandwidth list", `"0x1p30"}}, "te`, `"1,2"}}, "te`, `line 10, column 59: link ab: max-link-bandwidth "1,2": want bytes per second like 0x1p30 or 125000000, up to 100 Tbit/s`, importer.RFC8345},
		{"bandwidth huge", `"0x1p30"}}, "te`, `"0x1p127"}}, "te`, `line 10, column 59: link ab: max-link-bandwidth "0x1p127": want bytes per second like 0x1p30 or 125000000, up to 100 Tbit/s`, importer.RFC8345},
		{"no capacity", `"0x1p30"}}, "te`, `"0"}}, "te`, "line 8: link ab has no capacity, which is missing in 1 direction: give a default", importer.RFC8345},
		{"TE metric", `-metric": 10,`, `-metric": 16777216,`, "line 10, column 92: link ab: te-default-metric: want a number from 0 to 16777215", importer.RFC8345},
		{"delay", `-metric": 100,`, `-metric": "1ms",`, "line 11, column 27: link ab: te-delay-metric: want a number from 0 to 16777215", importer.RFC8345},
		{"SRLG", `[1]`, `[-1]`, "line 11, column 55: link ab: te-srlgs: want a number from 0 to 4294967295", importer.RFC8345},
		{"groups", `"01"`, `"0x01"`, `line 11, column 84: link ab: administrative-group "0x01": want octets in hex like 00:00:00:0a`, importer.RFC8345},
		{"loss", `"0.5"`, `"100"`, `line 12, column 63: link ab: one-way-packet-loss "100": want a percentage below 100`, importer.RFC8345},

		{"XML cut off", "</graphml>", "", "line 10, column 1: not valid XML: unexpected EOF", importer.GraphML},
		{"XML nesting", "</graph>", "</node>", "line 9, column 8: not valid XML: element <graph> closed by </node>", importer.GraphML},
		{"entity", "<graphml>", "<!DOCTYPE x [<!ENTITY e \"e\">]><graphml>&e;", "line 1, column 43: not valid XML: invalid character entity &e;", importer.GraphML},
		{"no graph", `graph edgedefault="directed"`, "grid", "line 9, column 9: not valid XML: element <grid> closed by </graph>", importer.GraphML},
		{"two graphs", "</graph>", "</graph><graph>", "line 9, column 16: a second graph", importer.GraphML},
		{"vertex twice", `node id="b"`, `node id="a"`, `line 6: node "a" is described twice, first in line 5`, importer.GraphML},
		{"vertex without id", `node id="b"`, `node`, "line 6: a node without an id", importer.GraphML},
		{"degrees", `<data key="la">50`, `<data key="la">north`, `line 5: node a: latitude "north": want degrees from -90 to 90`, importer.GraphML},
		{"role", `<data key="ro">p`, `<data key="ro">router`, `line 6: node b: role "router": want one of pe, p, gateway`, importer.GraphML},
		{"speed", `<data key="s">1e9</data></edge>`, `<data key="s">fast</data></edge>`, `line 8: edge b-a: linkspeedraw "fast": want a speed up to 100 Tbit/s`, importer.GraphML},
		{"metric", `<data key="m">10`, `<data key="m">0`, `line 7: edge a-b: igpmetric "0": want a number from 1 to 16777215`, importer.GraphML},
		{"latency", `<data key="t">1ms`, `<data key="t">1`, `line 7: edge a-b: latency "1": want a duration with a unit like 2.5ms or 800us, up to 16.777215s`, importer.GraphML},
		{"edge to nowhere", `source="b" target="a"`, `source="b" target="c"`, "line 8: link b-c: no node has the id \"c\"", importer.GraphML},
		{"half an edge", `<edge source="b" target="a">`, `<edge source="b" target="a"/><edge source="b" target="a">`, `line 8: link b-a: no link leads back from "a" to "b" between the same termination points`, importer.GraphML},

		{"YAML", "links:", "links: [", "line 5, column 10: not valid YAML: sequence end token ']' not found", importer.Containerlab},
		{"other YAML", "topology:", "topologies:", "no topology: not a containerlab file", importer.Containerlab},
		{"no YAML", plainYAML, "# nothing\n", "empty file", importer.Containerlab},
		{"no nodes", "  nodes:", "  nods:", "no nodes", importer.Containerlab},
		{"one endpoint", `["a:1", "b:1"]`, `["a:1"]`, "line 6: a link has two endpoints, got 1", importer.Containerlab},
		{"endpoint form", `"b:1"`, `b`, "line 6: an endpoint is node:interface, or has node and interface", importer.Containerlab},
		{"endpoint nowhere", `"b:1"`, `"c:1"`, `line 6: link a-c: no node has the id "c"`, importer.Containerlab},
		{"loopback", "192.0.2.1", "192.0.2", `line 3: node a: loopback "192.0.2": want an IP address`, importer.Containerlab},
		{"maintenance", "maintenance: false", "maintenance: soon", `line 3: node a: maintenance "soon": want true or false`, importer.Containerlab},
		{"capacity", "1Gbps", "1G", `line 6: link a-b: capacity "1G": want a rate like 10Gbps, 2.5Gbps or 512kbps, up to 100Tbps`, importer.Containerlab},
		{"latency negative", "latency: 1ms", "latency: -1ms", `line 6: link a-b: latency "-1ms": want a duration with a unit like 2.5ms or 800us, up to 16.777215s`, importer.Containerlab},
		{"TE metric", "teMetric: 1", "teMetric: x", `line 6: link a-b: temetric "x": want a number from 0 to 16777215`, importer.Containerlab},
		{"loss", "loss: 1%", "loss: 0.01", `line 6: link a-b: loss "0.01": want a share from 0% to below 100% like 0.01%`, importer.Containerlab},
		{"SRLGs", "srlgs: [1]", "srlgs: 1 2", `line 6: link a-b: srlgs "1 2": want numbers from 0 to 4294967295 with commas`, importer.Containerlab},
		{"groups", "adminGroups: [1]", "adminGroups: [32]", `line 6: link a-b: admingroups "32": want numbers from 0 to 31 with commas`, importer.Containerlab},
	} {
		t.Run(string(tt.format)+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			text := map[importer.Format]string{importer.RFC8345: plainJSON, importer.GraphML: plainXML, importer.Containerlab: plainYAML}[tt.format]
			if !strings.Contains(text, tt.old) {
				t.Fatalf("%q is not in the text", tt.old)
			}
			n, _, err := importer.Read(strings.NewReader(strings.Replace(text, tt.old, tt.new, 1)), tt.format, importer.Options{})
			if err == nil || n != nil {
				t.Fatalf("network %v, error %v", n, err)
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPlain proves that what TestFaults changes has no fault.
func TestPlain(t *testing.T) {
	t.Parallel()
	for format, text := range map[importer.Format]string{importer.RFC8345: plainJSON, importer.GraphML: plainXML, importer.Containerlab: plainYAML} {
		n, _, err := importer.Read(strings.NewReader(text), format, importer.Options{})
		if err != nil || len(n.Nodes) != 2 || len(n.Links) != 1 {
			t.Errorf("%s: %v, %v", format, n, err)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		format  importer.Format
		options importer.Options
		want    string
	}{
		{"pattern", importer.GraphML, importer.Options{PE: []string{"a["}}, `option PE: "a[" is no pattern`},
		{"capacity", importer.GraphML, importer.Options{CapacityKbps: 100_000_000_001}, "option CapacityKbps: 100000000001 is more than 100000000000"},
		{"latency", importer.GraphML, importer.Options{Micros: 1 << 24}, "option Micros: 16777216 is more than 16777215"},
		{"metric", importer.GraphML, importer.Options{Metric: 1 << 24}, "option Metric: 16777216 is more than 16777215"},
		{"route factor", importer.GraphML, importer.Options{RouteFactor: 0.9}, "option RouteFactor: 0.9 is not in 1..10"},
		{"format", "dot", importer.Options{}, `unknown format "dot"`},
		{"network", importer.RFC8345, importer.Options{Network: "core"}, `no network has the network-id "core", there are: net, other`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(plainJSON, "}]}}", twin, 1)
			n, _, err := importer.Read(strings.NewReader(text), tt.format, tt.options)
			if err == nil || err.Error() != tt.want || n != nil {
				t.Errorf("got %v, %v, want %s", n, err, tt.want)
			}
		})
	}
	n, _, err := importer.Read(strings.NewReader(strings.Replace(plainJSON, "}]}}", twin, 1)), importer.RFC8345, importer.Options{Network: "other"})
	if err != nil || len(n.Nodes) != 1 || n.Nodes[0].Name != "c" {
		t.Errorf("network other: %v, %v", n, err)
	}
}

// TestManyFaults proves that an error names twenty and counts the rest.
func TestManyFaults(t *testing.T) {
	t.Parallel()
	text := "<graphml><graph>" + strings.Repeat("<node/>\n", 33) + "</graph></graphml>"
	_, _, err := importer.Read(strings.NewReader(text), importer.GraphML, importer.Options{})
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 21 || lines[19] != "line 20: a node without an id" || lines[20] != "and 13 more faults" {
		t.Errorf("got %q", lines)
	}
	var fault *importer.Fault
	if !errors.As(err, &fault) || fault.Line != 1 {
		t.Errorf("the first fault is %+v", fault)
	}
}
