// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

const mostCharges = 1000 // in the contract

// Account renders what a session costs.
func Account(a session.Account) api.Account {
	out := api.Account{
		Final: a.Final, ServicedDuration: Seconds(a.Served), Fee: Amount(a.Total), SetUpFee: Amount(a.SetUp), UsageFee: Amount(a.Usage),
		MinimumFee: unlessZero(a.Minimum), EarlyTerminationFee: unlessZero(a.Early), Charges: []api.Charge{},
	}
	for _, p := range a.Parts[max(0, len(a.Parts)-mostCharges):] {
		out.Charges = append(out.Charges, api.Charge{
			From: p.From.UTC(), Sla: api.Sla(p.Level), GuaranteedBandwidth: Mbps(p.Rate.Forward), GuaranteedReverseBandwidth: Mbps(p.Rate.Reverse),
			ServicedDuration: Seconds(p.Served), Fee: Amount(p.Fee),
		})
	}
	if d := a.Delivered; d != nil {
		out.Delivered = delivered(*d)
	}
	return out
}

func delivered(d session.Delivered) *api.Delivered {
	return &api.Delivered{
		Verification: Verification(d.Proof), MeasuredAt: d.At.UTC(), Latency: Millis(d.RTTMicros), PacketLossRate: Percent(d.LossPPM),
		SentOctets: new(Octets(d.SentOctets)), ReceivedOctets: new(Octets(d.RecvOctets)),
	}
}

// Amount renders money.
func Amount(m session.Money) api.Amount { return api.Amount{Amount: m.Decimal(), Currency: m.Currency} }

func unlessZero(m session.Money) *api.Amount {
	if m.Minor == 0 {
		return nil
	}
	return new(Amount(m))
}
