// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound"
)

func newDeviceCmd(a *app) *cobra.Command {
	c := group("device", "Look at managed devices")
	admin := a.adminFlag(c)
	var asJSON bool
	list := &cobra.Command{
		Use:   "list",
		Short: "List devices, what state they are in and why",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var answer struct {
				Devices []northbound.DeviceStatus `json:"devices"`
			}
			if err := admin().call(cmd.Context(), http.MethodGet, nil, nil, &answer, "devices"); err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(answer)
			}
			lines := []string{"DEVICE\tPLATFORM\tSTATE\tSINCE\tSESSIONS\tREASON"}
			for _, d := range answer.Devices {
				lines = append(lines, strings.Join([]string{
					string(d.Device), d.Platform, d.State, moment(d.Since), strconv.Itoa(d.Sessions), d.Reason,
				}, "\t"))
			}
			return writeTable(tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0), lines)
		},
	}
	list.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.AddCommand(list)
	return c
}
