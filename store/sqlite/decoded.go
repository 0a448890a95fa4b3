// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"sync"

	"github.com/s2cd/s2cd/session"
)

// mostDecoded bounds the documents that are kept decoded, some 8 kB each.
const mostDecoded = 32768

// decoded keeps sessions by number as they were decoded last: a VPN that grows
// is looked at with every session it gets, a device with every look at it. An
// entry is good while the document is the same to the letter. What it returns
// shares memory and is not to be changed.
type decoded struct {
	mu   sync.Mutex // guards kept
	kept map[int64]decodedOne
}

type decodedOne struct {
	doc     string
	session session.Session
}

func newDecoded() *decoded { return &decoded{kept: map[int64]decodedOne{}} }

func (d *decoded) get(seal Sealer, row sessionRow) (session.Session, error) {
	d.mu.Lock()
	one, ok := d.kept[row.N]
	d.mu.Unlock()
	if ok && one.doc == row.Doc && row.DocSchema == docSchema {
		return open(seal, row, one.session)
	}
	plain, err := parse(row)
	if err != nil {
		return plain, err
	}
	d.put(row, plain)
	return open(seal, row, plain)
}

// put makes room by dropping any other: one after the other would drop just
// what a long list needs next.
func (d *decoded) put(row sessionRow, plain session.Session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.kept[row.N]; !ok && len(d.kept) >= mostDecoded {
		for other := range d.kept {
			delete(d.kept, other)
			break
		}
	}
	d.kept[row.N] = decodedOne{row.Doc, plain}
}
