// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/s2cd/s2cd/topology"
)

// Why Reserve and CatchUp refuse.
var (
	// ErrNoRoom says that an arc has not the bandwidth (any more).
	ErrNoRoom = errors.New("no room")
	// ErrStale says that the admission was searched on another topology
	// revision than the current one: search again.
	ErrStale = errors.New("topology changed")
	// ErrGap says that a version of an arc is missing: reload the arc.
	ErrGap = errors.New("version missing")
)

// keep is how long the past stays in the calendars.
const keep = time.Hour

// Ledger keeps every arc's bandwidth calendar: what is durable and what is
// pending, both of which take room. One change at a time is made; searches
// read while it is.
type Ledger struct {
	clock func() time.Time

	mu    sync.RWMutex // guards the map
	books map[topology.ArcName]*book

	// commit serialises changes. Taken before mu and before book.mu.
	commit   sync.Mutex
	pending  map[string][]entry // by owner
	revision uint64             // of the capacities
}

// entry is a pending reservation on one arc.
type entry struct {
	book        *book
	class       string
	kbps        int64
	from, until uint32
}

// NewLedger returns an empty ledger. It knows no capacities, and so refuses all,
// until a Core is made for it.
func NewLedger(clock func() time.Time) *Ledger {
	return &Ledger{clock: clock, books: map[topology.ArcName]*book{}, pending: map[string][]entry{}}
}

// Load enters one durable reservation at start, before anything else is done
// with the ledger. Several changes of an arc may carry the same version: its
// newest. A change of 0 kbit/s tells the version only.
func (l *Ledger) Load(c Change) error {
	l.commit.Lock()
	defer l.commit.Unlock()
	b := l.book(c.Arc)
	b.known = max(b.known, c.Version)
	l.enter(b, c)
	return nil
}

// Reload replaces all that is durable on arc, for a ledger that missed changes
// which are no longer in the log. All changes carry the newest version. Pending
// entries stay.
func (l *Ledger) Reload(arc topology.ArcName, version uint64, changes []Change) {
	l.commit.Lock()
	defer l.commit.Unlock()
	b := l.book(arc)
	b.reset(version)
	for _, c := range changes {
		l.enter(b, c)
	}
	for _, entries := range l.pending {
		for _, e := range entries {
			if e.book == b {
				b.enter(e.class, e.from, e.until, e.kbps, 0)
			}
		}
	}
}

// Known returns the newest version of arc up to which all are entered; 0: none.
func (l *Ledger) Known(arc topology.ArcName) uint64 {
	l.commit.Lock()
	defer l.commit.Unlock()
	if b := l.find(arc); b != nil {
		return b.known
	}
	return 0
}

// CatchUp enters changes that others committed, or that were committed here and
// never settled, in order of version. What is known is passed over. ErrGap: a
// version is missing; what came before it is entered.
func (l *Ledger) CatchUp(changes []Change) error {
	l.commit.Lock()
	defer l.commit.Unlock()
	for _, c := range changes {
		b := l.book(c.Arc)
		if b.has(c.Version) {
			continue
		}
		if c.Version != b.known+1 {
			return fmt.Errorf("arc %s: version %d after %d: %w", c.Arc, c.Version, b.known, ErrGap)
		}
		b.mark(c.Version)
		if !l.unpend(b, c) {
			l.enter(b, c)
		}
	}
	return nil
}

// Reserve checks that a fits at every instant and enters it as pending: all of
// it or nothing. Errors: ErrNoRoom, ErrStale, or an arc that is not known.
func (l *Ledger) Reserve(owner string, a Admission) error {
	l.commit.Lock()
	defer l.commit.Unlock()
	if a.Revision != 0 && a.Revision != l.revision {
		return fmt.Errorf("revision %d, now %d: %w", a.Revision, l.revision, ErrStale)
	}
	from, until := a.Window.span()
	entries := make([]entry, 0, len(a.Uses))
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, u := range a.Uses {
		b := l.books[u.Arc]
		if b == nil {
			return fmt.Errorf("arc %s: not known: %w", u.Arc, ErrNoRoom)
		}
		kbps := kbit(u.Kbps)
		if !b.fits(a.Class, from, until, kbps, b.capacity.limit(a.Class)) {
			return fmt.Errorf("arc %s: %d kbit/s: %w", u.Arc, u.Kbps, ErrNoRoom)
		}
		entries = append(entries, entry{book: b, class: a.Class, kbps: kbps, from: from, until: until})
	}
	if arc, twice := repeated(a.Uses); twice {
		return fmt.Errorf("arc %s: used twice in one admission: %w", arc, ErrNoRoom)
	}
	horizon := l.horizon()
	for _, e := range entries {
		e.book.enter(e.class, e.from, e.until, e.kbps, horizon)
	}
	l.pending[owner] = append(l.pending[owner], entries...)
	return nil
}

