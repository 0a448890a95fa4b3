// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sla"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storebench"
	"github.com/s2cd/s2cd/store/storetest"
)

type noPaths struct{}

func (noPaths) Search(pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal) {
	return pathcomp.Admission{}, &pathcomp.Refusal{}
}

type noMeter struct{}

func (noMeter) Measured(session.Session) order.Measured { return order.Measured{} }

// full is a Server over the real use cases and stores with n sessions of one
// customer; one of them has been measured for an hour.
func full(b testing.TB, n int) (*Server, session.ID) {
	b.Helper()
	dir := b.TempDir()
	box, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(b.Context(), sqlite.Config{Path: filepath.Join(dir, "s2cd.db"), Clock: time.Now, Logger: log, Seal: box})
	if err != nil {
		b.Fatal(err)
	}
	records, err := sla.Open(b.Context(), filepath.Join(dir, "telemetry.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		for _, c := range []io.Closer{store, records} {
			if err := c.Close(); err != nil {
				b.Error(err)
			}
		}
	})
	id := admitMany(b, store, n)
	var windows []order.SessionWindow
	for i := range 60 {
		from := storebench.Epoch().Add(time.Duration(i) * time.Minute)
		windows = append(windows, order.SessionWindow{Session: id, SLAWindow: session.SLAWindow{
			From: from, Until: from.Add(time.Minute), Met: time.Minute, Sent: 600, Received: 600, RTTSumMicros: 600 * 4000, WorstRTTMicros: 4100, Verdict: session.VerdictMet,
		}})
	}
	if err := records.Keep(b.Context(), windows); err != nil {
		b.Fatal(err)
	}
	cases, err := order.New(order.Config{
		Store: store, Paths: noPaths{}, Ledger: storetest.NewLedger(0), Meter: noMeter{}, Records: records, OfferKey: make([]byte, 32), Clock: time.Now,
		Directory: &order.Directory{Catalogue: session.Catalogue{Levels: []session.Level{{Name: session.LevelAA, AvailabilityPPM: 999_000, MeasureEvery: time.Minute}}}},
		NewID:     func() session.ID { return "" }, Wake: func(session.Session) {},
	})
	if err != nil {
		b.Fatal(err)
	}
	srv, err := New(Config{
		UseCases: cases, Log: log, Now: time.Now, TenantOf: func(string) (session.TenantID, bool) { return "acme", true },
		Authenticator: fakeAuth{"acme": {Client: "acme-app", Scopes: []string{"site-to-cloud-vpn:sessions:read"}}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return srv, id
}

func admitMany(b testing.TB, store *sqlite.Store, n int) session.ID {
	b.Helper()
	var id session.ID
	ledger := storetest.NewLedger(0)
	for done := 0; done < n; {
		var batch []order.Admission
		for len(batch) < 250 && done < n {
			a := storebench.Order(done)
			a.Session.Tenant, a.Session.CreatedAt = "acme", storebench.Epoch().Add(time.Duration(done)*time.Second)
			id, batch, done = a.Session.ID, append(batch, a), done+1
		}
		results, err := store.AdmitBatch(b.Context(), batch, ledger)
		if err != nil || results[0].Err != nil {
			b.Fatal(err, results[0].Err)
		}
	}
	return id
}

// BenchmarkReads answers the requests that only read, of a customer with 10,000
// sessions, through the whole handler but TLS.
func BenchmarkReads(b *testing.B) {
	srv, id := full(b, 10_000)
	for _, c := range []struct{ name, path string }{
		{"get", "/sessions/" + string(id)},
		{"list20", "/sessions"},
		{"list20of-status", "/sessions?status=REQUESTED"},
		{"list20by-name", "/sessions?orderBy=name&order=asc"},
		{"list20page400", "/sessions?page=400"},
		{"performance", "/sessions/" + string(id) + "/performance"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, "https://api.example.com"+BasePath+c.path, http.NoBody)
				r.Header.Set("Authorization", "Bearer acme")
				w := httptest.NewRecorder()
				srv.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("%d %s", w.Code, w.Body)
				}
			}
		})
	}
}
