// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/s2cd/s2cd/lab/network"
	"github.com/s2cd/s2cd/lab/report"
)

// Demo plays two customers from their first request until nothing is left.
type Demo struct {
	*Stack
	*report.Report
	sink          *Sink
	one, two      *Customer
	first, second Session
	other         Session
}

// soldMbps is what the demo's sessions guarantee: what user-mode-linux forwards
// with room to spare.
const soldMbps = 2

// RunDemo plays the demo; its error says how many checks failed.
func RunDemo(ctx context.Context, s *Stack, out io.Writer) error {
	d := &Demo{Stack: s, Report: report.New(out)}
	for _, chapter := range []struct {
		title string
		steps []step
	}{
		{"The provider starts s2cd and the agent on the gateway", []step{
			{"daemon and gateway agent ready", 3 * time.Minute, d.start},
			{"every device in sync", 3 * time.Minute, d.inSync},
		}},
		{"A customer asks, orders and connects", []step{
			{"token", 10 * time.Second, d.login},
			{"availability, price and latency", 10 * time.Second, d.check},
			{"order accepted, handover known", 10 * time.Second, d.order},
			{"site and cloud connected from the handover", time.Minute, d.connect},
			{"ACTIVATED", 5 * time.Minute, d.activated},
		}},
		{"What was delivered", []step{
			{"ping site to VPC", 20 * time.Second, d.ping},
			{"label stacks of the VRF, both directions", 10 * time.Second, d.stacks},
			{"labels seen on the wire, both directions", 20 * time.Second, d.labels},
			{"WireGuard handshake", 10 * time.Second, d.handshake},
			{"bandwidth held to what was bought, both directions", 90 * time.Second, d.throughput},
			{"latency, loss and octets measured, customer's ends apart", 30 * time.Second, d.measured},
		}},
		{"A second cloud in the same VPN, a second customer with the same addresses", []step{
			{"second session of the same site ACTIVATED", 3 * time.Minute, d.secondCloud},
			{"both clouds answer the site", 20 * time.Second, d.bothClouds},
			{"other customer's session ACTIVATED, its site speaks BGP", 4 * time.Minute, d.otherCustomer},
			{"customers with the same addresses are apart", 20 * time.Second, d.isolated},
			{"refused: no token, foreign, unknown, too much, IPv6", 20 * time.Second, d.refusals},
		}},
		{"The end", []step{
			{"sessions deleted, accounts told", 3 * time.Minute, d.deleted},
			{"the first session still carries packets", 20 * time.Second, d.ping},
			{"the first session expires", 5 * time.Minute, d.expired},
			{"every callback received, in order", 2 * time.Minute, d.callbacks},
			{"nothing left on any device", 3 * time.Minute, d.nothingLeft},
			{"nothing reserved, nothing wrong", 20 * time.Second, d.nothingReserved},
		}},
	} {
		d.Say("\n== %s", chapter.title)
		for _, st := range chapter.steps {
			// Everything builds on what came before.
			if !d.Do(ctx, st.name, st.limit, st.do) {
				return errors.Join(d.End(), d.close(), fmt.Errorf("s2cd said:\n%s", tail(s.S2cd.Log())))
			}
		}
	}
	return errors.Join(d.End(), d.close())
}

type step struct {
	name  string
	limit time.Duration
	do    func(context.Context) (string, error)
}

func (d *Demo) close() error {
	if d.sink == nil {
		return nil
	}
	return d.sink.Close()
}

func (d *Demo) start(ctx context.Context) (_ string, err error) {
	if d.sink, err = d.StartSink(ctx); err != nil {
		return "", err
	}
	if err := d.Start(ctx); err != nil {
		return "", err
	}
	if d.one, err = d.Customer("client-1", d.Say); err != nil {
		return "", err
	}
	d.two, err = d.Customer("client-2", d.Say)
	return "", err
}

func (d *Demo) inSync(ctx context.Context) (string, error) {
	states, err := d.AwaitDevices(ctx, "in sync")
	return strings.Join(states, ", "), err
}

