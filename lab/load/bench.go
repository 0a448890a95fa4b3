// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Options say what is measured. All are required but Profiles and Keep.
type Options struct {
	Plan        Plan
	Bin         string // folder of s2cd and s2cload
	Connections int
	Create      Phase
	Check       Phase
	Read        Phase     // of one session
	List        Phase     // of 20 sessions
	Profiles    string    // folder for CPU profiles of the daemon; empty: none
	Keep        bool      // leave the folder with logs and store
	Say         io.Writer // what is going on
}

// Phase is a load: so many calls a second for so long.
type Phase struct {
	Rate  int // a second
	Time  time.Duration
	Limit time.Duration // for the 99th percentile; told, not enforced; 0: none
}

func (p Phase) calls() int { return int(p.Time.Seconds() * float64(p.Rate)) }

// Bench runs the phases one after the other and returns what they came to. The
// processes it started have ended when it returns.
func Bench(ctx context.Context, o Options) (results []Result, err error) {
	if err := o.Plan.Check(); err != nil {
		return nil, err
	}
	if o.Profiles != "" {
		if err := os.MkdirAll(o.Profiles, 0o700); err != nil {
			return nil, fmt.Errorf("folder for profiles: %w", err)
		}
	}
	dir, err := os.MkdirTemp("", "s2cload-")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if o.Keep {
		o.say("logs and store stay in %s", dir)
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	s, err := newStack(o.Plan, o.Bin, dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	o.say("%d simulated routers start", o.Plan.PEs)
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	t, err := s.target(ctx)
	if err != nil {
		return nil, err
	}
	return o.phases(ctx, s, t)
}

func (o Options) say(format string, args ...any) {
	_, _ = fmt.Fprintf(o.Say, format+"\n", args...) // whoever listens is gone if this fails
}

// phases creates, then checks and reads among what was created. Provisioning goes
// on behind all of them.
func (o Options) phases(ctx context.Context, s *stack, t *target) ([]Result, error) {
	var results []Result
	measure := func(name string, p Phase, calls []call) (*run, error) {
		r, one, err := o.measure(ctx, s, t, name, p, calls)
		if err == nil {
			results = append(results, one)
		}
		return r, err
	}
	r, err := measure("create", o.Create, o.Plan.creates(o.Create.calls()))
	if err != nil {
		return results, err
	}
	sessions := r.made()
	if len(sessions) == 0 {
		return results, errors.New("no session was made, there is nothing to read")
	}
	if _, err := measure("check", o.Check, o.Plan.checks(o.Check.calls())); err != nil {
		return results, err
	}
	if _, err := measure("read", o.Read, o.Plan.reads(o.Read.calls(), sessions)); err != nil {
		return results, err
	}
	_, err = measure("list", o.List, o.Plan.lists(o.List.calls(), sessions))
	return results, err
}

// measure is one phase with what it cost.
func (o Options) measure(ctx context.Context, s *stack, t *target, name string, p Phase, calls []call) (*run, Result, error) {
	o.say("%s: %d a second for %s", name, p.Rate, p.Time)
	before, err := cpuNow(s.daemon.Pid(), s.devices.Pid())
	if err != nil {
		return nil, Result{}, err
	}
	profiled := func() error { return nil }
	if o.Profiles != "" {
		profiled = s.profile(ctx, o.Profiles, name, p.Time)
	}
	r, err := t.drive(ctx, calls, p.Rate, o.Connections)
	if err = errors.Join(err, profiled()); err != nil {
		return nil, Result{}, fmt.Errorf("%s: %w", name, err)
	}
	after, err := cpuNow(s.daemon.Pid(), s.devices.Pid())
	if err != nil {
		return nil, Result{}, err
	}
	out := r.result(name, p.Rate, p.Limit)
	out.CPU = after.since(before)
	out.Sessions, err = s.phases(ctx)
	return r, out, err
}
