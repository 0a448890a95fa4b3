// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"
)

// sweep is a part that clears away what is over, at the start and then after each
// pause. What failed is tried again in its turn.
func (d *daemon) sweep(what string, pause time.Duration, do func(ctx context.Context) (int, error)) part {
	return part{what, func(ctx context.Context) error {
		for {
			n, err := do(ctx)
			if err != nil && ctx.Err() == nil {
				d.log.Warn("not swept, it will be tried again", "what", what, "error", err)
			} else if n > 0 {
				d.log.Info("swept", "what", what, "count", n)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
		}
	}}
}
