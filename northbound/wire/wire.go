// SPDX-License-Identifier: Apache-2.0

// Package wire renders values of the core that answers of the API and events
// to sinks have in common.
package wire

import (
	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

// Breach renders a breach; nil without one.
func Breach(b *session.Breach) *api.Breach {
	if b == nil {
		return nil
	}
	out := &api.Breach{From: b.From.UTC(), Broken: Broken(b.Broken)}
	if !b.Until.IsZero() {
		out.Until = new(b.Until.UTC())
	}
	return out
}

// Broken renders by how much guarantees were not kept.
func Broken(list []session.BrokenGuarantee) []api.BrokenGuarantee {
	out := make([]api.BrokenGuarantee, 0, len(list))
	for _, b := range list {
		one := api.BrokenGuarantee{}
		unit := 10_000.0 // parts in a million of a percent
		switch b.Guarantee {
		case session.GuaranteedLatency:
			one.Guarantee, unit = "LATENCY", 1000 // microseconds of a millisecond
		case session.GuaranteedLoss:
			one.Guarantee = "PACKET_LOSS"
		case session.GuaranteedAvailability:
			one.Guarantee = "AVAILABILITY"
		}
		one.Promised, one.Delivered = float64(b.Promised)/unit, float64(b.Delivered)/unit
		out = append(out, one)
	}
	return out
}
