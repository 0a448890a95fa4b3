// SPDX-License-Identifier: Apache-2.0

package provision

import (
	"testing"
	"time"
)

func TestRestGrowsWithRequestsUnderWay(t *testing.T) {
	t.Parallel()
	for underWay, want := range map[int64]time.Duration{0: 0, 1: 0, 3: 8 * time.Second, 7: 24 * time.Second, 128: 24 * time.Second} {
		turns := Turns{underWay: func() int64 { return underWay }}
		if got := turns.rest(time.Second); got != want {
			t.Errorf("%d under way: rests %v after a second, want %v", underWay, got, want)
		}
	}
}
