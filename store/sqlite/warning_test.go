// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/storetest"
)

// TestDamagedWarningsAreDropped damages two of three warnings in the file: the
// third is told, and so are sessions.
func TestDamagedWarningsAreDropped(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	ledger := storetest.NewLedger(0)
	now := time.Now()
	for i := range 3 {
		sink := session.Sink{URL: "https://customer.example/events", CredentialType: session.AccessToken, Token: "secret"}
		hold := order.Hold{
			ID: fmt.Sprint("h", i), Tenant: "t", Expires: now.Add(time.Hour), Alternatives: []pathcomp.Admission{storetest.Admission(i).Route},
			Warning: &order.Warning{At: now.Add(time.Duration(i) * time.Second), Offers: []string{"o"}, Sink: sink},
		}
		if err := s.Hold(t.Context(), hold, ledger); err != nil {
			t.Fatal(err)
		}
	}
	batch := batchOf(0, 1)
	admit(t, s, ledger, batch)
	run(t, path, "UPDATE warning SET doc = '{' WHERE hold_id = 'h0'")
	run(t, path, "UPDATE warning SET token = x'00' WHERE hold_id = 'h1'")
	later := now.Add(time.Minute)
	told, ok, err := s.ClaimStream(t.Context(), "d", later, later.Add(time.Minute))
	if err != nil || !ok || told.Expiring == nil || told.Expiring.Hold != "h2" || told.Sink.Token != "secret" {
		t.Errorf("claimed %+v, %v, %v", told, ok, err)
	}
	other, ok, err := s.ClaimStream(t.Context(), "d", later, later.Add(time.Minute))
	if err != nil || !ok || other.Session != batch[0].Session.ID {
		t.Errorf("claimed %+v, %v, %v", other, ok, err)
	}
}
