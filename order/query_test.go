// SPDX-License-Identifier: Apache-2.0

package order_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/internal/testnet"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sla"
)

// measured is a shop that keeps what is measured.
func measured(t *testing.T) (*shop, *sla.Store) {
	t.Helper()
	s := open(t, nil)
	records, err := sla.Open(t.Context(), filepath.Join(t.TempDir(), "sla.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := records.Close(); err != nil {
			t.Error(err)
		}
	})
	s.Service, err = order.New(order.Config{
		Store: s.store, Paths: s.core, Ledger: s.ledger, Meter: silent{}, Records: records, Directory: testnet.Directory(), OfferKey: make([]byte, 32), Clock: s.now,
		NewID: func() session.ID { return session.ID(uuid.NewString()) }, Wake: func(session.Session) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, records
}

func TestPerformanceOfASession(t *testing.T) {
	t.Parallel()
	s, records := measured(t)
	made, _, err := s.Create(t.Context(), as("acme"), wish(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	page := order.PerformanceFilter{Page: 1, PerPage: 2}
	if p, err := s.Performance(t.Context(), as("acme"), made.ID, page); err != nil || p.View.Delivered != nil || p.Total != 0 || p.View.Promise == nil {
		t.Errorf("before anything was measured: %+v, %v", p, err)
	}
	made.StartedAt = s.now()
	if _, err := s.store.Advance(t.Context(), order.Step{Session: made}, s.ledger); err != nil {
		t.Fatal(err)
	}
	var windows []order.SessionWindow
	for i := range 3 {
		from := s.now().Add(time.Duration(i) * time.Minute)
		windows = append(windows, order.SessionWindow{Session: made.ID, SLAWindow: session.SLAWindow{
			From: from, Until: from.Add(time.Minute), Met: time.Minute, Verdict: session.VerdictMet,
		}})
	}
	if err := records.Keep(t.Context(), windows); err != nil {
		t.Fatal(err)
	}
	breach := &session.Breach{From: s.now(), Broken: []session.BrokenGuarantee{{Guarantee: session.GuaranteedLoss, Promised: 1, Delivered: 2}}}
	if err := s.store.TellVerdicts(t.Context(), []session.Event{{Session: made.ID, Kind: session.SLABreached, At: s.now(), Breach: breach}}); err != nil {
		t.Fatal(err)
	}
	p, err := s.Performance(t.Context(), as("acme"), made.ID, page)
	if err != nil || p.Total != 3 || len(p.Windows) != 2 || !p.Windows[0].From.Equal(windows[2].From) || p.View.Delivered.Met != 3*time.Minute ||
		len(p.Log) != 1 || p.Log[0].Breach == nil {
		t.Errorf("%+v, %v", p, err)
	}
	v, err := s.Session(t.Context(), as("acme"), made.ID)
	if err != nil || v.Delivered == nil || len(v.Timeline) != 2 || v.Timeline[0].Kind != session.SLABreached || v.Timeline[1].Cause != "ordered" || v.Z.MTU == 0 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := s.Performance(t.Context(), as("other"), made.ID, page); session.CodeOf(err) != session.Forbidden {
		t.Errorf("foreign: %v", err)
	}
	if _, err := s.Performance(t.Context(), as("acme"), "none", page); session.CodeOf(err) != session.NotFound {
		t.Errorf("unknown: %v", err)
	}
}

// TestWhatIsGoneIsNowhere: a session that was deleted and released is neither
// read nor listed, one that expired is both.
func TestWhatIsGoneIsNowhere(t *testing.T) {
	t.Parallel()
	s, _ := measured(t)
	for i, gone := range []bool{true, false} {
		made, _, err := s.Create(t.Context(), as("acme"), wish(i+1, i+1))
		if err != nil {
			t.Fatal(err)
		}
		if gone {
			v, err := s.Delete(t.Context(), as("acme"), made.ID, nil)
			if err != nil {
				t.Fatal(err)
			}
			made = v.Session
			made.Phase, made.Status = session.Released, session.Terminated
			if _, err := s.store.Advance(t.Context(), order.Step{Session: made, Return: true}, s.ledger); err != nil {
				t.Fatal(err)
			}
		} else {
			s.release(t, made)
		}
		_, read := s.Session(t.Context(), as("acme"), made.ID)
		_, performed := s.Performance(t.Context(), as("acme"), made.ID, order.PerformanceFilter{Page: 1, PerPage: 1})
		page, err := s.Sessions(t.Context(), as("acme"), order.ListFilter{Page: 1, PerPage: 10})
		if err != nil {
			t.Fatal(err)
		}
		views := viewsOf(t, page)
		listed := len(views) == 1 && page.Total == 1 && views[0].Session.ID == made.ID
		if (session.CodeOf(read) == session.NotFound && read != nil) != gone || (performed != nil) != gone || listed == gone {
			t.Errorf("gone %v: read %v, performance %v, listed %v", gone, read, performed, listed)
		}
	}
}

func viewsOf(t *testing.T, page order.Page) []order.View {
	t.Helper()
	var all []order.View
	for v, err := range page.Views {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func TestPageBeyondAllNumbers(t *testing.T) {
	t.Parallel()
	s, _ := measured(t)
	made, _, err := s.Create(t.Context(), as("acme"), wish(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.Sessions(t.Context(), as("acme"), order.ListFilter{Page: 1<<31 - 1, PerPage: 100, Sort: order.ByName, Upward: true})
	if err != nil || page.Total != 1 || len(viewsOf(t, page)) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	if p, err := s.Performance(t.Context(), as("acme"), made.ID, order.PerformanceFilter{Page: 1<<31 - 1, PerPage: 100}); err != nil || len(p.Windows) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}
