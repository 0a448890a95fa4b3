// SPDX-License-Identifier: Apache-2.0

package network

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// Attachment is what a customer sets up on a CE from an order's handover.
type Attachment struct {
	VLAN int
	// Address is the CE's, Gateway the PE's.
	Address netip.Prefix
	Gateway netip.Addr
	MTU     int
	// Trunk names the node with the far end of the trunk, [Access] if empty.
	Trunk string
}

// Device is the name of the attachment's VLAN device in the site.
func (a Attachment) Device() string { return fmt.Sprintf("vlan%d", a.VLAN) }

// Attach makes the site's VLAN device on the trunk, moves it into the site and
// sends everything that way.
func (n *Network) Attach(site string, a Attachment) error {
	trunkNode, trunkPort := a.Trunk, ""
	if trunkNode == "" {
		trunkNode = Access
	}
	for _, t := range n.Trunks {
		if t.Node == trunkNode {
			trunkPort = t.NodePort
		}
	}
	trunk, err := n.Handle(trunkNode)
	if err != nil {
		return err
	}
	h, err := n.Handle(site)
	if err != nil {
		return err
	}
	parent, err := trunk.LinkByName(trunkPort)
	if err != nil {
		return fmt.Errorf("find trunk %s of %s: %w", trunkPort, trunkNode, err)
	}
	vlan := &netlink.Vlan{LinkAttrs: netlink.LinkAttrs{Name: a.Device(), ParentIndex: parent.Attrs().Index}, VlanId: a.VLAN}
	if err := trunk.LinkAdd(vlan); err != nil {
		return fmt.Errorf("make vlan %d for %s: %w", a.VLAN, site, err)
	}
	link, err := trunk.LinkByName(a.Device())
	if err != nil {
		return fmt.Errorf("find vlan %d for %s: %w", a.VLAN, site, err)
	}
	if err := trunk.LinkSetNsFd(link, int(n.fds[site])); err != nil {
		return fmt.Errorf("move vlan %d to %s: %w", a.VLAN, site, err)
	}
	if link, err = h.LinkByName(a.Device()); err != nil {
		return fmt.Errorf("find vlan %d in %s: %w", a.VLAN, site, err)
	}
	mtu := a.MTU
	if mtu == 0 {
		mtu = 1500
	}
	if err := errors.Join(h.LinkSetMTU(link, mtu), h.AddrAdd(link, address(a.Address)), h.LinkSetUp(link)); err != nil {
		return fmt.Errorf("set up vlan %d in %s: %w", a.VLAN, site, err)
	}
	return n.addRoute(site, anywhere, a.Gateway, a.Device())
}

// Detach removes the site's VLAN device.
func (n *Network) Detach(site string, a Attachment) error {
	h, err := n.Handle(site)
	if err != nil {
		return err
	}
	link, err := h.LinkByName(a.Device())
	if err != nil {
		return fmt.Errorf("find vlan %d in %s: %w", a.VLAN, site, err)
	}
	if err := h.LinkDel(link); err != nil {
		return fmt.Errorf("remove vlan %d from %s: %w", a.VLAN, site, err)
	}
	return nil
}
