// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/topology"
)

// whatIfQuestion asks the daemon what would be.
type whatIfQuestion struct {
	northbound.Faults

	SetCapacity []northbound.LinkRate `json:"setCapacity,omitempty"`
	AddCapacity []northbound.LinkRate `json:"addCapacity,omitempty"`
	Orders      []whatIfOrder         `json:"orders,omitempty"`
}

// whatIfOrder is an order that could come.
type whatIfOrder struct {
	Name            string    `json:"name"`
	From            string    `json:"from"`
	To              string    `json:"to"`
	SecondFrom      string    `json:"secondFrom,omitempty"`
	SecondTo        string    `json:"secondTo,omitempty"`
	Kbps            [2]uint64 `json:"kbps"`
	MaxRTTMicros    uint32    `json:"maxRttMicros,omitempty"`
	Start           time.Time `json:"start,omitzero"`
	DurationSeconds uint32    `json:"durationSeconds,omitempty"`
	SLA             string    `json:"sla"`
	Protected       bool      `json:"protected,omitempty"`
}

// whatIf is the question as flags give it.
type whatIf struct {
	links, nodes, drain []string
	set, add            linkRates
	orders              string // file
	asJSON              bool
}

func newWhatIfCmd(a *app) *cobra.Command {
	w := &whatIf{}
	c := &cobra.Command{
		Use:   "what-if [--link-down NAME]... [--node-down NAME]... [--drain NAME]... [--set-capacity NAME=RATE]... [--add-capacity NAME=RATE]... [--orders FILE]",
		Short: "Say what would become of sessions and orders if the network were another",
		Long: `Say what 's2cd reroute' would do if these links and nodes were down, nodes in
maintenance and links of other capacity, beside all that is so already; and which
of the orders in a file would be admitted then, one after the other, beside the
sessions where they would be. Nothing is changed. Ends with 1 if a session would
have no way, or an order would be refused.

The file is CSV whose first line names the columns, or a list of objects in JSON:
  from, to               node, or accesses on the way in (port:PE:PORT,
                         gateway:NODE,handoff:NAME)
  bandwidth              500Mbps, or 500Mbps/100Mbps there and back
  sla                    service level
and, where wanted:
  name                   for the answer; else its line
  latency                bound on the round trip, beside that of the level
  start, duration        RFC 3339, now by default; 2h or 30d
  protected              true: on two ways that fail apart; then also
  secondFrom, secondTo   where the second way ends`,
		Args: usage(cobra.NoArgs),
	}
	admin := a.adminFlag(c)
	c.Flags().StringArrayVar(&w.links, "link-down", nil, "if this link were down; may be repeated")
	c.Flags().StringArrayVar(&w.nodes, "node-down", nil, "if this node were down; may be repeated")
	c.Flags().StringArrayVar(&w.drain, "drain", nil, "if this node were in maintenance; may be repeated")
	capacityFlags(c.Flags(), &w.set, &w.add)
	c.Flags().StringVar(&w.orders, "orders", "", "if these orders came then: `file`, CSV or JSON")
	c.Flags().BoolVar(&w.asJSON, "json", false, "print JSON")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(w.links)+len(w.nodes)+len(w.drain)+len(w.set)+len(w.add) == 0 && w.orders == "" {
			return usagef("what-if: give --link-down, --node-down, --drain, --set-capacity, --add-capacity or --orders")
		}
		q, err := w.question(a)
		if err != nil {
			return err
		}
		var answer whatIfAnswer
		if err := admin().patient().call(cmd.Context(), http.MethodPost, nil, q, &answer, "what-if"); err != nil {
			return err
		}
		return answer.tell(a, q.Orders, w.asJSON)
	}
	return c
}

// question reads the file too.
func (w *whatIf) question(a *app) (whatIfQuestion, error) {
	q := whatIfQuestion{
		Faults:      northbound.Faults{LinksDown: w.links, NodesDown: nodeNames(w.nodes), Drain: nodeNames(w.drain)},
		SetCapacity: w.set, AddCapacity: w.add,
	}
	if w.orders == "" {
		return q, nil
	}
	orders, err := readOrders(w.orders)
	if err != nil {
		return q, a.faults(err)
	}
	for _, o := range orders {
		q.Orders = append(q.Orders, whatIfOrder{
			Name: o.Name, From: o.From, To: o.To, SecondFrom: o.SecondFrom, SecondTo: o.SecondTo, Kbps: o.Bandwidth,
			MaxRTTMicros: uint32(o.Latency / time.Microsecond), Start: o.Start.Time, //nolint:gosec // an hour at most
			DurationSeconds: uint32(o.Duration / time.Second), SLA: o.SLA, Protected: o.Protected, //nolint:gosec // 20,000 days at most
		})
	}
	return q, nil
}

func nodeNames(list []string) []topology.NodeName {
	var out []topology.NodeName
	for _, name := range list {
		out = append(out, topology.NodeName(name))
	}
	return out
}
