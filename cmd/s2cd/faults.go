// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// SetLink implements northbound.OperatorFaults.
func (o operations) SetLink(ctx context.Context, name string, down bool, correlator string) (northbound.LinkStatus, error) {
	o.d.telling.Lock()
	defer o.d.telling.Unlock()
	l, err := linkOf(o.d.paths.Network(), name)
	if err != nil {
		return northbound.LinkStatus{}, err
	}
	l.Down = down
	if err := o.d.paths.Update(pathcomp.Update{Links: []topology.Link{l}}); err != nil {
		return northbound.LinkStatus{}, fmt.Errorf("tell that link %s is down %t: %w", name, down, err)
	}
	is := northbound.LinkStatus{Link: name, Down: down, Affected: o.affected()}
	o.d.log.InfoContext(ctx, "link told", "link", name, "down", down, "affected", is.Affected, "correlator", correlator)
	return is, nil
}

// SetNode implements northbound.OperatorFaults.
func (o operations) SetNode(ctx context.Context, name topology.NodeName, c northbound.NodeChange, correlator string) (northbound.NodeStatus, error) {
	o.d.telling.Lock()
	defer o.d.telling.Unlock()
	n, err := nodeOf(o.d.paths.Network(), name)
	if err != nil {
		return northbound.NodeStatus{}, err
	}
	if c.Down != nil {
		n.Down = *c.Down
	}
	if c.Maintenance != nil {
		n.Maintenance = *c.Maintenance
	}
	if err := o.d.paths.Update(pathcomp.Update{Nodes: []topology.Node{n}}); err != nil {
		return northbound.NodeStatus{}, fmt.Errorf("tell what node %s is: %w", name, err)
	}
	is := northbound.NodeStatus{Node: name, Down: n.Down, Maintenance: n.Maintenance, Affected: o.affected()}
	o.d.log.InfoContext(ctx, "node told",
		"node", name, "down", is.Down, "maintenance", is.Maintenance, "affected", is.Affected, "correlator", correlator)
	return is, nil
}

// PlanReroute implements northbound.OperatorFaults.
func (o operations) PlanReroute(ctx context.Context) ([]order.Rerouted, error) {
	return o.d.orders.PlanReroute(ctx, o.d.paths)
}

// Reroute implements northbound.OperatorFaults.
func (o operations) Reroute(ctx context.Context, correlator string) ([]order.Rerouted, error) {
	done, err := o.d.orders.Reroute(ctx, o.d.paths, correlator)
	for _, r := range done {
		switch r.Outcome {
		case order.Moves:
			o.d.log.InfoContext(ctx, "session rerouted", "session", r.Session, "was", r.Was, "is", r.Is, "correlator", correlator)
		case order.NoWay, order.Failed:
			o.d.log.WarnContext(ctx, "session not rerouted", "session", r.Session, "outcome", r.Outcome, "reason", r.Reason, "correlator", correlator)
		case order.Stays:
		}
	}
	return done, err
}

// affected counts the sessions that are reserved over what is down or in
// maintenance, also those that are ending.
func (o operations) affected() int {
	return len(slices.DeleteFunc(o.d.paths.Affected(), order.IsHold))
}

func linkOf(n *topology.Network, name string) (topology.Link, error) {
	if l, ok := n.Link(name); ok {
		return *l, nil
	}
	return topology.Link{}, unknown("link", name)
}

func nodeOf(n *topology.Network, name topology.NodeName) (topology.Node, error) {
	if found, ok := n.Node(name); ok {
		return *found, nil
	}
	return topology.Node{}, unknown("node", string(name))
}
