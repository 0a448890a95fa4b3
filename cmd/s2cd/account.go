// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"time"
)

// operatorAccount is what a session costs so far, or has cost.
type operatorAccount struct {
	Final    bool              `json:"final"`
	Served   int64             `json:"servicedDuration"` // seconds
	Fee      operatorAmount    `json:"fee"`
	SetUp    operatorAmount    `json:"setUpFee"`
	Usage    operatorAmount    `json:"usageFee"`
	Minimum  *operatorAmount   `json:"minimumFee,omitempty"`
	Early    *operatorAmount   `json:"earlyTerminationFee,omitempty"`
	Charges  []operatorCharge  `json:"charges"`
	Measured *operatorMeasured `json:"delivered,omitempty"`
}

type operatorAmount struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// operatorCharge is what a session was billed by from a moment on.
type operatorCharge struct {
	From    time.Time      `json:"from"`
	SLA     string         `json:"sla"`
	Forward int64          `json:"guaranteedBandwidth"` // Mbit/s
	Reverse int64          `json:"guaranteedReverseBandwidth"`
	Served  int64          `json:"servicedDuration"` // seconds
	Fee     operatorAmount `json:"fee"`
}

// operatorMeasured is what was measured last when a session was ended.
type operatorMeasured struct {
	Verification string    `json:"verification"`
	MeasuredAt   time.Time `json:"measuredAt"`
	Latency      float64   `json:"latency"`        // ms
	Loss         float64   `json:"packetLossRate"` // percent
	Sent         int64     `json:"sentOctets"`
	Received     int64     `json:"receivedOctets"`
}

func (a operatorAmount) String() string { return a.Amount + " " + a.Currency }

// lines renders the account for "session show".
func (a *operatorAccount) lines() []string {
	if a == nil {
		return nil
	}
	state := "so far"
	if a.Final {
		state = "final"
	}
	text := fmt.Sprintf("account\t%s %s for %d s: set-up %s, usage %s", a.Fee, state, a.Served, a.SetUp.Amount, a.Usage.Amount)
	if a.Minimum != nil {
		text += ", minimum term " + a.Minimum.Amount
	}
	if a.Early != nil {
		text += ", early termination " + a.Early.Amount
	}
	lines := []string{text}
	for _, c := range a.Charges {
		lines = append(lines, fmt.Sprintf("charge\t%s %s, %d/%d Mbit/s, %d s: %s", moment(c.From), c.SLA, c.Forward, c.Reverse, c.Served, c.Fee))
	}
	if m := a.Measured; m != nil {
		lines = append(lines, fmt.Sprintf("delivered\t%s at %s: %g ms, %g%% lost, %d and %d octets there and back",
			m.Verification, moment(m.MeasuredAt), m.Latency, m.Loss, m.Sent, m.Received))
	}
	return lines
}
