// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// Why Reserve and CatchUp refuse.
var (
	// ErrNoRoom says that an arc has not the bandwidth (any more).
	ErrNoRoom = errors.New("no room")
	// ErrStale says that the network has changed since the admission was
	// searched: search again.
	ErrStale = errors.New("topology changed")
	// ErrGap says that a booking is missing: reload the ledger.
	ErrGap = errors.New("booking missing")
)

// keep is how long the past stays in the calendars.
const keep = time.Hour

// Ledger keeps every arc's bandwidth calendar: what is durable and what is
// pending, both of which take room. One change at a time is made; searches
// read while it is.
type Ledger struct {
	clock func() time.Time

	mu    sync.RWMutex // guards books and list; who holds commit may read without it
	books map[topology.ArcName]*book
	list  []*book // by id
	arcs  []*book // by number in the newest snapshot; nil: none, or of a fork

	// commit serialises changes. Taken before mu and before book.mu.
	commit  sync.Mutex
	known   uint64              // newest seq up to which all are entered
	owners  map[string]*holding // that hold something
	pending map[string][]*entry // by owner, in the order reserved
	classes map[string]string   // one copy of each name
	serial  uint64              // of the capacities
	births  uint64              // entries made
	index   index
	shifts  []shift // room for those of a writer

	serials *atomic.Uint64 // that were given, also to forks
	scratch *scratch       // of a fork; else nil
}

// NewLedger returns an empty ledger. It knows no capacities, and so refuses all,
// until a Core is made for it.
func NewLedger(clock func() time.Time) *Ledger {
	return &Ledger{
		clock: clock, books: map[topology.ArcName]*book{}, owners: map[string]*holding{},
		pending: map[string][]*entry{}, classes: map[string]string{}, serials: &atomic.Uint64{}, shifts: make([]shift, 0, 8),
	}
}

// Load enters one durable booking at start, before anything else is done with
// the ledger. Seqs grow; those between are of what is over. A booking without
// owner tells the newest seq only.
func (l *Ledger) Load(b Booking) error {
	l.commit.Lock()
	defer l.commit.Unlock()
	return l.load(b)
}

// Reload replaces all that is durable by what Load takes, for a ledger that
// missed bookings which are no longer in the log. Pending entries stay.
func (l *Ledger) Reload(bookings []Booking) error {
	l.commit.Lock()
	defer l.commit.Unlock()
	for _, b := range l.books {
		b.reset()
	}
	known := l.known
	l.known, l.owners, l.index = 0, map[string]*holding{}, index{}
	var faults []error
	for i := range bookings {
		if bookings[i].Seq > known {
			l.takePending(&bookings[i]) // what has become durable no longer pends
		}
		faults = append(faults, l.load(bookings[i]))
	}
	for _, entries := range l.pending {
		for _, e := range entries {
			l.add(e)
			l.join(e.shares(), e)
		}
	}
	return errors.Join(faults...)
}

// Known returns the newest seq up to which all are entered; 0: none.
func (l *Ledger) Known() uint64 {
	l.commit.Lock()
	defer l.commit.Unlock()
	return l.known
}

// CatchUp enters bookings that others committed, or that were committed here
// and never settled, in order of Seq. What is known is passed over. ErrGap: one
// is missing; what came before it is entered.
func (l *Ledger) CatchUp(bookings []Booking) error {
	l.commit.Lock()
	defer l.commit.Unlock()
	for i := range bookings {
		b := &bookings[i]
		if b.Seq <= l.known {
			continue
		}
		if b.Seq != l.known+1 {
			return fmt.Errorf("booking %d after %d: %w", b.Seq, l.known, ErrGap)
		}
		if err := l.commitOne(b); err != nil {
			return err
		}
	}
	return nil
}

