// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp"
)

// What is reserved on a fork is seen there, whatever numbers arcs have in its
// base by now.
func TestForkWhileItsBaseIsSwapped(t *testing.T) {
	t.Parallel()
	core, _ := newCore(t, square())
	f := core.Fork()
	next := square()
	next.Revision++
	slices.Reverse(next.Access)
	if err := core.Swap(next); err != nil {
		t.Fatal(err)
	}
	a, refusal := f.Steer(demand(300_000))
	if refusal != nil {
		t.Fatal(refusal)
	}
	if err := f.Ledger().Reserve("one", a); err != nil {
		t.Fatal(err)
	}
	if _, refusal = f.Steer(demand(300_000)); refusal == nil || refusal.Cause != pathcomp.Bandwidth {
		t.Errorf("got %v beside what the fork has reserved, want bandwidth", refusal)
	}
	if _, refusal = core.Steer(demand(300_000)); refusal != nil {
		t.Errorf("the base has no room: %v", refusal)
	}
}
