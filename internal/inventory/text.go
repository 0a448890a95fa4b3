// SPDX-License-Identifier: Apache-2.0

package inventory

import "fmt"

// ParseRate reads a bandwidth as the file spells it, like 2.5Gbps, in kbit/s.
// The error says what is wanted.
func ParseRate(text string) (kbps uint64, err error) {
	var r rate
	if r.UnmarshalText([]byte(text)) != nil {
		return 0, notWanted(&r, text)
	}
	return uint64(r), nil
}

// ParseShare reads a share as the file spells it, like 80%, in 1/1000, up to
// 1000%. The error says what is wanted.
func ParseShare(text string) (permille uint32, err error) {
	var s share
	if s.UnmarshalText([]byte(text)) != nil {
		return 0, notWanted(&s, text)
	}
	return uint32(s), nil
}

// ParseLoss reads a share as the file spells it, like 0.01%, in packets of a
// million. The error says what is wanted.
func ParseLoss(text string) (packets uint32, err error) {
	var p ppm
	if p.UnmarshalText([]byte(text)) != nil {
		return 0, notWanted(&p, text)
	}
	return uint32(p), nil
}

func notWanted(v interface{ Wanted() string }, text string) error {
	return fmt.Errorf("want %s, got %q", v.Wanted(), text)
}
