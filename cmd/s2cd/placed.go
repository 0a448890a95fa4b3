// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// checkPlaced refuses an inventory that lacks a managed device on which sessions
// still stand: nobody could take them off it, and they would never end.
func (d *daemon) checkPlaced(ctx context.Context, n *topology.Network) error {
	managed := map[topology.NodeName]bool{}
	for _, node := range n.Nodes {
		managed[node.Name] = node.Management != ""
	}
	var missing []string
	const page = 1000
	for offset := 0; ; offset += page {
		list, total, err := d.store.Sessions(ctx, order.Filter{
			Statuses: []session.Status{session.Requested, session.Scheduled, session.Activated}, Offset: offset, Limit: page,
		})
		if err != nil {
			return fmt.Errorf("list sessions: %w", err)
		}
		for _, s := range list {
			for _, on := range s.Devices {
				if !managed[on.Device] && !slices.Contains(missing, string(on.Device)) {
					missing = append(missing, string(on.Device))
				}
			}
		}
		if offset+page >= total {
			break
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("sessions stand on devices that it lacks: %s; put them back until these sessions have ended", strings.Join(missing, ", "))
	}
	return nil
}
