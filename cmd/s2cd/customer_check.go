// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound/api"
)

func newCheckCmd(a *app) *cobra.Command {
	var w wish
	var asJSON, hold bool
	c := &cobra.Command{
		Use:   "check --from ACCESS-POINT --to ACCESS-POINT --bandwidth RATE [--duration DURATION]",
		Short: "Ask a provider what can be had between two access points, and at what price",
		Args:  usage(cobra.NoArgs),
	}
	at := a.customerFlags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		q, err := w.check(a)
		if err != nil {
			return err
		}
		q.Hold = cmp.Or(given(hold), q.Hold)
		c, err := at.connect(cmd.Context())
		if err != nil {
			return err
		}
		answer, err := c.CheckAvailability(cmd.Context(), q)
		if err != nil {
			return err
		}
		return a.showAvailability(answer, asJSON)
	}
	w.flags(c)
	c.Flags().BoolVar(&hold, "hold", false, "keep the room of what can be had for a while, for an order that names the offer")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	markCustomer(c)
	return c
}

// showAvailability prints what can be had; nothing at all is told by its error too.
func (a *app) showAvailability(answer *api.AvailabilityInfo, asJSON bool) error {
	var err error
	if asJSON {
		err = a.printJSON(answer)
	} else {
		err = a.writeAvailability(answer)
	}
	if err == nil && answer.Availability == api.UNAVAILABLE {
		return errRefused
	}
	return err
}

func (a *app) writeAvailability(answer *api.AvailabilityInfo) error {
	if err := a.print("%s\n", answer.Availability); err != nil {
		return err
	}
	tw := tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0)
	var lines []string
	if len(answer.Offers) > 0 {
		lines = append(lines, "SLA\tFEE\tSET-UP\tUSAGE\tPROTECTION\tLATENCY\tFROM\tVALID UNTIL\tHELD UNTIL\tOFFER")
	}
	for _, o := range answer.Offers {
		from := "now"
		if o.AvailableFrom != nil {
			from = o.AvailableFrom.UTC().Format(time.RFC3339)
		}
		lines = append(lines, strings.Join([]string{
			string(o.Sla), money(o.Fee), money(o.SetUpFee), money(o.UsageFee), money(o.ProtectionFee), latencies(o), from,
			moment(o.ValidUntil), optionalMoment(o.HeldUntil), o.OfferId,
		}, "\t"))
	}
	if err := writeTable(tw, lines); err != nil {
		return err
	}
	for _, r := range answer.Refusals {
		if err := a.print("%s\n", refusalText(r)); err != nil {
			return err
		}
	}
	return nil
}

// refusalText says why a level cannot be had and what would fit.
func refusalText(r api.Refusal) string {
	text := fmt.Sprintf("%s cannot be had: %s (%s)", r.Sla, r.ContextMessage, r.ContextCode)
	if r.MostBandwidth != nil {
		text += fmt.Sprintf("; %d Mbit/s would fit", *r.MostBandwidth)
	}
	if r.LeastLatency != nil {
		text += fmt.Sprintf("; the least latency is %g ms", *r.LeastLatency)
	}
	if r.OtherSla != nil {
		text += fmt.Sprintf("; %s can be had", *r.OtherSla)
	}
	return text
}

func money(m api.Amount) string { return m.Amount + " " + m.Currency }

// orDash renders an optional property.
func orDash[T ~string](p *T) string {
	if p == nil || *p == "" {
		return "-"
	}
	return escaped(string(*p), "") // a tab would be another column
}

// latencies are those of the ways of an offer.
func latencies(o api.Offer) string {
	if o.ProtectionLatency == nil {
		return fmt.Sprintf("%g ms", o.Latency)
	}
	return fmt.Sprintf("%g and %g ms", o.Latency, *o.ProtectionLatency)
}
