// SPDX-License-Identifier: Apache-2.0

package pe

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func baseVRF() VRF {
	return VRF{
		RD: "65000:1", Import: []string{"65000:100"}, Export: []string{"65000:100"}, AS: 65000, RedistConnected: true, RedistStatic: true,
		Statics:   []Static{{netip.MustParsePrefix("10.1.0.0/24"), netip.MustParseAddr("192.168.1.2"), 0}},
		Neighbors: map[string]Neighbor{"192.168.1.2": {PeerAS: 64512, MaxPrefixes: 100, Password: "secret", LocalAS: 65010, Enabled: true}},
	}
}

func TestBGPLines(t *testing.T) {
	t.Parallel()
	base := baseVRF()
	change := func(f func(*VRF)) VRF { v := baseVRF(); f(&v); return v }
	tests := map[string]struct {
		have *VRF
		want VRF
		out  string
	}{
		"new": {nil, base, `route-map s2cd-metric permit 65535
exit
router bgp 65000 vrf red
no bgp ebgp-requires-policy
no bgp default ipv4-unicast
neighbor 192.168.1.2 remote-as 64512
neighbor 192.168.1.2 timers connect 1
neighbor 192.168.1.2 local-as 65010 no-prepend replace-as
neighbor 192.168.1.2 password secret
address-family ipv4 unicast
redistribute connected
redistribute static route-map s2cd-metric
neighbor 192.168.1.2 activate
neighbor 192.168.1.2 as-override
neighbor 192.168.1.2 maximum-prefix 100
label vpn export auto
rd vpn export 65000:1
rt vpn import 65000:100
rt vpn export 65000:100
export vpn
import vpn
exit-address-family
exit`},
		"same": {&base, baseVRF(), ""},
		"a metric": {&base, change(func(v *VRF) { v.Statics[0].Metric = 100 }), `route-map s2cd-metric permit 100
match tag 100
set metric 100
exit`},
		"static only": {&base, change(func(v *VRF) { v.Statics = nil }), ""},
		"targets": {&base, change(func(v *VRF) { v.Import = []string{"65000:7", "65000:8"}; v.Export = nil }), `router bgp 65000 vrf red
address-family ipv4 unicast
rt vpn import 65000:7 65000:8
no rt vpn export
no export vpn
exit-address-family
exit`},
		"redistribution off": {&base, change(func(v *VRF) { v.RedistStatic = false }), `router bgp 65000 vrf red
address-family ipv4 unicast
no redistribute static
exit-address-family
exit`},
		"neighbour gone": {&base, change(func(v *VRF) { v.Neighbors = nil }), `router bgp 65000 vrf red
no neighbor 192.168.1.2
address-family ipv4 unicast
exit-address-family
exit`},
		"neighbour shut": {&base, change(func(v *VRF) {
			v.Neighbors = map[string]Neighbor{"192.168.1.2": {PeerAS: 64512, Password: "secret", LocalAS: 65010}}
		}), `router bgp 65000 vrf red
neighbor 192.168.1.2 shutdown
address-family ipv4 unicast
no neighbor 192.168.1.2 maximum-prefix
exit-address-family
exit`},
		"own as is no local-as": {&base, change(func(v *VRF) {
			v.Neighbors = map[string]Neighbor{"192.168.1.2": {PeerAS: 64513, LocalAS: 65000, Enabled: true}}
		}), `router bgp 65000 vrf red
no neighbor 192.168.1.2
neighbor 192.168.1.2 remote-as 64513
neighbor 192.168.1.2 timers connect 1
address-family ipv4 unicast
neighbor 192.168.1.2 activate
neighbor 192.168.1.2 as-override
exit-address-family
exit`},
		"gone": {&base, VRF{}, "no router bgp 65000 vrf red"},
		"none": {nil, VRF{}, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.out, strings.Join(bgpLines("red", tc.have, tc.want), "\n")); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestStaticLines(t *testing.T) {
	t.Parallel()
	a := Static{netip.MustParsePrefix("10.1.0.0/24"), netip.MustParseAddr("192.168.1.2"), 0}
	b := Static{netip.MustParsePrefix("10.2.0.0/24"), netip.MustParseAddr("192.168.1.2"), 100}
	got := staticLines("red", []Static{a}, []Static{b})
	want := []string{"no ip route 10.1.0.0/24 192.168.1.2 vrf red", "ip route 10.2.0.0/24 192.168.1.2 tag 100 vrf red"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestNegate(t *testing.T) {
	t.Parallel()
	config := "!\nvrf red\n ip route 10.1.0.0/24 192.168.1.2\nexit-vrf\n!\nvrf blue\n ip route 10.1.0.0/24 192.168.1.2\nexit-vrf\nrouter bgp 65000 vrf red\n neighbor x\nexit\n"
	got := negate(config, "red", func(l string) bool { return l == "router bgp 65000 vrf red" })
	want := []string{"no ip route 10.1.0.0/24 192.168.1.2 vrf red", "no router bgp 65000 vrf red"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}
