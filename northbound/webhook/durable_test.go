// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/sqlite/sqlitetest"
	"github.com/s2cd/s2cd/store/storebench"
	"github.com/s2cd/s2cd/store/storetest"
)

// durable is a bundle on the embedded store.
type durable struct {
	*bundle
	store   *sqlite.Store
	ledger  *storetest.Ledger
	records chan record
}

// told passes a store's outbox on and tells what was recorded. What another claim
// overtook is not: the clock may move on while a delivery is on its way.
type told struct {
	order.Outbox
	records chan record
}

func (o told) Delivered(ctx context.Context, s order.Stream, now time.Time) error {
	err := o.Outbox.Delivered(ctx, s, now)
	if err == nil {
		o.records <- record{what: "delivered", session: s.Session, seq: s.Event.Seq}
	}
	return err
}

func (o told) RetryAt(ctx context.Context, s order.Stream, at time.Time, reason string) error {
	err := o.Outbox.RetryAt(ctx, s, at, reason)
	if err == nil {
		o.records <- record{what: "retry", session: s.Session, seq: s.Event.Seq, at: at, reason: reason}
	}
	return err
}

func (o told) GiveUp(ctx context.Context, s order.Stream, now time.Time, reason string, final bool) error {
	err := o.Outbox.GiveUp(ctx, s, now, reason, final)
	if err == nil {
		o.records <- record{what: "give up", session: s.Session, seq: s.Event.Seq, reason: reason, final: final}
	}
	return err
}

func setupDurable(t *testing.T, change func(*Config)) *durable {
	t.Helper()
	d := &durable{ledger: storetest.NewLedger(0), records: make(chan record, 1000)}
	d.bundle = setup(t, func(c *Config) {
		box, err := seal.New(make([]byte, seal.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "store")
		if err := sqlitetest.Put(path); err != nil {
			t.Fatal(err)
		}
		d.store, err = sqlite.Open(t.Context(), sqlite.Config{
			Path: path, Clock: c.Now, Logger: slog.New(slog.DiscardHandler), Seal: box,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.store.Close() })
		c.Outbox = told{d.store, d.records}
		if change != nil {
			change(c)
		}
	})
	return d
}

// order keeps a session with three events to tell and returns their ids.
func (d *durable) order(t *testing.T, tenant string, sink session.Sink) (session.ID, []string) {
	t.Helper()
	a := storebench.Order(0)
	a.Session.Tenant, a.Session.Sink, a.Key = session.TenantID(tenant), &sink, ""
	a.Session.VPN.ID = session.VPNID("vpn of " + tenant)
	a.Pools, a.Assign = nil, nil
	results, err := d.store.AdmitBatch(t.Context(), []order.Admission{a}, d.ledger)
	if err != nil || results[0].Err != nil {
		t.Fatal(err, results)
	}
	kept := results[0].Session
	for range 2 {
		kept, err = d.store.Advance(t.Context(), order.Step{Session: kept, Events: []session.Event{{Status: kept.Status, Notify: true}}}, d.ledger)
		if err != nil {
			t.Fatal(err)
		}
	}
	timeline, err := d.store.Timeline(t.Context(), kept.ID)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range timeline {
		ids = append(ids, e.ID)
	}
	return kept.ID, ids
}

// next returns the next record of a session; of others only deliveries may come.
func (d *durable) next(t *testing.T, of session.ID) record {
	t.Helper()
	for {
		r := <-d.records
		if r.session == of {
			return r
		}
		if r.what != "delivered" {
			t.Errorf("another session was harmed: %+v", r)
		}
	}
}

// heard checks what a sink took: the events in order, each with one id.
// delivers fails unless so many events of a session are delivered next.
func (d *durable) delivers(t *testing.T, of session.ID, n int) {
	t.Helper()
	for range n {
		if r := d.next(t, of); r.what != "delivered" {
			t.Fatalf("recorded %+v", r)
		}
	}
}

func heard(t *testing.T, received chan got, ids []string) {
	t.Helper()
	at := 0
	for range len(received) {
		g := <-received
		if at+1 < len(ids) && g.event.Id == ids[at+1] {
			at++
		}
		if g.event.Id != ids[at] {
			t.Errorf("event %s out of turn, want %s", g.event.Id, ids[at])
		}
	}
	if at != len(ids)-1 {
		t.Errorf("only %d of %d events arrived", at+1, len(ids))
	}
}

// zone answers every name with one address that may change, as a customer's
// name server may.
type zone struct{ addr atomic.Pointer[netip.Addr] }

func (z *zone) set(addr string) { a := netip.MustParseAddr(addr); z.addr.Store(&a) }

func (z *zone) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go z.serve(theirs)
		return ours, nil
	}}
}

