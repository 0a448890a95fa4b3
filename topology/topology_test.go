// SPDX-License-Identifier: Apache-2.0

package topology_test

import (
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/topology"
)

// network returns a small network without a fault.
func network() *topology.Network {
	full := topology.Shares{All: 900, ByClass: map[string]uint32{"gold": 400}}
	return &topology.Network{
		Revision: 1, AS: 65000,
		Nodes: []topology.Node{
			{Name: "pe1", Role: topology.PE, Platform: "labpe", Loopback: netip.MustParseAddr("10.0.0.1"), Management: "192.0.2.1:9339"},
			{Name: "p1", Role: topology.P, Loopback: netip.MustParseAddr("10.0.0.2")},
			{Name: "gw1", Role: topology.Gateway, Platform: "s2cgw", Management: "gw1.example:9339", PinSHA256: strings.Repeat("aF", 32)},
		},
		Links: []topology.Link{
			{Name: "pe1-p1", A: "pe1", Z: "p1", Kbps: [2]uint64{1000, 1000}, IGPMetric: [2]uint32{10, 10}, Reservable: full},
			{Name: "p1-gw1", A: "p1", Z: "gw1", Kbps: [2]uint64{1000, 1000}, IGPMetric: [2]uint32{10, topology.MaxMetric}, Reservable: full},
		},
		Access: []topology.Access{
			{Name: "port:pe1:eth1", Node: "pe1", Kbps: 1000, Reservable: full},
			{Name: "handoff:cloud", Node: "gw1", Kbps: 1000, Reservable: full},
		},
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		harm func(*topology.Network)
		want string // "": valid
	}{
		{"sound", func(*topology.Network) {}, ""},
		{"no AS", func(n *topology.Network) { n.AS = 0 }, "network: AS number 0 (RFC 7607)"},
		{"node without name", func(n *topology.Network) { n.Nodes = append(n.Nodes, topology.Node{}) }, "node #4: no name"},
		{"node twice", func(n *topology.Network) { n.Nodes = append(n.Nodes, n.Nodes[1]) }, "node p1: named twice"},
		{"node name", func(n *topology.Network) { n.Nodes = append(n.Nodes, topology.Node{Name: "a:b", Role: topology.P}) }, "node a:b: a name has no blank and none of < > : /"},
		{"role", func(n *topology.Network) { n.Nodes[1].Role = "x" }, `node p1: unknown role "x"`},
		{"platform", func(n *topology.Network) { n.Nodes[0].Platform = "" }, "node pe1: a pe needs a platform"},
		{"management", func(n *topology.Network) { n.Nodes[2].Management = "gw1" }, `node gw1: management address "gw1" is not host:port`},
		{"management port", func(n *topology.Network) { n.Nodes[2].Management = "gw1:70000" }, `node gw1: management address "gw1:70000" is not host:port`},
		{"management twice", func(n *topology.Network) { n.Nodes[2].Management = n.Nodes[0].Management }, "node gw1: management address 192.0.2.1:9339 is that of pe1"},
		{"pin", func(n *topology.Network) { n.Nodes[2].PinSHA256 = "zz" }, "node gw1: pin is not 64 hexadecimal digits"},
		{"no loopback", func(n *topology.Network) { n.Nodes[0].Loopback = netip.Addr{} }, "node pe1: a pe needs a loopback"},
		{"loopback twice", func(n *topology.Network) { n.Nodes[1].Loopback = n.Nodes[0].Loopback }, "node p1: loopback 10.0.0.1 is that of pe1"},
		{"loopback", func(n *topology.Network) { n.Nodes[1].Loopback = netip.MustParseAddr("127.0.0.1") }, "node p1: loopback 127.0.0.1 cannot be a router id"},
		{"location", func(n *topology.Network) { n.Nodes[1].Location = [2]float64{91, 0} }, "node p1: location [91 0] is not on earth"},
		{"location no number", func(n *topology.Network) { n.Nodes[1].Location = [2]float64{0, math.NaN()} }, "node p1: location [0 NaN] is not on earth"},
		{"link without name", func(n *topology.Network) { n.Links[0].Name = "" }, "link #1: no name"},
		{"link twice", func(n *topology.Network) { n.Links[1].Name = "pe1-p1" }, "link pe1-p1: named twice"},
		{"link end", func(n *topology.Network) { n.Links[1].Z = "gw9" }, `link p1-gw1: unknown node "gw9"`},
		{"loop", func(n *topology.Network) { n.Links[1].Z = "p1" }, "link p1-gw1: both ends are p1"},
		{"link capacity", func(n *topology.Network) { n.Links[0].Kbps[1] = 0 }, "link pe1-p1: no capacity z to a"},
		{"metric 0", func(n *topology.Network) { n.Links[0].IGPMetric[0] = 0 }, "link pe1-p1: IGP metric 0 a to z is not in 1..16777215"},
		{"metric", func(n *topology.Network) { n.Links[0].IGPMetric[1] = 1 << 24 }, "link pe1-p1: IGP metric 16777216 z to a is not in 1..16777215"},
		{"TE metric", func(n *topology.Network) { n.Links[0].TEMetric[1] = 1 << 24 }, "link pe1-p1: TE metric 16777216 z to a is not in 0..16777215"},
		{"loss", func(n *topology.Network) { n.Links[0].LossPPM[0] = 1_000_000 }, "link pe1-p1: a loss of 1000000 in a million a to z leaves nothing"},
		{"share", func(n *topology.Network) { n.Links[0].Reservable.All = 10_001 }, "link pe1-p1: reservable share 10001/1000 is more than 10000"},
		{"class share", func(n *topology.Network) { n.Access[0].Reservable.ByClass = map[string]uint32{"gold": 10_001} }, "access port:pe1:eth1: share 10001/1000 of class gold is more than 10000"},
		{"class name", func(n *topology.Network) { n.Access[0].Reservable.ByClass = map[string]uint32{"": 1} }, "access port:pe1:eth1: a share for a class without a name"},
		{"access without name", func(n *topology.Network) { n.Access[0].Name = "" }, "access #1: no name"},
		{"access twice", func(n *topology.Network) { n.Access[1].Name = "port:pe1:eth1" }, "access port:pe1:eth1: named twice"},
		{"access name", func(n *topology.Network) { n.Access[1].Name = "link:x" }, "access link:x: the name would clash with an arc of a link"},
		{"access node", func(n *topology.Network) { n.Access[1].Node = "gw9" }, `access handoff:cloud: unknown node "gw9"`},
		{"access at p", func(n *topology.Network) { n.Access[1].Node = "p1" }, "access handoff:cloud: node p1 is a p router, which has no accesses"},
		{"access capacity", func(n *topology.Network) { n.Access[1].Kbps = 0 }, "access handoff:cloud: no capacity"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := network()
			tt.harm(n)
			got := ""
			if err := topology.Validate(n); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestValidateJoinsAllFaults(t *testing.T) {
	t.Parallel()
	n := network()
	n.AS, n.Links[0].A, n.Access[0].Kbps = 0, "pe9", 0
	want := "network: AS number 0 (RFC 7607)\nlink pe1-p1: unknown node \"pe9\"\naccess port:pe1:eth1: no capacity"
	if err := topology.Validate(n); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestValidateGraph also proves that a plan is held to all else.
func TestValidateGraph(t *testing.T) {
	t.Parallel()
	n := network()
	n.AS = 0
	for i := range n.Nodes {
		n.Nodes[i].Platform, n.Nodes[i].Management, n.Nodes[i].Loopback = "", "", netip.Addr{}
	}
	if err := topology.ValidateGraph(n); err != nil {
		t.Errorf("a plan is refused: %v", err)
	}
	n.Nodes[0].Loopback, n.Nodes[1].Loopback = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.1")
	n.Nodes[2].Role, n.Links[0].Kbps[0] = "x", 0
	want := "node p1: loopback 10.0.0.1 is that of pe1\nnode gw1: unknown role \"x\"\nlink pe1-p1: no capacity a to z"
	if err := topology.ValidateGraph(n); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	n := network()
	if node, ok := n.Node("p1"); !ok || node != &n.Nodes[1] {
		t.Errorf("node p1: %v, %v", node, ok)
	}
	if _, ok := n.Node("p9"); ok {
		t.Error("node p9 was found")
	}
	if l, ok := n.Link("p1-gw1"); !ok || l != &n.Links[1] {
		t.Errorf("link p1-gw1: %v, %v", l, ok)
	}
	if _, ok := n.Link("none"); ok {
		t.Error("link none was found")
	}
	if a, ok := n.AccessPoint("handoff:cloud"); !ok || a != &n.Access[1] {
		t.Errorf("access handoff:cloud: %v, %v", a, ok)
	}
	if _, ok := n.AccessPoint("none"); ok {
		t.Error("access none was found")
	}
	if got := n.LinksOf("p1"); len(got) != 2 {
		t.Errorf("links of p1: %v", got)
	}
	if got := n.AccessOf("gw1"); len(got) != 1 || got[0].Name != "handoff:cloud" {
		t.Errorf("accesses of gw1: %v", got)
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	s := topology.Shares{All: 800, ByClass: map[string]uint32{"gold": 500, "much": 900, "none": 0}}
	tests := []struct {
		kbps           uint64
		class          string
		total, ofClass uint64
	}{
		{1000, "gold", 800, 500},
		{1000, "other", 800, 800},
		{1000, "much", 800, 800},
		{1000, "none", 800, 0},
		{1, "gold", 0, 0},
		{math.MaxUint64, "gold", math.MaxUint64/1000*800 + 615*800/1000, math.MaxUint64/1000*500 + 615*500/1000},
	}
	for _, tt := range tests {
		if got := s.Limit(tt.kbps); got != tt.total {
			t.Errorf("limit of %d is %d, want %d", tt.kbps, got, tt.total)
		}
		if got := s.ClassLimit(tt.kbps, tt.class); got != tt.ofClass {
			t.Errorf("limit of %d for %s is %d, want %d", tt.kbps, tt.class, got, tt.ofClass)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	a, b := network(), network()
	if got := topology.Diff(a, b); got != nil {
		t.Errorf("equal networks differ: %v", got)
	}
	b.Revision, b.AS = 2, 65001
	b.Nodes[1].Maintenance = true
	b.Links[0].Kbps[0], b.Links[0].Down = 2000, true
	b.Links[1].Name = "p1-gw1-b"
	b.Access[0].Reservable.ByClass = map[string]uint32{"gold": 300}
	want := []topology.Difference{
		{Kind: "access", Name: "port:pe1:eth1", Verb: topology.Changed, Fields: []string{"Reservable"}},
		{Kind: "link", Name: "p1-gw1", Verb: topology.Removed},
		{Kind: "link", Name: "p1-gw1-b", Verb: topology.Added},
		{Kind: "link", Name: "pe1-p1", Verb: topology.Changed, Fields: []string{"Kbps", "Down"}},
		{Kind: "network", Verb: topology.Changed, Fields: []string{"AS"}},
		{Kind: "node", Name: "p1", Verb: topology.Changed, Fields: []string{"Maintenance"}},
	}
	if diff := cmp.Diff(want, topology.Diff(a, b)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOppositeDirections(t *testing.T) {
	t.Parallel()
	for _, of := range []func(string, int) topology.ArcName{topology.LinkArc, topology.AccessArc} {
		there, back := of("a<b", 0), of("a<b", 1)
		if there.Opposite() != back || back.Opposite() != there {
			t.Errorf("opposite of %s is %s, of %s %s", there, there.Opposite(), back, back.Opposite())
		}
	}
	if got := topology.ArcName("a").Opposite(); got != "" {
		t.Errorf("a name without a direction has the opposite %q", got)
	}
}
