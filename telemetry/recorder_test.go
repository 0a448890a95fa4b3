// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/southbound"
	"github.com/s2cd/s2cd/store/sla"
)

// said is a Teller in memory, which keeps what the store's would keep.
type said struct {
	events []session.Event
	fail   bool
}

func (s *said) TellVerdicts(_ context.Context, events []session.Event) error {
	if s.fail {
		return errors.New("the store cannot write now")
	}
	for _, e := range events {
		last := session.Event{Kind: session.SLARestored}
		if n := len(s.events); n > 0 {
			last = s.events[n-1]
		}
		if e.Kind != last.Kind && e.At.After(last.At) {
			s.events = append(s.events, e)
		}
	}
	return nil
}

func (s *said) OpenBreaches(context.Context) (map[session.ID]session.Breach, error) {
	if n := len(s.events); n > 0 && s.events[n-1].Kind == session.SLABreached {
		return map[session.ID]session.Breach{s.events[n-1].Session: *s.events[n-1].Breach}, nil
	}
	return map[session.ID]session.Breach{}, nil
}

// flaky is a Keeper that may fail.
type flaky struct {
	*sla.Store

	fail bool
}

func (f *flaky) Keep(ctx context.Context, windows []order.SessionWindow) error {
	if f.fail {
		return errors.New("disk full")
	}
	return f.Store.Keep(ctx, windows)
}

type fataler interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// lab is a recorder with its store, a gateway that answers what is set, and a clock.
type lab struct {
	t       fataler
	ctx     context.Context //nolint:containedctx // of the test
	keeper  *flaky
	teller  *said
	monitor *Monitor
	*Recorder
	clock   time.Time
	levels  map[session.LevelName]session.Level
	session session.Session
	gateway southbound.ProbeResult
	tunnel  southbound.TunnelState
}

const stale = 5 * time.Second

