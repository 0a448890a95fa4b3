// SPDX-License-Identifier: Apache-2.0

package openconfig

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/s2cd/s2cd/southbound"
)

const (
	maxVLAN     = 4094
	maxName     = 15
	maxText     = 64
	maxMetric   = 65534 // some devices number what they match by it
	maxKbps     = 1_000_000_000_000
	minMTUIPv4  = 68   // RFC 791
	minMTUIPv6  = 1280 // RFC 8200 section 5
	badNameText = "[]=/\\ \t\r\n"
)

// check refuses what the tree cannot hold or could not be read back from.
func (m *Model) check(c southbound.DeviceConfig) error {
	names, ports := map[string]bool{}, map[string]bool{}
	for _, v := range c.VRFs {
		if names[v.Name] {
			return fmt.Errorf("vrf %s: twice", v.Name)
		}
		names[v.Name] = true
		for _, a := range v.Attachments {
			id := interfaceID(a.Port, uint32(a.VLAN))
			if ports[id] {
				return fmt.Errorf("vrf %s: attachment %s: in two places", v.Name, id)
			}
			ports[id] = true
		}
		if err := m.checkVRF(v); err != nil {
			return fmt.Errorf("vrf %s: %w", v.Name, err)
		}
	}
	return nil
}

func (m *Model) checkVRF(v southbound.VRF) error {
	switch {
	case v.Name == "" || len(v.Name) > maxName || strings.ContainsAny(v.Name, badNameText) || !printable(v.Name):
		return errors.New("bad name")
	case v.Mark.VPN == "" || strings.ContainsAny(v.Mark.VPN, " \t") || !printable(v.Mark.VPN):
		return errors.New("bad mark")
	case v.RD == "":
		return errors.New("no route distinguisher")
	case len(v.Tunnels) > 0 || len(v.Probes) > 0:
		return unsupported("tunnels and probes on a router")
	}
	for _, rts := range [][]string{v.ImportRTs, v.ExportRTs} {
		if !slices.IsSorted(rts) || len(slices.Compact(slices.Clone(rts))) != len(rts) {
			return errors.New("route targets not sorted or one twice")
		}
	}
	for _, a := range v.Attachments {
		if err := m.checkAttachment(a); err != nil {
			return fmt.Errorf("attachment %s: %w", interfaceID(a.Port, uint32(a.VLAN)), err)
		}
	}
	for i, r := range v.Routes {
		if err := m.checkRoute(r); err != nil {
			return fmt.Errorf("route %s: %w", r.Prefix, err)
		}
		if slices.Contains(v.Routes[:i], r) {
			return fmt.Errorf("route %s: twice", r.Prefix)
		}
	}
	seen := map[netip.Addr]bool{}
	for _, n := range v.Neighbors {
		if err := m.checkNeighbor(n); err != nil {
			return fmt.Errorf("neighbor %s: %w", n.Address, err)
		}
		if seen[n.Address] {
			return fmt.Errorf("neighbor %s: twice", n.Address)
		}
		seen[n.Address] = true
	}
	return nil
}

func (m *Model) checkAttachment(a southbound.Attachment) error {
	switch {
	case a.Port == "" || strings.ContainsAny(a.Port, "[]=\\ \t") || !printable(a.Port):
		return errors.New("bad port name")
	case a.VLAN == 0 || a.VLAN > maxVLAN:
		return errors.New("bad VLAN")
	case len(a.Description) > maxText || strings.TrimSpace(a.Description) != a.Description || !printable(a.Description):
		return errors.New("bad description")
	case a.MTU < minMTUIPv4:
		return fmt.Errorf("MTU %d is below %d", a.MTU, minMTUIPv4)
	case a.PoliceKbps > maxKbps || a.ShapeKbps > maxKbps:
		return errors.New("rate too large")
	case a.PoliceKbps+a.ShapeKbps > 0 && !m.config.Platform.QoS:
		return unsupported("policer or shaper")
	}
	seen := map[netip.Addr]bool{}
	for _, p := range a.Addresses {
		if !p.IsValid() || p.Addr().Is4In6() || !p.Addr().IsGlobalUnicast() {
			return fmt.Errorf("bad address %s", p)
		}
		if p.Addr().Is6() && a.MTU < minMTUIPv6 {
			return fmt.Errorf("MTU %d is below %d of IPv6", a.MTU, minMTUIPv6)
		}
		if seen[p.Addr()] {
			return fmt.Errorf("address %s twice", p.Addr())
		}
		seen[p.Addr()] = true
	}
	return nil
}

func (m *Model) checkRoute(r southbound.StaticRoute) error {
	switch {
	case r.Tunnel != "":
		return unsupported("route into a tunnel on a router")
	case !r.Prefix.IsValid() || r.Prefix != r.Prefix.Masked() || r.Prefix.Addr().Is4In6():
		return errors.New("bad prefix")
	case !plainAddr(r.NextHop) || r.NextHop.Is4() != r.Prefix.Addr().Is4():
		return errors.New("bad next hop")
	case r.Metric > maxMetric:
		return errors.New("metric too large")
	case r.Prefix.Addr().Is6() && !m.config.Platform.VPNv6:
		return unsupported("IPv6 between VRFs")
	}
	return nil
}

func (m *Model) checkNeighbor(n southbound.BGPNeighbor) error {
	switch {
	case !plainAddr(n.Address):
		return errors.New("bad address")
	case n.LocalAS == 0 || n.PeerAS == 0:
		return errors.New("no AS number")
	case len(n.Secret) > maxText || strings.ContainsAny(n.Secret, " \t") || !printable(n.Secret):
		return errors.New("bad secret reference")
	case n.Address.Is6() && !m.config.Platform.VPNv6:
		return unsupported("IPv6 between VRFs")
	}
	return nil
}

func plainAddr(a netip.Addr) bool {
	return a.IsValid() && !a.Is4In6() && a.Zone() == "" && !a.IsUnspecified() && !a.IsMulticast()
}

// printable reports whether s is of ASCII letters, digits, signs and spaces,
// which every device keeps as they are.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

func unsupported(what string) error {
	return &southbound.OpError{Op: "render", Kind: southbound.Unsupported, Err: errors.New(what)}
}
