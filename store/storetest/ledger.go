// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

var _ order.Ledger = (*Ledger)(nil)

// Ledger is a small book of arcs that all have the same capacity. It counts
// what it is told wrongly: gaps, returns of what was never there, entries left
// pending. Its arithmetic is naive on purpose.
type Ledger struct {
	capacity uint64

	mu      sync.Mutex // guards all below
	known   map[topology.ArcName]uint64
	durable map[topology.ArcName][]pathcomp.Change
	pending map[string]pathcomp.Admission
	faults  []string
}

var errNoRoom = errors.New("no room")

// NewLedger returns an empty book whose arcs have capacity kbit/s; 0: no limit.
func NewLedger(capacity uint64) *Ledger {
	return &Ledger{
		capacity: capacity, known: map[topology.ArcName]uint64{},
		durable: map[topology.ArcName][]pathcomp.Change{}, pending: map[string]pathcomp.Admission{},
	}
}

// Load enters what LoadArcs hands out.
func (l *Ledger) Load(c pathcomp.Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[c.Arc] = c.Version
	if c.Kbps != 0 {
		l.durable[c.Arc] = append(l.durable[c.Arc], c)
	}
	return nil
}

// Known implements order.Ledger.
func (l *Ledger) Known(arc topology.ArcName) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[arc]
}

// CatchUp implements order.Ledger.
func (l *Ledger) CatchUp(changes []pathcomp.Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range changes {
		l.enter(c)
	}
	return nil
}

// Reserve implements order.Ledger.
func (l *Ledger) Reserve(owner string, a pathcomp.Admission) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, twice := l.pending[owner]; twice {
		l.faults = append(l.faults, "reserved twice: "+owner)
	}
	if l.capacity > 0 {
		for _, u := range a.Uses {
			if l.taken(u.Arc, a.Window)+u.Kbps > l.capacity {
				return fmt.Errorf("arc %s: %w", u.Arc, errNoRoom)
			}
		}
	}
	if len(a.Uses) > 0 {
		l.pending[owner] = a
	}
	return nil
}

// Settle implements order.Ledger.
func (l *Ledger) Settle(changes []pathcomp.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range changes {
		l.enter(c)
		if c.Kbps > 0 {
			delete(l.pending, c.Owner)
		}
	}
}

// Withdraw implements order.Ledger.
func (l *Ledger) Withdraw(owner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pending, owner)
}

// Faults returns what the book was told wrongly, and what is left pending.
func (l *Ledger) Faults() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	faults := append([]string{}, l.faults...)
	for owner := range l.pending {
		faults = append(faults, "left pending: "+owner)
	}
	return faults
}

// Taken returns what is taken on an arc in a window.
func (l *Ledger) Taken(arc topology.ArcName, w pathcomp.Window) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.taken(arc, w)
}

func (l *Ledger) enter(c pathcomp.Change) {
	if c.Version != l.known[c.Arc]+1 {
		l.faults = append(l.faults, fmt.Sprintf("arc %s: version %d after %d", c.Arc, c.Version, l.known[c.Arc]))
	}
	l.known[c.Arc] = c.Version
	if l.capacity == 0 {
		return // an unlimited book for benchmarks keeps no list
	}
	if c.Kbps > 0 {
		l.durable[c.Arc] = append(l.durable[c.Arc], c)
		return
	}
	line := l.durable[c.Arc]
	for i, d := range line {
		if d.Owner == c.Owner && d.Kbps == -c.Kbps && d.Window == c.Window {
			l.durable[c.Arc] = append(line[:i:i], line[i+1:]...)
			return
		}
	}
	l.faults = append(l.faults, fmt.Sprintf("arc %s: %s returns what it has not", c.Arc, c.Owner))
}

// taken is the largest sum at any instant of w.
func (l *Ledger) taken(arc topology.ArcName, w pathcomp.Window) uint64 {
	all := append([]pathcomp.Change{}, l.durable[arc]...)
	for _, a := range l.pending {
		for _, u := range a.Uses {
			if u.Arc == arc {
				all = append(all, pathcomp.Change{Kbps: int64(u.Kbps), Window: a.Window})
			}
		}
	}
	most := uint64(0)
	for _, at := range append(starts(all), w.From) {
		if at.Before(w.From) || !at.Before(w.Until) {
			continue
		}
		most = max(most, sumAt(all, at))
	}
	return most
}

func starts(all []pathcomp.Change) []time.Time {
	times := make([]time.Time, len(all))
	for i, c := range all {
		times[i] = c.Window.From
	}
	return times
}

func sumAt(all []pathcomp.Change, at time.Time) uint64 {
	sum := int64(0)
	for _, c := range all {
		if !at.Before(c.Window.From) && at.Before(c.Window.Until) {
			sum += c.Kbps
		}
	}
	return uint64(max(sum, 0))
}
