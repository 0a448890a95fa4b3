// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"fmt"
	"net/netip"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/s2cd/s2cd/lab"
	"github.com/s2cd/s2cd/lab/network"
)

// place is where a customer's order ends in the lab.
type place struct {
	site, siteAP   string // namespace, access point
	cloud, cloudAP string
	as             uint32 // of the site's router, when it speaks BGP
	password       string // of that BGP
}

// The orders that scenarios place. Both tenants use the same addresses.
var (
	firstCloud    = place{site: "CEA", siteAP: "site-a", cloud: "VPCA1", cloudAP: "vpc-a1"}
	secondCloud   = place{site: "CEA", siteAP: "site-a", cloud: "VPCA2", cloudAP: "vpc-a2"}
	otherCustomer = place{site: "CEB", siteAP: "site-b", cloud: "VPCB", cloudAP: "vpc-b"}
)

// body is the order for a place.
func (s *Stack) body(p place, mbps, seconds int, sink string) (map[string]any, error) {
	key, err := s.CloudKey(p.cloud)
	if err != nil {
		return nil, err
	}
	cloud, err := s.Cloud(p.cloud)
	if err != nil {
		return nil, err
	}
	site, err := s.siteLAN(p.site)
	if err != nil {
		return nil, err
	}
	order := map[string]any{
		"name":        p.siteAP + " to " + p.cloudAP,
		"accessPoint": map[string]any{"id": p.siteAP, "staticPrefixes": []string{site.Masked().String()}},
		"endPoint": map[string]any{
			"id": p.cloudAP, "staticPrefixes": []string{cloud.LAN.Masked().String()},
			"wireguard": map[string]any{
				"publicKey": key.String(),
				"endpoint":  map[string]any{"ipAddress": cloud.Underlay.Addr().String(), "port": cloud.ListenPort},
			},
		},
		"sla": "AA", "guaranteedBandwidth": mbps, "duration": seconds, "routingProtocol": "STATIC",
	}
	if p.as != 0 {
		order["accessPoint"] = map[string]any{"id": p.siteAP, "asNumber": p.as, "bgpPassword": p.password}
		order["routingProtocol"] = "BGP"
	}
	if sink != "" {
		order["sink"] = sink
	}
	return order, nil
}

func (s *Stack) siteLAN(name string) (netip.Prefix, error) {
	for _, site := range s.Sites {
		if site.Name == name {
			return site.LAN, nil
		}
	}
	return netip.Prefix{}, fmt.Errorf("there is no site %s in the lab", name)
}

// attachment is what the customer configures at the site.
func attachment(h End) (network.Attachment, error) {
	if len(h.Provider) == 0 {
		return network.Attachment{}, fmt.Errorf("the handover of the site names no provider address: %+v", h)
	}
	pe, err := prefix(h.Provider[0])
	if err != nil {
		return network.Attachment{}, err
	}
	ce, err := netip.ParseAddr(h.Customer)
	if err != nil {
		return network.Attachment{}, fmt.Errorf("handover: %w", err)
	}
	return network.Attachment{VLAN: h.VLAN, Address: netip.PrefixFrom(ce, pe.Bits()), Gateway: pe.Addr(), MTU: h.MTU}, nil
}

// connectSite sets the customer's router up from the handover.
func (s *Stack) connectSite(p place, h End) error {
	a, err := attachment(h)
	if err != nil {
		return err
	}
	return s.Attach(p.site, a)
}

// speakBGP starts the site's own router.
func (s *Stack) speakBGP(ctx context.Context, p place, h End) error {
	a, err := attachment(h)
	if err != nil {
		return err
	}
	site, err := s.siteLAN(p.site)
	if err != nil {
		return err
	}
	return s.StartCustomerBGP(ctx, p.site, lab.CustomerBGP{
		AS: p.as, RouterID: a.Address.Addr(), Neighbor: a.Gateway, NeighborAS: s.AS, Password: p.password, Announce: []netip.Prefix{site},
	})
}

// connectCloud sets the customer's tunnel up from the handover.
func (s *Stack) connectCloud(ctx context.Context, p place, h End) error {
	if h.Tunnel == nil || h.Tunnel.PublicKey == "" {
		return fmt.Errorf("the handover of the cloud names no tunnel key: %+v", h)
	}
	key, err := wgtypes.ParseKey(h.Tunnel.PublicKey)
	if err != nil {
		return fmt.Errorf("handover: %w", err)
	}
	addr, err := netip.ParseAddr(h.Tunnel.Endpoint.Address)
	if err != nil {
		return fmt.Errorf("handover: %w", err)
	}
	t := network.Tunnel{Peer: key, Endpoint: netip.AddrPortFrom(addr, h.Tunnel.Endpoint.Port), MTU: h.MTU}
	for _, text := range h.Tunnel.AllowedIPs {
		allowed, err := prefix(text)
		if err != nil {
			return err
		}
		t.Allowed = append(t.Allowed, allowed)
	}
	if p.as != 0 {
		// What BGP will bring nobody can list; the customer knows its own site.
		site, err := s.siteLAN(p.site)
		if err != nil {
			return err
		}
		t.Allowed = []netip.Prefix{site.Masked()}
	}
	return s.ConnectCloud(ctx, p.cloud, t)
}

// ends are the addresses of both customers' hosts of a place.
func (s *Stack) ends(p place) (site, cloud netip.Addr, err error) {
	lan, err := s.siteLAN(p.site)
	if err != nil {
		return site, cloud, err
	}
	c, err := s.Cloud(p.cloud)
	return lan.Addr(), c.LAN.Addr(), err
}