// serve answers queries as over TCP: with their length before them (RFC 1035
// section 4.2.2).
func (z *zone) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		raw := make([]byte, int(head[0])<<8|int(head[1]))
		var query dnsmessage.Message
		if _, err := io.ReadFull(c, raw); err != nil || query.Unpack(raw) != nil {
			return
		}
		query.Response = true
		query.Additionals = nil
		addr, q := *z.addr.Load(), query.Questions[0]
		switch {
		case q.Type == dnsmessage.TypeA && addr.Is4():
			query.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
				Body:   &dnsmessage.AResource{A: addr.As4()},
			}}
		case q.Type == dnsmessage.TypeAAAA && addr.Is6():
			query.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
				Body:   &dnsmessage.AAAAResource{AAAA: addr.As16()},
			}}
		}
		out, err := query.Pack()
		if err != nil {
			return
		}
		if _, err := c.Write(append([]byte{byte(len(out) >> 8), byte(len(out))}, out...)); err != nil {
			return
		}
	}
}

// blocked answers nothing until the client is gone.
func blocked(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// endless writes until the connection is closed on it.
func endless(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		block := make([]byte, 64<<10)
		for range 1 << 15 { // 2 GiB
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

// TestBadSinks has one customer's sink misbehave beside another's: the other
// hears everything at once, and the first loses nothing once it is well again.
func TestBadSinks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		addr   string // that its name resolves to, 127.0.0.1 by default
		what   string // is recorded
		reason string
		least  time.Duration // until the next try
		most   time.Duration
	}{
		{"down", status(503), "", "retry", "answered 503", time.Second / 2, 2 * time.Second},
		{"slow", blocked, "", "retry", "deadline exceeded", time.Second / 2, 2 * time.Second},
		{"redirecting", status(307, "Location", "https://metadata.example/"), "", "retry", "answered 307", time.Second / 2, 2 * time.Second},
		{"gone", status(410), "", "give up", "410", 0, 0},
		{"busy", status(429, "Retry-After", "90"), "", "retry", "answered 429", 90 * time.Second, 90 * time.Second},
		{"busy for days", status(429, "Retry-After", "864000"), "", "retry", "answered 429", time.Hour, time.Hour},
		{"busy for ever", status(429, "Retry-After", "99999999999999999999"), "", "retry", "answered 429", time.Second / 2, 2 * time.Second},
		{"failing with gigabytes", endless(500), "", "retry", "answered 500", time.Second / 2, 2 * time.Second},
		{"in a private network", status(204), "10.9.8.7", "retry", "not public", time.Second / 2, 2 * time.Second},
		{"at the metadata service", status(204), "169.254.169.254", "retry", "not public", time.Second / 2, 2 * time.Second},
		{"here, by NAT64", status(204), "64:ff9b::7f00:1", "retry", "not public", time.Second / 2, 2 * time.Second},
		{"at the provider's", status(204), "8.8.8.8", "retry", "closed", time.Second / 2, 2 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var names zone
			names.set("127.0.0.1")
			if tt.addr != "" {
				names.set(tt.addr)
			}
			d := setupDurable(t, func(c *Config) {
				c.Resolver, c.Timeout = names.resolver(), time.Minute
				if tt.name == "slow" {
					c.Timeout = 15 * time.Second // the wall clock's
				}
				c.Guard.Deny = []netip.Prefix{netip.MustParsePrefix("8.8.8.0/24")}
			})
			var well atomic.Bool
			badURL, bad := d.sink(t, func(w http.ResponseWriter, r *http.Request) {
				if well.Load() {
					status(204)(w, r)
					return
				}
				tt.answer(w, r)
			})
			goodURL, good := d.sink(t, status(204))
			one, ids := d.order(t, "bad", session.Sink{URL: strings.Replace(badURL, "127.0.0.1", "example.com", 1)})
			_, goodIDs := d.order(t, "good", session.Sink{URL: goodURL})
			d.run(t)
			r := d.next(t, one)
			wait := r.at.Sub(testStart())
			if r.what != tt.what || !strings.Contains(r.reason, tt.reason) || (r.what == "retry" && (wait < tt.least || wait > tt.most)) {
				t.Errorf("recorded %+v, to be tried after %s", r, wait)
			}
			for len(good) < len(goodIDs) {
				if r := <-d.records; r.session == one && r.what == "delivered" {
					t.Fatalf("delivered to a bad sink: %+v", r)
				}
			}
			heard(t, good, goodIDs)
			if tt.addr != "" && len(bad) > 0 {
				t.Error("an address that is closed was reached")
			}
			well.Store(true)
			names.set("127.0.0.1")
			if r.what == "give up" {
				if n, err := d.store.Replay(t.Context(), one); err != nil || n != len(ids) {
					t.Fatalf("replay of %d: %v", n, err)
				}
			}
			d.advance(testStart().Add(2 * time.Hour))
			d.delivers(t, one, len(ids))
			heard(t, bad, ids)
			if dead, err := d.store.DeadLetters(t.Context(), order.DeadLetterFilter{Limit: 1}); err != nil || len(dead) > 0 {
				t.Errorf("dead letters are left: %+v, %v", dead, err)
			}
		})
	}
}

