// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/s2cd/s2cd/gateway"
	"github.com/s2cd/s2cd/southbound"
)

// Observe implements gateway.Realiser.
func (r *Realiser) Observe(ctx context.Context, cfg southbound.DeviceConfig) (gateway.Counters, error) {
	var out gateway.Counters
	list, err := again(r.nl.LinkList)
	if err != nil {
		return out, fmt.Errorf("list links: %w", err)
	}
	links := make(map[string]netlink.Link, len(list))
	for _, l := range list {
		links[l.Attrs().Name] = l
	}
	for _, v := range cfg.VRFs {
		if err := ctx.Err(); err != nil {
			return out, fmt.Errorf("observe vrf %s: %w", v.Name, err)
		}
		for _, a := range v.Attachments {
			l := links[VLANName(a.Port, a.VLAN)]
			if l == nil || !ours(l) {
				continue
			}
			c := gateway.AttachmentCounters{VRF: v.Name, AttachmentState: southbound.AttachmentState{Port: a.Port, VLAN: a.VLAN}}
			if s := l.Attrs().Statistics; s != nil {
				c.InOctets, c.OutOctets = s.RxBytes, s.TxBytes
			}
			out.Attachments = append(out.Attachments, c)
		}
		for _, t := range v.Tunnels {
			l := links[t.Name]
			if l == nil || !ours(l) {
				continue
			}
			d, err := r.device(ctx, t.Name)
			if err != nil {
				// One that does not answer is missing in the state, which
				// means unknown; the others are not held up by it.
				r.cfg.Log.Warn("a tunnel cannot be read", "tunnel", t.Name, "error", err)
				continue
			}
			out.Tunnels = append(out.Tunnels, tunnelCounters(v.Name, d))
		}
	}
	return out, nil
}

func tunnelCounters(vrf string, d *wgtypes.Device) gateway.TunnelCounters {
	c := gateway.TunnelCounters{
		VRF: vrf, Name: d.Name, PublicKey: d.PublicKey.String(), Userspace: d.Type == wgtypes.Userspace,
	}
	for _, p := range d.Peers {
		c.RxBytes += uint64(max(p.ReceiveBytes, 0))
		c.TxBytes += uint64(max(p.TransmitBytes, 0))
		if p.LastHandshakeTime.After(c.LastHandshake) {
			c.LastHandshake = p.LastHandshakeTime
		}
	}
	return c
}