func (d *Demo) login(ctx context.Context) (string, error) { return "", d.one.Login(ctx) }

func (d *Demo) check(ctx context.Context) (string, error) {
	body, err := d.body(firstCloud, soldMbps, 0, "")
	if err != nil {
		return "", err
	}
	for _, field := range []string{"name", "routingProtocol", "duration"} {
		delete(body, field)
	}
	body["duration"] = 3600
	var answer struct {
		Availability string
		Offers       []struct {
			SLA     string
			Latency float64
			Fee     struct{ Amount, Currency string }
		}
	}
	if err := d.one.Call(ctx, "POST", "/check-availability", body, &answer); err != nil {
		return "", err
	}
	if answer.Availability != "AVAILABLE" || len(answer.Offers) == 0 {
		return "", fmt.Errorf("answered %+v", answer)
	}
	o := answer.Offers[0]
	return fmt.Sprintf("%s for %s %s an hour, round trip %.1f ms", o.SLA, o.Fee.Amount, o.Fee.Currency, o.Latency), nil
}

func (d *Demo) order(ctx context.Context) (string, error) {
	body, err := d.body(firstCloud, soldMbps, 120, d.sink.URL())
	if err != nil {
		return "", err
	}
	if d.first, err = d.one.Order(ctx, body); err != nil {
		return "", err
	}
	h := d.first.Handover
	if h.Near.VLAN == 0 || h.Far.Tunnel == nil || h.Far.Tunnel.PublicKey == "" {
		return "", fmt.Errorf("handover incomplete: %+v", h)
	}
	return fmt.Sprintf("%s %s, VLAN %d, tunnel to %s:%d", d.first.ID, d.first.Status, h.Near.VLAN, h.Far.Tunnel.Endpoint.Address, h.Far.Tunnel.Endpoint.Port), nil
}

func (d *Demo) connect(ctx context.Context) (string, error) {
	return "", errors.Join(d.connectSite(firstCloud, d.first.Handover.Near), d.connectCloud(ctx, firstCloud, d.first.Handover.Far))
}

func (d *Demo) activated(ctx context.Context) (string, error) {
	var err error
	id := d.first.ID
	if d.first, err = d.one.Await(ctx, id, "ACTIVATED"); err != nil {
		return "", err
	}
	phases, total, err := d.Phases(ctx, id)
	return fmt.Sprintf("%s: %s", total.Round(time.Millisecond), phases), err
}

func (d *Demo) ping(ctx context.Context) (string, error) { return d.reach(ctx, firstCloud) }

// reach pings a cloud from its site.
func (d *Demo) reach(ctx context.Context, p place) (string, error) {
	site, cloud, err := d.ends(p)
	if err != nil {
		return "", err
	}
	if _, err := d.WaitPing(ctx, p.site, network.Ping{To: cloud, From: site}); err != nil {
		return "", err
	}
	r, err := d.Ping(ctx, p.site, network.Ping{To: cloud, From: site, Count: 10})
	if err == nil && r.Received < r.Sent {
		err = fmt.Errorf("%d of %d came back", r.Received, r.Sent)
	}
	return fmt.Sprintf("%s to %s: %d of %d, round trip %s", site, cloud, r.Received, r.Sent, r.Avg.Round(10*time.Microsecond)), err
}

func (d *Demo) stacks(ctx context.Context) (string, error) {
	vrf, err := d.VRF(ctx, d.first.ID)
	if err != nil {
		return "", err
	}
	site, cloud, err := d.ends(firstCloud)
	if err != nil {
		return "", err
	}
	var notes []string
	for _, q := range []struct {
		pe string
		to netip.Addr
	}{{"PE1", cloud}, {"PE2", site}} {
		stack, err := d.LabelStack(q.pe, vrf, q.to)
		if err != nil {
			return "", err
		}
		if len(stack) == 0 {
			return "", fmt.Errorf("%s sends %s without labels", q.pe, q.to)
		}
		notes = append(notes, fmt.Sprintf("%s vrf %s to %s: %v", q.pe, vrf, q.to, stack))
	}
	return strings.Join(notes, ", "), nil
}

