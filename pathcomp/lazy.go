// SPDX-License-Identifier: Apache-2.0

package pathcomp

import (
	"sync"
	"sync/atomic"
)

// lazy is a value that is made when it is first asked for.
type lazy[T any] struct {
	mu   sync.Mutex // held while it is made
	made atomic.Pointer[T]
}

func (l *lazy[T]) get(newOne func() *T) *T {
	if v := l.made.Load(); v != nil {
		return v
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if v := l.made.Load(); v != nil {
		return v
	}
	v := newOne()
	l.made.Store(v)
	return v
}

// after returns a value that is made of l's, if that is there.
func (l *lazy[T]) after(change func(*T) *T) *lazy[T] {
	next := &lazy[T]{}
	if v := l.made.Load(); v != nil {
		next.made.Store(change(v))
	}
	return next
}
