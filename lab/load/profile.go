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
// dir/PHASE.pprof, and after it what it has allocated since it started and what of
// that is in use, into dir/PHASE.heap.pprof; garbage is collected for that. The
// function it returns waits for it.
func (s *stack) profile(ctx context.Context, dir, phase string, lasts time.Duration) (wait func() error) {
	done := make(chan error, 1)
	go func() {
		seconds := max(1, int(min(lasts, longestProfile).Seconds()))
		err := s.keepProfile(ctx, fmt.Sprintf("?seconds=%d", seconds), filepath.Join(dir, phase+".pprof"))
		if err == nil {
			err = s.keepProfile(ctx, "/heap?gc=1", filepath.Join(dir, phase+".heap.pprof"))
		}
		if err != nil {
			err = fmt.Errorf("profile of %s: %w", phase, err)
		}
		done <- err
	}()
	return func() error { return <-done }
}

func (s *stack) keepProfile(ctx context.Context, what, path string) error {
	text, err := s.admin(ctx, "/operator/v1/profile"+what)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
