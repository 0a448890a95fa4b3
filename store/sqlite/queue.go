// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"slices"
	"sync"

	"github.com/s2cd/s2cd/order"
)

// lane says how urgent a write is.
type lane int

// The lanes, most urgent first.
const (
	interactive lane = iota // somebody waits for the answer
	background              // provision and the outbox
	bulk                    // cleaning up
	laneCount
)

// A transaction takes at most so many parts, and keeps room for the lanes
// behind the first so that they go on whatever customers do.
const (
	mostParts     = 512
	backgroundMin = 64
)

// part is a piece of a transaction that happens or is undone on its own.
type part struct {
	tenant string
	admits *order.Admission // nil: it does something else
	run    func(context.Context, *tx) error
	// landed says after a commit with unknown outcome whether it is there;
	// nil: cannot tell.
	landed func(context.Context, *tx) (bool, error)
	err    error // why it was refused
}

// job is what one caller wants written in one transaction.
type job struct {
	ctx    context.Context //nolint:containedctx // of the caller that waits
	lane   lane
	ledger order.Ledger // nil: no bandwidth; jobs that share a transaction share one book
	parts  []*part
	taken  bool // guarded by queue.mu; once true, the outcome is waited for
	done   chan error
}

func (j *job) tenant() string { return j.parts[0].tenant }

// queue holds what waits to be written, by lane, and in a lane by tenant.
type queue struct {
	mu     sync.Mutex // guards all below
	lanes  [laneCount]turns
	closed bool
	wake   chan struct{} // holds one token when there may be work
}

// turns is a line in which tenants take turns.
type turns struct {
	tenants []string
	jobs    map[string][]*job
}

func newQueue() *queue {
	q := &queue{wake: make(chan struct{}, 1)}
	for i := range q.lanes {
		q.lanes[i].jobs = map[string][]*job{}
	}
	return q
}

// put queues j. It reports false when the queue is closed.
func (q *queue) put(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.lanes[j.lane].push(j)
	q.signal()
	return true
}

// drop takes j out again. It reports false when its transaction has begun.
func (q *queue) drop(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if j.taken {
		return false
	}
	j.taken = true
	q.lanes[j.lane].remove(j)
	return true
}

// take returns the jobs of the next transaction; none when nothing waits.
func (q *queue) take() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	var jobs []*job
	room := mostParts
	jobs, room = q.lanes[interactive].take(jobs, room)
	jobs, _ = q.lanes[background].take(jobs, max(room, backgroundMin))
	if len(jobs) == 0 { // bulk writes are long, they go alone
		jobs, _ = q.lanes[bulk].take(jobs, 1)
	}
	for _, j := range jobs {
		j.taken = true
	}
	if len(jobs) > 0 {
		q.signal() // there may be more
	}
	return jobs
}

// close refuses new jobs and returns those that still wait.
func (q *queue) close() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	var left []*job
	for i := range q.lanes {
		for _, tenant := range q.lanes[i].tenants {
			for _, j := range q.lanes[i].jobs[tenant] {
				j.taken = true
				left = append(left, j)
			}
		}
		q.lanes[i] = turns{jobs: map[string][]*job{}}
	}
	q.signal()
	return left
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (t *turns) push(j *job) {
	name := j.tenant()
	if len(t.jobs[name]) == 0 {
		t.tenants = append(t.tenants, name)
	}
	t.jobs[name] = append(t.jobs[name], j)
}

func (t *turns) remove(j *job) {
	name := j.tenant()
	line := t.jobs[name]
	for i := range line {
		if line[i] == j {
			t.jobs[name] = append(line[:i:i], line[i+1:]...)
			break
		}
	}
	if len(t.jobs[name]) == 0 {
		delete(t.jobs, name)
		for i := range t.tenants {
			if t.tenants[i] == name {
				t.tenants = append(t.tenants[:i:i], t.tenants[i+1:]...)
				break
			}
		}
	}
}

// take moves jobs whose book fits from the line to jobs, one a tenant and
// turn, until room is used up. A job that is larger than all room goes alone.
func (t *turns) take(jobs []*job, room int) ([]*job, int) {
	for passed := 0; room > 0 && passed < len(t.tenants); {
		name := t.tenants[0]
		j := t.jobs[name][0]
		t.tenants = append(t.tenants[1:len(t.tenants):len(t.tenants)], name)
		if !sameBook(jobs, j) || (len(jobs) > 0 && len(j.parts) > room) {
			passed++
			continue
		}
		passed = 0
		jobs, room = append(jobs, j), room-len(j.parts)
		t.remove(j)
	}
	return jobs, room
}

func sameBook(jobs []*job, j *job) bool {
	if j.ledger == nil {
		return true
	}
	for _, other := range jobs {
		if other.ledger != nil && other.ledger != j.ledger {
			return false
		}
	}
	return true
}

// inTurn returns the parts of jobs so that tenants alternate. Admissions come
// first, which lets them share what they read and write; else the order within a
// tenant stays.
func inTurn(jobs []*job) []*part {
	var tenants []string
	lines := map[string][]*part{}
	total := 0
	for _, j := range jobs {
		for _, p := range j.parts {
			if len(lines[p.tenant]) == 0 {
				tenants = append(tenants, p.tenant)
			}
			lines[p.tenant] = append(lines[p.tenant], p)
			total++
		}
	}
	parts := make([]*part, 0, total)
	for round := 0; len(parts) < total; round++ {
		for _, name := range tenants {
			if round < len(lines[name]) {
				parts = append(parts, lines[name][round])
			}
		}
	}
	slices.SortStableFunc(parts, func(a, b *part) int { return int(flag(a.admits == nil) - flag(b.admits == nil)) })
	return parts
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}
