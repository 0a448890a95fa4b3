// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"slices"
	"testing"
)

func TestCrowdTellsWhatHasBeen(t *testing.T) {
	t.Parallel()
	var c Crowd
	got := []int64{c.Most()}
	c.enter()
	c.enter()
	c.leave()
	got = append(got, c.Most(), c.Most())
	c.leave()
	got = append(got, c.Most())
	c.enter()
	c.leave()
	got = append(got, c.Most(), c.Most())
	if want := []int64{0, 2, 1, 0, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("most under way: %v, want %v", got, want)
	}
}