// Settle makes pending entries durable: changes carry the versions they got.
// Bandwidth that returns is given back here.
func (l *Ledger) Settle(changes []Change) {
	l.commit.Lock()
	defer l.commit.Unlock()
	for _, c := range changes {
		b := l.book(c.Arc)
		if b.has(c.Version) { // CatchUp was faster
			if e, ok := l.takePending(b, c); ok {
				b.enter(e.class, e.from, e.until, -e.kbps, 0)
			}
			continue
		}
		b.mark(c.Version)
		if !l.unpend(b, c) {
			l.enter(b, c)
		}
	}
}

// Withdraw drops the pending entries of owner.
func (l *Ledger) Withdraw(owner string) {
	l.commit.Lock()
	defer l.commit.Unlock()
	for _, e := range l.pending[owner] {
		e.book.enter(e.class, e.from, e.until, -e.kbps, 0)
	}
	delete(l.pending, owner)
}

// enter enters a durable change.
func (l *Ledger) enter(b *book, c Change) {
	from, until := c.Window.span()
	b.enter(c.Class, from, until, c.Kbps, l.horizon())
}

// unpend turns the pending entry that c makes durable, if there is one, into a
// durable one: the bandwidth is in the calendar already.
func (l *Ledger) unpend(b *book, c Change) bool {
	_, ok := l.takePending(b, c)
	return ok
}

// takePending removes and returns the pending entry that equals c.
func (l *Ledger) takePending(b *book, c Change) (entry, bool) {
	entries := l.pending[c.Owner]
	if len(entries) == 0 || c.Kbps <= 0 {
		return entry{}, false
	}
	from, until := c.Window.span()
	want := entry{book: b, class: c.Class, kbps: c.Kbps, from: from, until: until}
	i := slices.Index(entries, want)
	if i < 0 {
		return entry{}, false
	}
	if len(entries) == 1 {
		delete(l.pending, c.Owner)
		return want, true
	}
	if i == 0 { // changes mostly come in the order of the admission
		l.pending[c.Owner] = entries[1:]
		return want, true
	}
	l.pending[c.Owner] = slices.Delete(entries, i, i+1)
	return want, true
}

// horizon is the second before which the calendars forget.
func (l *Ledger) horizon() uint32 { return floorSecond(l.clock().Add(-keep)) }

// find returns arc's book, nil if there is none.
func (l *Ledger) find(arc topology.ArcName) *book {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.books[arc]
}

// book returns arc's book and makes it if need be. The caller holds commit.
func (l *Ledger) book(arc topology.ArcName) *book {
	if b := l.find(arc); b != nil {
		return b
	}
	b := &book{arc: arc}
	l.mu.Lock()
	l.books[arc] = b
	l.mu.Unlock()
	return b
}

// repeated returns an arc that is in uses twice. Uses are sorted by arc when
// they come from a search, which makes this cheap.
func repeated(uses []Use) (topology.ArcName, bool) {
	sorted := true
	for i := 1; i < len(uses); i++ {
		if uses[i-1].Arc == uses[i].Arc {
			return uses[i].Arc, true
		}
		sorted = sorted && uses[i-1].Arc < uses[i].Arc
	}
	if sorted {
		return "", false
	}
	seen := make(map[topology.ArcName]bool, len(uses))
	for _, u := range uses {
		if seen[u.Arc] {
			return u.Arc, true
		}
		seen[u.Arc] = true
	}
	return "", false
}
