// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"fmt"
	"net/http"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/topology"
)

// operatorSupposition asks what would be.
type operatorSupposition struct {
	Faults

	SetCapacity []LinkRate         `json:"setCapacity"`
	AddCapacity []LinkRate         `json:"addCapacity"`
	Orders      []operatorProspect `json:"orders"`
}

// operatorProspect is an order that could come.
type operatorProspect struct {
	Name            string            `json:"name,omitempty"`
	From            string            `json:"from"`
	To              string            `json:"to"`
	SecondFrom      string            `json:"secondFrom,omitempty"`
	SecondTo        string            `json:"secondTo,omitempty"`
	Kbps            [2]uint64         `json:"kbps"`
	MaxRTTMicros    uint32            `json:"maxRttMicros,omitempty"`
	Start           time.Time         `json:"start,omitzero"`
	DurationSeconds uint32            `json:"durationSeconds,omitempty"`
	Level           session.LevelName `json:"sla"`
	Protected       bool              `json:"protected,omitempty"`
}

// operatorSupposed is the answer.
type operatorSupposed struct {
	operatorReroute

	Orders     []operatorForeseen `json:"orders"`
	Admitted   int                `json:"admitted"`
	Refused    int                `json:"refused"`
	Overbooked []operatorExcess   `json:"overbooked"`
	Note       string             `json:"note"`
}

// operatorForeseen is what would become of an order.
type operatorForeseen struct {
	Name      string              `json:"name,omitempty"`
	Outcome   string              `json:"outcome"` // admitted or refused
	Forward   []topology.NodeName `json:"forward,omitempty"`
	Reverse   []topology.NodeName `json:"reverse,omitempty"`
	RTTMicros uint32              `json:"rttMicros,omitempty"`
	Second    *operatorSecondWay  `json:"second,omitempty"`
	Reason    string              `json:"reason,omitempty"` // by the catalogue, or what its two ways share
	Refusal   *operatorRefusal    `json:"refusal,omitempty"`
}

// operatorSecondWay is the second way of a protected order.
type operatorSecondWay struct {
	Forward   []topology.NodeName `json:"forward"`
	Reverse   []topology.NodeName `json:"reverse"`
	RTTMicros uint32              `json:"rttMicros"`
}

// operatorRefusal says why there is no path (RFC 5440 section 7.5), and what
// there would be.
type operatorRefusal struct {
	Cause                pathcomp.Cause      `json:"cause"`
	Objects              []pathcomp.Object   `json:"objects,omitempty"`
	Nodes                []topology.NodeName `json:"nodes,omitempty"`
	Blocking             []topology.ArcName  `json:"blocking,omitempty"`
	MostKbps             uint64              `json:"mostKbps,omitempty"`
	EarliestStart        time.Time           `json:"earliestStart,omitzero"`
	StartsTried          int                 `json:"startsTried,omitempty"` // in vain, of more
	LeastRoundTripMicros uint32              `json:"leastRoundTripMicros,omitempty"`
}

// operatorExcess is more that is reserved on an arc than may be sold.
type operatorExcess struct {
	Arc       topology.ArcName `json:"arc"`
	Class     string           `json:"class,omitempty"` // of all together without one
	Kbps      int64            `json:"kbps"`            // reserved at the worst instant from now on
	LimitKbps int64            `json:"limitKbps"`
}

// Bounds of a question, beside those of its size.
const (
	maxSupposition = 4 << 20         // bytes; some 15,000 orders
	maxSupposed    = 100_000_000_000 // kbit/s, far above any interface
)

func (a *Admin) whatIf(w http.ResponseWriter, r *http.Request) {
	const fields = "linksDown, nodesDown, drain, setCapacity, addCapacity and orders"
	q, err := readOperatorUpTo[operatorSupposition](w, r, fields, maxSupposition)
	if err == nil {
		err = q.check()
	}
	if err != nil {
		writeError(w, err)
		return
	}
	a.unhurried(w)
	supposed, err := a.cfg.Operator.WhatIf(r.Context(), q.supposition())
	if err != nil {
		writeError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, toSupposed(supposed))
}

