// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/pathcomp/pathbench"
	"github.com/s2cd/s2cd/store/seal"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storebench"
)

// storeAdmissions is what came of admissions through the store. Each is on the
// disk before it counts.
type storeAdmissions struct {
	Callers                int     `json:"callers"`
	Admitted               int     `json:"admitted"`
	Refused                int     `json:"refused"`
	Conflicts              int     `json:"conflicts"` // searched again
	AdmissionsPerSecond    float64 `json:"admissionsPerSecond"`
	AdmissionsPerCPUSecond float64 `json:"admissionsPerCpuSecond"`
	RowsPerAdmission       float64 `json:"rowsPerAdmission"`
	BytesPerAdmission      float64 `json:"bytesPerAdmission"`
	Held                   int     `json:"held"`
	OverbookedLinkSeconds  int64   `json:"overbookedLinkSeconds"` // of what the store holds at the end
}

// inStore admits through a store, from many callers.
func (p *pathAdmit) inStore(ctx context.Context, a *app, traffic *pathbench.Traffic) (out storeAdmissions, err error) {
	core, err := p.core(ctx, a, traffic)
	if err != nil {
		return out, err
	}
	dir := p.store
	if dir == "" {
		if dir, err = os.MkdirTemp("", "s2cd-admit-"); err != nil {
			return out, fmt.Errorf("folder for the store: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	s, err := openEmpty(ctx, a, filepath.Join(dir, "admit-bench.db"))
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if out, err = p.throughStore(ctx, a, s, core, traffic); err != nil {
		return out, fmt.Errorf("admit through the store: %w", err)
	}
	return out, nil
}

// openEmpty makes a store with a key that nobody keeps.
func openEmpty(ctx context.Context, a *app, path string) (*sqlite.Store, error) {
	if _, err := os.Stat(path); err == nil {
		return nil, fmt.Errorf("--store: %s is there already", path)
	}
	key := make([]byte, seal.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	box, err := seal.New(key)
	if err != nil {
		return nil, err
	}
	return sqlite.Open(ctx, sqlite.Config{Path: path, Clock: a.now, Logger: slog.New(slog.DiscardHandler), Seal: box})
}

func (p *pathAdmit) throughStore(ctx context.Context, a *app, s *sqlite.Store, core *pathcomp.Core, traffic *pathbench.Traffic) (storeAdmissions, error) {
	out, search := storeAdmissions{Callers: p.callers}, p.search(core)
	admitting := storebench.Admitting{
		Store: s, Ledger: core.Ledger(), Callers: p.callers, Most: p.callers, About: p.about, Clock: a.now,
		Find: func(i int) (pathcomp.Admission, bool) {
			found, refusal := search(traffic.Demand(i))
			return found, refusal == nil
		},
	}
	warm, err := admitting.Run(ctx) // arcs and pools are there in service
	if err != nil {
		return out, err
	}
	before, err := s.Size(ctx)
	if err != nil {
		return out, err
	}
	admitting.First, admitting.Most = warm.Asked, p.most
	cpu := pathbench.ProcessTime()
	got, err := admitting.Run(ctx)
	if err != nil {
		return out, err
	}
	cpu = pathbench.ProcessTime() - cpu
	after, err := s.Size(ctx)
	if err != nil {
		return out, err
	}
	out.Admitted, out.Refused, out.Conflicts = got.Admitted, got.Refused, got.Conflicts
	out.AdmissionsPerSecond = float64(got.Admitted) / max(got.Took.Seconds(), 1e-9)
	out.AdmissionsPerCPUSecond = float64(got.Admitted) / max(cpu.Seconds(), 1e-9)
	out.RowsPerAdmission = float64(after.Rows-before.Rows) / float64(max(got.Admitted, 1))
	out.BytesPerAdmission = float64(after.Bytes-before.Bytes) / float64(max(got.Admitted, 1))
	return out, out.sweep(ctx, s, traffic)
}

// sweep reads what the store holds.
func (r *storeAdmissions) sweep(ctx context.Context, s *sqlite.Store, traffic *pathbench.Traffic) error {
	var sweep pathbench.Sweep
	err := s.LoadBookings(ctx, func(b pathcomp.Booking) error {
		if b.Owner != "" {
			r.Held++
			sweep.Add(b.Class, b.Window, b.Uses)
		}
		return nil
	})
	r.OverbookedLinkSeconds = sweep.Overbooked(traffic.Network)
	return err
}
