// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"slices"
	"sync"

	"github.com/s2cd/s2cd/session"
)

// What is kept in memory is bounded: some 2 or 3 kB a session, and no timeline that is
// longer than most are.
const (
	mostKnown  = 32768
	mostEvents = 16 // of a timeline
)

// known keeps sessions as they are: nobody but this process writes, and the writer
// says with each commit what it changed, before anybody is told that it took
// place. A row gets another version with each change of its document or of a
// device, so that what is kept is also good for whoever has read the version
// alone. What known returns is there once for all who ask, and not to be changed.
type known struct {
	mu        sync.Mutex // guards all below
	commits   uint64     // 2 for each that changed something, odd while one is under way
	numbers   map[session.ID]int64
	sessions  map[int64]*kept
	timelines map[int64]timeline
}

// kept is a session as its row and those of its devices say. The secret of its
// sink is sealed, and opens.
type kept struct {
	session session.Session
	token   []byte
}

// timeline is the newest events of a session, the last one first.
type timeline struct {
	whole  bool // there are no others
	most   int  // else so many were asked for
	events []session.Event
}

// told is what a transaction adds to a timeline, the last one last.
type told struct {
	after  int64 // seq of the last event before; below 0: the timeline is no more
	events []session.Event
}

func newKnown() *known {
	return &known{numbers: map[session.ID]int64{}, sessions: map[int64]*kept{}, timelines: map[int64]timeline{}}
}

// recall adds to heads what is known of sessions in the version that was read, and
// says which are not.
func (k *known) recall(all []head) (out []looked, missing []int) {
	out = make([]looked, len(all))
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, h := range all {
		out[i].head = h
		if one := k.sessions[h.N]; one != nil && one.session.Version == uint64(h.Version) { //nolint:gosec // counts from 1
			out[i].kept = one
		} else {
			missing = append(missing, i)
		}
	}
	return out, missing
}

// now returns a session as it is, with its newest events; most 0: without.
func (k *known) now(id session.ID, most int) (one *kept, newest []session.Event, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n, ok := k.numbers[id]
	if most == 0 {
		return k.sessions[n], nil, ok
	}
	t := k.timelines[n]
	return k.sessions[n], t.events, ok && (t.most == most || t.whole && len(t.events) <= most)
}

// all returns sessions by their numbers, if it has all of them and nothing was
// committed from a moment on: then they are as a query says that began after it.
func (k *known) all(at uint64, numbers []int64) ([]looked, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at != k.commits || at%2 != 0 {
		return nil, false
	}
	out := make([]looked, len(numbers))
	for i, n := range numbers {
		one, ok := k.sessions[n]
		if !ok {
			return nil, false
		}
		out[i].kept = one
	}
	return out, true
}

// committing says that a transaction that changes something is about to be committed:
// what is read from now on may have it already.
func (k *known) committing() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.commits |= 1
}

// moment names what has been committed by now. Who is going to read takes one
// before, and gives it with what was read.
func (k *known) moment() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.commits
}

// learn keeps a session that was read, unless something was committed meanwhile:
// it may be old then.
func (k *known) learn(at uint64, n int64, one *kept) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at == k.commits {
		k.put(n, one)
	}
}

// learnTimeline is learn for events.
func (k *known) learnTimeline(at uint64, n int64, t timeline) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if at == k.commits && len(t.events) <= mostEvents {
		k.putTimeline(n, t)
	}
}

// committed takes in what a transaction did: the sessions that it changed, those of
// them, and others, that it knows as they are now, and new events.
func (k *known) committed(changed map[int64]struct{}, now map[int64]*kept, told map[int64]told) {
	if len(changed)+len(now)+len(told) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(changed)+len(told) > 0 {
		k.commits = (k.commits | 1) + 1
	}
	for n := range changed {
		k.drop(n)
	}
	for n, more := range told {
		k.tell(n, more)
	}
	for n, one := range now {
		k.put(n, one)
	}
}

// forget drops what a transaction may have changed or not.
func (k *known) forget(changed map[int64]struct{}, of map[int64]told) {
	gone := make(map[int64]told, len(of))
	for n := range of {
		gone[n] = told{after: -1}
	}
	k.committed(changed, nil, gone)
}

// tell adds events to a timeline that is there as a whole, or begins with them.
func (k *known) tell(n int64, more told) {
	was := k.timelines[n]
	whole := more.after == 0 || more.after > 0 && was.whole && int64(len(was.events)) == more.after
	if !whole || more.after+int64(len(more.events)) > mostEvents {
		delete(k.timelines, n)
		return
	}
	events := make([]session.Event, 0, len(more.events)+len(was.events))
	for _, e := range slices.Backward(more.events) {
		events = append(events, e)
	}
	if more.after > 0 {
		events = append(events, was.events...)
	}
	k.putTimeline(n, timeline{whole: true, events: events})
}

func (k *known) putTimeline(n int64, t timeline) {
	makeRoom(k.timelines, n, mostKnown, func(int64) {})
	k.timelines[n] = t
}

func (k *known) put(n int64, one *kept) {
	makeRoom(k.sessions, n, mostKnown, k.drop)
	k.sessions[n], k.numbers[one.session.ID] = one, n
}

func (k *known) drop(n int64) {
	if one, ok := k.sessions[n]; ok {
		delete(k.numbers, one.session.ID)
		delete(k.sessions, n)
	}
}

// makeRoom drops any other: one after the other would drop just what a long list
// needs next.
func makeRoom[V any](of map[int64]V, n int64, most int, dropped func(int64)) {
	if _, ok := of[n]; ok || len(of) < most {
		return
	}
	for other := range of {
		dropped(other)
		delete(of, other)
		return
	}
}
