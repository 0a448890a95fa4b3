// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	err := eachLive(ctx, d.store, func(s session.Session) {
		for _, on := range s.Devices {
			if !managed[on.Device] && !slices.Contains(missing, string(on.Device)) {
				missing = append(missing, string(on.Device))
			}
		}
	})
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("sessions stand on devices that it lacks: %s; put them back until these sessions have ended", strings.Join(missing, ", "))
	}
	return nil
}
