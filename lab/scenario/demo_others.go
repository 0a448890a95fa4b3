// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/s2cd/s2cd/lab/network"
)

// deliver orders, connects and waits until the session carries packets. The
// site is connected already when it has a session.
func (s *Stack) deliver(ctx context.Context, c *Customer, p place, seconds int, sink string, connected bool) (Session, error) {
	body, err := s.body(p, soldMbps, seconds, sink)
	if err != nil {
		return Session{}, err
	}
	made, err := c.Order(ctx, body)
	if err != nil {
		return made, err
	}
	if !connected {
		if err := s.connectSite(p, made.Handover.Near); err != nil {
			return made, err
		}
	}
	if p.as != 0 {
		if err := s.speakBGP(ctx, p, made.Handover.Near); err != nil {
			return made, err
		}
	}
	if err := s.connectCloud(ctx, p, made.Handover.Far); err != nil {
		return made, err
	}
	return c.Await(ctx, made.ID, "ACTIVATED")
}

func (d *Demo) secondCloud(ctx context.Context) (_ string, err error) {
	if d.second, err = d.deliver(ctx, d.one, secondCloud, 3600, d.sink.URL(), true); err != nil {
		return "", err
	}
	first, err := d.VRF(ctx, d.first.ID)
	if err != nil {
		return "", err
	}
	second, err := d.VRF(ctx, d.second.ID)
	if err == nil && first != second {
		err = fmt.Errorf("in VRF %s, the first is in %s", second, first)
	}
	return "both in VRF " + first, err
}

func (d *Demo) bothClouds(ctx context.Context) (string, error) {
	a, err := d.reach(ctx, firstCloud)
	if err != nil {
		return "", err
	}
	b, err := d.reach(ctx, secondCloud)
	return a + "; " + b, err
}

func (d *Demo) otherCustomer(ctx context.Context) (_ string, err error) {
	if err := d.two.Login(ctx); err != nil {
		return "", err
	}
	speaking := otherCustomer
	speaking.as, speaking.password = 64513, "a-password-of-two"
	if d.other, err = d.deliver(ctx, d.two, speaking, 3600, d.sink.URL(), false); err != nil {
		return "", err
	}
	vrf, err := d.VRF(ctx, d.other.ID)
	return "in VRF " + vrf + ", its site speaks BGP with a password", err
}

// isolated sends the same packets from both customers' sites: each arrives in
// its own cloud, seen by the bytes that its tunnel decrypts.
func (d *Demo) isolated(ctx context.Context) (string, error) {
	if _, err := d.reach(ctx, otherCustomer); err != nil {
		return "", err
	}
	before, err := d.received(firstCloud, otherCustomer)
	if err != nil {
		return "", err
	}
	site, cloud, err := d.ends(otherCustomer)
	if err != nil {
		return "", err
	}
	const packets = 50
	r, err := d.Ping(ctx, otherCustomer.site, network.Ping{To: cloud, From: site, Count: packets, Interval: 20 * time.Millisecond, Size: 1000})
	if err != nil {
		return "", err
	}
	after, err := d.received(firstCloud, otherCustomer)
	if err != nil {
		return "", err
	}
	mine, foreign := after[1]-before[1], after[0]-before[0]
	if r.Received < packets*9/10 || mine < packets*900 || foreign > packets*100 {
		return "", fmt.Errorf("%d of %d answered; %d bytes came to its own cloud, %d to the other customer's", r.Received, packets, mine, foreign)
	}
	return fmt.Sprintf("%s of both sites; %d bytes to its own %s, %d to the other customer's", cloud, mine, cloud, foreign), nil
}

// received reads what the clouds' tunnels have decrypted, bytes.
func (d *Demo) received(places ...place) ([]int64, error) {
	var out []int64
	for _, p := range places {
		dev, err := d.CloudDevice(p.cloud)
		if err != nil {
			return nil, err
		}
		if len(dev.Peers) != 1 {
			return nil, fmt.Errorf("%s has %d peers", p.cloud, len(dev.Peers))
		}
		out = append(out, dev.Peers[0].ReceiveBytes)
	}
	return out, nil
}

