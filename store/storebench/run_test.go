// SPDX-License-Identifier: Apache-2.0

package storebench_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storebench"
	"github.com/s2cd/s2cd/topology"
)

// TestRun admits from many callers on one link that has room for 10, searched
// without a look at the room: what is over is a conflict each time.
func TestRun(t *testing.T) {
	t.Parallel()
	n := &topology.Network{
		Revision: 1, AS: 65000, Nodes: []topology.Node{{Name: "a", Role: topology.PE}, {Name: "z", Role: topology.PE}},
		Links: []topology.Link{{
			Name: "l", A: "a", Z: "z", Kbps: [2]uint64{1000, 1000}, IGPMetric: [2]uint32{1, 1}, Reservable: topology.Shares{All: 1000},
		}},
	}
	ledger := pathcomp.NewLedger(storebench.Epoch)
	if _, err := pathcomp.NewCore(n, ledger, storebench.Epoch); err != nil {
		t.Fatal(err)
	}
	box, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), sqlite.Config{
		Path: filepath.Join(t.TempDir(), "store"), Clock: time.Now, Logger: slog.New(slog.DiscardHandler), Seal: box,
	})
	if err != nil {
		t.Fatal(err)
	}
	a := storebench.Admitting{
		Store: s, Ledger: ledger, Callers: 8, Most: 20, About: time.Hour, Clock: time.Now,
		Find: func(i int) (pathcomp.Admission, bool) {
			uses := []pathcomp.Use{{Arc: topology.LinkArc("l", 0), Kbps: 100}}
			return pathcomp.Admission{Revision: 1, Class: "gold", Window: storebench.Window(), Uses: uses}, i != 7
		},
	}
	got, err := a.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got.Took = 0
	if want := (storebench.Admissions{Asked: 20, Admitted: 10, Refused: 10, Conflicts: 45}); got != want {
		t.Errorf("%+v, want %+v: 9 orders tried 5 times, 1 without a path", got, want)
	}
	bookings := 0
	if err := s.LoadBookings(t.Context(), func(b pathcomp.Booking) error {
		if b.Owner != "" {
			bookings++
		}
		return nil
	}); err != nil || bookings != 10 {
		t.Errorf("%d bookings, %v", bookings, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Run(t.Context()); err == nil {
		t.Error("a store that is closed admits")
	}
}
