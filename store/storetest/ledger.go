// SPDX-License-Identifier: Apache-2.0

package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

var _ order.Ledger = (*Ledger)(nil)

// Ledger is a small book of arcs that all have the same capacity. It counts
// what it is told wrongly: gaps, releases of what was never there, entries left
// pending. Its arithmetic is naive on purpose.
type Ledger struct {
	capacity uint64

	mu      sync.Mutex // guards all below
	known   uint64
	reloads int
	durable []pathcomp.Booking
	pending []pathcomp.Booking
	faults  []string
}

var errNoRoom = errors.New("no room")

// NewLedger returns an empty book whose arcs have capacity kbit/s; 0: no limit.
func NewLedger(capacity uint64) *Ledger { return &Ledger{capacity: capacity} }

// Load enters what LoadBookings hands out.
func (l *Ledger) Load(b pathcomp.Booking) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.load(b)
	return nil
}

func (l *Ledger) load(b pathcomp.Booking) {
	if b.Seq <= l.known || b.Release {
		l.faults = append(l.faults, fmt.Sprintf("loaded %+v after booking %d", b, l.known))
	}
	l.known = b.Seq
	if b.Owner != "" {
		l.durable = append(l.durable, b)
	}
}

// Reload implements order.Ledger.
func (l *Ledger) Reload(bookings []pathcomp.Booking) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known, l.durable = 0, nil
	l.reloads++
	for _, b := range bookings {
		l.load(b)
	}
	return nil
}

// Known implements order.Ledger.
func (l *Ledger) Known() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known
}

// CatchUp implements order.Ledger.
func (l *Ledger) CatchUp(bookings []pathcomp.Booking) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range bookings {
		l.enter(b)
	}
	return nil
}

// Reserve implements order.Ledger.
func (l *Ledger) Reserve(owner string, a pathcomp.Admission) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := pathcomp.Booking{Owner: owner, Variant: a.Variant, Replaces: a.Replaces, Class: a.Class, Window: a.Window, Uses: a.Uses}
	if slices.ContainsFunc(l.pending, func(p pathcomp.Booking) bool { return p.Owner == owner && p.Variant == a.Variant }) {
		l.faults = append(l.faults, "reserved twice: "+owner)
	}
	l.pending = append(l.pending, b)
	if l.capacity == 0 {
		return nil
	}
	for _, u := range a.Uses {
		if l.taken(u.Arc, a.Window) > l.capacity {
			l.pending = l.pending[:len(l.pending)-1]
			return fmt.Errorf("arc %s: %w", u.Arc, errNoRoom)
		}
	}
	return nil
}

// Settle implements order.Ledger.
func (l *Ledger) Settle(bookings []pathcomp.Booking) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range bookings {
		l.enter(b)
	}
}

// Withdraw implements order.Ledger.
func (l *Ledger) Withdraw(owner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = slices.DeleteFunc(l.pending, func(p pathcomp.Booking) bool { return p.Owner == owner })
}

// Uses implements order.Ledger.
func (l *Ledger) Uses(owner string, variant uint32) []pathcomp.Use {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range slices.Concat(l.durable, l.pending) {
		if b.Owner == owner && b.Variant == variant {
			return slices.Clone(b.Uses)
		}
	}
	return nil
}

// Faults returns what the book was told wrongly, and what is left pending.
func (l *Ledger) Faults() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	faults := slices.Clone(l.faults)
	for _, p := range l.pending {
		faults = append(faults, "left pending: "+p.Owner)
	}
	return faults
}

// Taken returns what is taken on an arc in a window.
func (l *Ledger) Taken(arc topology.ArcName, w pathcomp.Window) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.taken(arc, w)
}

// Reloads returns how often the book was loaded anew.
func (l *Ledger) Reloads() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reloads
}

func (l *Ledger) enter(b pathcomp.Booking) {
	if b.Seq != l.known+1 {
		l.faults = append(l.faults, fmt.Sprintf("booking %d after %d", b.Seq, l.known))
	}
	l.known = b.Seq
	if i := slices.IndexFunc(l.pending, func(p pathcomp.Booking) bool {
		return !b.Release && p.Owner == b.Owner && p.Variant == b.Variant
	}); i >= 0 {
		l.pending = slices.Delete(l.pending, i, i+1)
	}
	if l.capacity == 0 {
		return // an unlimited book for benchmarks keeps no list
	}
	before := len(l.durable)
	l.durable = ended(l.durable, b)
	if b.Release && len(l.durable) == before {
		l.faults = append(l.faults, fmt.Sprintf("booking %d: %s releases what it has not", b.Seq, b.Owner))
	}
	if !b.Release {
		l.durable = append(l.durable, b)
	}
}

// ended drops what ends with b from live.
func ended(live []pathcomp.Booking, b pathcomp.Booking) []pathcomp.Booking {
	return slices.DeleteFunc(live, func(old pathcomp.Booking) bool {
		return b.Release && old.Owner == b.Owner && old.Variant < b.Variant || b.Replaces != "" && old.Owner == b.Replaces
	})
}

// taken is the largest load at any instant of w.
func (l *Ledger) taken(arc topology.ArcName, w pathcomp.Window) uint64 {
	all := slices.Clone(l.durable)
	for i, p := range l.pending {
		if p.Replaces != "" { // one more variant until it is durable
			p.Owner, p.Variant = p.Replaces, pathcomp.EveryVariant-uint32(i)
		}
		all = append(all, p)
	}
	most := load(all, arc, w.From)
	for _, b := range all {
		if !b.Window.From.Before(w.From) && b.Window.From.Before(w.Until) {
			most = max(most, load(all, arc, b.Window.From))
		}
	}
	return most
}

// load is what bookings take of an arc at an instant: of each owner the variant
// that takes most.
func load(all []pathcomp.Booking, arc topology.ArcName, at time.Time) uint64 {
	type variant struct {
		owner string
		n     uint32
	}
	sums, most, sum := map[variant]uint64{}, map[string]uint64{}, uint64(0)
	for _, b := range all {
		if at.Before(b.Window.From) || !at.Before(b.Window.Until) {
			continue
		}
		for _, u := range b.Uses {
			if u.Arc == arc {
				sums[variant{b.Owner, b.Variant}] += u.Kbps
			}
		}
	}
	for v, kbps := range sums {
		most[v.owner] = max(most[v.owner], kbps)
	}
	for _, kbps := range most {
		sum += kbps
	}
	return sum
}
