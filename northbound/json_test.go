// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// TestHalfPair draws texts with every code unit escaped: whole, there is nothing wrong
// with them; with one more first half of a pair in them there is.
func TestHalfPair(t *testing.T) {
	t.Parallel()
	escaped := func(units []uint16) []byte {
		var b strings.Builder
		for _, u := range units {
			fmt.Fprintf(&b, "\\u%04X", u)
		}
		return []byte(b.String())
	}
	rapid.Check(t, func(t *rapid.T) {
		units := utf16.Encode([]rune(rapid.String().Draw(t, "text")))
		if at := halfPair(escaped(units)); at != -1 {
			t.Errorf("%q: half a pair at %d", escaped(units), at)
		}
		units = slices.Insert(units, rapid.IntRange(0, len(units)).Draw(t, "at"), 0xd83d)
		if at := halfPair(escaped(units)); at == -1 {
			t.Errorf("%q: no half a pair", escaped(units))
		}
	})
	for _, whole := range []string{`"\\ud83d"`, `"\\"`, `"\`, `"\u`, `"\ud83d\ude00"`, ""} {
		if at := halfPair([]byte(whole)); at != -1 {
			t.Errorf("%s: half a pair at %d", whole, at)
		}
	}
}
