// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// operatorKeys is what is told of the keys of notifications.
type operatorKeys struct {
	JWKSURI string `json:"jwksUri"`
	Keys    []struct {
		Signs time.Time `json:"signs,omitzero"`
		Until time.Time `json:"until,omitzero"`
	} `json:"keys"`
}

func newKeysCmd(a *app) *cobra.Command {
	c := group("keys", "Look after the keys that sinks' tokens are fetched with")
	admin := a.adminFlag(c)
	list := &cobra.Command{
		Use:   "list",
		Short: "List the keys, oldest first, and where customers find them",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var k operatorKeys
			if err := admin().call(cmd.Context(), http.MethodGet, nil, nil, &k, "notification-keys"); err != nil {
				return err
			}
			return a.writeKeys(k)
		},
	}
	var atOnce bool
	rotate := &cobra.Command{
		Use:   "rotate",
		Short: "Make a new key; the old ones stay published for a while",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var k operatorKeys
			body := map[string]bool{"atOnce": atOnce}
			if err := admin().call(cmd.Context(), http.MethodPost, nil, body, &k, "notification-keys"); err != nil {
				return err
			}
			return a.writeKeys(k)
		},
	}
	rotate.Flags().BoolVar(&atOnce, "at-once", false, "after a leak: the new key signs now, the old ones are withdrawn")
	c.AddCommand(list, rotate)
	return c
}

func (a *app) writeKeys(k operatorKeys) error {
	lines := []string{"SIGNS FROM\tPUBLISHED UNTIL"}
	for _, one := range k.Keys {
		lines = append(lines, moment(one.Signs)+"\t"+moment(one.Until))
	}
	if err := writeTable(tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0), lines); err != nil {
		return err
	}
	return a.print("published at %s\n", k.JWKSURI)
}
