// SPDX-License-Identifier: Apache-2.0

package openconfig_test

import (
	"fmt"
	"net/netip"

	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/southbound"
)

const epoch = 7

// configs draws valid configurations, normalised. Names come from small sets,
// so that two configurations meet in some VRFs, ports and prefixes.
func configs() *rapid.Generator[southbound.DeviceConfig] {
	return rapid.Custom(func(t *rapid.T) southbound.DeviceConfig {
		var c southbound.DeviceConfig
		taken := map[string]bool{}
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(1, 4), 0, 3, rapid.ID[int]).Draw(t, "vrfs") {
			c.VRFs = append(c.VRFs, vrf(t, i, taken))
		}
		c.Normalize()
		return c
	})
}

func vrf(t *rapid.T, i int, taken map[string]bool) southbound.VRF {
	v := southbound.VRF{
		Name: fmt.Sprintf("v%d", i),
		Mark: southbound.Mark{Epoch: epoch, VPN: fmt.Sprintf("vpn-%d", rapid.IntRange(i, i+1).Draw(t, "vpn"))},
		RD: rapid.SampledFrom([]string{
			fmt.Sprintf("65000:%d", i), fmt.Sprintf("192.0.2.1:%d", i),
		}).Draw(t, "rd"),
		ImportRTs: routeTargets().Draw(t, "import"),
		ExportRTs: routeTargets().Draw(t, "export"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "attachments") {
		a := attachment(t)
		id := fmt.Sprint(a.Port, a.VLAN)
		if !taken[id] {
			taken[id] = true
			v.Attachments = append(v.Attachments, a)
		}
	}
	routes := map[southbound.StaticRoute]bool{}
	for range rapid.IntRange(0, 4).Draw(t, "routes") {
		r := route(t)
		if !routes[r] {
			routes[r] = true
			v.Routes = append(v.Routes, r)
		}
	}
	peers := map[netip.Addr]bool{}
	for range rapid.IntRange(0, 2).Draw(t, "neighbors") {
		n := southbound.BGPNeighbor{
			Address:     host(t, "neighbor"),
			LocalAS:     rapid.SampledFrom([]uint32{65000, 65001}).Draw(t, "local"),
			PeerAS:      rapid.Uint32Range(1, 1<<32-1).Draw(t, "peer"),
			MaxPrefixes: rapid.Uint32Range(0, 5000).Draw(t, "max"),
			Secret:      rapid.SampledFrom([]string{"", "vault:a", "vault:b"}).Draw(t, "secret"),
		}
		if !peers[n.Address] {
			peers[n.Address] = true
			v.Neighbors = append(v.Neighbors, n)
		}
	}
	return v
}

func attachment(t *rapid.T) southbound.Attachment {
	a := southbound.Attachment{
		Port:        rapid.SampledFrom([]string{"eth1", "Ethernet1/1", "xe-0/0/0"}).Draw(t, "port"),
		VLAN:        rapid.SampledFrom([]uint16{1, 101, 102, 4094}).Draw(t, "vlan"),
		MTU:         rapid.Uint16Range(1280, 9500).Draw(t, "mtu"),
		PoliceKbps:  rapid.SampledFrom([]uint64{0, 1, 5000, 400_000_000}).Draw(t, "police"),
		ShapeKbps:   rapid.SampledFrom([]uint64{0, 1, 5000, 400_000_000}).Draw(t, "shape"),
		Description: rapid.StringMatching(`([!-~]([ -~]{0,62}[!-~])?)?`).Draw(t, "text"),
	}
	seen := map[netip.Addr]bool{}
	for range rapid.IntRange(0, 3).Draw(t, "addresses") {
		ip := host(t, "address")
		if !seen[ip] {
			seen[ip] = true
			a.Addresses = append(a.Addresses, netip.PrefixFrom(ip, rapid.IntRange(1, ip.BitLen()).Draw(t, "bits")))
		}
	}
	return a
}

func route(t *rapid.T) southbound.StaticRoute {
	hop := host(t, "hop")
	to := host(t, "to")
	for i := 0; to.Is4() != hop.Is4(); i++ {
		to = host(t, fmt.Sprint("to", i))
	}
	p, err := to.Prefix(rapid.IntRange(0, to.BitLen()).Draw(t, "bits"))
	if err != nil {
		t.Fatal(err)
	}
	return southbound.StaticRoute{Prefix: p, NextHop: hop, Metric: rapid.SampledFrom([]uint32{0, 0, 1, 100, 65534}).Draw(t, "metric")}
}

func host(t *rapid.T, label string) netip.Addr {
	n := rapid.Byte().Draw(t, label)
	if rapid.Bool().Draw(t, label+"-six") {
		return netip.AddrFrom16([16]byte{0x20, 1, 0x0d, 0xb8, 7: n, 11: n / 2, 15: n | 1})
	}
	return netip.AddrFrom4([4]byte{10, n, n / 2, n | 1})
}

func routeTargets() *rapid.Generator[[]string] {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{
		"65000:1", "65000:1001", "192.0.2.1:7", "4200000000:9",
	}), 0, 3, rapid.ID[string])
}
