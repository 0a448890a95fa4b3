// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain writes text for a terminal. Names are the customers' own, and answers come
// from afar: what could move the cursor, recolour or reorder what is read is written
// as \u and its number, which is the same text in JSON.
type plain struct{ w io.Writer }

// Write implements io.Writer.
func (p plain) Write(b []byte) (int, error) {
	text := b
	if !isPlain(b) {
		text = []byte(escaped(string(b), "\n\t"))
	}
	if _, err := p.w.Write(text); err != nil {
		return 0, err //nolint:wrapcheck // a writer's error is its caller's to name
	}
	return len(b), nil
}

// isPlain is true for what is surely to be written as it is.
func isPlain(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf || c == 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// escaped replaces control characters (C0, DEL, C1), but for some, and those that
// direct bidirectional text (UAX #9).
func escaped(s, but string) string {
	var out strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError: // also half a character: as it came
			_, size := utf8.DecodeRuneInString(s[i:])
			out.WriteString(s[i : i+size])
		case (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) && !strings.ContainsRune(but, r):
			_, _ = fmt.Fprintf(&out, `\u%04x`, r) // a builder takes all
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}
