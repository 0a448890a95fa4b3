// SPDX-License-Identifier: Apache-2.0

package sla

import (
	"sync"

	"github.com/s2cd/s2cd/session"
)

// mostSums bounds what is kept in memory, some 200 bytes a session.
const mostSums = 65536

// sums keeps what was delivered of sessions as it is: nobody but this process
// writes, and who writes drops what changed before anybody is told.
type sums struct {
	mu      sync.Mutex // guards all below
	changes uint64
	of      map[session.ID]sum
}

// sum is that of a session, or that there is none.
type sum struct {
	sum   session.SLAWindow
	there bool
}

func (s *sums) get(id session.ID) (sum, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.of[id]
	return one, ok
}

// moment names what has been changed by now; who is going to read takes one before.
func (s *sums) moment() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes
}

// learn keeps what was read, unless something was changed meanwhile.
func (s *sums) learn(at uint64, id session.ID, one sum) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at != s.changes {
		return
	}
	if s.of == nil {
		s.of = map[session.ID]sum{}
	}
	for other := range s.of {
		if len(s.of) < mostSums {
			break
		}
		delete(s.of, other) // any
	}
	s.of[id] = one
}

func (s *sums) drop(ids []session.ID) {
	if len(ids) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	for _, id := range ids {
		delete(s.of, id)
	}
}
