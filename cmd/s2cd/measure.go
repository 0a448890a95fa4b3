// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/store/sla"
	"github.com/s2cd/s2cd/telemetry"
)

const (
	flushEvery = 5 * time.Second // finished windows are kept
	forgetOld  = time.Hour       // between two looks for windows that are too old
)

// measurements is the file beside the store that keeps what was measured.
func measurements(store string) string {
	ext := filepath.Ext(store)
	return strings.TrimSuffix(store, ext) + "-telemetry" + ext
}

// buildRecorder makes windows of what the monitor sees.
func (d *daemon) buildRecorder(ctx context.Context) error {
	var err error
	if d.measured, err = sla.Open(ctx, measurements(d.cfg.Store.Path)); err != nil {
		return err
	}
	d.closers = append(d.closers, d.measured)
	d.recorder, err = telemetry.NewRecorder(ctx, telemetry.RecorderConfig{
		Monitor: d.monitor, Keeper: d.measured, Teller: d.store, Level: d.inventory.Catalogue.Level,
		Every: d.cfg.Telemetry.Interval, Flush: flushEvery, Log: d.log,
	})
	if err != nil {
		return fmt.Errorf("measurements: %w", err)
	}
	d.parts = append(d.parts, d.forget())
	return nil
}

// followAll tells the recorder of all sessions there are, also of those that
// ended while it did not run: provision tells of what comes.
func (d *daemon) followAll(ctx context.Context) error {
	const page = 1000
	for offset := 0; ; offset += page {
		list, total, err := d.store.Sessions(ctx, order.Filter{Offset: offset, Limit: page})
		if err != nil {
			return fmt.Errorf("list sessions: %w", err)
		}
		for _, s := range list {
			d.recorder.Follow(s)
		}
		if offset+page >= total {
			return nil
		}
	}
}

// forget drops windows that are older than the configuration keeps them.
func (d *daemon) forget() part {
	return d.sweep("old measurements", forgetOld, func(ctx context.Context) (int, error) {
		return d.measured.Purge(ctx, d.now().Add(-d.cfg.Telemetry.KeepFor))
	})
}
