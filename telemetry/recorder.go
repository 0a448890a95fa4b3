// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// Keeper keeps the windows of sessions.
type Keeper interface {
	// Sums returns the sum of the windows of each session.
	Sums(ctx context.Context) (map[session.ID]session.SLAWindow, error)
	// Keep adds finished windows, all or none. A batch may be repeated.
	Keep(ctx context.Context, windows []order.SessionWindow) error
}

// Teller writes changes of verdict into the timelines of sessions.
type Teller interface {
	// OpenBreaches returns the breaches that were told and are not over.
	OpenBreaches(ctx context.Context) (map[session.ID]session.Breach, error)
	// TellVerdicts appends events in order. A batch may be repeated.
	TellVerdicts(ctx context.Context, events []session.Event) error
}

// RecorderConfig is what a Recorder needs. All fields but Log are required.
type RecorderConfig struct {
	Monitor *Monitor
	Keeper  Keeper
	Teller  Teller
	Level   func(session.LevelName) (session.Level, bool)
	Every   time.Duration // between two looks at sessions, at least
	Flush   time.Duration // after which finished windows are kept, at most
	Log     *slog.Logger
}

// Recorder makes windows of what a Monitor sees of sessions in service, and has
// them kept. It is safe for concurrent use.
type Recorder struct {
	RecorderConfig
	now func() time.Time

	mu      sync.Mutex // guards all below
	follows map[session.ID]*follow
	ended   map[session.ID]time.Time // followed to the end, and when
	until   map[session.ID]time.Time // of what was kept before the start
	broken  map[session.ID]session.Breach
	untold  []session.Event
	flushed time.Time
}

// stopTime bounds the last write.
const stopTime = 5 * time.Second

// endedFor is for how long a late word on a session that ended may come.
const endedFor = time.Hour

// NewRecorder returns a Recorder that knows where the windows of each session
// end. It follows no session yet.
func NewRecorder(ctx context.Context, c RecorderConfig) (*Recorder, error) {
	if c.Monitor == nil || c.Keeper == nil || c.Teller == nil || c.Level == nil || c.Every <= 0 || c.Flush <= 0 {
		return nil, errors.New("telemetry: a recorder needs monitor, keeper, teller, levels and times")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	sums, err := c.Keeper.Sums(ctx)
	if err != nil {
		return nil, fmt.Errorf("read windows: %w", err)
	}
	r := &Recorder{
		RecorderConfig: c, now: func() time.Time { return c.Monitor.Clock().Truncate(time.Microsecond) },
		follows: map[session.ID]*follow{}, ended: map[session.ID]time.Time{}, until: make(map[session.ID]time.Time, len(sums)),
	}
	for id, sum := range sums {
		r.until[id] = sum.Until
	}
	if r.broken, err = c.Teller.OpenBreaches(ctx); err != nil {
		return nil, fmt.Errorf("read breaches: %w", err)
	}
	return r, nil
}

// Follow tells of a session, at each of its changes: it is measured from when
// it is ACTIVATED to the end of service. It never blocks for long.
func (r *Recorder) Follow(s session.Session) {
	if s.StartedAt.IsZero() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	level, ok := r.Level(s.Level)
	if !ok {
		level = session.Level{Name: s.Level} // no longer sold: nothing says what it promised
	}
	f := r.follows[s.ID]
	if f != nil {
		if s.Version >= f.session.Version {
			f.amend(s, level)
		}
		return
	}
	if _, over := r.ended[s.ID]; over {
		return
	}
	var breach *session.Breach
	if b, open := r.broken[s.ID]; open {
		breach = &b
	}
	f = begin(s, level, r.until[s.ID], breach, r.now())
	if end := f.end(); len(f.done) == 0 && !end.IsZero() && !f.open.From.Before(end) {
		return // all of it is kept
	}
	r.follows[s.ID] = f
	delete(r.until, s.ID)
	delete(r.broken, s.ID)
}

// Run measures until ctx ends, then keeps what is known.
func (r *Recorder) Run(ctx context.Context) error {
	ticker := time.NewTicker(r.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			r.Stop(context.WithoutCancel(ctx))
			return nil
		case <-ticker.C:
			r.Tick(ctx)
		}
	}
}

// Tick looks at the sessions that are due, and keeps and tells what is ready.
func (r *Recorder) Tick(ctx context.Context) {
	now := r.now()
	r.mu.Lock()
	for id, f := range r.follows {
		if now.Before(f.next) {
			continue
		}
		f.next = now.Add(max(r.Every, min(f.every()/looksAWindow, seldomLook)))
		seen, ok := r.Monitor.counters(f.session)
		if f.step(now, seen, ok, r.Monitor.Stale) {
			r.ended[id] = now
		}
		r.hear(id, f)
	}
	for id, at := range r.ended {
		if now.Sub(at) > endedFor {
			delete(r.ended, id)
		}
	}
	due := now.Sub(r.flushed) >= r.Flush
	if due {
		r.flushed = now
	}
	r.mu.Unlock()
	r.tell(ctx)
	if due {
		r.keep(ctx)
	}
}

// Stop keeps also the windows that are under way: those of the next daemon go
// on where they end. What passes until then is unknown.
func (r *Recorder) Stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopTime)
	defer cancel()
	r.mu.Lock()
	for id, f := range r.follows {
		f.cut()
		r.hear(id, f)
	}
	r.mu.Unlock()
	r.tell(ctx)
	r.keep(ctx)
}

// hear takes the news of a session.
func (r *Recorder) hear(id session.ID, f *follow) {
	for _, e := range f.keeping.news {
		e.Session = id
		e.Cause = inWords(e)
		r.untold = append(r.untold, e)
	}
	f.keeping.news = nil
}

// inWords says for operators and in timelines what was not kept.
func inWords(e session.Event) string {
	if e.Kind == session.SLARestored {
		return "the service level is kept again"
	}
	words := "the service level is not kept"
	for _, b := range e.Breach.Broken {
		words += fmt.Sprintf("; %s: promised %d, delivered %d", b.Guarantee, b.Promised, b.Delivered)
	}
	return words
}

// tell writes news down; they wait when that fails.
func (r *Recorder) tell(ctx context.Context) {
	r.mu.Lock()
	news := r.untold
	r.untold = nil
	r.mu.Unlock()
	if len(news) == 0 {
		return
	}
	if err := r.Teller.TellVerdicts(ctx, news); err != nil {
		r.Log.WarnContext(ctx, "verdicts not told, they will be tried again", "events", len(news), "error", err)
		r.mu.Lock()
		r.untold = append(news, r.untold...)
		r.mu.Unlock()
	}
}

// keep writes finished windows down; they wait when that fails.
func (r *Recorder) keep(ctx context.Context) {
	r.mu.Lock()
	var batch []order.SessionWindow
	kept := map[*follow]time.Time{}
	for id, f := range r.follows {
		for _, w := range f.done {
			batch = append(batch, order.SessionWindow{Session: id, SLAWindow: w})
			kept[f] = w.Until
		}
	}
	r.mu.Unlock()
	if len(batch) > 0 {
		if err := r.Keeper.Keep(ctx, batch); err != nil {
			r.Log.WarnContext(ctx, "measurements not kept, they will be tried again", "windows", len(batch), "error", err)
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, f := range r.follows {
		for len(f.done) > 0 && !f.done[0].Until.After(kept[f]) {
			f.done = f.done[1:]
		}
		if _, over := r.ended[id]; over && len(f.done) == 0 {
			delete(r.follows, id)
		}
	}
}
