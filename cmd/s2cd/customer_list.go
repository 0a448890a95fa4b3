// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client"
)

func newSessionListCmd(a *app, at *provider) *cobra.Command {
	var statuses, levels []string
	var name string
	var limit int
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List your sessions, newest first",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usagef("session list: --limit: want 1 or more, got %d", limit)
			}
			filter := api.ListSessionsParams{PerPage: new(api.PageSize(min(limit, 100)))}
			if len(statuses) > 0 {
				filter.Status = new(words[api.Status](statuses))
			}
			if len(levels) > 0 {
				filter.Sla = new(words[api.Sla](levels))
			}
			filter.Name = given(name)
			c, err := at.connect(cmd.Context())
			if err != nil {
				return err
			}
			list := []*client.Session{}
			for s, err := range c.Sessions(cmd.Context(), filter) {
				if err != nil {
					return err
				}
				if list = append(list, s); len(list) == limit {
					break
				}
			}
			if asJSON {
				return a.printJSON(list)
			}
			return a.writeList(list)
		},
	}
	c.Flags().StringSliceVar(&statuses, "status", nil, "only in these states: REQUESTED, SCHEDULED, ACTIVATED, TERMINATED")
	c.Flags().StringSliceVar(&levels, "sla", nil, "only of these service levels")
	c.Flags().StringVar(&name, "name", "", "only with this name")
	c.Flags().IntVar(&limit, "limit", 100, "at most so many")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// words makes enumerated values of a flag's.
func words[T ~string](list []string) []T {
	out := make([]T, 0, len(list))
	for _, w := range list {
		out = append(out, T(strings.ToUpper(w)))
	}
	return out
}

func (a *app) writeList(list []*client.Session) error {
	lines := []string{"ID\tNAME\tSTATUS\tSLA\tMBIT/S\tFROM\tTO\tEXPIRES\tFEE"}
	for _, s := range list {
		lines = append(lines, strings.Join([]string{
			s.SessionId.String(), orDash(s.Name), statusText(s), string(s.Sla), bandwidthText(s), pointText(s.AccessPoint), pointText(s.EndPoint),
			optionalMoment(s.ExpiresAt), money(s.Fee),
		}, "\t"))
	}
	return writeTable(tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0), lines)
}

// showSession prints one session.
func (a *app) showSession(s *client.Session, asJSON bool) error {
	if asJSON {
		return a.printJSON(s)
	}
	lines := []string{
		"id\t" + s.SessionId.String(), "name\t" + orDash(s.Name), "status\t" + statusText(s) + ", " + s.StatusMessage,
		"level\t" + string(s.Sla) + ", " + bandwidthText(s) + " Mbit/s", "between\t" + pointText(s.AccessPoint) + " and " + pointText(s.EndPoint),
		"started\t" + optionalMoment(s.StartedAt), "expires\t" + optionalMoment(s.ExpiresAt), "fee so far\t" + money(s.Fee),
	}
	if s.Actual.Latency != nil {
		lines = append(lines, fmt.Sprintf("measured\t%g ms, %g%% lost", *s.Actual.Latency, deref(s.Actual.PacketLossRate)))
	}
	lines = append(lines, handoverLine("at "+pointText(s.AccessPoint), s.Handover.AccessPoint), handoverLine("at "+pointText(s.EndPoint), s.Handover.EndPoint))
	if a, z := s.Handover.SecondaryAccessPoint, s.Handover.SecondaryEndPoint; a != nil && z != nil {
		lines = append(lines, handoverLine("and "+pointText(s.AccessPoint), *a), handoverLine("and "+pointText(s.EndPoint), *z))
	}
	if s.ETag != "" {
		lines = append(lines, "etag\t"+s.ETag)
	}
	return writeTable(tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0), lines)
}

// handoverLine says what the customer's own equipment needs at one end.
func handoverLine(name string, h api.HandoverEnd) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if h.VlanId != nil {
		add("VLAN %d", *h.VlanId)
	}
	if addresses := deref(h.ProviderIpAddresses); len(addresses) > 0 {
		add("provider %s", strings.Join(addresses, " "))
	}
	if h.CustomerIpAddress != nil {
		add("you %s", *h.CustomerIpAddress)
	}
	if h.ProviderAsNumber != nil {
		add("provider's AS %d", *h.ProviderAsNumber)
	}
	if t := h.Tunnel; t != nil {
		add("tunnel to %s port %d", t.Endpoint.IpAddress, t.Endpoint.Port)
		if t.PublicKey != nil {
			add("its key %s", *t.PublicKey)
		}
	}
	if h.Mtu != nil {
		add("MTU %d", *h.Mtu)
	}
	if len(parts) == 0 {
		add("-")
	}
	return name + "\t" + strings.Join(parts, ", ")
}

// printJSONLine prints v as one line.
func (a *app) printJSONLine(v any) error {
	if err := json.NewEncoder(a.stdout).Encode(v); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}

func statusText(s *client.Session) string {
	return strings.TrimSpace(string(s.Status) + " " + string(deref(s.StatusInfo)))
}

func bandwidthText(s *client.Session) string {
	there, back := strconv.Itoa(int(s.GuaranteedBandwidth)), strconv.Itoa(int(s.GuaranteedReverseBandwidth))
	if there == back {
		return there
	}
	return there + "/" + back
}

func pointText(p api.AccessPoint) string {
	if p.Id != nil {
		return *p.Id
	}
	return orDash(p.PrimaryIpAddress)
}

func optionalMoment(t *time.Time) string { return moment(deref(t)) }

// deref is what an optional property holds, or nothing.
func deref[T any](p *T) T {
	var none T
	if p == nil {
		return none
	}
	return *p
}
