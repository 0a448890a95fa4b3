// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound"
	"github.com/s2cd/s2cd/topology"
)

// rerouteAnswer is what the daemon says of sessions that are to leave a fault.
type rerouteAnswer struct {
	Sessions []rerouted `json:"sessions"`
	Moves    int        `json:"moves"`
	Stays    int        `json:"stays"`
	NoWay    int        `json:"noWay"`
	Failed   int        `json:"failed"`
}

// rerouted is one of them.
type rerouted struct {
	Session   string   `json:"sessionId"`
	Tenant    string   `json:"tenant,omitempty"`
	SLA       string   `json:"sla,omitempty"`
	Outcome   string   `json:"outcome"`
	Was       []string `json:"was,omitempty"`
	Is        []string `json:"is,omitempty"`
	RTTMicros uint32   `json:"rttMicros,omitempty"`
	Reason    string   `json:"reason,omitempty"`
}

func newRerouteCmd(a *app) *cobra.Command {
	var dryRun, asJSON bool
	c := &cobra.Command{
		Use:   "reroute [--dry-run]",
		Short: "Move sessions to where the network takes them now",
		Long: `Reserve, for every session that is reserved over what is down, in maintenance or
gone, or where the routers do not take it any more, the way that they take now.
The most important service level goes first. The old way is released when the
new one stands. A session for which there is no way keeps what it has. It may be
asked again at any time, also after it was interrupted.
Ends with 1 if a session has no way or was changed meanwhile; ask again then.`,
		Args: usage(cobra.NoArgs),
	}
	admin := a.adminFlag(c)
	c.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be done")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		method := http.MethodPost
		if dryRun {
			method = http.MethodGet
		}
		var answer rerouteAnswer
		if err := admin().patient().call(cmd.Context(), method, nil, nil, &answer, "reroute"); err != nil {
			return err
		}
		return a.tellReroute(answer, asJSON)
	}
	return c
}

func newWhatIfCmd(a *app) *cobra.Command {
	var links, nodes, drain []string
	var asJSON bool
	c := &cobra.Command{
		Use:   "what-if [--link-down NAME]... [--node-down NAME]... [--drain NAME]...",
		Short: "Say what reroute would do if links or nodes failed or were drained",
		Long: `Say what 's2cd reroute' would do if these links and nodes were down, or nodes in
maintenance, beside all that is so already. Nothing is changed. Ends with 1 if a
session would have no way.`,
		Args: usage(cobra.NoArgs),
	}
	admin := a.adminFlag(c)
	c.Flags().StringArrayVar(&links, "link-down", nil, "if this link were down; may be repeated")
	c.Flags().StringArrayVar(&nodes, "node-down", nil, "if this node were down; may be repeated")
	c.Flags().StringArrayVar(&drain, "drain", nil, "if this node were in maintenance; may be repeated")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(links)+len(nodes)+len(drain) == 0 {
			return usagef("what-if: give --link-down, --node-down or --drain")
		}
		var answer rerouteAnswer
		faults := northbound.Faults{LinksDown: links, NodesDown: nodeNames(nodes), Drain: nodeNames(drain)}
		if err := admin().patient().call(cmd.Context(), http.MethodPost, nil, faults, &answer, "what-if"); err != nil {
			return err
		}
		return a.tellReroute(answer, asJSON)
	}
	return c
}

func nodeNames(list []string) []topology.NodeName {
	var out []topology.NodeName
	for _, name := range list {
		out = append(out, topology.NodeName(name))
	}
	return out
}

// tellReroute prints an answer and fails if a session is left where it should
// not be.
func (a *app) tellReroute(answer rerouteAnswer, asJSON bool) error {
	write := func() error { return writeReroute(a.stdout, answer) }
	if asJSON {
		write = func() error { return a.printJSON(answer) }
	}
	if err := write(); err != nil {
		return err
	}
	if answer.NoWay+answer.Failed > 0 {
		return errFound
	}
	return nil
}

func writeReroute(w io.Writer, answer rerouteAnswer) error {
	lines := []string{"SESSION\tTENANT\tSLA\tOUTCOME\tWAS\tIS\tRTT\tREASON"}
	for _, s := range answer.Sessions {
		rtt := "-"
		if s.RTTMicros > 0 {
			rtt = (time.Duration(s.RTTMicros) * time.Microsecond).String()
		}
		lines = append(lines, strings.Join([]string{
			s.Session, s.Tenant, s.SLA, s.Outcome, way(s.Was), way(s.Is), rtt, s.Reason,
		}, "\t"))
	}
	if len(answer.Sessions) == 0 {
		lines = nil
	}
	lines = append(lines, fmt.Sprintf("%d sessions: %d move, %d stay, %d have no way, %d failed",
		len(answer.Sessions), answer.Moves, answer.Stays, answer.NoWay, answer.Failed))
	return writeTable(tabwriter.NewWriter(w, 0, 8, 2, ' ', 0), lines)
}

// way is a list of nodes in one cell of a table.
func way(nodes []string) string {
	if len(nodes) == 0 {
		return "-"
	}
	return strings.Join(nodes, " ")
}
