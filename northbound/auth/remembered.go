// SPDX-License-Identifier: Apache-2.0

package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Bounds of what is remembered. A token is judged anew after a minute, so that
// one whose key the issuer has withdrawn is not taken for much longer than keys
// are kept.
const (
	rememberFor    = time.Minute
	mostRemembered = 8192
)

// remembered keeps tokens that were found good, by their SHA-256: a signature
// costs more to check than all else that a small request needs. No token is kept
// itself, and none that was refused.
type remembered struct {
	mu    sync.Mutex // guards known
	known map[[sha256.Size]byte]remembrance
}

type remembrance struct {
	who   Identity
	until time.Time // never after the token's exp
}

func newRemembered() *remembered {
	return &remembered{known: map[[sha256.Size]byte]remembrance{}}
}

// find returns who has shown the token; its scopes are not to be changed.
func (r *remembered) find(token string, now time.Time) (Identity, bool) {
	sum := digest(token)
	r.mu.Lock()
	defer r.mu.Unlock()
	one, ok := r.known[sum]
	if ok && !now.Before(one.until) {
		delete(r.known, sum)
		ok = false
	}
	return one.who, ok
}

// keep remembers a good token until it expires, for a minute at most. Where there
// is no room any other makes it: they have to be judged anew, and that is all.
func (r *remembered) keep(token string, who Identity, now, expiry time.Time) {
	until := now.Add(rememberFor)
	if expiry.Before(until) {
		until = expiry
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for other := range r.known {
		if len(r.known) < mostRemembered {
			break
		}
		delete(r.known, other)
	}
	r.known[digest(token)] = remembrance{who, until}
}

// digest is the SHA-256 of a token, in memory of its own only if that is long.
func digest(token string) [sha256.Size]byte {
	return sha256.Sum256(append(make([]byte, 0, 2048), token...))
}
