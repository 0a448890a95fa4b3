// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/s2cd/s2cd/southbound"
)

// checker finds what the schema cannot: things that clash, or that Linux would
// accept and then drop packets.
type checker struct {
	slots   *slots
	devices map[string]string // device name -> who has it
	ports   map[uint16]string // listen port -> tunnel
	faults  []error
}

// check returns every fault of cfg, each naming its object.
func check(cfg southbound.DeviceConfig, s *slots) error {
	c := &checker{slots: s, devices: map[string]string{"lo": "the kernel"}, ports: map[uint16]string{}}
	for _, v := range cfg.VRFs {
		c.vrf(v)
	}
	return errors.Join(c.faults...)
}

func (c *checker) fault(object, format string, args ...any) {
	c.faults = append(c.faults, &ObjectError{Object: object, Err: fmt.Errorf(format, args...)})
}

// device claims a device name.
func (c *checker) device(name, object string) {
	if other, ok := c.devices[name]; ok {
		c.fault(object, "device name %s is taken by %s", name, other)
		return
	}
	c.devices[name] = object
}

func (c *checker) vrf(v southbound.VRF) {
	object := "vrf " + v.Name
	if v.Mark.VPN == "" {
		c.fault(object, "has no mark: mark/epoch and mark/vpn are needed")
	}
	c.device(v.Name, object)
	seen := map[netip.Addr]bool{}
	for _, a := range v.Attachments {
		on := fmt.Sprintf("%s attachment %s.%d", object, a.Port, a.VLAN)
		c.device(fmt.Sprintf("%s.%d", a.Port, a.VLAN), on)
		c.addresses(on, a.Addresses, a.MTU, seen)
	}
	for _, t := range v.Tunnels {
		c.tunnel(object, t, seen)
	}
	for _, r := range v.Routes {
		c.route(object, v, r)
	}
	for _, p := range v.Probes {
		on := object + " probe " + p.Name
		if p.Source.Is4() != p.Target.Is4() {
			c.fault(on, "source %s and target %s are of different families", p.Source, p.Target)
		}
		if !seen[p.Source] {
			c.fault(on, "source %s is no address of the vrf", p.Source)
		}
	}
}

func (c *checker) addresses(on string, list []netip.Prefix, mtu uint16, seen map[netip.Addr]bool) {
	for _, p := range list {
		a := p.Addr()
		switch {
		case a.Is4In6() || a.IsMulticast() || a.IsUnspecified() || a.IsLoopback():
			c.fault(on, "address %s cannot be given to a device", p)
		case seen[a]:
			c.fault(on, "address %s is twice in the vrf", a)
		case a.Is6() && mtu != 0 && mtu < 1280:
			c.fault(on, "mtu %d is below the 1280 that IPv6 needs", mtu)
		}
		seen[a] = true
	}
}

func (c *checker) tunnel(object string, t southbound.Tunnel, seen map[netip.Addr]bool) {
	on := object + " tunnel " + t.Name
	c.device(t.Name, on)
	c.addresses(on, t.Addresses, t.MTU, seen)
	if other, ok := c.ports[t.ListenPort]; ok {
		c.fault(on, "listen-port %d is taken by tunnel %s", t.ListenPort, other)
	}
	c.ports[t.ListenPort] = t.Name
	if err := c.slots.check(t); err != nil {
		c.fault(on, "%w", err)
	}
	for i, p := range t.Peer.AllowedIPs {
		if p != p.Masked() {
			c.fault(on, "allowed-ip %s has host bits set", p)
		}
		if slices.Contains(t.Peer.AllowedIPs[:i], p) {
			c.fault(on, "allowed-ip %s is there twice", p)
		}
	}
	if e := t.Peer.Endpoint; e.IsValid() && (e.Addr().IsMulticast() || e.Addr().IsUnspecified()) {
		c.fault(on, "endpoint %s cannot be a peer", e)
	}
}

func (c *checker) route(object string, v southbound.VRF, r southbound.StaticRoute) {
	on := object + " route " + r.Prefix.String()
	if r.Prefix != r.Prefix.Masked() {
		c.fault(on, "prefix has host bits set")
	}
	if r.Tunnel != "" {
		i := slices.IndexFunc(v.Tunnels, func(t southbound.Tunnel) bool { return t.Name == r.Tunnel })
		if i < 0 {
			c.fault(on, "tunnel %s is not in the vrf", r.Tunnel)
			return
		}
		if !covered(r.Prefix, v.Tunnels[i].Peer.AllowedIPs) {
			c.fault(on, "is not within the allowed-ips of tunnel %s, which would drop its packets", r.Tunnel)
		}
		return
	}
	if r.NextHop.Is4() != r.Prefix.Addr().Is4() {
		c.fault(on, "next-hop %s is of the other family", r.NextHop)
		return
	}
	if _, ok := AttachmentOf(v, r.NextHop); !ok {
		c.fault(on, "next-hop %s is in no attachment's subnet", r.NextHop)
	}
}

// AttachmentOf returns the attachment in whose subnet addr is a neighbour.
func AttachmentOf(v southbound.VRF, addr netip.Addr) (southbound.Attachment, bool) {
	for _, a := range v.Attachments {
		for _, p := range a.Addresses {
			if p.Masked().Contains(addr) && p.Addr() != addr {
				return a, true
			}
		}
	}
	return southbound.Attachment{}, false
}

func covered(p netip.Prefix, by []netip.Prefix) bool {
	return slices.ContainsFunc(by, func(b netip.Prefix) bool {
		return b.Bits() <= p.Bits() && b.Contains(p.Addr())
	})
}
