// SPDX-License-Identifier: Apache-2.0

package csp

import (
	"sync"
	"sync/atomic"
)

// known holds potentials by destination, up to a number of them. When that is
// reached, one that was not asked for lately makes room. Readers take no lock.
type known struct {
	pages []atomic.Pointer[knownPage] // by node

	mu     sync.Mutex // guards what follows, and writing
	most   int
	held   []uint32 // destinations
	oldest int      // of held, where room is looked for next
}

type knownPage [pageSize]atomic.Pointer[kept]

type kept struct {
	*potential
	asked atomic.Bool // since room was last looked for
}

func newKnown(nodes, most int) *known {
	return &known{pages: make([]atomic.Pointer[knownPage], (nodes+pageMask)/pageSize), most: most}
}

func (k *known) get(to uint32) *potential {
	page := k.pages[to>>pageBits].Load()
	if page == nil {
		return nil
	}
	p := page[to&pageMask].Load()
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
	at := k.place(to)
	if at.Swap(&kept{potential: p}) != nil {
		return
	}
	if len(k.held) < k.most {
		k.held = append(k.held, to)
		return
	}
	for { // the clock algorithm: each is passed over once after it was asked for
		i := k.oldest
		k.oldest = (k.oldest + 1) % len(k.held)
		if old := k.place(k.held[i]); !old.Load().asked.Swap(false) {
			old.Store(nil)
			k.held[i] = to
			return
		}
	}
}

// place returns where a destination's potential is kept. The caller holds mu.
func (k *known) place(to uint32) *atomic.Pointer[kept] {
	page := k.pages[to>>pageBits].Load()
	if page == nil {
		page = &knownPage{}
		k.pages[to>>pageBits].Store(page)
	}
	return &page[to&pageMask]
}

// with returns the potentials that are good after some arcs have become cheaper
// or usable.
func (k *known) with(nodes int, better []Arc, orders []order) *known {
	next := newKnown(nodes, k.most)
	k.mu.Lock()
	defer k.mu.Unlock()
next:
	for _, to := range k.held {
		p := k.place(to).Load().clone() // what others add from now on was not looked at
		for _, a := range better {
			if !p.holds(orders, a) {
				continue next
			}
		}
		next.put(to, p)
	}
	return next
}

// destinations returns for how many destinations there is a potential.
func (k *known) destinations() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.held)
}
