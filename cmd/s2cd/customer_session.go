// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client"
)

func newSessionCmd(a *app) *cobra.Command {
	c := group("session", "Order and use sessions at a provider, as its customer")
	at := a.customerFlags(c)
	c.AddCommand(
		newSessionCreateCmd(a, at), newSessionGetCmd(a, at), newSessionListCmd(a, at), newSessionModifyCmd(a, at), newSessionExtendCmd(a, at),
		newSessionDeleteCmd(a, at), newSessionWatchCmd(a, at), newSessionPerformanceCmd(a, at),
	)
	markCustomer(c.Commands()...)
	return c
}

// customerCall is a command on one session: it connects, calls and shows the
// session that comes back.
func customerCall(a *app, at *provider, use, short string, call func(context.Context, *client.Client, api.SessionId) (*client.Session, error)) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   use,
		Short: short,
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := sessionID(args[0])
			if err != nil {
				return err
			}
			c, err := at.connect(cmd.Context())
			if err != nil {
				return err
			}
			s, err := call(cmd.Context(), c, id)
			if err != nil {
				return err
			}
			return a.showSession(s, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func sessionID(text string) (api.SessionId, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return id, usagef("want a session's id, a UUID, got %q", text)
	}
	return id, nil
}

func newSessionCreateCmd(a *app, at *provider) *cobra.Command {
	var w wish
	var name, routing, offer, sink, key string
	var asJSON, wait bool
	c := &cobra.Command{
		Use:   "create --from ACCESS-POINT --to ACCESS-POINT --bandwidth RATE --sla LEVEL [--wait]",
		Short: "Order a session",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			order, err := w.order(a)
			if err != nil {
				return err
			}
			order.Name = cmp.Or(given(name), order.Name)
			order.OfferId = cmp.Or(given(offer), order.OfferId)
			order.Sink = cmp.Or(given(sink), order.Sink)
			order.RoutingProtocol = cmp.Or(given(api.RoutingProtocol(strings.ToUpper(routing))), order.RoutingProtocol)
			c, err := at.connect(cmd.Context())
			if err != nil {
				return err
			}
			var opts []client.CallOption
			if key != "" {
				opts = append(opts, client.WithIdempotencyKey(key))
			}
			s, err := c.CreateSession(cmd.Context(), order, opts...)
			if err == nil && wait {
				s, err = c.Wait(cmd.Context(), s.SessionId, client.Ordered, a.progress(a.stderr))
			}
			if err != nil {
				return err
			}
			return a.showSession(s, asJSON)
		},
	}
	w.flags(c)
	f := c.Flags()
	f.StringVar(&name, "name", "", "a name of your own")
	f.StringVar(&routing, "routing", "", "static or bgp")
	f.StringVar(&offer, "offer", "", "the offer of a check whose price it is to have")
	f.StringVar(&sink, "sink", "", "https URL that is told of every change")
	f.StringVar(&key, "key", "", "idempotency key: with the same one and the same order nothing is ordered twice")
	f.BoolVar(&wait, "wait", false, "wait until it is proven, or until it is scheduled")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func newSessionGetCmd(a *app, at *provider) *cobra.Command {
	return customerCall(a, at, "get ID", "Show a session: what was bought, what is delivered, what it takes to connect",
		func(ctx context.Context, c *client.Client, id api.SessionId) (*client.Session, error) {
			return c.GetSession(ctx, id)
		})
}

func newSessionExtendCmd(a *app, at *provider) *cobra.Command {
	var by api.Duration
	c := customerCall(a, at, "extend ID --by DURATION", "Add time to a session",
		func(ctx context.Context, c *client.Client, id api.SessionId) (*client.Session, error) {
			if by == 0 {
				return nil, usagef("session extend: give --by")
			}
			return c.ExtendSession(ctx, id, by)
		})
	c.Flags().Var(&textFlag[api.Duration]{to: &by, kind: "DURATION", parse: parseLength}, "by", "how much longer, like 1h or 7d")
	return c
}

func newSessionDeleteCmd(a *app, at *provider) *cobra.Command {
	var wait bool
	c := customerCall(a, at, "delete ID [--wait]", "End a session and show its account",
		func(ctx context.Context, c *client.Client, id api.SessionId) (*client.Session, error) {
			s, err := c.DeleteSession(ctx, id)
			if err != nil || !wait {
				return s, err
			}
			last, err := c.WaitEnd(ctx, id, a.progress(a.stderr))
			if last == nil && client.IsNotFound(err) { // it was gone at once
				return s, nil
			}
			return last, err
		})
	c.Flags().BoolVar(&wait, "wait", false, "wait until nothing is left of it")
	return c
}

func newSessionWatchCmd(a *app, at *provider) *cobra.Command {
	var asJSON bool
	var until string
	c := &cobra.Command{
		Use:   "watch ID [--until activated|ended]",
		Short: "Print each change of a session until it has ended",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := sessionID(args[0])
			if err != nil {
				return err
			}
			c, err := at.connect(cmd.Context())
			if err != nil {
				return err
			}
			say := a.progress(a.stdout)
			if asJSON {
				say = func(s *client.Session) { _ = a.printJSONLine(s) } // the next read tells whether anybody listens
			}
			switch until {
			case "activated":
				_, err = c.Wait(cmd.Context(), id, client.Ordered, say)
			case "ended":
				_, err = c.WaitEnd(cmd.Context(), id, say)
			default:
				err = usagef("session watch: --until: want activated or ended, got %q", until)
			}
			return err
		},
	}
	c.Flags().StringVar(&until, "until", "ended", "when to stop: activated or ended")
	c.Flags().BoolVar(&asJSON, "json", false, "print each state as a line of JSON")
	return c
}

// progress prints a line for each state of a session: the time since now, and
// what is going on in words.
func (a *app) progress(w io.Writer) func(*client.Session) {
	begin := a.now()
	return func(s *client.Session) {
		elapsed := a.now().Sub(begin).Round(time.Second)
		_, _ = fmt.Fprintf(w, "%6s  %-10s  %s\n", elapsed, s.Status, s.StatusMessage) // it is told again in the end
	}
}
