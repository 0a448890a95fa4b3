// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound/api"
)

func newSessionPerformanceCmd(a *app, at *provider) *cobra.Command {
	var limit int
	var asJSON bool
	c := &cobra.Command{
		Use:   "performance ID",
		Short: "Show what was delivered of a session against what was bought, and when it was not",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := sessionID(args[0])
			if err != nil {
				return err
			}
			if limit < 1 || limit > 100 {
				return usagef("session performance: --limit: want 1 to 100, got %d", limit)
			}
			c, err := at.connect(cmd.Context())
			if err != nil {
				return err
			}
			p, err := c.GetPerformance(cmd.Context(), id, api.GetSessionPerformanceParams{PerPage: new(api.PageSize(limit))})
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(p)
			}
			return a.writePerformance(p)
		},
	}
	c.Flags().IntVar(&limit, "limit", 20, "the newest windows, at most so many, 1 to 100")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// writePerformance prints the sum, the windows and the guarantee log.
func (a *app) writePerformance(p *api.SessionPerformance) error {
	b := p.Purchased
	lines := []string{
		"FROM\tUNTIL\tVERDICT\tMET\tBREACHED\tUNKNOWN\tLATENCY\tLOSS\tAVAILABLE",
		strings.Join([]string{"bought", "", string(b.Sla), "", "", "", unit(b.MaxLatency, " ms"), unit(b.MaxPacketLossRate, "%"), unit(b.Availability, "%")}, "\t"),
	}
	if p.Delivered != nil {
		lines = append(lines, "in all\t"+measured(p.Delivered))
	}
	for i := range p.Windows {
		lines = append(lines, moment(p.Windows[i].From)+"\t"+measured(&p.Windows[i]))
	}
	if err := writeTable(tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0), lines); err != nil {
		return err
	}
	for _, e := range p.GuaranteeLog {
		if err := a.print("%s to %s %s: %s\n", moment(e.From), optionalMoment(e.Until), e.Kind, e.Detail); err != nil {
			return err
		}
	}
	return nil
}

// measured renders what follows the beginning of a window.
func measured(m *api.Measurement) string {
	return fmt.Sprintf("%s\t%s\t%g s\t%g s\t%g s\t%s\t%s\t%s", moment(m.Until), m.Verdict, m.MetSeconds, m.BreachedSeconds, m.UnknownSeconds,
		unit(m.Latency, " ms"), unit(m.PacketLossRate, "%"), unit(m.Availability, "%"))
}

// unit renders a number that may be unknown.
func unit(v *float64, name string) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%g%s", *v, name)
}
