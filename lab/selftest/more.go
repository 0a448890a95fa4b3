// SPDX-License-Identifier: Apache-2.0

package selftest

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/s2cd/s2cd/lab"
	"github.com/s2cd/s2cd/lab/client"
	"github.com/s2cd/s2cd/lab/network"
)

// bgpHost is announced by the customer's own router at the near site.
var bgpHost = netip.MustParsePrefix("10.9.0.10/32")

// bgpPassword has every sign that a customer may choose and FRR could take for
// one of its own.
const bgpPassword = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~Az09" //nolint:gosec // of a lab

// nearBGP is the near site's VPN when its customer speaks BGP.
func nearBGP(password string) client.VPN {
	v := nearVPN
	v.PeerAS, v.Password, v.RateBps = 64512, password, rate
	return v
}

// wrongPassword starts the near site's own router, and gives the PE another
// password than that has: the kernel drops what comes, the session stays down.
func (s *Suite) wrongPassword(ctx context.Context) (string, error) {
	if err := s.env.AddHost(nearSite, bgpHost); err != nil {
		return "", err
	}
	err := s.env.StartCustomerBGP(ctx, nearSite, lab.CustomerBGP{
		AS: 64512, RouterID: nearCE.Address.Addr(), Neighbor: nearCE.Gateway, NeighborAS: s.env.AS, Password: bgpPassword,
		Announce: []netip.Prefix{bgpHost},
	})
	if err != nil {
		return "", err
	}
	before, err := s.env.WrongDigests("PE1")
	if err != nil {
		return "", err
	}
	if err := s.pe["PE1"].Send(ctx, nearBGP("another").Add()); err != nil {
		return "", err
	}
	return s.env.WaitBGPRefused(ctx, "PE1", nearVPN.Name, before+3)
}

// bgp gives the near site a BGP session with the right password and a limit.
func (s *Suite) bgp(ctx context.Context) (string, error) {
	v := nearBGP(bgpPassword)
	began := time.Now()
	if err := s.pe["PE1"].Send(ctx, v.Add()); err != nil {
		return "", err
	}
	if _, err := s.env.WaitPing(ctx, farSite, network.Ping{To: bgpHost.Addr(), From: farIP}); err != nil {
		return "", err
	}
	return fmt.Sprintf("its prefix reached %s after the Set began", time.Since(began).Round(time.Millisecond)), nil
}

// restart kills the lab PEs and starts them again: they come back to the tree
// that they had.
func (s *Suite) restart(ctx context.Context) (string, error) {
	if err := s.env.LabPE.Kill(); err != nil {
		return "", err
	}
	if _, err := s.env.WaitPing(ctx, nearSite, network.Ping{To: farIP}); err != nil {
		return "", fmt.Errorf("forwarding ended with the management: %w", err)
	}
	began := time.Now()
	if err := s.env.StartPEs(); err != nil {
		return "", err
	}
	if err := s.env.WaitPEs(ctx); err != nil {
		return "", err
	}
	up := time.Since(began)
	if _, err := s.env.WaitPing(ctx, nearSite, network.Ping{To: farIP}); err != nil {
		return "", err
	}
	_, err := s.pe["PE1"].Fetch(ctx, nearVPN.Instance())
	return fmt.Sprintf("answers after %s", up.Round(100*time.Millisecond)), err
}

// wireguard joins two clouds over the Internet namespace, as a customer sets
// up an end.
func (s *Suite) wireguard(ctx context.Context) (string, error) {
	names := []string{"VPCA1", "VPCA2"}
	for i, name := range names {
		other, err := s.env.Cloud(names[1-i])
		if err != nil {
			return "", err
		}
		key, err := s.env.CloudKey(other.Name)
		if err != nil {
			return "", err
		}
		err = s.env.ConnectCloud(ctx, name, network.Tunnel{Peer: key, Endpoint: other.Endpoint(), Allowed: []netip.Prefix{other.LAN}, MTU: 1420})
		if err != nil {
			return "", err
		}
	}
	far, err := s.env.Cloud(names[1])
	if err != nil {
		return "", err
	}
	took, err := s.env.WaitPing(ctx, names[0], network.Ping{To: far.LAN.Addr(), Size: 1420, DontFragment: true})
	if err != nil {
		return "", err
	}
	dev, err := s.env.CloudDevice(names[0])
	if err != nil {
		return "", err
	}
	if len(dev.Peers) != 1 || dev.Peers[0].LastHandshakeTime.IsZero() {
		return "", fmt.Errorf("%s has %d peers and no handshake", names[0], len(dev.Peers))
	}
	for _, name := range names {
		if err := s.env.DisconnectCloud(name); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s, answered after %s", dev.Type, took.Round(time.Millisecond)), nil
}
