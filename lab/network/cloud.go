// SPDX-License-Identifier: Apache-2.0

package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/vishvananda/netlink"
	"golang.zx2c4.com/wireguard/wgctrl"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/s2cd/s2cd/lab/process"
)

// Tunnel is what a customer configures on the cloud's WireGuard end from an
// order's handover.
type Tunnel struct {
	// Address is the cloud's address inside the tunnel; may be invalid: none.
	Address netip.Prefix
	// Peer and Endpoint are the gateway's.
	Peer     wgtypes.Key
	Endpoint netip.AddrPort
	// Allowed is what may come from the gateway, and is routed to it.
	Allowed []netip.Prefix
	MTU     int
	// Source is the address that the cloud's own packets start from, its LAN
	// address when invalid.
	Source netip.Addr
}

// CloudKey is the public key of a cloud's WireGuard end. The private key is
// made at the first call and stays in the lab.
func (n *Network) CloudKey(cloud string) (wgtypes.Key, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	key, ok := n.keys[cloud]
	if !ok {
		var err error
		if key, err = wgtypes.GeneratePrivateKey(); err != nil {
			return wgtypes.Key{}, fmt.Errorf("make key of %s: %w", cloud, err)
		}
		n.keys[cloud] = key
	}
	return key.PublicKey(), nil
}

// Cloud finds a cloud by name.
func (n *Network) Cloud(name string) (Cloud, error) {
	for _, c := range n.Clouds {
		if c.Name == name {
			return c, nil
		}
	}
	return Cloud{}, fmt.Errorf("there is no cloud %s in the lab", name)
}

// ConnectCloud makes the cloud's WireGuard device if need be and sets its one
// peer, as the customer would.
func (n *Network) ConnectCloud(ctx context.Context, cloud string, t Tunnel) error {
	c, err := n.Cloud(cloud)
	if err != nil {
		return err
	}
	if _, err := n.CloudKey(cloud); err != nil {
		return err
	}
	h, err := n.Handle(cloud)
	if err != nil {
		return err
	}
	if _, err := h.LinkByName(c.Device); err != nil {
		if err := n.addWireGuard(ctx, h, c); err != nil {
			return fmt.Errorf("make WireGuard device of %s: %w", cloud, err)
		}
	}
	if err := n.configureWireGuard(c, t); err != nil {
		return fmt.Errorf("configure WireGuard of %s: %w", cloud, err)
	}
	link, err := h.LinkByName(c.Device)
	if err != nil {
		return fmt.Errorf("find WireGuard device of %s: %w", cloud, err)
	}
	if t.Address.IsValid() {
		if err := h.AddrReplace(link, address(t.Address)); err != nil {
			return fmt.Errorf("address WireGuard device of %s: %w", cloud, err)
		}
	}
	if t.MTU != 0 {
		if err := h.LinkSetMTU(link, t.MTU); err != nil {
			return fmt.Errorf("set MTU of WireGuard device of %s: %w", cloud, err)
		}
	}
	if err := h.LinkSetUp(link); err != nil {
		return fmt.Errorf("set WireGuard device of %s up: %w", cloud, err)
	}
	source := t.Source
	if !source.IsValid() {
		source = c.LAN.Addr()
	}
	for _, p := range t.Allowed {
		r := &netlink.Route{Dst: ipNet(p.Masked()), LinkIndex: link.Attrs().Index, Src: source.AsSlice(), Scope: netlink.SCOPE_LINK}
		if err := h.RouteReplace(r); err != nil {
			return fmt.Errorf("route %s into the tunnel of %s: %w", p, cloud, err)
		}
	}
	return nil
}

// addWireGuard prefers the kernel's WireGuard.
func (n *Network) addWireGuard(ctx context.Context, h *netlink.Handle, c Cloud) error {
	if err := h.LinkAdd(&netlink.Wireguard{LinkAttrs: netlink.LinkAttrs{Name: c.Device}}); err == nil {
		return nil
	}
	p, err := process.Start(process.Spec{
		Name: "wireguard-" + c.Name, Netns: Path(c.Name), Log: filepath.Join(n.logs, "wireguard-"+c.Name+".log"),
		Argv: []string{n.wireguard, "-f", c.Device},
	})
	if err != nil {
		return err
	}
	n.mu.Lock()
	n.clouds[c.Name] = p
	n.mu.Unlock()
	// The socket's file is there a moment before somebody listens.
	socket := "/var/run/wireguard/" + c.Device + ".sock"
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket); err == nil {
			return conn.Close()
		}
		select {
		case <-p.Done():
			return fmt.Errorf("wireguard-go ended: %w, see %s", p.Wait(ctx), p.Log())
		case <-ctx.Done():
			return fmt.Errorf("wait for wireguard-go: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func (n *Network) configureWireGuard(c Cloud, t Tunnel) error {
	n.mu.Lock()
	key := n.keys[c.Name]
	n.mu.Unlock()
	keepalive := 5 * time.Second
	peer := wgtypes.PeerConfig{PublicKey: t.Peer, ReplaceAllowedIPs: true, PersistentKeepaliveInterval: &keepalive}
	if t.Endpoint.IsValid() {
		peer.Endpoint = net.UDPAddrFromAddrPort(t.Endpoint)
	}
	for _, p := range t.Allowed {
		peer.AllowedIPs = append(peer.AllowedIPs, *ipNet(p.Masked()))
	}
	return n.Do(c.Name, func() error {
		wg, err := wgctrl.New()
		if err != nil {
			return err
		}
		defer wg.Close()
		return wg.ConfigureDevice(c.Device, wgtypes.Config{
			PrivateKey: &key, ListenPort: &c.ListenPort, ReplacePeers: true, Peers: []wgtypes.PeerConfig{peer},
		})
	})
}

// CloudDevice reads the cloud's WireGuard device: handshake and counters.
func (n *Network) CloudDevice(cloud string) (*wgtypes.Device, error) {
	c, err := n.Cloud(cloud)
	if err != nil {
		return nil, err
	}
	var dev *wgtypes.Device
	err = n.Do(cloud, func() error {
		wg, err := wgctrl.New()
		if err != nil {
			return err
		}
		defer wg.Close()
		dev, err = wg.Device(c.Device)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read WireGuard device of %s: %w", cloud, err)
	}
	return dev, nil
}

// DisconnectCloud removes the cloud's WireGuard device.
func (n *Network) DisconnectCloud(cloud string) error {
	c, err := n.Cloud(cloud)
	if err != nil {
		return err
	}
	n.mu.Lock()
	p := n.clouds[cloud]
	delete(n.clouds, cloud)
	n.mu.Unlock()
	if p != nil {
		return p.Stop(5 * time.Second)
	}
	h, err := n.Handle(cloud)
	if err != nil {
		return err
	}
	link, err := h.LinkByName(c.Device)
	if err != nil {
		var none netlink.LinkNotFoundError
		if errors.As(err, &none) {
			return nil
		}
		return fmt.Errorf("find WireGuard device of %s: %w", cloud, err)
	}
	if err := h.LinkDel(link); err != nil {
		return fmt.Errorf("remove WireGuard device of %s: %w", cloud, err)
	}
	return nil
}
