// SPDX-License-Identifier: Apache-2.0

package network

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/s2cd/s2cd/lab/frr"
)

// Residue lists what orders have brought about on the PEs and the gateway and
// is still there: VRF, VLAN and WireGuard devices, queues, filters, and what
// FRR holds of VRFs. Empty is what there was in the beginning.
func (n *Network) Residue(ctx context.Context) ([]string, error) {
	var found []string
	nodes := append(n.PEs(), n.Gateway.Name)
	for _, node := range nodes {
		h, err := n.Handle(node)
		if err != nil {
			return nil, err
		}
		left, err := linkResidue(h)
		if err != nil {
			return nil, fmt.Errorf("list devices of %s: %w", node, err)
		}
		for _, l := range left {
			found = append(found, node+": "+l)
		}
	}
	for _, pe := range n.PEs() {
		left, err := frrResidue(ctx, pe)
		if err != nil {
			return nil, fmt.Errorf("list routing of %s: %w", pe, err)
		}
		for _, l := range left {
			found = append(found, pe+": "+l)
		}
	}
	slices.Sort(found)
	return found, nil
}

func linkResidue(h *netlink.Handle) ([]string, error) {
	links, err := dump(h.LinkList)
	if err != nil {
		return nil, err
	}
	var left []string
	for _, l := range links {
		switch l.Type() {
		case "vrf", "vlan", "wireguard", "tuntap", "tun", "ifb":
			left = append(left, l.Type()+" device "+l.Attrs().Name)
		}
		queues, err := dump(func() ([]netlink.Qdisc, error) { return h.QdiscList(l) })
		if err != nil {
			return nil, err
		}
		for _, q := range queues {
			switch q.Type() {
			case "ingress", "clsact", "tbf", "htb":
				left = append(left, q.Type()+" queue on "+l.Attrs().Name)
			}
		}
	}
	return left, nil
}

// dump repeats a listing that a concurrent change has interrupted.
func dump[T any](list func() ([]T, error)) ([]T, error) {
	for range 10 {
		out, err := list()
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			return out, err
		}
	}
	return nil, netlink.ErrDumpInterrupted
}

// frrResidue looks for lines of VRFs in the running configurations.
func frrResidue(ctx context.Context, router string) ([]string, error) {
	var left []string
	for _, daemon := range []string{"bgpd", "staticd", "zebra"} {
		text, err := frr.Show(ctx, frr.SocketDir(router), daemon, "show running-config")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "vrf ") || strings.Contains(line, " vrf ") {
				left = append(left, daemon+": "+line)
			}
		}
	}
	return left, nil
}
