// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/s2cd/s2cd/northbound/api"
)

// wish is what a customer wants, as flags: what can be asked for and what can be
// ordered have it in common. What is not given is left out of the request.
type wish struct {
	file      string // of a request's body; flags change what it says
	from, to  end
	rates     [2]uint64 // kbit/s there and back; zero: not given
	sla       string
	protected bool
	start     time.Time
	duration  api.Duration
}

// end is one end of it.
type end struct {
	at, secondary   string
	prefixes        []string
	as              int64
	tunnel, tunnel2 tunnel
}

// tunnel is the customer's end of a tunnel.
type tunnel struct{ key, endpoint string }

func (w *wish) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&w.file, "file", "", "take the request from this file of JSON (- for standard input), changed by the other flags")
	for name, e := range map[string]*end{"from": &w.from, "to": &w.to} {
		f.StringVar(&e.at, name, "", "access point by its id, or SITE:ADDRESS or CLOUD:ADDRESS")
		f.StringVar(&e.secondary, name+"-secondary", "", "its second address, for protection")
		f.StringArrayVar(&e.prefixes, name+"-prefix", nil, "prefix behind it; may be repeated")
		f.Int64Var(&e.as, name+"-as", 0, "its AS number, for BGP")
		f.StringVar(&e.tunnel.key, name+"-wireguard-key", "", "public key of your own tunnel end there")
		f.StringVar(&e.tunnel.endpoint, name+"-wireguard-endpoint", "", "its address and port")
		f.StringVar(&e.tunnel2.key, name+"-secondary-wireguard-key", "", "public key of your end of the second tunnel, for protection")
		f.StringVar(&e.tunnel2.endpoint, name+"-secondary-wireguard-endpoint", "", "its address and port")
	}
	f.Var(&textFlag[[2]uint64]{to: &w.rates, kind: "RATE", parse: parseRates}, "bandwidth", "guaranteed rate like 100Mbps, or 100Mbps/20Mbps there and back")
	f.StringVar(&w.sla, "sla", "", "service level: A, AA or AAA")
	f.BoolVar(&w.protected, "protected", false, "two disjoint ways")
	f.Var(&textFlag[time.Time]{to: &w.start, kind: "TIME", parse: parseStart}, "start", "when it begins, like 2030-01-31T08:00:00Z; now by default")
	f.Var(&textFlag[api.Duration]{to: &w.duration, kind: "DURATION", parse: parseLength}, "duration", "how long it lasts, like 8h or 30d")
}

func parseStart(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("want a time with zone like 2030-01-31T08:00:00Z, got %q", text)
	}
	return t, nil
}

// parseLength reads a duration as the API has it, in whole seconds.
func parseLength(text string) (api.Duration, error) {
	d, err := parseDuration(text)
	if err == nil && d/time.Second > math.MaxInt32 {
		err = fmt.Errorf("want a duration up to 68 years, got %q", text)
	}
	return api.Duration(d / time.Second), err //nolint:gosec // bounded
}

// read fills a request's body from the file that was given, if one was.
func (w *wish) read(a *app, into any) error {
	if w.file == "" {
		return nil
	}
	in := a.stdin
	if w.file != "-" {
		f, err := os.Open(w.file)
		if err != nil {
			return fmt.Errorf("read the request: %w", err)
		}
		defer f.Close()
		in = f
	}
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return usagef("%s: %w", w.file, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return usagef("%s: want one JSON object alone", w.file)
	}
	return nil
}

// check returns the inquiry.
func (w *wish) check(a *app) (api.CheckAvailability, error) {
	var q api.CheckAvailability
	if err := w.read(a, &q); err != nil {
		return q, err
	}
	q.Sla = cmp.Or(given(api.Sla(w.sla)), q.Sla)
	return q, w.apply(&q.AccessPoint, &q.EndPoint, &q.GuaranteedBandwidth, &q.GuaranteedReverseBandwidth, &q.IsProtected, &q.StartTime, &q.Duration)
}

