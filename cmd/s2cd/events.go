// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// operatorDeadLetter is a run of events that a sink did not take.
type operatorDeadLetter struct {
	Session string    `json:"sessionId"`
	Tenant  string    `json:"tenant"`
	After   uint64    `json:"after"`
	Last    uint64    `json:"last"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
}

// mostDeadLetters is what one answer holds at most.
const mostDeadLetters = 1000

func newEventsCmd(a *app) *cobra.Command {
	c := group("events", "Look after events that customers' sinks did not take")
	admin := a.adminFlag(c)
	c.AddCommand(newEventsDeadCmd(a, admin), newEventsReplayCmd(a, admin))
	return c
}

func newEventsDeadCmd(a *app, admin func() *operator) *cobra.Command {
	var session, tenant string
	var limit int
	var asJSON bool
	c := &cobra.Command{
		Use:   "dead",
		Short: "List events that were given up",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := deadLetters(cmd, admin(), session, tenant, limit)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(list)
			}
			lines := []string{"SESSION\tTENANT\tEVENTS\tGIVEN UP\tREASON"}
			for _, d := range list {
				events := strconv.FormatUint(d.After+1, 10) + "-" + strconv.FormatUint(d.Last, 10)
				lines = append(lines, strings.Join([]string{d.Session, d.Tenant, events, moment(d.At), d.Reason}, "\t"))
			}
			return writeTable(tabwriter.NewWriter(a.stdout, 0, 8, 2, ' ', 0), lines)
		},
	}
	c.Flags().StringVar(&session, "session", "", "only of this session")
	c.Flags().StringVar(&tenant, "tenant", "", "only of this tenant's")
	c.Flags().IntVar(&limit, "limit", 100, "at most so many, 1 to 1000")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func deadLetters(cmd *cobra.Command, o *operator, session, tenant string, limit int) ([]operatorDeadLetter, error) {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	for name, value := range map[string]string{"session": session, "tenant": tenant} {
		if value != "" {
			q.Set(name, value)
		}
	}
	var answer struct {
		DeadLetters []operatorDeadLetter `json:"deadLetters"`
	}
	err := o.call(cmd.Context(), http.MethodGet, q, nil, &answer, "dead-letters")
	return answer.DeadLetters, err
}

func newEventsReplayCmd(a *app, admin func() *operator) *cobra.Command {
	var tenant string
	c := &cobra.Command{
		Use:   "replay ID... | --tenant ID",
		Short: "Tell sessions' events again, from the first that was given up",
		Args: usage(func(_ *cobra.Command, args []string) error {
			if (len(args) == 0) == (tenant == "") {
				return usagef("name sessions, or a --tenant")
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, ids []string) error {
			if tenant == "" {
				return a.replay(cmd, admin(), ids)
			}
			list, err := deadLetters(cmd, admin(), "", tenant, mostDeadLetters)
			if err != nil {
				return err
			}
			if err := a.replay(cmd, admin(), sessionsOf(list)); err != nil || len(list) < mostDeadLetters {
				return err
			}
			return a.print("there may be more: repeat\n")
		},
	}
	c.Flags().StringVar(&tenant, "tenant", "", "all sessions of this tenant that have dead letters")
	return c
}

// sessionsOf lists the sessions of dead letters, each once.
func sessionsOf(list []operatorDeadLetter) []string {
	var ids []string
	for i, d := range list { // they come sorted by session
		if i == 0 || d.Session != list[i-1].Session {
			ids = append(ids, d.Session)
		}
	}
	return ids
}

func (a *app) replay(cmd *cobra.Command, o *operator, ids []string) error {
	for _, id := range ids {
		var answer struct {
			Events int `json:"events"`
		}
		if err := o.call(cmd.Context(), http.MethodPost, nil, nil, &answer, "dead-letters", id, "replay"); err != nil {
			return err
		}
		if err := a.print("%s: %d events are told again\n", id, answer.Events); err != nil {
			return err
		}
	}
	return nil
}
