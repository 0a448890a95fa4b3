// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Tag names the state of a session as its customer changes it and sees it
// change: terms, times, status and phase. Two states with one tag are the same
// to a customer but for what is measured. Version is no such name: it grows too
// when nothing happens that a customer could see.
func (s Session) Tag() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %q %d %s %d %d %d %d %d %s %s %s %d", s.ID, s.Name, s.Rate, s.Level, s.Duration,
		s.StartedAt.UnixMicro(), s.ExpiresAt.UnixMicro(), s.EndedAt.UnixMicro(), s.UpdatedAt.UnixMicro(),
		s.Status, s.StatusInfo, s.Phase, s.Change))
	return hex.EncodeToString(sum[:8])
}
