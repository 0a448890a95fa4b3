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
	return writeTable(tabwriter.NewWriter(w, 0, 8, 2, ' ', 0), answer.lines())
}

func (answer rerouteAnswer) lines() []string {
	lines := []string{"SESSION\tTENANT\tSLA\tOUTCOME\tWAS\tIS\tRTT\tREASON"}
	for _, s := range answer.Sessions {
		lines = append(lines, strings.Join([]string{
			s.Session, s.Tenant, s.SLA, s.Outcome, way(s.Was), way(s.Is), rtt(s.RTTMicros), s.Reason,
		}, "\t"))
	}
	if len(answer.Sessions) == 0 {
		lines = nil
	}
	return append(lines, fmt.Sprintf("%d sessions: %d move, %d stay, %d have no way, %d failed",
		len(answer.Sessions), answer.Moves, answer.Stays, answer.NoWay, answer.Failed))
}

// way is a list of nodes in one cell of a table.
func way(nodes []string) string {
	if len(nodes) == 0 {
		return "-"
	}
	return strings.Join(nodes, " ")
}

// rtt is a round trip in one cell of a table.
func rtt(micros uint32) string {
	if micros == 0 {
		return "-"
	}
	return (time.Duration(micros) * time.Microsecond).String()
}
