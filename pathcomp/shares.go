// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"fmt"
	"slices"

	"github.com/s2cd/s2cd/topology"
)

// anyClass is the number of a class for which no arc keeps a share apart.
const anyClass = -1

// shares is topology.Shares with classes by number.
type shares struct {
	all     uint32
	byClass []int32 // permille; apart: what all allows
}

const apart = -1

// limit returns what an arc of a capacity may sell to a class; it equals
// capacity.limit.
func (s *shares) limit(kbps uint64, total int64, class int) limit {
	l := limit{total: total, ofClass: total}
	if class >= 0 && class < len(s.byClass) && s.byClass[class] != apart {
		of := uint64(s.byClass[class]) //nolint:gosec // not negative
		l.ofClass = min(total, kbit(kbps/1000*of+kbps%1000*of/1000))
	}
	return l
}

// classes numbers queue classes and keeps one copy of equal shares.
type classes struct {
	number map[string]int
	known  map[string]*shares
}

func newClasses() *classes {
	return &classes{number: map[string]int{}, known: map[string]*shares{}}
}

// of returns the number of a class, anyClass if no arc keeps a share for it.
func (c *classes) of(name string) int {
	if n, ok := c.number[name]; ok {
		return n
	}
	return anyClass
}

func (c *classes) shares(of topology.Shares) *shares {
	key := fmt.Sprint(of.All, of.ByClass) // maps print in the order of their keys
	if s := c.known[key]; s != nil {
		return s
	}
	s := &shares{all: of.All}
	for name, permille := range of.ByClass {
		n, ok := c.number[name]
		if !ok {
			n = len(c.number)
			c.number[name] = n
		}
		if n >= len(s.byClass) {
			s.byClass = append(s.byClass, slices.Repeat([]int32{apart}, n+1-len(s.byClass))...)
		}
		s.byClass[n] = int32(min(permille, 1<<30))
	}
	c.known[key] = s
	return s
}

// fork returns classes to add to while others read c.
func (c *classes) fork() *classes {
	next := newClasses()
	for k, v := range c.number {
		next.number[k] = v
	}
	for k, v := range c.known {
		next.known[k] = v
	}
	return next
}
