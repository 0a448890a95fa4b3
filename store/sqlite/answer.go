// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"database/sql/driver"

	"github.com/s2cd/s2cd/session"
)

// answer is what is kept with a key: the value of a column that need not be there
// before it is written.
type answer struct{ body []byte }

// Value implements driver.Valuer.
func (a *answer) Value() (driver.Value, error) {
	if a.body == nil {
		return []byte{}, nil
	}
	return a.body, nil
}

// answer has the answer to a request encoded, on another core meanwhile where the
// part under way waits.
func (t *tx) answer(of session.Session, encode func(session.Session) []byte) *answer {
	one := &answer{}
	switch {
	case encode == nil:
	case t.waits:
		t.behind.encoding.Go(one.encoder(of, encode))
	default:
		one.body = encode(of)
	}
	return one
}

// encoder is apart so that a session is copied for the other core alone.
func (a *answer) encoder(of session.Session, encode func(session.Session) []byte) func() {
	return func() { a.body = encode(of) }
}
