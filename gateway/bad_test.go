// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"net/netip"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/southbound"
)

func equate() cmp.Option {
	return cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{})
}

type badTree struct {
	spoil func(*southbound.VRF)
	says  string
}

// badTrees are trees that must be refused before anything is touched.
func badTrees() map[string]badTree {
	pfx := netip.MustParsePrefix
	return map[string]badTree{
		"no mark":              {func(v *southbound.VRF) { v.Mark = southbound.Mark{} }, "vpn"},
		"long name":            {func(v *southbound.VRF) { v.Name = "a-name-too-long-for-it" }, "length"},
		"loopback's name":      {func(v *southbound.VRF) { v.Name = "lo" }, "taken by the kernel"},
		"name with slash":      {func(v *southbound.VRF) { v.Name = "a/b" }, "pattern"},
		"vlan 4095":            {func(v *southbound.VRF) { v.Attachments[0].VLAN = 4095 }, "4095"},
		"vlan of another vpn":  {func(v *southbound.VRF) { v.Attachments[0].VLAN = 101 }, "device name eth1.101 is taken"},
		"small mtu":            {func(v *southbound.VRF) { v.Attachments[0].MTU = 100 }, "100"},
		"mtu too small for v6": {func(v *southbound.VRF) { v.Attachments[0].MTU = 1000 }, "1280"},
		"multicast address":    {func(v *southbound.VRF) { v.Attachments[0].Addresses[0] = pfx("224.0.0.1/24") }, "cannot be given"},
		"address twice": {func(v *southbound.VRF) {
			v.Tunnels[0].Addresses = []netip.Prefix{pfx("192.168.9.2/32")}
		}, "twice in the vrf"},
		"police too high": {func(v *southbound.VRF) { v.Attachments[0].PoliceKbps = 1 << 40 }, "police"},
		"tunnel name taken": {func(v *southbound.VRF) {
			v.Tunnels[0].Name, v.Routes[0].Tunnel, v.Routes[2].Tunnel = "wg1", "wg1", "wg1"
		}, "device name wg1 is taken"},
		"port taken":            {func(v *southbound.VRF) { v.Tunnels[0].ListenPort = 51821 }, "listen-port 51821 is taken"},
		"port is no slot":       {func(v *southbound.VRF) { v.Tunnels[0].ListenPort = 4000 }, "no slot of this gateway"},
		"no listen port":        {func(v *southbound.VRF) { v.Tunnels[0].ListenPort = 0 }, "listen-port"},
		"short key":             {func(v *southbound.VRF) { v.Tunnels[0].Peer.PublicKey = "AAAA" }, "public-key"},
		"allowed-ip host bits":  {func(v *southbound.VRF) { v.Tunnels[0].Peer.AllowedIPs[0] = pfx("10.50.0.1/16") }, "host bits"},
		"multicast endpoint":    {func(v *southbound.VRF) { v.Tunnels[0].Peer.Endpoint = netip.MustParseAddrPort("224.0.0.1:1") }, "cannot be a peer"},
		"route host bits":       {func(v *southbound.VRF) { v.Routes[0].Prefix = pfx("10.50.0.1/17") }, "host bits"},
		"route beyond allowed":  {func(v *southbound.VRF) { v.Routes[0].Prefix = pfx("10.0.0.0/8") }, "allowed-ips"},
		"route without tunnel":  {func(v *southbound.VRF) { v.Tunnels = nil }, "tunnel"},
		"next hop nowhere":      {func(v *southbound.VRF) { v.Routes[1].NextHop = netip.MustParseAddr("10.9.9.9") }, "no attachment's subnet"},
		"next hop is ourselves": {func(v *southbound.VRF) { v.Routes[1].NextHop = netip.MustParseAddr("192.168.9.2") }, "no attachment's subnet"},
		"next hop family":       {func(v *southbound.VRF) { v.Routes[1].NextHop = netip.MustParseAddr("fd00:9::1") }, "other family"},
		"probe source":          {func(v *southbound.VRF) { v.Probes[0].Source = netip.MustParseAddr("192.168.9.3") }, "no address of the vrf"},
		"probe families":        {func(v *southbound.VRF) { v.Probes[0].Target = netip.MustParseAddr("fd00:9::1") }, "different families"},
		"probe too fast":        {func(v *southbound.VRF) { v.Probes[0].IntervalMsec = 1 }, "interval"},
		"probe name":            {func(v *southbound.VRF) { v.Probes[0].Name = "a b" }, "pattern"},
	}
}