// Reserve checks that a fits at every instant and enters it as pending: all of
// it or nothing. Errors: ErrNoRoom, ErrStale, or an arc that is not known.
func (l *Ledger) Reserve(owner string, a Admission) error {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.borrow(owner)
	l.borrow(a.Replaces)
	if a.Snapshot != 0 && a.Snapshot != l.serial {
		return fmt.Errorf("topology revision %d: %w", a.Revision, ErrStale)
	}
	if a.Snapshot == 0 { // else the arcs are those of the network searched
		for _, u := range a.Uses {
			if l.find(u.Arc) == nil {
				return fmt.Errorf("arc %s: not known: %w", u.Arc, ErrNoRoom)
			}
		}
	}
	e, err := l.newEntry(&Booking{
		Owner: owner, Variant: a.Variant, Replaces: a.Replaces, Class: a.Class, Window: a.Window, Uses: a.Uses,
	}, a.Arcs)
	if err != nil {
		return err
	}
	if err := l.fits(e); err != nil {
		return err
	}
	l.add(e)
	l.join(e.shares(), e)
	l.pending[owner] = append(l.pending[owner], e)
	return nil
}

// Settle makes pending entries durable: bookings carry the seqs they got. What
// does not follow on what is known stays pending until CatchUp brings it.
func (l *Ledger) Settle(bookings []Booking) {
	l.commit.Lock()
	defer l.commit.Unlock()
	for i := range bookings {
		if bookings[i].Seq != l.known+1 {
			continue
		}
		if l.commitOne(&bookings[i]) != nil {
			return
		}
	}
}

// Withdraw drops the pending entries of owner.
func (l *Ledger) Withdraw(owner string) {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.borrow(owner)
	for _, e := range l.pending[owner] {
		l.drop(e.held, func(other *entry) bool { return other == e })
	}
	delete(l.pending, owner)
}

// fits checks that there is room for what e adds to its owner's.
func (l *Ledger) fits(e *entry) error {
	var before []*entry
	if h := l.owners[e.shares()]; h != nil {
		before = h.entries
	}
	after := append(before[:len(before):len(before)], e)
	alone := same(after)
	for _, u := range e.uses {
		b := l.list[u.book]
		if u.kbps <= b.sure() {
			continue
		}
		most := b.capacity.limit(e.class)
		room := u.kbps == 0 || b.fits(e.class, e.from, e.until, u.kbps, most)
		if !alone && !room { // what the other variants have may do
			room = b.fitsAll(shifts(b, before, after), most)
		}
		if !room {
			return fmt.Errorf("arc %s: %d kbit/s: %w", b.arc, u.kbps, ErrNoRoom)
		}
	}
	return nil
}

// load is Load without the lock.
func (l *Ledger) load(b Booking) error {
	l.known = max(l.known, b.Seq)
	if b.Owner == "" {
		return nil
	}
	e, err := l.newEntry(&b, nil)
	if err != nil {
		return err
	}
	l.add(e)
	l.join(b.Owner, e)
	return nil
}

// commitOne enters the next entry of the log.
func (l *Ledger) commitOne(b *Booking) error {
	l.borrow(b.Owner)
	l.borrow(b.Replaces)
	if b.Release {
		if h := l.owners[b.Owner]; h != nil {
			l.drop(h, func(e *entry) bool { return e.seq != 0 && e.owner == b.Owner && e.variant < b.Variant })
		}
		l.known = b.Seq
		return nil
	}
	e := l.takePending(b)
	if e == nil {
		var err error
		if e, err = l.newEntry(b, nil); err != nil {
			return err
		}
		l.add(e)
		l.join(e.shares(), e)
	}
	e.seq, l.known = b.Seq, b.Seq
	if e.replaces != "" {
		l.succeed(e)
	}
	return nil
}

// succeed ends what e replaces, whose room e shared until now.
func (l *Ledger) succeed(e *entry) {
	h := e.held
	l.drop(h, func(other *entry) bool { return other.seq != 0 && other.owner == e.replaces })
	if own := l.owners[e.owner]; own == nil && len(h.entries) == 1 {
		delete(l.owners, h.owner) // alone there as it will be here
		own = l.holding(e.owner)
		own.entries, e.held = own.with(e), own
		return
	}
	l.pass(e, l.holding(e.owner))
}

