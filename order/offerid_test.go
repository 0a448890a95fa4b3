// SPDX-License-Identifier: Apache-2.0

package order

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/s2cd/s2cd/session"
)

// What an id says comes back as it was, and one bit that differs is noticed.
func TestOfferIDSaysWhatWasSigned(t *testing.T) {
	t.Parallel()
	o := offerSigner{key: []byte(strings.Repeat("k", 32))}
	rapid.Check(t, func(r *rapid.T) {
		amount := rapid.Int64Range(0, 1<<62)
		p := promise{
			Answer: rapid.StringMatching(`[0-9a-f-]{1,64}`).Draw(r, "answer"), Held: rapid.Bool().Draw(r, "held"),
			Until: time.Unix(rapid.Int64Range(1, 1<<40).Draw(r, "until"), 0),
			Price: session.Price{
				Currency: "EUR", Exponent: 2, SetUp: amount.Draw(r, "set-up"), PerMbpsHour: amount.Draw(r, "usage"),
				MinimumSeconds: amount.Draw(r, "minimum"), ProtectionPermille: rapid.Uint32().Draw(r, "surcharge"),
			},
		}
		digest := [offerMAC]byte{1, 2, 3}
		id := o.sign(p, "t1", digest)
		got, err := o.open(id, "t1", digest, session.Price{Currency: "EUR", Exponent: 2}, time.Unix(0, 0))
		if d := cmp.Diff(p, got); err != nil || d != "" {
			r.Fatalf("%v (-want +got):\n%s", err, d)
		}
		at := rapid.IntRange(0, len(id)-1).Draw(r, "at")
		other := rapid.StringMatching(`[A-Za-z0-9_-]`).Filter(func(c string) bool { return c != id[at:at+1] }).Draw(r, "other")
		_, err = o.open(id[:at]+other+id[at+1:], "t1", digest, p.Price, time.Unix(0, 0))
		if session.CodeOf(err) != session.OfferAltered {
			r.Fatalf("byte %d altered: %v", at, err)
		}
		for _, key := range []string{"x", strings.Repeat("q", 32)} {
			if _, ok := (offerSigner{key: []byte(key)}).authentic(id); ok {
				r.Fatal("another key will do")
			}
		}
	})
}

// FuzzOfferID: nothing but what was signed is taken, and nothing breaks.
func FuzzOfferID(f *testing.F) {
	o := offerSigner{key: []byte(strings.Repeat("k", 32))}
	good := o.sign(promise{Answer: "a", Until: time.Unix(100, 0)}, "t1", [offerMAC]byte{})
	for _, id := range []string{good, good + "\n", good + "A", good[1:], "", "A", strings.Repeat("A", 2048), "p\x00"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		_, err := o.open(id, "t1", [offerMAC]byte{}, session.Price{}, time.Unix(0, 0))
		if (err == nil) != (id == good) {
			t.Errorf("%q: %v", id, err)
		}
		if err != nil && session.CodeOf(err) != session.OfferAltered {
			t.Errorf("%q: %v", id, err)
		}
	})
}
