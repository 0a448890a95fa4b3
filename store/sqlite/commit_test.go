// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/storetest"
)

// TestUnknownOutcome has a commit answer with an error though it took place,
// and one that did not: either way the answer is what is on the disk.
func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	for _, landed := range []bool{true, false} {
		t.Run(fmt.Sprint(landed), func(t *testing.T) {
			t.Parallel()
			s := open(t, filepath.Join(t.TempDir(), "store"))
			ledger := storetest.NewLedger(1 << 40)
			fail := func() {
				if err := s.FailCommits(t.Context(), landed, errors.New("no answer")); err != nil {
					t.Fatal(err)
				}
			}
			fail()
			batch := batchOf(0, 3)
			_, err := s.AdmitBatch(t.Context(), batch, ledger)
			check(t, "admit", err, landed)
			_, err = s.Session(t.Context(), batch[0].Session.ID)
			if (err == nil) != landed {
				t.Errorf("read: %v", err)
			}
			if !landed {
				admit(t, s, ledger, batch)
			}
			fail()
			one, err := s.Session(t.Context(), batch[0].Session.ID)
			if err != nil {
				t.Fatal(err)
			}
			one.Phase = session.Releasing
			_, err = s.Advance(t.Context(), order.Step{Session: one, Return: true}, ledger)
			check(t, "advance", err, landed)
			if f := ledger.Faults(); len(f) > 0 {
				t.Error(f)
			}
			admit(t, s, ledger, batchOf(9, 1))
		})
	}
}

func check(t *testing.T, what string, err error, landed bool) {
	t.Helper()
	if landed && err != nil {
		t.Errorf("%s took place and is answered %v", what, err)
	}
	if !landed && session.CodeOf(err) != session.Unavailable {
		t.Errorf("%s did not take place and is answered %v", what, err)
	}
}

// TestUnknownOutcomeOfHolds does the same with a hold that is made, spent and
// expires.
func TestUnknownOutcomeOfHolds(t *testing.T) {
	t.Parallel()
	for _, landed := range []bool{true, false} {
		t.Run(fmt.Sprint(landed), func(t *testing.T) {
			t.Parallel()
			s := open(t, filepath.Join(t.TempDir(), "store"))
			ledger := storetest.NewLedger(1 << 40)
			try := func(what string, do func() error) {
				t.Helper()
				if err := s.FailCommits(t.Context(), landed, errors.New("no answer")); err != nil {
					t.Fatal(err)
				}
				check(t, what, do(), landed)
				if landed {
					return
				}
				if err := do(); err != nil {
					t.Errorf("%s again: %v", what, err)
				}
			}
			batch := batchOf(0, 1)
			batch[0].Hold = "h1"
			ends := time.Now().Add(time.Hour)
			for _, id := range []string{"h1", "h2"} {
				hold := order.Hold{ID: id, Tenant: batch[0].Session.Tenant, Expires: ends, Alternatives: []pathcomp.Admission{batch[0].Route}}
				try("hold", func() error { return s.Hold(t.Context(), hold, ledger) })
			}
			try("spend", func() error {
				r, err := s.AdmitBatch(t.Context(), batch, ledger)
				if err != nil {
					return err
				}
				return r[0].Err
			})
			try("expire", func() error {
				n, err := s.ExpireHolds(t.Context(), ends, ledger)
				if err == nil && n != 1 {
					t.Errorf("%d expired, want 1", n)
				}
				return err
			})
			if f := ledger.Faults(); len(f) > 0 {
				t.Error(f)
			}
			audit(t, s)
			again := batchOf(1, 1)
			again[0].Hold, again[0].Session.Tenant = "h1", batch[0].Session.Tenant
			if r, err := s.AdmitBatch(t.Context(), again, ledger); err != nil || !errors.Is(r[0].Err, order.ErrHoldSpent) {
				t.Errorf("spent again: %v %v", r, err)
			}
		})
	}
}

// TestMerged has many callers wait at once: all get their own answer.
func TestMerged(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "store"))
	ledger := storetest.NewLedger(1 << 40)
	veto := errors.New("veto")
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			batch := batchOf(i, 1)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			switch i % 3 {
			case 1:
				batch[0].Validate = func(order.Holdings) error { return veto }
			case 2:
				cancel()
			}
			r, err := s.AdmitBatch(ctx, batch, ledger)
			_, read := s.Session(t.Context(), batch[0].Session.ID)
			admitted := err == nil && r[0].Err == nil
			if admitted != (read == nil) {
				t.Errorf("order %d: answered %v %v, read %v", i, err, r, read)
			}
			if i%3 == 0 && !admitted || i%3 == 1 && (err != nil || !errors.Is(r[0].Err, veto)) {
				t.Errorf("order %d: %v %v", i, err, r)
			}
		})
	}
	wg.Wait()
	if f := ledger.Faults(); len(f) > 0 {
		t.Error(f)
	}
}

// TestMigrations goes down to nothing and up again.
func TestMigrations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	admit(t, s, storetest.NewLedger(0), batchOf(0, 5))
	if err := s.MigrateDownUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	if _, total, err := again.Sessions(t.Context(), order.Filter{Limit: 1}); err != nil || total != 0 {
		t.Errorf("%d sessions: %v", total, err)
	}
	admit(t, again, storetest.NewLedger(0), batchOf(0, 5))
}
