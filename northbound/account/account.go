// SPDX-License-Identifier: Apache-2.0

// Package account renders what a session costs as the contract has it, for the
// API and for the event that tells of a session's end.
package account

import (
	"strings"
	"time"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

// Bounds of the contract.
const (
	mostCharges = 1000
	mostOctets  = 1<<53 - 1
	mostMbps    = 1_000_000
)

// Of renders an account.
func Of(a session.Account) api.Account {
	out := api.Account{
		Final: a.Final, ServicedDuration: seconds(a.Served), Fee: amount(a.Total), SetUpFee: amount(a.SetUp), UsageFee: amount(a.Usage),
		MinimumFee: unlessZero(a.Minimum), EarlyTerminationFee: unlessZero(a.Early), Charges: []api.Charge{},
	}
	for _, p := range a.Parts[max(0, len(a.Parts)-mostCharges):] {
		out.Charges = append(out.Charges, api.Charge{
			From: p.From.UTC(), Sla: api.Sla(p.Level), GuaranteedBandwidth: mbps(p.Rate.Forward), GuaranteedReverseBandwidth: mbps(p.Rate.Reverse),
			ServicedDuration: seconds(p.Served), Fee: amount(p.Fee),
		})
	}
	if d := a.Delivered; d != nil {
		out.Delivered = delivered(*d)
	}
	return out
}

func delivered(d session.Delivered) *api.Delivered {
	out := &api.Delivered{
		Verification: api.Verification(strings.ToUpper(strings.ReplaceAll(d.Proof, "-", "_"))), MeasuredAt: d.At.UTC(),
		Latency: float64(d.RTTMicros) / 1000, PacketLossRate: float64(d.LossPPM) / 10_000,
		SentOctets: new(int64(min(d.SentOctets, mostOctets))), ReceivedOctets: new(int64(min(d.RecvOctets, mostOctets))),
	}
	if !out.Verification.Valid() {
		out.Verification = api.VerificationUNKNOWN
	}
	return out
}

func amount(m session.Money) api.Amount { return api.Amount{Amount: m.Decimal(), Currency: m.Currency} }

func unlessZero(m session.Money) *api.Amount {
	if m.Minor == 0 {
		return nil
	}
	return new(amount(m))
}

func mbps(kbps uint64) int32 { return int32(min(kbps/1000, mostMbps)) }

func seconds(d time.Duration) int32 { return int32(min(max(d, 0)/time.Second, 1<<31-1)) }