// opened is a store that is closed with the test.
func opened(t testing.TB) *sla.Store {
	t.Helper()
	store, err := sla.Open(t.Context(), filepath.Join(t.TempDir(), "sla.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func newLab(ctx context.Context, t fataler, store *sla.Store, id session.ID) *lab {
	l := &lab{
		t: t, ctx: ctx, keeper: &flaky{Store: store}, teller: &said{}, clock: noon, session: siteToCloud(),
		levels: map[session.LevelName]session.Level{
			"A":  {Name: "A", MaxRTTMicros: 20_000, MaxLossPPM: 10_000, AvailabilityPPM: 900_000, MeasureEvery: 10 * time.Second},
			"AA": {Name: "AA", MaxRTTMicros: 10_000, AvailabilityPPM: 990_000, MeasureEvery: 7 * time.Second},
		},
	}
	l.session.ID = id
	l.session.Level, l.session.StartedAt, l.session.ExpiresAt, l.session.Version = "A", noon, noon.Add(3*time.Minute), 1
	l.gateway = southbound.ProbeResult{Name: provision.ProbeName(provision.ProvenProbe, l.session.ID, "z"), Started: noon, MeanRTTMicros: 4000}
	l.tunnel = southbound.TunnelState{Name: provision.TunnelName(51820)}
	l.start()
	return l
}

// start makes what a daemon makes at its start.
func (l *lab) start() {
	var err error
	if l.monitor, err = New(Config{Timeout: time.Second, Stale: stale, Clock: func() time.Time { return l.clock }}); err != nil {
		l.t.Fatal(err)
	}
	l.Recorder, err = NewRecorder(l.ctx, RecorderConfig{
		Monitor: l.monitor, Keeper: l.keeper, Teller: l.teller, Every: time.Second, Flush: 3 * time.Second,
		Level: func(n session.LevelName) (session.Level, bool) { v, ok := l.levels[n]; return v, ok },
	})
	if err != nil {
		l.t.Fatal(err)
	}
	l.Follow(l.session)
}

// second passes a second in which the gateway sends ten packets; up says
// whether they come back, tells whether it answers when it is looked at.
func (l *lab) second(up, tells bool) {
	l.clock = l.clock.Add(time.Second)
	l.gateway.Sent += 10
	l.tunnel.TxBytes += 1000
	l.tunnel.RxBytes += 2000
	if up {
		l.gateway.Received += 10
		l.gateway.LastReply = l.clock
	}
	if tells {
		l.monitor.look(l.ctx, Source{Device: "gw1", Observer: &told{o: southbound.Observation{
			Probes: []southbound.ProbeResult{l.gateway}, Tunnels: []southbound.TunnelState{l.tunnel},
		}}})
	}
	l.Tick(l.ctx)
}

func (l *lab) seconds(n int, up, tells bool) {
	for range n {
		l.second(up, tells)
	}
}

// windows returns what is kept, oldest first, after it has checked that it
// tiles the time from the session's start.
func (l *lab) windows() []session.SLAWindow {
	all, total, err := l.keeper.Windows(l.ctx, l.session.ID, order.Span{}, 0, 10_000)
	if err != nil || total != len(all) {
		l.t.Fatalf("%d windows of %d: %v", len(all), total, err)
	}
	slices.Reverse(all)
	sum, _, err := l.keeper.Delivered(l.ctx, l.session.ID)
	if err != nil {
		l.t.Fatal(err)
	}
	at, want := l.session.StartedAt, session.SLAWindow{}
	for i, w := range all {
		if !w.From.Equal(at) || !w.Until.After(w.From) {
			l.t.Fatalf("window %d is from %s to %s, the one before ended at %s", i, w.From, w.Until, at)
		}
		if w.Met < 0 || w.Breached < 0 || w.Unknown < 0 || w.Met+w.Breached+w.Unknown != w.Until.Sub(w.From) {
			l.t.Fatalf("window %d does not add up: %+v", i, w)
		}
		want.Add(w)
		at = w.Until
	}
	if d := cmp.Diff(want, sum); d != "" && len(all) > 0 {
		l.t.Fatalf("the sum is not that of the windows (-want +got):\n%s", d)
	}
	return all
}

func TestWindowsOfASession(t *testing.T) {
	t.Parallel()
	l := newLab(t.Context(), t, opened(t), siteToCloud().ID)
	l.seconds(10, true, true)  // window 1: a second before the first look is unknown
	l.seconds(10, false, true) // window 2: down
	l.gateway.MeanRTTMicros = 30_000
	l.seconds(10, true, true) // window 3: slow
	l.gateway.MeanRTTMicros = 4000
	l.seconds(10, true, false) // window 4: silence
	l.seconds(45, true, true)
	got := l.windows()
	want := []session.SLAWindow{
		{Met: 9 * time.Second, Unknown: time.Second, Verdict: session.VerdictMet},
		{Breached: 10 * time.Second, Down: 10 * time.Second, Verdict: session.VerdictBreached},
		{Breached: 10 * time.Second, Slow: 10 * time.Second, Verdict: session.VerdictBreached},
		{Unknown: 10 * time.Second, Verdict: session.VerdictUnknown},
		{Met: 9 * time.Second, Unknown: time.Second, Verdict: session.VerdictMet},
		{Met: 10 * time.Second, Verdict: session.VerdictMet},
		{Met: 10 * time.Second, Verdict: session.VerdictMet},
		{Met: 10 * time.Second, Verdict: session.VerdictMet},
	}
	if len(got) < len(want) {
		t.Fatalf("%d windows", len(got))
	}
	for i, w := range want {
		have := session.SLAWindow{Met: got[i].Met, Breached: got[i].Breached, Unknown: got[i].Unknown, Down: got[i].Down, Slow: got[i].Slow, Verdict: got[i].Verdict}
		if d := cmp.Diff(w, have); d != "" {
			t.Errorf("window %d (-want +got):\n%s", i, d)
		}
	}
	if w := got[5]; w.Sent != 100 || w.Received != 100 || w.Lost != 0 || w.WorstRTTMicros != 4000 || w.SentOctets != 10_000 || w.RecvOctets != 20_000 || w.Counted != 10*time.Second {
		t.Errorf("counters %+v", w)
	}
	if lost := got[1].Lost + got[2].Lost; lost != 100 {
		t.Errorf("%d packets lost in the outage, sent were 100", lost)
	}
	if len(l.teller.events) != 2 || l.teller.events[0].Kind != session.SLABreached || l.teller.events[1].Kind != session.SLARestored {
		t.Fatalf("told %+v", l.teller.events)
	}
	b := l.teller.events[1].Breach
	if !b.From.Equal(noon.Add(10*time.Second)) || !b.Until.Equal(noon.Add(30*time.Second)) || len(b.Broken) != 3 {
		t.Errorf("breach %+v", b)
	}
}

// TestVerdictsAreToldOnce: a level that wavers is one breach, and what cannot
// be told is told later.
func TestVerdictsAreToldOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t.Context(), t, opened(t), siteToCloud().ID)
	l.teller.fail = true
	for range 4 {
		l.seconds(10, true, true)
		l.seconds(10, false, true)
	}
	if len(l.teller.events) != 0 {
		t.Fatalf("told %+v", l.teller.events)
	}
	l.teller.fail = false
	l.seconds(1, true, true)
	if len(l.teller.events) != 1 || l.teller.events[0].Session != l.session.ID || !l.teller.events[0].Notify || l.teller.events[0].Cause == "" {
		t.Fatalf("told %+v", l.teller.events)
	}
	l.start() // it goes on, also for a daemon that starts again
	l.seconds(50, true, true)
	if len(l.teller.events) != 2 || l.teller.events[1].Kind != session.SLARestored || !l.teller.events[1].Breach.From.Equal(noon.Add(10*time.Second)) {
		t.Errorf("told %+v", l.teller.events)
	}
}

