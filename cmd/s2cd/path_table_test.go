// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp"
)

// A start that was not found among some changes is not told as none.
func TestRefusalTellsStartsThatWereTried(t *testing.T) {
	t.Parallel()
	r := newPathRefusal(&pathcomp.Refusal{Cause: pathcomp.Bandwidth, Objects: []pathcomp.Object{pathcomp.BandwidthObject}, StartsTried: 2000})
	want := strings.Join([]string{
		"no path: no way has room for it all the time", "cause\tbandwidth", "not satisfied\tBANDWIDTH", "most bandwidth\t0 Mbit/s both ways",
		"earliest start\tnone found at the first 2000 changes of what is booked",
	}, "\n")
	if diff := cmp.Diff(want, strings.Join(r.lines(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
