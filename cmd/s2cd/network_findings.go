// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// told names links and nodes that operators have said to be other than the
// inventory says.
func (o operations) told() []northbound.Finding {
	var all []northbound.Finding
	add := func(kind, name string, is []string) {
		all = append(all, northbound.Finding{
			Severity: "warning", Subject: kind + " " + name,
			Detail: "is " + strings.Join(is, " and ") + ", the inventory says otherwise; kept until the daemon restarts",
		})
	}
	was, is := o.d.inventory.Network, o.d.paths.Network()
	for i, l := range is.Links { // in the order of the inventory, as nodes
		if l.Down != was.Links[i].Down {
			add("link", l.Name, []string{upOrDown(l.Down)})
		}
	}
	for i, n := range is.Nodes {
		var words []string
		if n.Down != was.Nodes[i].Down {
			words = append(words, upOrDown(n.Down))
		}
		if n.Maintenance != was.Nodes[i].Maintenance {
			words = append(words, map[bool]string{true: "in maintenance", false: "not in maintenance"}[n.Maintenance])
		}
		if len(words) > 0 {
			add("node", string(n.Name), words)
		}
	}
	return all
}

func upOrDown(down bool) string {
	if down {
		return "down"
	}
	return "up"
}

// astray counts sessions that are not reserved where the network takes them.
func (o operations) astray(ctx context.Context) ([]northbound.Finding, error) {
	plan, err := o.PlanReroute(ctx)
	if err != nil {
		return nil, fmt.Errorf("plan to reroute: %w", err)
	}
	var moves, stuck, drained int
	for _, r := range plan {
		switch {
		case r.Outcome == order.Moves:
			moves++
		case r.Cause == pathcomp.Maintenance:
			drained++
		case r.Outcome != order.Stays:
			stuck++
		}
	}
	var all []northbound.Finding
	if moves+stuck > 0 {
		all = append(all, fault("network", fmt.Sprintf(
			"%d sessions are reserved over what is down or gone, or where the routers do not take them: s2cd reroute moves %d, and %d have no way",
			moves+stuck, moves, stuck)))
	}
	if drained > 0 { // planned works, for which nobody is to be woken
		all = append(all, northbound.Finding{Severity: "warning", Subject: "network", Detail: fmt.Sprintf(
			"the routers take %d sessions over what is in maintenance: s2cd reroute moves them when they no longer do", drained)})
	}
	return all, nil
}

// overbooked names arcs on which more is reserved than may be sold; on one that
// is gone that is all.
func (o operations) overbooked() []northbound.Finding {
	known := arcsOf(o.d.paths.Network())
	var all []northbound.Finding
	var gone []topology.ArcName
	for _, e := range o.d.ledger.Excesses() {
		subject := "arc " + string(e.Arc)
		switch {
		case known[e.Arc]:
			all = append(all, fault(subject, fmt.Sprintf("more is reserved than may be sold: %+v", e)))
		case !slices.Contains(gone, e.Arc): // once, not for every class
			gone = append(gone, e.Arc)
			on := slices.DeleteFunc(o.d.ledger.OwnersOn(e.Arc), order.IsHold)
			all = append(all, fault(subject, fmt.Sprintf("is gone from the inventory, and %d sessions are booked on it: s2cd reroute moves those that have another way", len(on))))
		}
	}
	return all
}

// arcsOf returns all arcs of a network.
func arcsOf(n *topology.Network) map[topology.ArcName]bool {
	known := make(map[topology.ArcName]bool, 2*(len(n.Links)+len(n.Access)))
	for d := range 2 {
		for i := range n.Links {
			known[topology.LinkArc(n.Links[i].Name, d)] = true
		}
		for i := range n.Access {
			known[topology.AccessArc(n.Access[i].Name, d)] = true
		}
	}
	return known
}
