// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// WhatIf implements northbound.OperatorFaults, on a fork of the core.
func (o operations) WhatIf(ctx context.Context, s northbound.Supposition) (out northbound.Supposed, err error) {
	fork := o.d.paths.Fork()
	u, err := newsOf(fork.Network(), s)
	if err != nil {
		return out, err
	}
	if err := fork.Update(u); err != nil {
		return out, fmt.Errorf("what if: %w", err)
	}
	if out.Sessions, out.Orders, err = o.d.orders.Suppose(ctx, fork, s.Orders); err != nil {
		return out, err
	}
	out.Excesses = fork.Ledger().Excesses()
	return out, nil
}

// newsOf is what a supposition makes of a network's links and nodes. A
// session.Error of code NotFound names one that is not known.
func newsOf(n *topology.Network, s northbound.Supposition) (pathcomp.Update, error) {
	c := changes{of: n, unknown: unknown}
	err := firstOf(
		c.links(s.LinksDown, fail),
		c.rates(s.SetCapacity, setRate),
		c.rates(s.AddCapacity, addRate),
		c.nodes(s.NodesDown, failNode),
		c.nodes(s.Drain, drain),
	)
	return c.news, err
}

func unknown(kind, name string) error {
	return session.Errorf(session.NotFound, "", "no %s is called %s", kind, name)
}
