// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/internal/inventory"
)

func newInventoryCmd(a *app) *cobra.Command {
	check := &cobra.Command{
		Use:   "check FILE",
		Short: "Say everything that is wrong with an inventory",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			inv, err := inventory.Load(args[0])
			if err != nil {
				return a.faults(err)
			}
			return a.print("%s: no faults: %d nodes, %d links, %d accesses, %d tenants, %d service levels\ndigest %s\n",
				args[0], len(inv.Network.Nodes), len(inv.Network.Links), len(inv.Network.Access),
				len(inv.Tenants), len(inv.Catalogue.Levels), inv.Digest)
		},
	}
	return group("inventory", "Look at inventories", check)
}