// TestWithoutProber: nobody measures between two sites, and nothing is claimed.
func TestWithoutProber(t *testing.T) {
	t.Parallel()
	l := newLab(t.Context(), t, opened(t), siteToCloud().ID)
	l.session.Z = l.session.A
	l.session.Version++
	l.Follow(l.session)
	l.seconds(40, true, true)
	for i, w := range l.windows() {
		if w.Unknown != w.Until.Sub(w.From) || w.Verdict != session.VerdictUnknown {
			t.Errorf("window %d: %+v", i, w)
		}
	}
	if len(l.teller.events) != 0 {
		t.Errorf("told %+v", l.teller.events)
	}
}

// TestPacketsUnderWayAreNotLost: counters are read while packets are on their way.
func TestPacketsUnderWayAreNotLost(t *testing.T) {
	t.Parallel()
	at := func(s int, sent, received uint64) look {
		return look{at: noon.Add(time.Duration(s) * time.Second), ways: [][]probed{{{started: noon, sent: sent, received: received, lost: sent - received}}}}
	}
	looks := []look{at(0, 10, 10), at(1, 20, 19), at(2, 30, 30), at(3, 40, 38), at(4, 50, 49), at(5, 60, 59)}
	var lost []uint64
	for i := 1; i < len(looks); i++ {
		b, enough := compare(&looks[i-1], &looks[i], 0)
		if !enough || b.unknown || b.down {
			t.Fatalf("look %d: %+v", i, b)
		}
		lost = append(lost, b.window.Lost)
	}
	if d := cmp.Diff([]uint64{0, 0, 0, 1, 0}, lost); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestBoughtAfterItPassed: a session is extended when it is over already. The
// time between is known from the next two looks on, and not from its old end.
func TestBoughtAfterItPassed(t *testing.T) {
	t.Parallel()
	store := opened(t)
	for i, c := range []struct {
		name    string
		passed  int // seconds after the old end before the daemon is there again
		looked  int // seconds in which the gateway answers before the extension
		up      bool
		met     time.Duration
		down    time.Duration
		unknown time.Duration // from the old end on
	}{
		{"down after", 0, 2, false, 0, time.Second, 2 * time.Second},
		{"up after", 0, 2, true, time.Second, 0, 2 * time.Second},
		{"looked at once", 0, 1, false, 0, time.Second, time.Second},
		{"not looked at before", 0, 0, false, 0, 0, time.Second},
		{"over for long", 14, 2, false, 0, time.Second, 16 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t.Context(), t, store, session.ID(fmt.Sprintf("0f3e8a52-1b7c-4a7e-9d3c-%012d", i)))
			l.Stop(l.ctx)
			end := l.session.ExpiresAt
			l.clock = end.Add(time.Duration(c.passed) * time.Second)
			l.start()
			l.seconds(c.looked, true, true)
			l.session.ExpiresAt = end.Add(time.Minute)
			l.session.Version++
			l.Follow(l.session)
			l.second(c.up, true)
			l.Stop(l.ctx)
			got := session.SLAWindow{}
			for _, w := range l.windows() {
				if !w.From.Before(end) {
					got.Add(w)
				}
			}
			want := session.SLAWindow{Met: c.met, Breached: c.down, Down: c.down, Unknown: c.unknown}
			if d := cmp.Diff(want, session.SLAWindow{Met: got.Met, Breached: got.Breached, Down: got.Down, Unknown: got.Unknown}); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestWindowsTile: whatever happens to gateway, daemon, store and session, the
// windows follow each other without gap or overlap from the start to the end of
// service, add up, and know no more than was looked at.
func TestWindowsTile(t *testing.T) {
	t.Parallel()
	store, n := opened(t), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		l := newLab(context.Background(), t, store, session.ID(fmt.Sprintf("0f3e8a52-1b7c-4a7e-9d3c-%012d", n)))
		known, lastLook := time.Duration(0), time.Time{}
		look := func(up bool) {
			l.second(up, true)
			if gap := l.clock.Sub(lastLook); !lastLook.IsZero() && gap <= stale {
				known += gap
			}
			lastLook = l.clock
		}
		t.Repeat(map[string]func(*rapid.T){
			"looks": func(t *rapid.T) {
				up := rapid.Bool().Draw(t, "up")
				for range rapid.IntRange(1, 8).Draw(t, "n") {
					look(up)
				}
			},
			"silence": func(t *rapid.T) { l.seconds(rapid.IntRange(1, 9).Draw(t, "n"), true, false) },
			"odd time": func(t *rapid.T) {
				l.clock = l.clock.Add(time.Duration(rapid.IntRange(1, 4_000_000).Draw(t, "us")) * time.Microsecond)
			},
			"reboot of the gateway": func(*rapid.T) {
				l.gateway.Sent, l.gateway.Received, l.gateway.Started, l.tunnel.TxBytes = 0, 0, l.clock, 0
			},
			"latency": func(t *rapid.T) { l.gateway.MeanRTTMicros = rapid.Uint32Range(1, 40_000).Draw(t, "us") },
			"another level": func(t *rapid.T) {
				l.session.Level = rapid.SampledFrom([]session.LevelName{"A", "AA", "B"}).Draw(t, "level")
				l.session.Version++
				l.Follow(l.session)
			},
			"extended": func(*rapid.T) {
				l.session.ExpiresAt = l.session.ExpiresAt.Add(time.Minute)
				l.session.Version++
				l.Follow(l.session)
			},
			"old news": func(*rapid.T) { old := l.session; old.Version--; old.Level = "AA"; l.Follow(old) },
			"store":    func(t *rapid.T) { l.keeper.fail = rapid.Bool().Draw(t, "fails") },
			"killed": func(t *rapid.T) {
				l.clock = l.clock.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "s")) * time.Second)
				lastLook = time.Time{}
				l.start()
			},
			"stopped": func(t *rapid.T) {
				l.Stop(l.ctx)
				l.clock = l.clock.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "s")) * time.Second)
				lastLook = time.Time{}
				l.start()
			},
			"read": func(*rapid.T) { l.windows() },
		})
		l.keeper.fail = false
		if l.clock.Before(l.session.ExpiresAt) && rapid.Bool().Draw(t, "deleted") {
			l.session.EndedAt = l.clock.Truncate(time.Microsecond)
		} else {
			l.seconds(int(max(0, l.session.ExpiresAt.Sub(l.clock))/time.Second)+1, true, false)
			l.session.EndedAt = l.session.ExpiresAt
		}
		l.session.Version++
		l.Follow(l.session)
		l.seconds(3*int(stale/time.Second)+3, true, false)
		all := l.windows()
		if l.session.EndedAt.After(l.session.StartedAt) && (len(all) == 0 || !all[len(all)-1].Until.Equal(l.session.EndedAt)) {
			t.Fatalf("service ended at %s, windows %+v", l.session.EndedAt, all)
		}
		sum, _, err := l.keeper.Delivered(l.ctx, l.session.ID)
		if err != nil || sum.Met+sum.Breached > known {
			t.Fatalf("known are %s, looked at were %s: %v", sum.Met+sum.Breached, known, err)
		}
		if len(l.follows) != 0 {
			t.Fatal("a session that ended is followed still")
		}
	})
}
