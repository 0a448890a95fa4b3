// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storetest"
	"github.com/s2cd/s2cd/topology"
)

// TestOpenRefused opens what cannot be a store; each answer says why.
func TestOpenRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make func(t *testing.T, path string)
		want string
	}{
		"another daemon": {func(t *testing.T, path string) { open(t, path) }, "another s2cd has it (process "},
		"newer schema": {func(t *testing.T, path string) {
			made(t, path)
			run(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)")
		}, "a newer s2cd made it: its schema is 999"},
		"not a store": {func(t *testing.T, path string) {
			write(t, path, bytes.Repeat([]byte("no database at all "), 1000))
		}, "it is not an s2cd store"},
		"damaged": {func(t *testing.T, path string) {
			made(t, path)
			body, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 100; i < len(body); i++ {
				body[i] ^= 0x5a
			}
			write(t, path, body)
		}, "it is damaged"},
		"a directory": {func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is a directory"},
		"no such directory": {func(*testing.T, string) {}, "no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "store")
			if name == "no such directory" {
				path = filepath.Join(path, "store")
			}
			test.make(t, path)
			s, err := sqlite.Open(t.Context(), config(t, path, time.Now))
			if err == nil {
				t.Fatal("opened", s.Close())
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %q does not say %q", err, test.want)
			}
		})
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Config{}); err == nil {
		t.Error("an empty configuration was taken")
	}
}

func made(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), config(t, path, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, path, text string) {
	t.Helper()
	if _, err := raw(t, path).ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	checkpoint(t, path)
}

func write(t *testing.T, path string, body []byte) {
	t.Helper()
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestSecretsAreSealed looks for the sink's token in all that is on the disk.
func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	a := storetest.Admission(1)
	a.Session.Sink.Token = "a-token-nobody-may-read"
	ledger := storetest.NewLedger(0)
	admit(t, s, ledger, []order.Admission{a})
	now := time.Now()
	held := order.Hold{
		ID: "h", Tenant: "t", Expires: now.Add(time.Hour), Alternatives: []pathcomp.Admission{a.Route},
		Warning: &order.Warning{At: now, Offers: []string{"o"}, Sink: *a.Session.Sink},
	}
	if err := s.Hold(t.Context(), held, ledger); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(body, []byte("a-token-nobody")) {
			t.Errorf("%s has the token in clear", filepath.Base(name))
		}
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is readable for others: %v %v", filepath.Base(name), info.Mode(), err)
		}
	}
}

// TestClosed uses a store that was closed.
func TestClosed(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "store"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	a := storetest.Admission(1)
	if _, err := s.AdmitBatch(t.Context(), []order.Admission{a}, storetest.NewLedger(0)); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("admit: %v", err)
	}
	if _, err := s.Session(t.Context(), a.Session.ID); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("read: %v", err)
	}
}

// TestDocumentStaysReadable reads a document as schema 1 wrote it: a field of
// session.Session that is renamed or gone needs a new schema and a reader for
// this one, or customers lose what it held. Uses are what the bookings say.
func TestDocumentStaysReadable(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(filepath.Join("testdata", "session_v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		session.Session

		Route struct {
			session.Route

			Uses []topology.Use
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if got.ID != "00000000-0000-4000-8000-000000000005" || got.VPN.Number != 1 || got.Route.RTTMicros != 4200 || got.Route.Uses[0].Kbps != 10_000 ||
		got.Z.Tunnel.Port != 1024 || got.StatusInfo != session.DeleteRequested || !got.EndedAt.Equal(got.Start) {
		t.Errorf("read %+v", got)
	}
}

// TestUsesInDocument has a session as schema 1 wrote it: it is what it was, and is
// extended by what is booked for it.
func TestUsesInDocument(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	s, ledger := open(t, path), storetest.NewLedger(1<<40)
	a := storetest.Admission(1)
	admit(t, s, ledger, []order.Admission{a})
	want, err := s.Session(t.Context(), a.Session.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, path, `UPDATE session SET doc_schema = 1, doc = json_set(doc, '$.Route.Uses', json('[{"Arc":"link:other>","Kbps":7}]'))`)
	s = open(t, path)
	got, err := s.Session(t.Context(), want.ID)
	if d := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{})); err != nil || d != "" {
		t.Fatalf("%v (-want +got):\n%s", err, d)
	}
	more := &pathcomp.Admission{Class: "gold", Window: pathcomp.Window{From: got.Route.Until, Until: got.Route.Until.Add(time.Hour)}}
	if _, err := s.Advance(t.Context(), order.Step{Session: got, Reserve: more, Like: new(uint32(0))}, ledger); err != nil {
		t.Fatal(err)
	}
	for _, u := range a.Route.Uses {
		if kbps := ledger.Taken(u.Arc, more.Window); kbps != u.Kbps {
			t.Errorf("%s: %d kbit/s taken for longer, want %d", u.Arc, kbps, u.Kbps)
		}
	}
}
