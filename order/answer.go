// SPDX-License-Identifier: Apache-2.0

package order

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/s2cd/s2cd/session"
)

// Answer encodes what a request is answered with. That is kept with the request's
// Idempotency-Key, where it has one, and goes as it is to whoever repeats the
// request. It must hold nothing that the customer is not to read.
type Answer func(View) []byte

// Repeat is what is known of a request that is repeated.
type Repeat struct {
	Answer  []byte          // of the first one; empty: none was kept
	Session session.Session // without Answer: what the first one made or changed, as it is by now
}

// answering returns what has the store encode the answer to a request in the
// transaction that makes it true; into receives it, before the store returns.
func (s *Service) answering(ctx context.Context, encode Answer, into *[]byte) func(session.Session) []byte {
	if encode == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx) // what is written down is whole also where nobody waits for it any more
	return func(kept session.Session) (answer []byte) {
		// The store's own goroutines are no place to panic: who waits for the answer
		// encodes it again then.
		defer func() {
			if p := recover(); p != nil {
				s.log.ErrorContext(ctx, "panic", "at", "answer to be kept", "session", kept.ID, "value", fmt.Sprint(p), "stack", string(debug.Stack()))
				answer = nil
			}
			*into = answer
		}()
		v, err := s.View(ctx, kept)
		if err != nil {
			v = View{Session: kept} // it is durable; the client must learn its id
		}
		return encode(v)
	}
}

// repeated returns what a request with this Idempotency-Key was answered, or what
// it made or changed; ok is false where there is no key, or it is new.
func (s *Service) repeated(ctx context.Context, caller Caller, key, fingerprint string) (first Repeat, ok bool, err error) {
	if key == "" {
		return Repeat{}, false, nil
	}
	if first, ok, err = s.store.Repeated(ctx, caller.Tenant, caller.Client, key, fingerprint); err != nil {
		return Repeat{}, false, fmt.Errorf("look up the Idempotency-Key: %w", err)
	}
	return first, ok, nil
}
