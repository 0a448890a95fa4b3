// SPDX-License-Identifier: Apache-2.0

// Package webhook tells customers' sinks of what happened to their sessions, and
// of held offers that are about to expire: CloudEvents over https, in order for
// each session, at least once, with one id for all tries. It takes its work from order.Outbox and decides only how
// and when to send; what is worth telling was decided with the event.
package webhook

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/s2cd/s2cd/order"
)

// Config is what a Worker needs. Zero numbers and durations take their defaults.
type Config struct {
	Outbox  order.Outbox
	Source  string // URL of the API up to its version; events name it as their source
	Holder  string // of leases, unique among daemons
	Guard   Guard
	Keys    *Keys          // for sinks whose tokens are fetched; nil: switched off
	RootCAs *x509.CertPool // that sinks' certificates are checked with; nil: the system's
	Log     *slog.Logger

	Resolver *net.Resolver // of sinks' names; nil: the system's

	Now    func() time.Time // nil: the wall clock
	Random func() float64   // in [0,1); nil: math/rand

	// Outcome is told of everything that is recorded: "delivered", "retry",
	// "postponed" or "given up". It must not block; nil: nobody is told.
	Outcome func(outcome string)

	Workers     int           // deliveries at once, 64
	PerHost     int           // of them to one host and port, 4
	PerTenant   int           // of them for one customer, a quarter of Workers
	Timeout     time.Duration // of one delivery, 10 s
	MinBackoff  time.Duration // 1 s
	MaxBackoff  time.Duration // 15 min
	MaxRetry    time.Duration // that a sink's Retry-After may ask for, 1 h
	GiveUpAfter time.Duration // since the first try, 24 h
	Poll        time.Duration // between looks for work, 1 s
}

// leaseMargin is what a lease lasts beyond the longest delivery.
const leaseMargin = 20 * time.Second

// Worker delivers events until it is told to stop.
type Worker struct {
	cfg    Config
	client *http.Client
	tokens *tokens
	wake   chan struct{}

	mu   sync.Mutex     // guards busy and held
	busy map[string]int // by host, and by customer
	held map[string]int // streams put back since there was a free place
}

// New returns a Worker. It owns no goroutine until Run.
func New(cfg Config) (*Worker, error) {
	if cfg.Outbox == nil || cfg.Log == nil || cfg.Holder == "" {
		return nil, errors.New("webhook: Outbox, Log and Holder are needed")
	}
	if u, err := url.Parse(cfg.Source); err != nil || cfg.Source == "" {
		return nil, fmt.Errorf("webhook: source %q is no URL", u)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Outcome == nil {
		cfg.Outcome = func(string) {}
	}
	if cfg.Random == nil {
		cfg.Random = rand.Float64
	}
	cfg.Workers, cfg.PerHost = positive(cfg.Workers, 64), positive(cfg.PerHost, 4)
	cfg.PerTenant = positive(cfg.PerTenant, max(1, cfg.Workers/4))
	cfg.MaxRetry = positive(cfg.MaxRetry, time.Hour)
	cfg.Timeout = positive(cfg.Timeout, 10*time.Second)
	cfg.MinBackoff, cfg.MaxBackoff = positive(cfg.MinBackoff, time.Second), positive(cfg.MaxBackoff, 15*time.Minute)
	cfg.GiveUpAfter, cfg.Poll = positive(cfg.GiveUpAfter, 24*time.Hour), positive(cfg.Poll, time.Second)
	w := &Worker{cfg: cfg, client: newClient(cfg), wake: make(chan struct{}, 1), busy: map[string]int{}, held: map[string]int{}}
	w.tokens = &tokens{keys: cfg.Keys, client: w.client, now: cfg.Now, kept: map[tokenKey]fetched{}}
	return w, nil
}

func positive[T int | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

// Wake has the worker look for work now instead of at its next poll.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Run delivers until ctx ends and returns when the last delivery has. What was
// cut off is repeated by whoever leases the stream next.
func (w *Worker) Run(ctx context.Context) {
	places := make(chan struct{}, w.cfg.Workers)
	var all sync.WaitGroup
	defer w.client.CloseIdleConnections()
	defer all.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case places <- struct{}{}:
		}
		now := w.cfg.Now()
		s, ok, err := w.cfg.Outbox.ClaimStream(ctx, w.cfg.Holder, now, now.Add(w.cfg.Timeout+leaseMargin))
		if err != nil && ctx.Err() == nil {
			w.cfg.Log.ErrorContext(ctx, "events not claimed", "error", err)
		}
		if err != nil || !ok {
			<-places
			if !w.pause(ctx) {
				return
			}
			continue
		}
		all.Go(func() {
			defer func() { <-places }()
			w.handle(ctx, s)
		})
	}
}

