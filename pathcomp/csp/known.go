// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"sync"
	"sync/atomic"
)

// known holds potentials by destination, up to a number of them. When that is
// reached, one that was not asked for lately makes room.
type known struct {
	mu    sync.RWMutex // guards the map
	most  int
	table map[uint32]*kept
}

type kept struct {
	*potential
	asked atomic.Bool // since room was last looked for
}

func newKnown(most int) *known { return &known{most: most, table: map[uint32]*kept{}} }

func (k *known) get(to uint32) *potential {
	k.mu.RLock()
	defer k.mu.RUnlock()
	p := k.table[to]
	if p == nil {
		return nil
	}
	if !p.asked.Load() {
		p.asked.Store(true)
	}
	return p.potential
}

func (k *known) put(to uint32, p *potential) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.table) >= k.most && k.table[to] == nil {
		k.dropOne()
	}
	k.table[to] = &kept{potential: p}
}

// dropOne drops the first that it meets which was not asked for since it was
// last met.
func (k *known) dropOne() {
	for to, p := range k.table {
		if !p.asked.Swap(false) {
			delete(k.table, to)
			return
		}
	}
}

// with returns the potentials that are good after some arcs have become cheaper
// or usable.
func (k *known) with(better []Arc, orders []order) *known {
	next := newKnown(k.most)
	k.mu.RLock()
	defer k.mu.RUnlock()
next:
	for to, p := range k.table {
		for _, a := range better {
			if !p.holds(orders, a) {
				continue next
			}
		}
		next.table[to] = &kept{potential: p.clone()}
	}
	return next
}

// destinations returns for how many destinations there is a potential.
func (k *known) destinations() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.table)
}
