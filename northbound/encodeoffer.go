// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"time"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/wire"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// encodeOffer renders a level that can be had.
func encodeOffer(o order.LevelOffer) api.Offer {
	r := o.Rates
	// The price of a unit is kept in thousandths of what money is.
	unit := session.Money{Minor: r.PerMbpsHour, Currency: r.Currency, Exponent: r.Exponent + 3}
	return api.Offer{
		Sla: api.Sla(o.Level), OfferId: o.ID, Fee: encodeMoney(o.Price, r),
		SetUpFee: encodeMoney(o.Charges.SetUp, r), UsageFee: encodeMoney(o.Charges.Usage, r), ProtectionFee: encodeMoney(o.Charges.Protection, r),
		UnitPrice:           api.UnitPrice{Amount: unit.Decimal(), Currency: unit.Currency},
		ProtectionSurcharge: float64(r.ProtectionPermille) / 10, MinimumDuration: wire.Seconds(time.Duration(r.MinimumSeconds) * time.Second),
		Latency: wire.Millis(o.RTTMicros), ProtectionLatency: optional(wire.Millis(o.SecondRTTMicros)),
		ValidUntil: o.ValidUntil.UTC(), HeldUntil: moment(o.HeldUntil),
		WaitDays: optional(int32(o.WaitDays)), AvailableFrom: moment(o.Start), //nolint:gosec // days
	}
}

// encodeRefusal renders a level that cannot be had.
func encodeRefusal(r order.LevelRefusal) api.Refusal {
	_, code := domainCode(r.Code)
	refusal := api.Refusal{
		Sla: api.Sla(r.Level), ContextCode: code, ContextMessage: limit(r.Detail),
		LeastLatency: optional(wire.Millis(r.LeastRTTMicros)), OtherSla: optional(api.Sla(r.Other)),
	}
	if r.MostKbps >= 1000 {
		refusal.MostBandwidth = new(wire.Mbps(r.MostKbps))
	}
	return refusal
}
