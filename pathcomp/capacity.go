// SPDX-License-Identifier: Apache-2.0

package pathcomp

// setCapacities makes the arcs of a snapshot, and no others, sellable, and gives
// it the serial number that admissions of it carry.
func (l *Ledger) setCapacities(s *snapshot) {
	l.commit.Lock()
	defer l.commit.Unlock()
	for _, b := range l.books {
		b.capacity = capacity{}
	}
	s.books = make([]*book, len(s.names))
	for i := range s.names {
		b := l.book(s.names[i])
		b.number = int32(i) //nolint:gosec // arcs are few
		b.capacity = s.capacity(b.number)
		s.books[i] = b
	}
	s.serial = l.nextSerial()
}

// setCapacity is setCapacities after news of a few arcs.
func (l *Ledger) setCapacity(s *snapshot, changed []int32) {
	l.commit.Lock()
	defer l.commit.Unlock()
	for _, i := range changed {
		l.book(s.names[i]).capacity = s.capacity(i)
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

// credit returns what an owner has of a class on the arcs of a snapshot, at all
// times from a second until another.
func (l *Ledger) credit(s *snapshot, owner, class string, from, until uint32) map[int32]int64 {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.borrow(owner)
	out := map[int32]int64{}
	h := l.owners[owner]
	if h == nil {
		return out
	}
	for _, b := range booksOf(h.entries) {
		if int(b.number) >= len(s.books) || s.books[b.number] != b {
			continue // of another revision
		}
		if kbps := lasting(termsOn(b, h.entries), class, from, until); kbps > 0 {
			out[b.number] = kbps
		}
	}
	return out
}

// lasting is what terms of a class take at every instant from a second until
// another.
func lasting(terms []term, class string, from, until uint32) int64 {
	least := int64(-1)
	for _, at := range startsWithin(terms, from, until) {
		kbps := most(terms, shift{class: class, from: at})
		if least < 0 || kbps < least {
			least = kbps
		}
	}
	return max(0, least)
}

// startsWithin returns the instants at which what terms take may change.
func startsWithin(terms []term, from, until uint32) []uint32 {
	at := []uint32{from}
	for _, t := range terms {
		for _, x := range [2]uint32{t.from, t.until} {
			if x > from && x < until {
				at = append(at, x)
			}
		}
	}
	return at
}
