// SPDX-License-Identifier: Apache-2.0

package pathcomp_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

// seesaw is a - b - c with two links from a to b, of which one is up. All
// metrics and latencies are k, so that whoever sees parts of two of these
// networks finds sums that are not 4k.
func seesaw(k uint32) pathcomp.Update {
	u := pathcomp.Update{Links: []topology.Link{
		link("left", "a", "b", 1000, k, k), link("right", "a", "b", 1000, k, k), link("on", "b", "c", 1000, k, k),
	}}
	u.Links[k%2].Down = true
	return u
}

// TestUpdateWhileSearching searches and reserves while the network changes: each
// search sees one network, and what it found is reserved in that network or not
// at all.
func TestUpdateWhileSearching(t *testing.T) {
	t.Parallel()
	core, ledger := newCore(t, &topology.Network{
		Nodes: []topology.Node{{Name: "a"}, {Name: "b"}, {Name: "c"}}, Links: seesaw(1).Links,
	})
	var all sync.WaitGroup
	all.Go(func() {
		for k := range uint32(400) {
			if err := core.Update(seesaw(k + 1)); err != nil {
				t.Error(err)
			}
			core.Prepare(t.Context(), "a", "c")
		}
	})
	for i := range 4 {
		all.Go(func() {
			d := pathcomp.Demand{From: pathcomp.Terminal{Node: "a"}, To: pathcomp.Terminal{Node: "c"}, Kbps: [2]uint64{1, 1}, BookingPermille: 1000, Window: window(0, 60)}
			search := core.Search
			if i > 0 {
				search = core.Steer
				d.Separate, d.Objective = i == 2, pathcomp.Objective(i-1)
				d.MaxHops, d.MaxLossPPM = 2, 10
			}
			for range 400 {
				if err := searchAndReserve(search, d, ledger, fmt.Sprint(i)); err != nil {
					t.Errorf("searcher %d: %v", i, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func searchAndReserve(search search, d pathcomp.Demand, ledger *pathcomp.Ledger, owner string) error {
	a, refusal := search(d)
	if refusal != nil {
		return refusal
	}
	if a.RTTMicros%4 != 0 || len(a.Uses) != 4 || a.Cost != 0 && a.Cost != uint64(a.RTTMicros) {
		return fmt.Errorf("%+v is of no network that there was", a)
	}
	err := ledger.Reserve(owner, a)
	if errors.Is(err, pathcomp.ErrStale) {
		return nil
	}
	ledger.Withdraw(owner)
	return err
}
