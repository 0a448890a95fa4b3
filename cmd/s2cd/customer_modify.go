// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client"
)

// errUndone says that the network could not follow a change.
var errUndone = errors.New("the network could not follow: the session is what it was")

func newSessionModifyCmd(a *app, at *provider) *cobra.Command {
	var rates [2]uint64
	var name, sla, match string
	var noName, wait bool
	c := customerCall(a, at, "modify ID [--bandwidth RATE] [--sla LEVEL] [--name NAME]", "Change bandwidth, service level or name, without a gap",
		func(ctx context.Context, c *client.Client, id api.SessionId) (*client.Session, error) {
			change := client.Change{UpdateSession: api.UpdateSession{Name: given(name), Sla: given(api.Sla(strings.ToUpper(sla)))}, RemoveName: noName}
			if err := changeRates(&change, rates); err != nil {
				return nil, err
			}
			if change == (client.Change{}) {
				return nil, usagef("session modify: say what is to change")
			}
			var opts []client.CallOption
			if match != "" {
				opts = append(opts, client.WithIfMatch(match))
			}
			s, err := c.ModifySession(ctx, id, change, opts...)
			if err != nil || !wait {
				return s, err
			}
			if s, err = c.Wait(ctx, id, client.Settled, a.progress(a.stderr)); err != nil {
				return nil, err
			}
			if undone(change, s) {
				return nil, errUndone
			}
			return s, nil
		})
	f := c.Flags()
	f.Var(&textFlag[[2]uint64]{to: &rates, kind: "RATE", parse: parseRates}, "bandwidth", "guaranteed rate like 100Mbps, or 100Mbps/20Mbps there and back")
	f.StringVar(&sla, "sla", "", "service level: A, AA or AAA")
	f.StringVar(&name, "name", "", "a name of your own")
	f.BoolVar(&noName, "no-name", false, "remove the name")
	f.StringVar(&match, "if-match", "", "only if the session is in the state with this ETag, as 'session get' shows it")
	f.BoolVar(&wait, "wait", false, "wait until the network has followed")
	return c
}

// changeRates sets both rates where they were given.
func changeRates(change *client.Change, rates [2]uint64) error {
	if rates == [2]uint64{} {
		return nil
	}
	there, err := wholeMbps(rates[0])
	if err != nil {
		return err
	}
	back, err := wholeMbps(rates[1])
	change.GuaranteedBandwidth, change.GuaranteedReverseBandwidth = &there, &back
	return err
}

// undone reports whether a session is not as the change would have had it.
func undone(change client.Change, s *client.Session) bool {
	return *cmp.Or(change.GuaranteedBandwidth, &s.GuaranteedBandwidth) != s.GuaranteedBandwidth ||
		*cmp.Or(change.GuaranteedReverseBandwidth, &s.GuaranteedReverseBandwidth) != s.GuaranteedReverseBandwidth ||
		*cmp.Or(change.Sla, &s.Sla) != s.Sla
}
