// SPDX-License-Identifier: Apache-2.0

package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/s2cd/s2cd/topology/importer"
)

// BenchmarkRead reads a ring with chords: five links a node.
func BenchmarkRead(b *testing.B) {
	for _, bb := range []struct {
		format importer.Format
		nodes  int
		text   string
	}{
		{importer.RFC8345, 10_000, ringJSON(10_000)},
		{importer.GraphML, 10_000, ringXML(10_000)},
		{importer.Containerlab, 1000, ringYAML(1000)},
	} {
		b.Run(fmt.Sprintf("%s/%d", bb.format, bb.nodes), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bb.text)))
			for b.Loop() {
				n, _, err := importer.Read(strings.NewReader(bb.text), bb.format, importer.Options{})
				if err != nil || len(n.Links) != 5*bb.nodes {
					b.Fatal(err)
				}
			}
		})
	}
}

func ringJSON(nodes int) string {
	var b strings.Builder
	b.WriteString(`{"ietf-network:networks":{"network":[{"network-id":"n","node":[{"node-id":"0"}`)
	for i := 1; i < nodes; i++ {
		fmt.Fprintf(&b, ",\n"+`{"node-id":"%d"}`, i)
	}
	b.WriteString(`],"ietf-network-topology:link":[`)
	comma := ""
	for i := range nodes {
		for hop := 1; hop <= 5; hop++ {
			for _, ends := range [][2]int{{i, (i + hop) % nodes}, {(i + hop) % nodes, i}} {
				fmt.Fprintf(&b, `%s{"link-id":"%d-%d","source":{"source-node":"%[2]d","source-tp":"1"},"destination":{"dest-node":"%[3]d","dest-tp":"1"},`+
					`"ietf-te-topology:te":{"te-link-attributes":{"max-link-bandwidth":{"te-bandwidth":{"generic":"0x1p30"}},"te-default-metric":%[4]d,"te-delay-metric":%[4]d}}}`,
					comma, ends[0], ends[1], hop)
				comma = ",\n"
			}
		}
	}
	b.WriteString("]}]}}")
	return b.String()
}

func ringXML(nodes int) string {
	var b strings.Builder
	b.WriteString(`<graphml><key id="la" for="node" attr.name="Latitude"/><key id="lo" for="node" attr.name="Longitude"/>`)
	b.WriteString(`<key id="s" for="edge" attr.name="LinkSpeedRaw"/><graph edgedefault="undirected">` + "\n")
	for i := range nodes {
		fmt.Fprintf(&b, `<node id="%d"><data key="la">%d.5</data><data key="lo">%d.25</data></node>`+"\n", i, i%90, i%180)
	}
	for i := range nodes {
		for hop := 1; hop <= 5; hop++ {
			fmt.Fprintf(&b, `<edge source="%d" target="%d"><data key="s">1e10</data></edge>`+"\n", i, (i+hop)%nodes)
		}
	}
	b.WriteString("</graph></graphml>")
	return b.String()
}

func ringYAML(nodes int) string {
	var b strings.Builder
	b.WriteString("topology:\n  nodes:\n")
	for i := range nodes {
		fmt.Fprintf(&b, "    n%d: {kind: nokia_srlinux}\n", i)
	}
	b.WriteString("  links:\n")
	for i := range nodes {
		for hop := 1; hop <= 5; hop++ {
			fmt.Fprintf(&b, "    - endpoints: [\"n%d:e1-%d\", \"n%d:e2-%d\"]\n      labels: {capacity: 10Gbps, latency: 1ms}\n", i, hop, (i+hop)%nodes, hop)
		}
	}
	return b.String()
}