func (d *Demo) labels(ctx context.Context) (string, error) {
	site, cloud, err := d.ends(firstCloud)
	if err != nil {
		return "", err
	}
	var notes []string
	for _, device := range []string{"toPE1", "toPE2"} {
		got, err := d.capture(ctx, device, site, cloud)
		if err != nil {
			return "", err
		}
		notes = append(notes, fmt.Sprintf("P1 %s: %v to %s", device, got.Labels, got.To))
	}
	return strings.Join(notes, ", "), nil
}

// capture catches one of the customer's packets on P1.
func (d *Demo) capture(ctx context.Context, device string, site, cloud netip.Addr) (network.Labelled, error) {
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second)
	defer cancel()
	listening := make(chan struct{})
	go func() {
		select {
		case <-listening:
		case <-ctx.Done():
			return
		}
		// The capture says what is wrong when nothing comes.
		_, _ = d.Ping(ctx, firstCloud.site, network.Ping{To: cloud, From: site, Count: 20})
	}()
	match := func(p network.Labelled) bool {
		return p.From == site && p.To == cloud || p.From == cloud && p.To == site
	}
	packets, err := d.CaptureLabels(ctx, "P1", device, 1, match, func() { close(listening) })
	if err == nil && len(packets) == 0 {
		err = fmt.Errorf("no labelled packet of the customer came in on P1 %s", device)
	}
	if err != nil {
		return network.Labelled{}, err
	}
	return packets[0], nil
}

func (d *Demo) handshake(context.Context) (string, error) {
	dev, err := d.CloudDevice(firstCloud.cloud)
	if err != nil {
		return "", err
	}
	if len(dev.Peers) != 1 || dev.Peers[0].LastHandshakeTime.IsZero() {
		return "", fmt.Errorf("no handshake: %+v", dev.Peers)
	}
	p := dev.Peers[0]
	return fmt.Sprintf("%s ago with %s, %d bytes in, %d out", time.Since(p.LastHandshakeTime).Round(time.Second), p.Endpoint, p.ReceiveBytes, p.TransmitBytes), nil
}

func (d *Demo) throughput(ctx context.Context) (string, error) {
	site, cloud, err := d.ends(firstCloud)
	if err != nil {
		return "", err
	}
	var notes []string
	for _, l := range []network.Load{
		{From: firstCloud.site, To: firstCloud.cloud, FromAddr: site, ToAddr: cloud},
		{From: firstCloud.cloud, To: firstCloud.site, FromAddr: cloud, ToAddr: site},
	} {
		l.Bps, l.Duration, l.Size = 2*soldMbps*1_000_000, 4*time.Second, 1200
		r, err := d.HeldTo(ctx, l, soldMbps*1e6)
		if err != nil {
			return "", err
		}
		notes = append(notes, fmt.Sprintf("%s to %s: %.2f of %d Mbit/s offered", l.From, l.To, r.Bps/1e6, 2*soldMbps))
	}
	return strings.Join(notes, ", "), nil
}

func (d *Demo) measured(ctx context.Context) (string, error) {
	for {
		s, err := d.one.Get(ctx, d.first.ID)
		if err != nil {
			return "", err
		}
		a := s.Actual
		if a.Verification == "DATA_PLANE" && a.FullSize && a.Latency > 0 && a.Sent > 0 && a.Attachments.Near.Received > 0 &&
			a.Ends.Near.State == "UP" && a.Ends.Far.State == "UP" {
			return fmt.Sprintf("round trip %.2f ms, loss %.2f %%, full-size packet passed, %d octets in at the site, %d into the tunnel, both customer ends up",
				a.Latency, a.Loss, a.Attachments.Near.Received, a.Sent), nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("measured %+v", a)
		case <-time.After(500 * time.Millisecond):
		}
	}
}