// order returns the order.
func (w *wish) order(a *app) (api.CreateSession, error) {
	var o api.CreateSession
	if err := w.read(a, &o); err != nil {
		return o, err
	}
	if o.Sla = cmp.Or(api.Sla(w.sla), o.Sla); o.Sla == "" {
		return o, usagef("give --sla")
	}
	return o, w.apply(&o.AccessPoint, &o.EndPoint, &o.GuaranteedBandwidth, &o.GuaranteedReverseBandwidth, &o.IsProtected, &o.StartTime, &o.Duration)
}

// apply sets in a request what flags were given for.
func (w *wish) apply(from, to *api.AccessPoint, there *api.Bandwidth, back **api.Bandwidth, protected **bool, start **api.DateTime, duration **api.Duration) error {
	if err := w.from.apply(from); err != nil {
		return usagef("--from%w", err)
	}
	if err := w.to.apply(to); err != nil {
		return usagef("--to%w", err)
	}
	if w.rates[0] != 0 || w.rates[1] != 0 {
		var err error
		if *there, err = wholeMbps(w.rates[0]); err != nil {
			return err
		}
		reverse, err := wholeMbps(w.rates[1])
		if err != nil {
			return err
		}
		*back = &reverse
	}
	if *there == 0 {
		return usagef("give --bandwidth")
	}
	*protected = cmp.Or(given(w.protected), *protected)
	*start = cmp.Or(given(w.start), *start)
	*duration = cmp.Or(given(w.duration), *duration)
	return nil
}

// given is what a flag says, nil if it was not given.
func given[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}

// wholeMbps is a rate as the API has it.
func wholeMbps(kbps uint64) (api.Bandwidth, error) {
	if kbps == 0 || kbps%1000 != 0 || kbps > 1e9 {
		return 0, usagef("--bandwidth: want whole Mbit/s, 1 to 1000000 each way, got %s", mbit(kbps))
	}
	return api.Bandwidth(kbps / 1000), nil
}

// apply sets an end; its errors begin with what comes after the flag's first part.
func (e *end) apply(p *api.AccessPoint) error {
	if kind, address, byAddress := strings.Cut(e.at, ":"); byAddress {
		if kind != string(api.SITE) && kind != string(api.CLOUD) {
			return fmt.Errorf(": want an id, SITE:ADDRESS or CLOUD:ADDRESS, got %q", e.at)
		}
		p.Id, p.Type, p.PrimaryIpAddress = nil, new(api.AccessPointType(kind)), &address
	} else if e.at != "" {
		p.Id, p.Type, p.PrimaryIpAddress = &e.at, nil, nil
	}
	if p.Id == nil && p.PrimaryIpAddress == nil {
		return errors.New(": say which access point")
	}
	p.SecondaryIpAddress = cmp.Or(given(e.secondary), p.SecondaryIpAddress)
	if len(e.prefixes) > 0 {
		p.StaticPrefixes = &e.prefixes
	}
	p.AsNumber = cmp.Or(given(e.as), p.AsNumber)
	if err := e.tunnel.apply("-wireguard", &p.Wireguard); err != nil {
		return err
	}
	return e.tunnel2.apply("-secondary-wireguard", &p.SecondaryWireguard)
}

// apply sets the end of a tunnel; its errors begin with the flag's middle part.
func (t *tunnel) apply(flag string, peer **api.WireGuardPeer) error {
	if t.key != "" {
		*peer = &api.WireGuardPeer{PublicKey: t.key}
	}
	if t.endpoint == "" {
		return nil
	}
	at, err := netip.ParseAddrPort(t.endpoint)
	if err != nil {
		return fmt.Errorf("%s-endpoint: want ADDRESS:PORT, got %q", flag, t.endpoint)
	}
	if *peer == nil {
		return fmt.Errorf("%s-endpoint: needs a key too", flag)
	}
	(*peer).Endpoint = &api.TransportAddress{IpAddress: at.Addr().String(), Port: int32(at.Port())}
	return nil
}