// drop takes the entries of which out of h and out of the index.
func (l *Ledger) drop(h *holding, which func(*entry) bool) {
	for _, e := range h.entries {
		if which(e) {
			l.remove(e)
		}
	}
	l.leave(h, which)
}

// takePending removes and returns the pending entry that b makes durable; nil:
// there is none.
func (l *Ledger) takePending(b *Booking) *entry {
	entries := l.pending[b.Owner]
	i := slices.IndexFunc(entries, func(e *entry) bool { return l.isOf(e, b) })
	if i < 0 {
		return nil
	}
	e := entries[i]
	if len(entries) == 1 {
		delete(l.pending, b.Owner)
	} else {
		l.pending[b.Owner] = slices.Delete(entries, i, i+1)
	}
	return e
}

// newEntry returns b as the ledger keeps it, in no book and holding yet. Books
// are made where need be. Numbers may say which arcs the uses are of.
func (l *Ledger) newEntry(b *Booking, numbers []int32) (*entry, error) {
	if b.Release || b.Variant == EveryVariant {
		return nil, fmt.Errorf("booking of %s: variant %d reserves nothing", b.Owner, b.Variant)
	}
	if b.Replaces != "" && b.Owner == b.Replaces {
		return nil, fmt.Errorf("booking of %s: replaces itself", b.Owner)
	}
	class, ok := l.classes[b.Class]
	if !ok {
		class = b.Class
		l.classes[class] = class
	}
	l.births++
	e := &entry{
		seq: b.Seq, born: l.births, owner: b.Owner, variant: b.Variant, replaces: b.Replaces, class: class, uses: make([]use, len(b.Uses)),
	}
	e.from, e.until = b.Window.span()
	var last *book
	for i, u := range b.Uses {
		if i < len(numbers) && l.isNumber(numbers[i], u.Arc) {
			last = l.arcs[numbers[i]]
		} else if last = last.other(u.Arc); last == nil {
			last = l.book(u.Arc)
		}
		if last.newest == e.born {
			return nil, fmt.Errorf("arc %s: used twice in one admission: %w", u.Arc, ErrNoRoom)
		}
		last.newest = e.born
		e.uses[i] = use{book: last.id, kbps: kbit(u.Kbps)}
	}
	return e, nil
}

// horizon is the second before which the calendars forget.
func (l *Ledger) horizon() uint32 { return floorSecond(l.clock().Add(-keep)) }

// find returns arc's book, nil if there is none.
func (l *Ledger) find(arc topology.ArcName) *book {
	if b := l.own(arc); b != nil || l.scratch == nil {
		return b
	}
	return l.scratch.base.find(arc)
}

// own is find without what a fork shares.
func (l *Ledger) own(arc topology.ArcName) *book {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.books[arc]
}

// isNumber says whether n is an arc's number in the newest snapshot.
func (l *Ledger) isNumber(n int32, arc topology.ArcName) bool {
	return n >= 0 && int(n) < len(l.arcs) && l.arcs[n].arc == arc
}

// book returns arc's book and makes it if need be. The caller holds commit.
func (l *Ledger) book(arc topology.ArcName) *book {
	if b := l.own(arc); b != nil {
		return b
	}
	b := l.newBook(arc)
	if twin := l.books[arc.Opposite()]; twin != nil && l.scratch == nil { // who forks copies them one by one
		b.pair(twin)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b.id = uint32(len(l.list)) //nolint:gosec // arcs are few
	l.books[arc], l.list = b, append(l.list, b)
	return b
}

// arcOf returns the arc of a book by its id.
func (l *Ledger) arcOf(id uint32) topology.ArcName {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.list[id].arc
}
