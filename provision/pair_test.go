// SPDX-License-Identifier: Apache-2.0

package provision_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/topology"
)

// protectedSession is between a site at pe1 and pe3 and a cloud behind gw1, at
// pe2, and gw2, at pe4.
func protectedSession() session.Session {
	pfx, addr := netip.MustParsePrefix, netip.MustParseAddr
	site := func(pe topology.NodeName, ours, theirs string) session.End {
		return session.End{
			AccessPoint: "site", RD: string(pe) + ":1",
			Terminal: session.Terminal{Address: addr(theirs), Attachment: &session.Attachment{
				PE: pe, Port: "eth1", VLAN: 11, Addresses: []netip.Prefix{pfx(ours)}, MTU: 1500,
			}},
			Routing: session.Routing{Protocol: session.Static, Prefixes: []netip.Prefix{pfx("10.1.0.0/16")}},
		}
	}
	cloud := func(pe, gw topology.NodeName, ours, gateway string) session.End {
		return session.End{
			AccessPoint: "cloud", RD: string(pe) + ":1",
			Terminal: session.Terminal{Handoff: &session.Handoff{
				Kind: session.WireGuard, PE: pe, Port: "eth2", Gateway: gw, GatewayPort: "eth0", MTU: 1500, TunnelMTU: 1420,
			}},
			Routing:  session.Routing{Protocol: session.Static, Prefixes: []netip.Prefix{pfx("172.16.0.0/16")}},
			Tunnel:   &session.TunnelEnd{PublicKey: string(gw), Port: 51820},
			Transfer: &session.Transfer{VLAN: 100, PE: []netip.Prefix{pfx(ours)}, Gateway: []netip.Prefix{pfx(gateway)}},
		}
	}
	s := session.Session{
		ID: "0f3e8a52-1b7c-4a7e-9d3c-2f6f0a4f9b10", VPN: session.VPN{ID: "v", VRF: "s2c1", RouteTarget: "65000:1"},
		A: site("pe1", "10.255.0.1/30", "10.255.0.2"), Z: cloud("pe2", "gw1", "100.64.0.0/31", "100.64.0.1/31"),
		Protected: true, Rate: session.Rate{Forward: 5000, Reverse: 3000},
	}
	a, z := site("pe3", "10.255.0.5/30", "10.255.0.6"), cloud("pe4", "gw2", "100.64.0.2/31", "100.64.0.3/31")
	s.A.Second, s.Z.Second = &a, &z
	return s
}

// TestDesiredOfTwoWays: each device of both ways has all that its way needs, and
// other PEs learn the first terminal's routes as the better ones.
func TestDesiredOfTwoWays(t *testing.T) {
	t.Parallel()
	pfx, addr := netip.MustParsePrefix, netip.MustParseAddr
	s := protectedSession()
	terms := provision.Terms{AS: 65000, Epoch: 1, ProbeInterval: 100}
	for _, c := range []struct {
		device topology.NodeName
		route  southbound.StaticRoute
	}{
		{"pe1", southbound.StaticRoute{Prefix: pfx("10.1.0.0/16"), NextHop: addr("10.255.0.2")}},
		{"pe2", southbound.StaticRoute{Prefix: pfx("172.16.0.0/16"), NextHop: addr("100.64.0.1")}},
		{"pe3", southbound.StaticRoute{Prefix: pfx("10.1.0.0/16"), NextHop: addr("10.255.0.6"), Metric: 100}},
		{"pe4", southbound.StaticRoute{Prefix: pfx("172.16.0.0/16"), NextHop: addr("100.64.0.3"), Metric: 100}},
	} {
		got := provision.Desired(c.device, []*session.Session{&s}, terms)
		if len(got.VRFs) != 1 {
			t.Fatalf("%s: %+v", c.device, got)
		}
		v := got.VRFs[0]
		if diff := cmp.Diff([]southbound.StaticRoute{c.route}, v.Routes, cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})); diff != "" {
			t.Errorf("%s: routes (-want +got)\n%s", c.device, diff)
		}
		if v.RD != string(c.device)+":1" || len(v.Attachments) != 1 || v.Attachments[0].PoliceKbps+v.Attachments[0].ShapeKbps != 8000 {
			t.Errorf("%s: %+v", c.device, v)
		}
	}
	for _, c := range []struct {
		device         topology.NodeName
		source, target string
	}{{"gw1", "100.64.0.1", "10.255.0.1"}, {"gw2", "100.64.0.3", "10.255.0.5"}} {
		v := provision.Desired(c.device, []*session.Session{&s}, terms).VRFs[0]
		probe := v.Probes[1]
		if len(v.Tunnels) != 1 || v.Tunnels[0].Peer.PublicKey != string(c.device) || len(v.Probes) != 2 ||
			probe.Source != addr(c.source) || probe.Target != addr(c.target) || probe.FullSize != 1500 {
			t.Errorf("%s: tunnels %+v, probes %+v", c.device, v.Tunnels, v.Probes)
		}
		if i := v.Routes; len(i) != 3 { // the site, its demarcation on this way, the tunnel
			t.Errorf("%s: routes %+v", c.device, i)
		}
	}
}

// TestDesiredChangesNoSession: sessions are shared with others. What is in another
// order than a device has it stays so.
func TestDesiredChangesNoSession(t *testing.T) {
	t.Parallel()
	pfx := netip.MustParsePrefix
	made := func(id session.ID) *session.Session {
		s := protectedSession()
		s.ID = id
		s.A.Terminal.Attachment.Addresses = []netip.Prefix{pfx("2001:db8::1/64"), pfx("10.255.0.1/30")}
		for _, e := range []*session.End{&s.Z, s.Z.Second} {
			e.Routing.Prefixes = []netip.Prefix{pfx("172.17.0.0/16"), pfx("172.16.0.0/16")}
			e.Transfer.PE = append(e.Transfer.PE, pfx("10.0.0.0/31"))
			e.Transfer.Gateway = append(e.Transfer.Gateway, pfx("10.0.0.1/31"))
		}
		return &s
	}
	sessions := []*session.Session{made("b"), made("a")}
	for _, device := range []topology.NodeName{"pe1", "pe2", "pe3", "pe4", "gw1", "gw2"} {
		if len(provision.Desired(device, sessions, provision.Terms{}).VRFs) != 1 {
			t.Errorf("%s has nothing", device)
		}
	}
	same := cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{})
	if d := cmp.Diff([]*session.Session{made("b"), made("a")}, sessions, same); d != "" {
		t.Errorf("changed (-was +is):\n%s", d)
	}
}
