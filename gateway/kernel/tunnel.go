// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/s2cd/s2cd/southbound"
)

// recent is how long after its handshake a WireGuard session is alive.
const recent = 3 * time.Minute

// answerWait is how long WireGuard may take to answer.
const answerWait = 5 * time.Second

// tunnel makes one WireGuard interface. Its socket stays in the underlay: the
// interface enters the VRF, the socket is bound to no device.
func (w *work) tunnel(v southbound.VRF, t southbound.Tunnel, master netlink.Link) error {
	mtu := int(t.MTU)
	if mtu == 0 {
		mtu = 1420
	}
	if err := w.replaceable(t.Name); err != nil {
		return err
	}
	alias := markOf(v.Mark)
	l := w.links[t.Name]
	if l == nil || !ours(l) {
		if err := w.portFree(t.ListenPort); err != nil {
			return err
		}
		var err error
		if l, err = w.make(w.tunnelLink(t.Name), alias, func() error { return w.startEngine(t.Name) }); err != nil {
			return err
		}
	}
	if err := w.configure(t); err != nil {
		return err
	}
	if err := w.member(l, master, mtu, alias, t.Addresses); err != nil {
		return err
	}
	return w.limit(l, t.EgressKbps, t.IngressKbps, mtu)
}

// portFree refuses a UDP port that somebody else has. wireguard-go does not
// report it, its interface would just stay silent.
func (w *work) portFree(port uint16) error {
	return w.ns.do(func() error {
		c, err := net.ListenUDP("udp", &net.UDPAddr{Port: int(port)})
		if err != nil {
			return fmt.Errorf("listen-port %d: %w", port, err)
		}
		return c.Close()
	})
}

// configure writes what differs and reads it back.
func (w *work) configure(t southbound.Tunnel) error {
	key, ok := w.want.Keys[t.ListenPort]
	if !ok {
		return fmt.Errorf("slot %d has no key", t.ListenPort)
	}
	peerKey, err := wgtypes.ParseKey(t.Peer.PublicKey)
	if err != nil {
		return fmt.Errorf("peer public-key: %w", err)
	}
	have, err := w.device(w.ctx, t.Name)
	if err != nil {
		return fmt.Errorf("read wireguard: %w", err)
	}
	change, differs := w.difference(t, key, peerKey, have)
	if !differs {
		w.endpoints[t.Name] = endpointText(t.Peer.Endpoint)
		return nil
	}
	if change.ListenPort != nil && have.ListenPort != 0 {
		if err := w.portFree(t.ListenPort); err != nil {
			return err
		}
	}
	if err := w.patiently(w.ctx, t.Name, func() error { return w.wg.ConfigureDevice(t.Name, change) }); err != nil {
		return fmt.Errorf("configure wireguard: %w", err)
	}
	w.endpoints[t.Name] = endpointText(t.Peer.Endpoint)
	if have, err = w.device(w.ctx, t.Name); err != nil {
		return fmt.Errorf("read back wireguard: %w", err)
	}
	if _, differs = w.difference(t, key, peerKey, have); differs {
		return errors.New("wireguard holds something else than was written")
	}
	return nil
}

// device reads one WireGuard interface.
func (r *Realiser) device(ctx context.Context, name string) (*wgtypes.Device, error) {
	var d *wgtypes.Device
	err := r.patiently(ctx, name, func() (err error) {
		d, err = r.wg.Device(name)
		return named("device", err)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// patiently waits for f, but not for ever: a stopped wireguard-go accepts a
// connection and never answers, and one tunnel must not block all others. As
// long as a call for a tunnel is pending no other is made for it, so that they
// do not pile up; the one pending ends with the process.
func (r *Realiser) patiently(ctx context.Context, name string, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	turn := r.turn(name)
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("wireguard has not answered the call before: %w", ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-turn }()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("wireguard does not answer: %w", ctx.Err())
	}
}

// turn holds one token for the tunnel's one call.
func (r *Realiser) turn(name string) chan struct{} {
	r.turnsMu.Lock()
	defer r.turnsMu.Unlock()
	if r.turns[name] == nil {
		r.turns[name] = make(chan struct{}, 1)
	}
	return r.turns[name]
}

// difference returns the change from have to t. Nothing that is already so is
// written again: that would cost the peer's session.
func (w *work) difference(t southbound.Tunnel, key, peerKey wgtypes.Key, have *wgtypes.Device) (wgtypes.Config, bool) {
	var c wgtypes.Config
	differs := false
	if have.PrivateKey != key {
		c.PrivateKey, differs = &key, true
	}
	if have.ListenPort != int(t.ListenPort) {
		port := int(t.ListenPort)
		c.ListenPort, differs = &port, true
	}
	var peer *wgtypes.Peer
	for i := range have.Peers {
		if have.Peers[i].PublicKey == peerKey {
			peer = &have.Peers[i]
			continue
		}
		c.Peers, differs = append(c.Peers, wgtypes.PeerConfig{PublicKey: have.Peers[i].PublicKey, Remove: true}), true
	}
	if p, changed := w.peerDifference(t, peerKey, peer); changed {
		c.Peers, differs = append(c.Peers, p), true
	}
	return c, differs
}

func (w *work) peerDifference(t southbound.Tunnel, key wgtypes.Key, have *wgtypes.Peer) (wgtypes.PeerConfig, bool) {
	p := wgtypes.PeerConfig{PublicKey: key, UpdateOnly: have != nil}
	changed := have == nil
	if have == nil {
		have = &wgtypes.Peer{}
	}
	if e := t.Peer.Endpoint; e.IsValid() && w.moveEndpoint(t, have) {
		p.Endpoint, changed = net.UDPAddrFromAddrPort(e), true
	}
	keepalive := time.Duration(t.KeepaliveSecs) * time.Second
	if have.PersistentKeepaliveInterval != keepalive {
		p.PersistentKeepaliveInterval, changed = &keepalive, true
	}
	if !sameIPs(have.AllowedIPs, t.Peer.AllowedIPs) {
		p.ReplaceAllowedIPs, changed = true, true
		for _, a := range t.Peer.AllowedIPs {
			p.AllowedIPs = append(p.AllowedIPs, *ipNet(a))
		}
	}
	return p, changed
}

// moveEndpoint says whether to write the endpoint. A peer that roamed has
// another one than was configured; it is left there while its session lives,
// unless the configuration itself changed.
func (w *work) moveEndpoint(t southbound.Tunnel, have *wgtypes.Peer) bool {
	if have.Endpoint != nil {
		at := have.Endpoint.AddrPort()
		if netip.AddrPortFrom(at.Addr().Unmap(), at.Port()) == t.Peer.Endpoint {
			return false
		}
		written, known := w.endpoints[t.Name]
		if known && written != endpointText(t.Peer.Endpoint) {
			return true
		}
		return time.Since(have.LastHandshakeTime) > recent
	}
	return true
}

func endpointText(e netip.AddrPort) string {
	if !e.IsValid() {
		return ""
	}
	return e.String()
}

func sameIPs(have []net.IPNet, want []netip.Prefix) bool {
	if len(have) != len(want) {
		return false
	}
	for i := range have {
		if !slices.Contains(want, prefixOf(&have[i])) {
			return false
		}
	}
	return true
}