func (q *operatorSupposition) check() error {
	if len(q.LinksDown)+len(q.NodesDown)+len(q.Drain)+len(q.SetCapacity)+len(q.AddCapacity)+len(q.Orders) == 0 {
		return invalid("", "linksDown, nodesDown, drain, setCapacity, addCapacity or orders has to name something")
	}
	rate := func(field string, i int, kbps [2]uint64) error {
		if kbps == [2]uint64{} || max(kbps[0], kbps[1]) > maxSupposed {
			return invalid(fmt.Sprintf("%s[%d].kbps", field, i), fmt.Sprintf("must be two rates up to %d kbit/s, one of them above zero", int64(maxSupposed)))
		}
		return nil
	}
	for i, l := range q.SetCapacity {
		if err := rate("setCapacity", i, l.Kbps); err != nil {
			return err
		}
	}
	for i, l := range q.AddCapacity {
		if err := rate("addCapacity", i, l.Kbps); err != nil {
			return err
		}
	}
	for i, o := range q.Orders {
		if err := rate("orders", i, o.Kbps); err != nil {
			return err
		}
		if o.Protected != (o.SecondFrom != "" && o.SecondTo != "") || !o.Protected && o.SecondFrom+o.SecondTo != "" {
			return invalid(fmt.Sprintf("orders[%d].protected", i), "goes with both secondFrom and secondTo")
		}
	}
	return nil
}

func (q *operatorSupposition) supposition() Supposition {
	out := Supposition{Faults: q.Faults, SetCapacity: q.SetCapacity, AddCapacity: q.AddCapacity}
	for _, o := range q.Orders {
		out.Orders = append(out.Orders, order.Prospect{
			Name: o.Name, From: o.From, To: o.To, SecondFrom: o.SecondFrom, SecondTo: o.SecondTo, Kbps: o.Kbps, MaxRTTMicros: o.MaxRTTMicros,
			Start: o.Start, Duration: time.Duration(o.DurationSeconds) * time.Second, Level: o.Level, Protected: o.Protected,
		})
	}
	return out
}

func toSupposed(s Supposed) operatorSupposed {
	out := operatorSupposed{
		operatorReroute: toReroute(s.Sessions), Orders: []operatorForeseen{}, Overbooked: []operatorExcess{}, Note: "nothing was changed",
	}
	for _, f := range s.Orders {
		one := toForeseen(f)
		if out.Orders = append(out.Orders, one); one.Outcome == admitted {
			out.Admitted++
		} else {
			out.Refused++
		}
	}
	for _, e := range s.Excesses {
		out.Overbooked = append(out.Overbooked, operatorExcess{Arc: e.Arc, Class: e.Class, Kbps: e.Kbps, LimitKbps: e.Limit})
	}
	return out
}

// admitted is the outcome of an order for which there is a way.
const admitted = "admitted"

func toForeseen(f order.Foreseen) operatorForeseen {
	out := operatorForeseen{Name: f.Prospect.Name, Outcome: "refused", Reason: f.Reason}
	if r := f.Refusal; r != nil {
		out.Refusal = &operatorRefusal{
			Cause: r.Cause, Objects: r.Objects, Nodes: r.Nodes, Blocking: r.Blocking, MostKbps: r.MostKbps,
			EarliestStart: r.EarliestStart, StartsTried: r.StartsTried, LeastRoundTripMicros: r.LeastRTTMicros,
		}
	}
	if f.Reason != "" || f.Refusal != nil {
		return out
	}
	a := &f.Admission
	out.Outcome, out.Forward, out.Reverse, out.RTTMicros = admitted, a.Forward, a.Reverse, a.RTTMicros
	if w := a.Second; w != nil {
		out.Second = &operatorSecondWay{Forward: w.Forward, Reverse: w.Reverse, RTTMicros: w.RTTMicros}
	}
	return out
}
