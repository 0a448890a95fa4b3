// SPDX-License-Identifier: Apache-2.0

package importer_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/s2cd/s2cd/topology"
	"github.com/s2cd/s2cd/topology/importer"
)

// fuzz checks that whatever a reader accepts is a network, and that it says why
// it refuses the rest.
func fuzz(f *testing.F, format importer.Format, example string, more ...string) {
	data, err := os.ReadFile("testdata/" + example)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, m := range more {
		f.Add([]byte(m))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, o := range []importer.Options{{}, {CapacityKbps: 1000, PE: []string{"a*"}}} {
			n, notes, err := importer.Read(bytes.NewReader(data), format, o)
			if (n == nil) == (err == nil) {
				t.Fatalf("network %v with error %v", n, err)
			}
			for _, note := range notes {
				if note.Text == "" || note.String() == "" || note.Count < len(note.Objects) {
					t.Errorf("a note that says nothing: %+v", note)
				}
			}
			if err != nil {
				if err.Error() == "" {
					t.Error("a fault without a reason")
				}
				continue
			}
			if err := topology.ValidateGraph(n); err != nil {
				t.Error(err)
			}
			if len(n.Nodes) == 0 {
				t.Error("a network without nodes")
			}
		}
	})
}

func FuzzRFC8345(f *testing.F) {
	fuzz(f, importer.RFC8345, "three-cities.json",
		`{"ietf-network:network":[{"network-id":"a","node":[{"node-id":"x"},{"node-id":"y"}],"ietf-network-topology:link":[{"link-id":"l","source":{"source-node":"x"},"destination":{"dest-node":"y"}}]}]}`,
		`{"networks":{"networks":{"networks":{}}}}`)
}

func FuzzGraphML(f *testing.F) {
	fuzz(f, importer.GraphML, "ring.graphml",
		`<graphml><graph edgedefault="directed"><node id="a"><graph><node id="b"/></graph></node><edge source="a" target="b"/></graph></graphml>`,
		`<graphml><key id="k" for="edge" attr.name="capacity"><default>1Gbps</default></key><graph><node id="a"/><node id="b"/><edge source="a" target="b"/></graph></graphml>`)
}

func FuzzContainerlab(f *testing.F) {
	fuzz(f, importer.Containerlab, "fabric.clab.yml",
		"topology: {nodes: {a: , b: {kind: linux}}, links: [{endpoints: ['a:1', 'b:1'], vars: {capacity: 1Gbps}}]}",
		"topology:\n  nodes: &n\n    a: *n\n    <<: *n\n  links:\n  - *n\n")
}
