// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/wire"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// encodeConnections renders how to connect both ends, at the second terminals of
// a protected session too.
func encodeConnections(a, z order.Handover) api.Handover {
	h := api.Handover{AccessPoint: encodeHandover(a), EndPoint: encodeHandover(z)}
	if a.Second != nil && z.Second != nil {
		h.SecondaryAccessPoint, h.SecondaryEndPoint = new(encodeHandover(*a.Second)), new(encodeHandover(*z.Second))
	}
	return h
}

// encodeSecond renders the latency of a second way.
func encodeSecond(w *session.Way) *float64 {
	if w == nil {
		return nil
	}
	return new(wire.Millis(w.RTTMicros))
}