// pause waits for the next look; false says that ctx has ended.
func (w *Worker) pause(ctx context.Context) bool {
	timer := time.NewTimer(w.cfg.Poll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-w.wake:
	case <-timer.C:
	}
	return true
}

// handle tries the head of a stream and records how that went.
func (w *Worker) handle(ctx context.Context, s order.Stream) {
	if wait, ok := w.enter(s); !ok {
		w.record(ctx, s, verdict{kind: putBack, at: w.cfg.Now().Add(wait)})
		return
	}
	v := w.try(ctx, s)
	w.leave(s)
	// What the end cut off has no outcome; what was taken before it has one.
	if v.kind == delivered || ctx.Err() == nil {
		w.record(ctx, s, v)
	}
	w.Wake()
}

// place is something of which only so many deliveries may be under way.
type place struct {
	name string
	most int
}

// places are those that a delivery takes.
func (w *Worker) places(s order.Stream) []place {
	return []place{{"customer " + string(s.Tenant), w.cfg.PerTenant}, {"host " + hostOf(s.Sink.URL), w.cfg.PerHost}}
}

// enter takes a stream's places. Without a free one it says how long to stay
// away: the more that wait, the longer.
func (w *Worker) enter(s order.Stream) (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.places(s)
	for _, p := range all {
		if w.busy[p.name] >= p.most {
			w.held[p.name]++
			return min(time.Minute, time.Duration(w.held[p.name])*w.cfg.MinBackoff), false
		}
	}
	for _, p := range all {
		w.busy[p.name]++
	}
	return 0, true
}

func (w *Worker) leave(s order.Stream) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.places(s) {
		if w.busy[p.name]--; w.busy[p.name] == 0 {
			delete(w.busy, p.name)
		}
		delete(w.held, p.name)
	}
}

// record hands the stream back. It does so even when ctx ends meanwhile, so
// that a delivery that was made is not repeated without need.
func (w *Worker) record(ctx context.Context, s order.Stream, v verdict) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.cfg.Timeout)
	defer cancel()
	v = inTime(s, v)
	attrs := append(subject(s), "event", s.Event.ID, "seq", s.Event.Seq, "tries", s.Tries+1)
	now := w.cfg.Now()
	var err error
	switch v.kind {
	case delivered:
		err = w.cfg.Outbox.Delivered(ctx, s, now)
		w.cfg.Log.DebugContext(ctx, "event delivered", attrs...)
	case putBack:
		err = w.cfg.Outbox.Postpone(ctx, s, v.at)
		w.cfg.Log.DebugContext(ctx, "event put back", append(attrs, "at", v.at)...)
	case retry:
		err = w.cfg.Outbox.RetryAt(ctx, s, v.at, v.reason)
		w.cfg.Log.DebugContext(ctx, "event kept", append(attrs, "reason", v.reason, "at", v.at)...)
	case giveUp:
		err = w.cfg.Outbox.GiveUp(ctx, s, now, v.reason, v.final)
		w.cfg.Log.WarnContext(ctx, "events given up", append(attrs, "reason", v.reason, "final", v.final)...)
	}
	w.cfg.Outcome(v.kind.String())
	if err != nil {
		w.cfg.Log.ErrorContext(ctx, "delivery not recorded", append(attrs, "error", err)...)
	}
}

// subject is what a stream is of, for logs.
func subject(s order.Stream) []any {
	if s.Expiring != nil {
		return []any{"hold", s.Expiring.Hold}
	}
	return []any{"session", s.Session}
}