// TestDownForHours lets a sink be away for most of a day, and the daemon be
// started anew meanwhile.
func TestDownForHours(t *testing.T) {
	t.Parallel()
	d := setupDurable(t, nil)
	var down atomic.Bool
	down.Store(true)
	url, received := d.sink(t, func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		status(204)(w, r)
	})
	one, ids := d.order(t, "acme", session.Sink{URL: url})
	tries := 0
	for _, until := range []time.Duration{6 * time.Hour, 23 * time.Hour} { // two lives of the worker
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); d.worker.Run(ctx) }()
		for d.clock().Sub(testStart()) < until {
			r := d.next(t, one)
			if r.what != "retry" || r.seq != 1 {
				t.Fatalf("recorded %+v", r)
			}
			tries++
			d.advance(r.at)
		}
		stop()
		<-ended
		for len(d.records) > 0 {
			<-d.records
		}
		d.advance(d.clock().Add(time.Minute)) // the lease of what was cut off
	}
	if tries < 50 || tries > 300 {
		t.Errorf("%d tries in 23 hours", tries)
	}
	down.Store(false)
	d.advance(testStart().Add(24*time.Hour - time.Minute))
	d.run(t)
	d.delivers(t, one, len(ids))
	heard(t, received, ids)
}

// TestDownForTooLong: what is given up after a day is told after all when an
// operator says so.
func TestDownForTooLong(t *testing.T) {
	t.Parallel()
	d := setupDurable(t, func(c *Config) { c.MinBackoff, c.MaxBackoff = 8*time.Hour, 8*time.Hour })
	var down atomic.Bool
	down.Store(true)
	url, received := d.sink(t, func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		status(204)(w, r)
	})
	one, ids := d.order(t, "acme", session.Sink{URL: url})
	d.run(t)
	var last record
	for last.what != "give up" {
		if last = d.next(t, one); last.what == "retry" {
			d.advance(last.at)
		}
	}
	if passed := d.clock().Sub(testStart()); passed != 24*time.Hour || last.final || !strings.Contains(last.reason, "502") {
		t.Errorf("%+v after %s", last, passed)
	}
	dead, err := d.store.DeadLetters(t.Context(), order.DeadLetterFilter{Session: one, Limit: 9})
	if err != nil || len(dead) != 1 || dead[0].After != 0 || dead[0].Last != uint64(len(ids)) {
		t.Fatalf("dead letters %+v, %v", dead, err)
	}
	down.Store(false)
	if _, err := d.store.Replay(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	d.worker.Wake()
	d.delivers(t, one, len(ids))
	heard(t, received, ids)
}

// TestCustomerOfManySlowSinks fills its own places and nobody else's.
func TestCustomerOfManySlowSinks(t *testing.T) {
	t.Parallel()
	var names zone
	names.set("127.0.0.1")
	d := setupDurable(t, func(c *Config) {
		c.Workers, c.PerTenant, c.Timeout, c.Resolver = 8, 3, time.Minute, names.resolver()
	})
	arrived := make(chan struct{}, 100)
	slow, _ := d.sink(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	for i := range 12 { // each under a name of its own
		d.order(t, "bad", session.Sink{URL: strings.Replace(slow, "127.0.0.1", fmt.Sprintf("sink-%d.example.com", i), 1)})
	}
	transport, ok := d.worker.client.Transport.(*http.Transport)
	if !ok {
		t.Fatalf("transport %T", d.worker.client.Transport)
	}
	transport.TLSClientConfig.ServerName = "example.com" // the certificate's
	quick, received := d.sink(t, status(204))
	good, ids := d.order(t, "good", session.Sink{URL: quick})
	d.run(t)
	d.delivers(t, good, len(ids))
	heard(t, received, ids)
	if len(arrived) > 3 {
		t.Errorf("%d deliveries of one customer at once, the cap is 3", len(arrived))
	}
}
