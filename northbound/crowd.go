// SPDX-License-Identifier: Apache-2.0

package northbound

import "sync/atomic"

// Crowd counts the requests that are under way. The zero value is ready for use.
type Crowd struct{ now, most atomic.Int64 }

func (c *Crowd) enter() {
	n := c.now.Add(1)
	for was := c.most.Load(); n > was && !c.most.CompareAndSwap(was, n); was = c.most.Load() {
	}
}

func (c *Crowd) leave() { c.now.Add(-1) }

// Most returns how many requests have been under way at the same time since it was
// called last, or are.
func (c *Crowd) Most() int64 { return max(c.most.Swap(0), c.now.Load()) }
