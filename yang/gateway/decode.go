// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/yang/gateway/gwyang"
)

// ToConfig returns the configuration that root holds, normalised. The error
// names the object whose value is not understood.
func ToConfig(root *gwyang.Root) (southbound.DeviceConfig, error) {
	var cfg southbound.DeviceConfig
	var faults []error
	if root.Vrfs == nil {
		return cfg, nil
	}
	for name, y := range root.Vrfs.Vrf {
		v, err := toVRF(y)
		if err != nil {
			faults = append(faults, fmt.Errorf("vrf %s: %w", name, err))
		}
		cfg.VRFs = append(cfg.VRFs, v)
	}
	cfg.Normalize()
	return cfg, errors.Join(faults...)
}

func toVRF(y *gwyang.S2CdGateway_Vrfs_Vrf) (southbound.VRF, error) {
	v := southbound.VRF{Name: value(y.Name)}
	if y.Mark != nil {
		v.Mark = southbound.Mark{Epoch: value(y.Mark.Epoch), VPN: value(y.Mark.Vpn)}
	}
	var faults []error
	if y.Attachments != nil {
		for k, a := range y.Attachments.Attachment {
			out, err := toAttachment(a)
			faults = append(faults, named(err, fmt.Sprintf("attachment %s.%d", k.Port, k.Vlan)))
			v.Attachments = append(v.Attachments, out)
		}
	}
	if y.Routes != nil {
		for k, r := range y.Routes.Route {
			out, err := toRoute(r)
			faults = append(faults, named(err, "route "+k))
			v.Routes = append(v.Routes, out)
		}
	}
	if y.Tunnels != nil {
		for k, t := range y.Tunnels.Tunnel {
			out, err := toTunnel(t)
			faults = append(faults, named(err, "tunnel "+k))
			v.Tunnels = append(v.Tunnels, out)
		}
	}
	if y.Probes != nil {
		for k, p := range y.Probes.Probe {
			out, err := toProbe(p)
			faults = append(faults, named(err, "probe "+k))
			v.Probes = append(v.Probes, out)
		}
	}
	return v, errors.Join(faults...)
}

func toAttachment(y *gwyang.S2CdGateway_Vrfs_Vrf_Attachments_Attachment) (southbound.Attachment, error) {
	addrs, err := toPrefixes(y.Address)
	return southbound.Attachment{
		Port: value(y.Port), VLAN: value(y.Vlan), Addresses: addrs, MTU: value(y.Mtu),
		PoliceKbps: value(y.Police), ShapeKbps: value(y.Shape), Description: value(y.Description),
	}, named(err, "address")
}

func toRoute(y *gwyang.S2CdGateway_Vrfs_Vrf_Routes_Route) (southbound.StaticRoute, error) {
	r := southbound.StaticRoute{Tunnel: value(y.Tunnel)}
	var err error
	if r.Prefix, err = netip.ParsePrefix(value(y.Prefix)); err != nil {
		return r, named(err, "prefix")
	}
	if y.NextHop != nil {
		if r.NextHop, err = netip.ParseAddr(*y.NextHop); err != nil {
			return r, named(err, "next-hop")
		}
	}
	if r.NextHop.IsValid() == (r.Tunnel != "") {
		return r, errors.New("needs a next-hop or a tunnel, not both")
	}
	return r, nil
}

func toTunnel(y *gwyang.S2CdGateway_Vrfs_Vrf_Tunnels_Tunnel) (southbound.Tunnel, error) {
	t := southbound.Tunnel{
		Name: value(y.Name), ListenPort: value(y.ListenPort), MTU: value(y.Mtu), ClampMSS: value(y.ClampMss),
		EgressKbps: value(y.EgressRate), IngressKbps: value(y.IngressRate), KeepaliveSecs: value(y.Keepalive),
	}
	var err error
	if t.Addresses, err = toPrefixes(y.Address); err != nil {
		return t, named(err, "address")
	}
	if y.Peer == nil || y.Peer.PublicKey == nil {
		return t, errors.New("has no peer public-key")
	}
	t.Peer.PublicKey = *y.Peer.PublicKey
	if t.Peer.AllowedIPs, err = toPrefixes(y.Peer.AllowedIp); err != nil {
		return t, named(err, "allowed-ip")
	}
	if (y.Peer.EndpointAddress == nil) != (y.Peer.EndpointPort == nil) {
		return t, errors.New("endpoint-address and endpoint-port go together")
	}
	if y.Peer.EndpointAddress != nil {
		addr, err := netip.ParseAddr(*y.Peer.EndpointAddress)
		if err != nil {
			return t, named(err, "endpoint-address")
		}
		t.Peer.Endpoint = netip.AddrPortFrom(addr, *y.Peer.EndpointPort)
	}
	return t, nil
}

func toProbe(y *gwyang.S2CdGateway_Vrfs_Vrf_Probes_Probe) (southbound.Probe, error) {
	p := southbound.Probe{Name: value(y.Name), IntervalMsec: value(y.Interval), FullSize: value(y.FullSize)}
	var err error
	if p.Source, err = netip.ParseAddr(value(y.Source)); err != nil {
		return p, named(err, "source")
	}
	if p.Target, err = netip.ParseAddr(value(y.Target)); err != nil {
		return p, named(err, "target")
	}
	return p, nil
}

func toPrefixes(in []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range in {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("prefix: %w", err)
		}
		out = append(out, p)
	}
	return out, nil
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func named(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
