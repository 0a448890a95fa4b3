// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// operatorSession is a session as operators see it.
type operatorSession struct {
	ID          string           `json:"sessionId"`
	Tenant      string           `json:"tenant"`
	Name        string           `json:"name,omitempty"`
	Status      string           `json:"status"`
	StatusInfo  string           `json:"statusInfo,omitempty"`
	Phase       string           `json:"phase"`
	Decision    string           `json:"decision"`
	Reason      string           `json:"reason,omitempty"`
	SLA         string           `json:"sla"`
	Kbps        [2]uint64        `json:"kbps"` // forward, reverse
	AccessPoint string           `json:"accessPoint"`
	EndPoint    string           `json:"endPoint"`
	VRF         string           `json:"vrf,omitempty"`
	Forward     []string         `json:"forward,omitempty"`
	Reverse     []string         `json:"reverse,omitempty"`
	Second      *operatorWay     `json:"second,omitempty"`
	CreatedAt   time.Time        `json:"createdAt,omitzero"`
	StartedAt   time.Time        `json:"startedAt,omitzero"`
	ExpiresAt   time.Time        `json:"expiresAt,omitzero"`
	EndedAt     time.Time        `json:"endedAt,omitzero"`
	Former      *operatorTerms   `json:"former,omitempty"`
	Account     *operatorAccount `json:"account,omitempty"`
	Devices     []operatorDevice `json:"devices,omitempty"`
	Timeline    []operatorEvent  `json:"timeline,omitempty"`
}

// operatorWay is the second way of a protected session.
type operatorWay struct {
	Forward []string `json:"forward"`
	Reverse []string `json:"reverse"`
	Meets   bool     `json:"meets,omitempty"` // the first
}

// operatorTerms is what a session was before a change that is under way.
type operatorTerms struct {
	SLA  string    `json:"sla"`
	Kbps [2]uint64 `json:"kbps"` // forward, reverse
	By   time.Time `json:"by"`
}

// operatorDevice is what is known of a session on a device.
type operatorDevice struct {
	Device string    `json:"device"`
	Have   string    `json:"have"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at,omitzero"`
}

// operatorEvent is one line of a session's timeline.
type operatorEvent struct {
	Seq    uint64    `json:"seq"`
	At     time.Time `json:"at"`
	Status string    `json:"status"`
	Phase  string    `json:"phase"`
	Cause  string    `json:"cause,omitempty"`
}

// newOperatorCmd holds the operator's view of what customers have a view of too.
func newOperatorCmd(a *app) *cobra.Command {
	c := group("session", "Look at sessions of all tenants")
	admin := a.adminFlag(c)
	c.AddCommand(newOperatorListCmd(a, admin), newOperatorShowCmd(a, admin))
	return group("operator", "What the provider's operators see that customers see otherwise", c)
}

func newOperatorListCmd(a *app, admin func() *operator) *cobra.Command {
	var tenant, status string
	var limit int
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List sessions, newest first",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{"limit": {strconv.Itoa(limit)}}
			for name, value := range map[string]string{"tenant": tenant, "status": status} {
				if value != "" {
					q.Set(name, value)
				}
			}
			var answer struct {
				Sessions []operatorSession `json:"sessions"`
				Total    int               `json:"total"`
			}
			if err := admin().call(cmd.Context(), http.MethodGet, q, nil, &answer, "sessions"); err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(answer)
			}
			if err := writeSessions(a.stdout, answer.Sessions); err != nil {
				return err
			}
			return a.print("%d of %d\n", len(answer.Sessions), answer.Total)
		},
	}
	c.Flags().StringVar(&tenant, "tenant", "", "only this tenant's")
	c.Flags().StringVar(&status, "status", "", "only with this status")
	c.Flags().IntVar(&limit, "limit", 100, "at most so many, 1 to 1000")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func newOperatorShowCmd(a *app, admin func() *operator) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "show ID",
		Short: "Show a session, its devices and its timeline",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var s operatorSession
			if err := admin().call(cmd.Context(), http.MethodGet, nil, nil, &s, "sessions", args[0]); err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(s)
			}
			return writeSession(a.stdout, s)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // arcs are called link:NAME>
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

func writeSessions(w io.Writer, list []operatorSession) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	lines := []string{"ID\tTENANT\tSTATUS\tPHASE\tSLA\tMBIT/S\tFROM\tTO\tREASON"}
	for _, s := range list {
		lines = append(lines, strings.Join([]string{
			s.ID, s.Tenant, s.Status, s.Phase, s.SLA, mbps(s), s.AccessPoint, s.EndPoint, s.Reason,
		}, "\t"))
	}
	return writeTable(tw, lines)
}

func writeSession(w io.Writer, s operatorSession) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	lines := []string{
		"id\t" + s.ID, "tenant\t" + s.Tenant, "name\t" + escaped(s.Name, ""),
		"status\t" + strings.TrimSpace(s.Status+" "+s.StatusInfo), "phase\t" + s.Phase + ", decided " + s.Decision,
		"reason\t" + s.Reason, "level\t" + s.SLA + ", " + mbps(s) + " Mbit/s",
		"between\t" + s.AccessPoint + " and " + s.EndPoint, "vrf\t" + s.VRF, "forward\t" + strings.Join(s.Forward, " "), "reverse\t" + strings.Join(s.Reverse, " "),
		"created\t" + moment(s.CreatedAt), "started\t" + moment(s.StartedAt), "expires\t" + moment(s.ExpiresAt),
	}
	if way := s.Second; way != nil {
		meets := ""
		if way.Meets {
			meets = ", meets the first"
		}
		lines = append(lines, "second\t"+strings.Join(way.Forward, " ")+meets)
	}
	if !s.EndedAt.IsZero() {
		lines = append(lines, "ended\t"+moment(s.EndedAt))
	}
	if f := s.Former; f != nil {
		lines = append(lines, fmt.Sprintf("was\t%s, %s Mbit/s, and is again if devices do not follow by %s", f.SLA, bothMbit(f.Kbps), moment(f.By)))
	}
	lines = append(lines, s.Account.lines()...)
	for _, d := range s.Devices {
		lines = append(lines, fmt.Sprintf("device\t%s: %s %s", d.Device, d.Have, d.Reason))
	}
	for _, e := range s.Timeline {
		lines = append(lines, fmt.Sprintf("event %d\t%s %s %s %s", e.Seq, moment(e.At), e.Status, e.Phase, e.Cause))
	}
	return writeTable(tw, lines)
}

func writeTable(tw *tabwriter.Writer, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(tw, line); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

// mbps renders both directions of a session's rate.
func mbps(s operatorSession) string { return bothMbit(s.Kbps) }

func bothMbit(kbps [2]uint64) string {
	if kbps[0] == kbps[1] {
		return mbit(kbps[0])
	}
	return mbit(kbps[0]) + "/" + mbit(kbps[1])
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