func (d *Demo) refusals(ctx context.Context) (string, error) {
	stranger, err := d.Customer("client-1", nil)
	if err != nil {
		return "", err
	}
	tooMuch, err := d.body(secondCloud, 100_000, 60, "")
	if err != nil {
		return "", err
	}
	sixth, err := d.body(secondCloud, soldMbps, 60, "")
	if err != nil {
		return "", err
	}
	sixth["accessPoint"] = map[string]any{"id": secondCloud.siteAP, "staticPrefixes": []string{"2001:db8:1::/48"}}
	var notes []string
	for _, c := range []struct {
		who    *Customer
		method string
		path   string
		body   map[string]any
		want   string
	}{
		{stranger, "GET", "/sessions", nil, "UNAUTHENTICATED"},
		{d.two, "GET", "/sessions/" + d.first.ID, nil, "PERMISSION_DENIED"},
		{d.one, "GET", "/sessions/00000000-0000-4000-8000-000000000000", nil, "NOT_FOUND"},
		{d.one, "POST", "/sessions", tooMuch, "RESOURCES_INSUFFICIENT"},
		{d.one, "POST", "/sessions", sixth, "FEATURE_NOT_SUPPORTED"},
	} {
		var body any
		if c.body != nil {
			body = c.body
		}
		err := c.who.Call(ctx, c.method, c.path, body, nil)
		var refusal *Refusal
		if !errors.As(err, &refusal) || !strings.HasSuffix(refusal.Code, c.want) {
			return "", fmt.Errorf("%s %s answered %v, want %s", c.method, c.path, err, c.want) //nolint:errorlint // nil if it was let through
		}
		notes = append(notes, fmt.Sprintf("%d %s", refusal.Status, refusal.Code))
	}
	return strings.Join(notes, ", "), nil
}

func (d *Demo) deleted(ctx context.Context) (string, error) {
	var notes []string
	for _, e := range []struct {
		who *Customer
		s   Session
	}{{d.one, d.second}, {d.two, d.other}} {
		account, err := e.who.Delete(ctx, e.s.ID)
		if err != nil {
			return "", err
		}
		notes = append(notes, fmt.Sprintf("%s %s %s", account.StatusInfo, account.Fee.Amount, account.Fee.Currency))
	}
	for _, e := range []struct {
		who *Customer
		id  string
	}{{d.one, d.second.ID}, {d.two, d.other.ID}} {
		if err := gone(ctx, e.who, e.id); err != nil {
			return "", err
		}
	}
	return strings.Join(notes, ", "), nil
}

// gone waits until a deleted session is not found any more.
func gone(ctx context.Context, c *Customer, id string) error {
	for {
		s, err := c.Get(ctx, id)
		var refusal *Refusal
		if errors.As(err, &refusal) && refusal.Code == "NOT_FOUND" {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("session %s is still there: %s %s %s", id, s.Status, s.Phase, s.Message)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (d *Demo) expired(ctx context.Context) (string, error) {
	s, err := d.one.Await(ctx, d.first.ID, "TERMINATED")
	if err == nil && s.StatusInfo != "DURATION_EXPIRED" {
		err = fmt.Errorf("ended as %s: %s", s.StatusInfo, s.Message)
	}
	return fmt.Sprintf("%s, %s %s", s.StatusInfo, s.Fee.Amount, s.Fee.Currency), err
}

func (d *Demo) callbacks(ctx context.Context) (string, error) {
	err := errors.Join(
		d.sink.Await(ctx, d.first.ID, "REQUESTED", "ACTIVATED", "TERMINATED/DURATION_EXPIRED"),
		d.sink.Await(ctx, d.second.ID, "REQUESTED", "ACTIVATED", "TERMINATED/DELETE_REQUESTED"),
		d.sink.Await(ctx, d.other.ID, "REQUESTED", "ACTIVATED", "TERMINATED/DELETE_REQUESTED"),
	)
	return "REQUESTED, ACTIVATED, TERMINATED of three sessions", err
}

func (d *Demo) nothingLeft(ctx context.Context) (string, error) {
	left, err := d.Residue(ctx)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("left: %s", strings.Join(left, "; "))
	}
	return "no VRF, VLAN, tunnel, queue or route of a session on PE1, PE2 and GW", err
}

func (d *Demo) nothingReserved(ctx context.Context) (string, error) {
	taken, err := d.Reserved(ctx)
	if err != nil {
		return "", err
	}
	if len(taken) > 0 {
		return "", fmt.Errorf("still reserved: %v", taken)
	}
	out, err := d.Command(ctx, "doctor", "--admin", adminAddr)
	return strings.TrimSpace(strings.ReplaceAll(out, "\n", ", ")), err
}
