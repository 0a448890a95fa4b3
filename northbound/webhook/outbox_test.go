// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"sync"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// memory is an order.Outbox in memory. Every record is told on records.
type memory struct {
	mu      sync.Mutex
	streams []*line
	records chan record
}

// line is one stream with what waits in it.
type line struct {
	session session.ID
	tenant  session.TenantID
	sink    session.Sink
	events  []session.Event
	tries   int
	since   time.Time
	due     time.Time
	leased  time.Time
	fence   uint64
	dead    bool
}

// record is what a worker did with a stream.
type record struct {
	what    string
	session session.ID
	seq     uint64
	at      time.Time
	reason  string
	final   bool
}

func newMemory() *memory { return &memory{records: make(chan record, 1000)} }

var _ order.Outbox = (*memory)(nil)

func (m *memory) add(id session.ID, sink session.Sink, events ...session.Event) {
	m.addOf("", id, sink, events...)
}

func (m *memory) addOf(tenant session.TenantID, id session.ID, sink session.Sink, events ...session.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams = append(m.streams, &line{session: id, tenant: tenant, sink: sink, events: events})
}

func (m *memory) ClaimStream(_ context.Context, _ string, now, until time.Time) (order.Stream, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var best *line
	for _, l := range m.streams {
		if !l.dead && len(l.events) > 0 && !l.due.After(now) && !l.leased.After(now) && (best == nil || l.due.Before(best.due)) {
			best = l
		}
	}
	if best == nil {
		return order.Stream{}, false, nil
	}
	best.leased = until
	best.fence++
	var account *session.Account
	if best.events[0].Status == session.Terminated {
		account = new(session.Session{
			StartedAt: testStart(), EndedAt: testStart().Add(time.Hour), Level: session.LevelA, Rate: session.Rate{Forward: 1000, Reverse: 1000},
			Price: session.Price{Currency: "EUR", Exponent: 2, SetUp: 1234},
		}.Account(testStart().Add(2 * time.Hour)))
	}
	return order.Stream{Session: best.session, Tenant: best.tenant, Sink: best.sink, Event: best.events[0], Account: account, Tries: best.tries, Since: best.since, Fence: best.fence}, true, nil
}

func (m *memory) settle(s order.Stream, r record, change func(l *line)) {
	m.mu.Lock()
	for _, l := range m.streams {
		if l.session == s.Session && l.fence == s.Fence {
			l.leased = time.Time{}
			change(l)
		}
	}
	m.mu.Unlock()
	r.session, r.seq = s.Session, s.Event.Seq
	m.records <- r
}

func (m *memory) Delivered(_ context.Context, s order.Stream, now time.Time) error {
	m.settle(s, record{what: "delivered"}, func(l *line) { l.events, l.tries, l.since, l.due = l.events[1:], 0, time.Time{}, now })
	return nil
}

func (m *memory) RetryAt(_ context.Context, s order.Stream, at time.Time, reason string) error {
	m.settle(s, record{what: "retry", at: at, reason: reason}, func(l *line) {
		l.tries++
		l.due = at
		if l.since.IsZero() {
			l.since = testStart()
		}
	})
	return nil
}

func (m *memory) Postpone(_ context.Context, s order.Stream, at time.Time) error {
	m.settle(s, record{what: "postpone", at: at}, func(l *line) { l.due = at })
	return nil
}

func (m *memory) GiveUp(_ context.Context, s order.Stream, _ time.Time, reason string, final bool) error {
	m.settle(s, record{what: "give up", reason: reason, final: final}, func(l *line) { l.events, l.dead = nil, final })
	return nil
}
