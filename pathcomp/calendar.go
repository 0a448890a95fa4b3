// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"sync"
	"sync/atomic"
)

// calendar is what is reserved over time, in all and by class: on one arc, or on
// both directions of a link as long as that is the same. Most bookings take the
// same both ways, and so one change does for both.
type calendar struct {
	// peak is the largest total load of all times. Where even that leaves room a
	// search reads nothing else.
	peak atomic.Int64

	// mu lets searches read the profiles while the ledger changes them. Writers
	// hold Ledger.commit too, so a writer may read without it.
	mu      sync.RWMutex
	sum     profile        // over classes
	only    string         // the one class, until there is a second: the sum is its profile
	classes []classProfile // all, once there are two

	// What follows is guarded by Ledger.commit.

	forgotten uint32 // what was before is not kept
	shared    bool   // two books have it
}

type classProfile struct {
	name string
	profile
}

// class returns the profile of class, nil if nothing was ever reserved for it.
func (c *calendar) class(name string) *profile {
	if len(c.classes) == 0 && name == c.only {
		return &c.sum
	}
	for i := range c.classes {
		if c.classes[i].name == name {
			return &c.classes[i].profile
		}
	}
	return nil
}

// byClass returns the profile of each class.
func (c *calendar) byClass() []classProfile {
	if len(c.classes) == 0 {
		return []classProfile{{c.only, c.sum}}
	}
	return c.classes
}

// shift adds kbps (negative: takes away) over stretches of time. What is older
// than horizon is forgotten on the way. Classes come first. The caller holds
// Ledger.commit.
func (c *calendar) shift(all []shift, horizon uint32, near *trace) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range all {
		if !s.total {
			c.addClass(s.class)
		}
	}
	lost := c.forget(horizon)
	for _, s := range all {
		from := max(s.from, c.forgotten)
		if from >= s.until {
			continue
		}
		if s.total {
			lost = c.reach(c.sum.addNear(from, s.until, s.kbps, near), s.kbps) || lost
		} else if len(c.classes) > 0 {
			c.class(s.class).addNear(from, s.until, s.kbps, near)
		}
	}
	if lost {
		c.peak.Store(c.sum.peak())
	}
}

// addClass makes class one of c's. The first needs no profile beside the sum: the
// second brings one for each.
func (c *calendar) addClass(class string) {
	if c.class(class) != nil {
		return
	}
	if len(c.classes) == 0 {
		if c.sum.blocks == nil {
			c.only = class
			return
		}
		c.classes = append(c.classes, classProfile{name: c.only, profile: c.sum.clone()})
	}
	c.classes = append(c.classes, classProfile{name: class})
}

// reach notes that the total goes up to most where kbps were added, and says
// whether the peak may be lost.
func (c *calendar) reach(most, kbps int64) (lost bool) {
	peak := c.peak.Load()
	if most > peak {
		c.peak.Store(most)
	}
	return kbps < 0 && most-kbps >= peak
}

// forget drops what was before horizon and says whether there was anything.
func (c *calendar) forget(horizon uint32) bool {
	if horizon <= c.forgotten {
		return false
	}
	c.forgotten = horizon
	dropped := c.sum.forget(horizon)
	for i := range c.classes {
		dropped = c.classes[i].forget(horizon) || dropped
	}
	return dropped
}

// clone returns a calendar that begins as c is. The caller holds Ledger.commit.
func (c *calendar) clone() *calendar {
	own := &calendar{sum: c.sum.clone(), only: c.only, forgotten: c.forgotten}
	for i := range c.classes {
		own.classes = append(own.classes, classProfile{name: c.classes[i].name, profile: c.classes[i].clone()})
	}
	own.peak.Store(c.peak.Load())
	return own
}

// reset forgets all that was entered.
func (c *calendar) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum, c.only, c.classes = profile{}, "", nil
	c.peak.Store(0)
}
