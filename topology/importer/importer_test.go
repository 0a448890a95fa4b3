// SPDX-License-Identifier: Apache-2.0

package importer_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/topology"
	"github.com/s2cd/s2cd/topology/importer"
)

// whole is the share of a link of which all may be sold.
func whole() topology.Shares { return topology.Shares{All: 1000} }

func TestExamples(t *testing.T) {
	t.Parallel()
	const gbps = 1_000_000
	for _, tt := range []struct {
		file    string
		format  importer.Format
		options importer.Options
		want    topology.Network
		notes   []string
	}{
		{
			file: "three-cities.json", format: importer.RFC8345, options: importer.Options{PE: []string{"edge-*"}},
			want: topology.Network{
				Nodes: []topology.Node{
					{Name: "edge-ham", Role: topology.PE, Loopback: netip.MustParseAddr("192.0.2.1"), Location: [2]float64{53.55, 9.99}},
					{Name: "core-han", Role: topology.P, Loopback: netip.MustParseAddr("192.0.2.2"), Location: [2]float64{52.37, 9.73}, Maintenance: true},
					{Name: "edge-bre", Role: topology.PE, Loopback: netip.MustParseAddr("192.0.2.3"), Down: true},
				},
				Links: []topology.Link{
					{
						Name: "ham-han", A: "edge-ham", Z: "core-han", Kbps: [2]uint64{10 * gbps, 10 * gbps},
						Micros: [2]uint32{950, 908}, IGPMetric: [2]uint32{12, 908}, TEMetric: [2]uint32{7, 0}, LossPPM: [2]uint32{1, 0},
						Reservable: topology.Shares{All: 800}, SRLGs: []uint32{4, 31}, AdminGroups: 5,
					},
					{
						Name: "bre-han", A: "edge-bre", Z: "core-han", Kbps: [2]uint64{gbps, gbps}, Micros: [2]uint32{0, 400},
						IGPMetric: [2]uint32{25, 30}, TEMetric: [2]uint32{30, 30}, Reservable: whole(), Down: true,
					},
				},
			},
			notes: []string{
				"line 8: the network taken that stands on the others: backbone",
				"line 47: latency from coordinates: ham-han",
				"line 47: IGP metric from the latency: ham-han",
				"line 47: the smaller reservable share of both directions taken: ham-han",
				"line 69: latency by default: bre-han",
			},
		},
		{
			file: "ring.graphml", format: importer.GraphML, options: importer.Options{CapacityKbps: 3 * gbps},
			want: topology.Network{
				Nodes: []topology.Node{
					{Name: "Zurich", Role: topology.PE, Location: [2]float64{47.37, 8.54}},
					{Name: "Geneve-CERN", Role: topology.PE, Location: [2]float64{46.2, 6.15}},
					{Name: "Hub", Role: topology.PE},
					{Name: "Hub-2", Role: topology.P},
				},
				Links: []topology.Link{
					{Name: "Zurich-Geneve-CERN", A: "Zurich", Z: "Geneve-CERN", Kbps: [2]uint64{10 * gbps, 10 * gbps}, Micros: [2]uint32{1534, 1534}, IGPMetric: [2]uint32{1534, 1534}, Reservable: whole()},
					{Name: "Zurich-Geneve-CERN-2", A: "Zurich", Z: "Geneve-CERN", Kbps: [2]uint64{2_500_000, 2_500_000}, Micros: [2]uint32{1534, 1534}, IGPMetric: [2]uint32{1534, 1534}, Reservable: whole()},
					{Name: "Geneve-CERN-Hub", A: "Geneve-CERN", Z: "Hub", Kbps: [2]uint64{622_000, 622_000}, Micros: [2]uint32{1235, 1235}, IGPMetric: [2]uint32{1235, 1235}, Reservable: whole()},
					{Name: "Hub-Hub-2", A: "Hub", Z: "Hub-2", Kbps: [2]uint64{3 * gbps, 3 * gbps}, IGPMetric: [2]uint32{10, 10}, Reservable: whole()},
					{Name: "Hub-2-Zurich", A: "Hub-2", Z: "Zurich", Kbps: [2]uint64{gbps, gbps}, IGPMetric: [2]uint32{10, 10}, Reservable: whole()},
				},
			},
			notes: []string{
				"line 13: nodes renamed: Zürich to Zurich, Genève / CERN to Geneve-CERN, Hub to Hub-2",
				"line 24: links passed over that lead back to their node: n-3-n-3",
				"line 20: latency from coordinates: Zurich-Geneve-CERN, Zurich-Geneve-CERN-2",
				"line 20: IGP metric from the latency: Zurich-Geneve-CERN, Zurich-Geneve-CERN-2, Geneve-CERN-Hub",
				"line 23: capacity by default: Hub-Hub-2",
				"line 23: latency by default: Hub-Hub-2, Hub-2-Zurich",
				"line 23: IGP metric by default: Hub-Hub-2, Hub-2-Zurich",
			},
		},
		{
			file: "fabric.clab.yml", format: importer.Containerlab, options: importer.Options{CapacityKbps: 10 * gbps, Micros: 30, Metric: 15},
			want: topology.Network{
				Nodes: []topology.Node{
					{Name: "a1", Role: topology.PE, Platform: "srlinux-oc", Loopback: netip.MustParseAddr("192.0.2.1"), Location: [2]float64{50.1, 8.6}},
					{Name: "a2", Role: topology.PE, Platform: "srlinux-oc", Location: [2]float64{52.5, 8.6}},
					{Name: "c1", Role: topology.P, Platform: "labpe", Location: [2]float64{50.1, 8.6}, Maintenance: true},
					{Name: "c2", Role: topology.P, Platform: "srlinux-oc", Location: [2]float64{50.1, 8.6}},
					{Name: "a3", Role: topology.PE, Platform: "generic-openconfig", Location: [2]float64{52.5, 13.4}},
				},
				Links: []topology.Link{
					{Name: "a1-c1", A: "a1", Z: "c1", Kbps: [2]uint64{100 * gbps, 100 * gbps}, Micros: [2]uint32{250, 250}, IGPMetric: [2]uint32{20, 20}, Reservable: whole(), SRLGs: []uint32{3, 7}},
					{
						Name: "a1-c1-2", A: "a1", Z: "c1", Kbps: [2]uint64{40 * gbps, 40 * gbps}, Micros: [2]uint32{300, 300}, IGPMetric: [2]uint32{15, 15},
						TEMetric: [2]uint32{5, 5}, LossPPM: [2]uint32{100, 100}, Reservable: whole(), AdminGroups: 1<<31 | 1, Down: true,
					},
					{Name: "c1-a2", A: "c1", Z: "a2", Kbps: [2]uint64{10 * gbps, 10 * gbps}, Micros: [2]uint32{1830, 1830}, IGPMetric: [2]uint32{15, 15}, Reservable: whole()},
					{Name: "a2-c2", A: "a2", Z: "c2", Kbps: [2]uint64{10 * gbps, 10 * gbps}, Micros: [2]uint32{1830, 1830}, IGPMetric: [2]uint32{15, 15}, Reservable: whole()},
					{Name: "a3-c2", A: "a3", Z: "c2", Kbps: [2]uint64{10 * gbps, 10 * gbps}, Micros: [2]uint32{2929, 2929}, IGPMetric: [2]uint32{15, 15}, Reservable: whole()},
				},
			},
			notes: []string{
				"line 18: hosts passed over: office",
				"line 19: bridges passed over: lan",
				"line 33: links of type host passed over: a1",
				"line 37: links to a mgmt-net passed over: a1-mgmt-net",
				"line 38: links to a bridge passed over: a1-lan",
				"line 39: links to a host passed over: office-a1",
				"line 26: IGP metric by default: a1-c1-2, c1-a2, a2-c2, a3-c2",
				"line 28: capacity by default: c1-a2, a2-c2, a3-c2",
				"line 28: latency from coordinates: c1-a2, a2-c2, a3-c2",
			},
		},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join("testdata", tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if f, ok := importer.Detect(data[:100]); !ok || f != tt.format {
				t.Errorf("detected %q, %v", f, ok)
			}
			got, notes, err := importer.Read(strings.NewReader(string(data)), tt.format, tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&tt.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var said []string
			for _, n := range notes {
				said = append(said, n.String())
			}
			if diff := cmp.Diff(tt.notes, said); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
