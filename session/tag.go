// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// Tag names the state of a session as its customer changes it and sees it
// change: terms, times, status and phase. Two states with one tag are the same
// to a customer but for what is measured. Version is no such name: it grows too
// when nothing happens that a customer could see.
func (s Session) Tag() string {
	b := make([]byte, 0, 256)
	b = append(append(b, s.ID...), ' ')
	b = append(strconv.AppendQuote(b, s.Name), ' ')
	b = append(append(b, s.Level...), ' ')
	for _, n := range []int64{
		int64(s.Rate.Forward), int64(s.Rate.Reverse), int64(s.Duration), int64(s.Change), //nolint:gosec // only told apart
		s.StartedAt.UnixMicro(), s.ExpiresAt.UnixMicro(), s.EndedAt.UnixMicro(), s.UpdatedAt.UnixMicro(),
	} {
		b = append(strconv.AppendInt(b, n, 10), ' ')
	}
	for _, word := range []string{string(s.Status), string(s.StatusInfo), string(s.Phase)} {
		b = append(append(b, word...), ' ')
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
