// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"slices"
	"testing"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

func TestLeastLoad(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, square())
	before := demand(300_000)
	before.From.Access, before.To.Access = nil, nil
	a, refusal := core.Steer(before) // over p1, which is faster
	if refusal != nil {
		t.Fatal(refusal)
	}
	if err := ledger.Reserve("before", a); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		kbps    uint64
		instead string
		through topology.NodeName // "": refused
	}{
		"the link that is less full":          {100_000, "", "p2"},
		"as much on either, and p1 is faster": {400_000, "before", "p1"},
		"all that it comes instead of":        {300_000, "before", "p1"},
		"less than what it comes instead":     {100_000, "before", "p1"},
		"nothing":                             {0, "", "p1"},
		"more than the emptier may":           {1_000_001, "", ""},
		"more than there is beside itself":    {1_000_001, "before", ""},
	} {
		d := before
		d.Objective, d.Kbps, d.Instead = pathcomp.LeastLoad, [2]uint64{test.kbps, test.kbps}, test.instead
		got, refusal := core.Steer(d)
		switch {
		case test.through == "":
			if refusal == nil || refusal.Cause != pathcomp.Bandwidth || len(refusal.Blocking) == 0 {
				t.Errorf("%s: got %+v, %+v, want a refusal for bandwidth", name, got, refusal)
			}
		case refusal != nil || !slices.Contains(got.Forward, test.through):
			t.Errorf("%s: got %v, %+v, want a path through %s", name, got.Forward, refusal, test.through)
		}
	}
}
