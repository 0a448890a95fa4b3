// SPDX-License-Identifier: Apache-2.0

package network

import (
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
)

// coreMTU leaves room for labels around a full-size customer packet.
const coreMTU = 1700

func (n *Network) buildCore() error {
	for _, l := range n.Links {
		a := end{l.A, "to" + l.B, l.AAddr}
		b := end{l.B, "to" + l.A, l.BAddr}
		if err := n.veth(coreMTU, a, b); err != nil {
			return err
		}
		for _, e := range []end{a, b} {
			if err := n.Do(e.namespace, func() error { return setSysctl("net/mpls/conf/"+e.name+"/input", "1") }); err != nil {
				return fmt.Errorf("accept labels on %s of %s: %w", e.name, e.namespace, err)
			}
			if err := n.SetDelay(e.namespace, e.name, l.Delay); err != nil {
				return err
			}
		}
	}
	for _, r := range n.Routers {
		if err := n.AddHost(r.Name, netip.PrefixFrom(r.Loopback, r.Loopback.BitLen())); err != nil {
			return err
		}
		err := n.Do(r.Name, func() error {
			if err := setSysctl("net/mpls/platform_labels", "100000"); err != nil {
				return err
			}
			return setSysctl("net/mpls/conf/lo/input", "1")
		})
		if err != nil {
			return fmt.Errorf("switch MPLS on in %s: %w", r.Name, err)
		}
	}
	return nil
}

// SetDelay delays what leaves on a device; 0 takes the delay away.
func (n *Network) SetDelay(namespace, device string, d time.Duration) error {
	h, err := n.Handle(namespace)
	if err != nil {
		return err
	}
	link, err := h.LinkByName(device)
	if err != nil {
		return fmt.Errorf("find %s in %s: %w", device, namespace, err)
	}
	attrs := netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Parent: netlink.HANDLE_ROOT, Handle: netlink.MakeHandle(1, 0)}
	if d == 0 {
		if err := h.QdiscDel(&netlink.GenericQdisc{QdiscAttrs: attrs, QdiscType: "netem"}); err != nil {
			return fmt.Errorf("take delay off %s in %s: %w", device, namespace, err)
		}
		return nil
	}
	micros := d.Microseconds()
	if micros < 0 || micros > math.MaxUint32 {
		return fmt.Errorf("delay %s in %s by %s: out of range", device, namespace, d)
	}
	q := netlink.NewNetem(attrs, netlink.NetemQdiscAttrs{Latency: uint32(micros), Limit: 10000})
	if err := h.QdiscReplace(q); err != nil {
		return fmt.Errorf("delay %s in %s by %s: %w", device, namespace, d, err)
	}
	return nil
}

// SetLink takes a device down or up.
func (n *Network) SetLink(namespace, device string, up bool) error {
	h, err := n.Handle(namespace)
	if err != nil {
		return err
	}
	link, err := h.LinkByName(device)
	if err != nil {
		return fmt.Errorf("find %s in %s: %w", device, namespace, err)
	}
	set := h.LinkSetDown
	if up {
		set = h.LinkSetUp
	}
	if err := set(link); err != nil {
		return fmt.Errorf("set %s in %s (up %v): %w", device, namespace, up, err)
	}
	return nil
}

func (n *Network) buildTrunks() error {
	for _, t := range n.Trunks {
		if err := n.veth(t.MTU, end{namespace: t.PE, name: t.Port}, end{namespace: t.Node, name: t.NodePort}); err != nil {
			return err
		}
	}
	return nil
}

var anywhere = netip.MustParsePrefix("0.0.0.0/0")

// buildUnderlay joins the gateway and the clouds by a router that stands for
// the Internet.
func (n *Network) buildUnderlay() error {
	g := n.Gateway
	if err := n.veth(1500, end{g.Name, g.Wan, g.Underlay}, end{Internet, "to" + g.Name, g.Router}); err != nil {
		return err
	}
	if err := n.addRoute(g.Name, anywhere, g.Router.Addr(), ""); err != nil {
		return err
	}
	for _, c := range n.Clouds {
		if err := n.veth(1500, end{c.Name, "wan", c.Underlay}, end{Internet, "to" + c.Name, c.Router}); err != nil {
			return err
		}
		if err := n.addRoute(c.Name, anywhere, c.Router.Addr(), ""); err != nil {
			return err
		}
	}
	return nil
}

func (n *Network) buildManagement() error {
	g := n.Gateway
	return n.veth(1500, end{"", "mgmt", g.MgmtManager}, end{g.Name, g.Mgmt, g.MgmtAddr})
}

// buildLANs gives each site and cloud a host of its own network, on lo, so
// that no further device is needed.
func (n *Network) buildLANs() error {
	for _, s := range n.Sites {
		if err := n.AddHost(s.Name, netip.PrefixFrom(s.LAN.Addr(), s.LAN.Addr().BitLen())); err != nil {
			return err
		}
	}
	for _, c := range n.Clouds {
		if err := n.AddHost(c.Name, netip.PrefixFrom(c.LAN.Addr(), c.LAN.Addr().BitLen())); err != nil {
			return err
		}
	}
	return nil
}
