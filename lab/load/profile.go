// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// longestProfile is below what the daemon's listener lets an answer take.
const longestProfile = 25 * time.Second

// profile has the daemon tell where its CPU time goes during a phase, into
// dir/PHASE.pprof. The function it returns waits for it.
func (s *stack) profile(ctx context.Context, dir, phase string, lasts time.Duration) (wait func() error) {
	done := make(chan error, 1)
	go func() {
		seconds := max(1, int(min(lasts, longestProfile).Seconds()))
		text, err := s.admin(ctx, fmt.Sprintf("/operator/v1/profile?seconds=%d", seconds))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, phase+".pprof"), []byte(text), 0o600)
		}
		if err != nil {
			err = fmt.Errorf("profile of %s: %w", phase, err)
		}
		done <- err
	}()
	return func() error { return <-done }
}
