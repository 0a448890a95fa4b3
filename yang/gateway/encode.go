// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"net/netip"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// FromConfig returns cfg as a tree of the model. The error names what a
// gateway cannot hold: RD, route targets, BGP neighbours, a route with both or
// neither of next hop and tunnel, two routes for one prefix.
func FromConfig(cfg southbound.DeviceConfig) (*gwyang.Root, error) {
	root := &gwyang.Root{}
	for _, v := range cfg.VRFs {
		y, err := FromVRF(v)
		if err != nil {
			return nil, fmt.Errorf("vrf %s: %w", v.Name, err)
		}
		if root.Vrfs == nil {
			root.Vrfs = &gwyang.S2CdGateway_Vrfs{}
		}
		if err := root.Vrfs.AppendVrf(y); err != nil {
			return nil, fmt.Errorf("vrf %s: %w", v.Name, err)
		}
	}
	return root, nil
}

// FromVRF returns one VRF as a tree of the model.
func FromVRF(v southbound.VRF) (*gwyang.S2CdGateway_Vrfs_Vrf, error) {
	if v.RD != "" || len(v.ImportRTs) > 0 || len(v.ExportRTs) > 0 || len(v.Neighbors) > 0 {
		return nil, fmt.Errorf("a gateway has no route distinguisher, route targets or BGP")
	}
	y := &gwyang.S2CdGateway_Vrfs_Vrf{Name: &v.Name, Mark: FromMark(v.Mark)}
	for _, a := range v.Attachments {
		if y.Attachments == nil {
			y.Attachments = &gwyang.S2CdGateway_Vrfs_Vrf_Attachments{}
		}
		if err := y.Attachments.AppendAttachment(FromAttachment(a)); err != nil {
			return nil, fmt.Errorf("attachment %s.%d: %w", a.Port, a.VLAN, err)
		}
	}
	for _, r := range v.Routes {
		if y.Routes == nil {
			y.Routes = &gwyang.S2CdGateway_Vrfs_Vrf_Routes{}
		}
		yr, err := FromRoute(r)
		if err != nil {
			return nil, err
		}
		if err := y.Routes.AppendRoute(yr); err != nil {
			return nil, fmt.Errorf("route %s: %w", r.Prefix, err)
		}
	}
	for _, t := range v.Tunnels {
		if y.Tunnels == nil {
			y.Tunnels = &gwyang.S2CdGateway_Vrfs_Vrf_Tunnels{}
		}
		if err := y.Tunnels.AppendTunnel(FromTunnel(t)); err != nil {
			return nil, fmt.Errorf("tunnel %s: %w", t.Name, err)
		}
	}
	for _, p := range v.Probes {
		if y.Probes == nil {
			y.Probes = &gwyang.S2CdGateway_Vrfs_Vrf_Probes{}
		}
		if err := y.Probes.AppendProbe(FromProbe(p)); err != nil {
			return nil, fmt.Errorf("probe %s: %w", p.Name, err)
		}
	}
	return y, nil
}

// FromMark returns the owner's mark.
func FromMark(m southbound.Mark) *gwyang.S2CdGateway_Vrfs_Vrf_Mark {
	return &gwyang.S2CdGateway_Vrfs_Vrf_Mark{Epoch: &m.Epoch, Vpn: &m.VPN}
}

// FromAttachment returns one attachment.
func FromAttachment(a southbound.Attachment) *gwyang.S2CdGateway_Vrfs_Vrf_Attachments_Attachment {
	return &gwyang.S2CdGateway_Vrfs_Vrf_Attachments_Attachment{
		Port: &a.Port, Vlan: &a.VLAN, Address: prefixes(a.Addresses), Mtu: orAbsent(a.MTU),
		Police: orAbsent(a.PoliceKbps), Shape: orAbsent(a.ShapeKbps), Description: orAbsent(a.Description),
	}
}

// FromRoute returns one route.
func FromRoute(r southbound.StaticRoute) (*gwyang.S2CdGateway_Vrfs_Vrf_Routes_Route, error) {
	if r.NextHop.IsValid() == (r.Tunnel != "") {
		return nil, fmt.Errorf("route %s: needs a next hop or a tunnel, not both", r.Prefix)
	}
	if r.Metric != 0 {
		return nil, fmt.Errorf("route %s: a gateway tells nobody of a metric", r.Prefix)
	}
	prefix := r.Prefix.String()
	y := &gwyang.S2CdGateway_Vrfs_Vrf_Routes_Route{Prefix: &prefix, Tunnel: orAbsent(r.Tunnel)}
	if r.NextHop.IsValid() {
		nh := r.NextHop.String()
		y.NextHop = &nh
	}
	return y, nil
}

// FromTunnel returns one tunnel.
func FromTunnel(t southbound.Tunnel) *gwyang.S2CdGateway_Vrfs_Vrf_Tunnels_Tunnel {
	peer := &gwyang.S2CdGateway_Vrfs_Vrf_Tunnels_Tunnel_Peer{
		PublicKey: &t.Peer.PublicKey, AllowedIp: prefixes(t.Peer.AllowedIPs),
	}
	if t.Peer.Endpoint.IsValid() {
		addr, port := t.Peer.Endpoint.Addr().String(), t.Peer.Endpoint.Port()
		peer.EndpointAddress, peer.EndpointPort = &addr, &port
	}
	y := &gwyang.S2CdGateway_Vrfs_Vrf_Tunnels_Tunnel{
		Name: &t.Name, ListenPort: &t.ListenPort, Peer: peer, Address: prefixes(t.Addresses),
		Mtu: orAbsent(t.MTU), EgressRate: orAbsent(t.EgressKbps), IngressRate: orAbsent(t.IngressKbps),
		Keepalive: orAbsent(t.KeepaliveSecs),
	}
	if t.ClampMSS {
		y.ClampMss = &t.ClampMSS
	}
	return y
}

// FromProbe returns one probe.
func FromProbe(p southbound.Probe) *gwyang.S2CdGateway_Vrfs_Vrf_Probes_Probe {
	source, target := p.Source.String(), p.Target.String()
	return &gwyang.S2CdGateway_Vrfs_Vrf_Probes_Probe{
		Name: &p.Name, Source: &source, Target: &target, Interval: &p.IntervalMsec, FullSize: orAbsent(p.FullSize),
	}
}

// orAbsent makes a zero value an absent leaf.
func orAbsent[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func prefixes(in []netip.Prefix) []string {
	var out []string
	for _, p := range in {
		out = append(out, p.String())
	}
	return out
}
