// SPDX-License-Identifier: Apache-2.0

package pathcomp

// setCapacities makes the arcs of a snapshot, and no others, sellable, and gives
// it the serial number that admissions of it carry.
func (l *Ledger) setCapacities(s *snapshot) {
	l.commit.Lock()
	defer l.commit.Unlock()
	for _, b := range l.books {
		b.spare = nil
		b.sell(capacity{})
	}
	s.books, s.spare = make([]*book, len(s.names)), make(spare, len(s.names))
	l.arcs = s.books
	for i := range s.names {
		b := l.book(s.names[i])
		b.number, b.spare = int32(i), &s.spare[i]
		b.sell(s.capacity(b.number))
		s.books[i] = b
	}
	s.serial = l.nextSerial()
}

// setCapacity is setCapacities after news of a few arcs.
func (l *Ledger) setCapacity(s *snapshot, changed []int32) {
	l.commit.Lock()
	defer l.commit.Unlock()
	for _, i := range changed {
		l.book(s.names[i]).sell(s.capacity(i))
	}
	s.serial = l.nextSerial()
}

// nextSerial numbers a snapshot: no other of this ledger, what it was forked from
// and its forks has the same.
func (l *Ledger) nextSerial() uint64 {
	l.serial = l.serials.Add(1)
	return l.serial
}

// capacity is what arc i may sell.
func (s *snapshot) capacity(i int32) capacity {
	if i >= s.linkArcs {
		a := &s.access[(i-s.linkArcs)/2]
		return capacity{kbps: a.Kbps, shares: a.Reservable}
	}
	l := s.links.at(i / 2)
	return capacity{kbps: l.Kbps[i%2], shares: l.Reservable}
}

// held returns what an owner has on the arcs of a snapshot, also in variants.
func (l *Ledger) held(s *snapshot, owner string) map[int32][]term {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.borrow(owner)
	out := map[int32][]term{}
	h := l.owners[owner]
	if h == nil {
		return out
	}
	for _, b := range l.booksOf(h.entries) {
		if int(b.number) < len(s.books) && s.books[b.number] == b { // else of another revision
			out[b.number] = termsOn(b, h.entries)
		}
	}
	return out
}
