// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/s2cd/s2cd/pathcomp"
)

// pathAnswer is what a search found, as programs read it. Without paths there is
// a refusal.
type pathAnswer struct {
	From    string       `json:"from"`
	To      string       `json:"to"`
	Kbps    [2]uint64    `json:"kbps"`            // asked for, there and back
	Paths   []pathFound  `json:"paths,omitempty"` // two where they were to be disjoint
	Refusal *pathRefusal `json:"refusal,omitempty"`
	// What follows is there if it was asked for.
	Pair        *pathPair        `json:"pair,omitempty"`
	Explanation *pathExplanation `json:"explanation,omitempty"`
}

// find asks for one path, the best or the routers' own.
func (a *pathAnswer) find(core *pathcomp.Core, d pathcomp.Demand, igp bool) {
	ask := core.Steer
	if igp {
		ask = core.Search
	}
	admission, refusal := ask(d)
	if refusal != nil {
		a.Refusal = newPathRefusal(refusal)
		return
	}
	a.Paths = []pathFound{newPathRoutes(core.Network(), d.Class, igp).found(&admission)}
}

// pathFound is one path, there and back.
type pathFound struct {
	RoundTripMicros uint32        `json:"roundTripMicros"` // with the accesses; the slowest of equal-cost ways
	Cost            uint64        `json:"cost"`            // of both directions
	LossPPM         uint32        `json:"lossPpm"`         // of a round trip, rounded up
	Forward         pathDirection `json:"forward"`
	Reverse         pathDirection `json:"reverse"`
	EqualCostLinks  []string      `json:"equalCostLinks,omitempty"` // that flows may take as well, with --igp
	Uses            []pathUse     `json:"uses"`                     // what is reserved, on those too
}

// pathDirection is one direction of a path. Where there are ways of equal cost,
// it is one of them.
type pathDirection struct {
	Nodes    []string      `json:"nodes"`
	Hops     []pathHop     `json:"hops"`
	Micros   uint64        `json:"latencyMicros"`
	Cost     uint64        `json:"cost"`
	LossPPM  uint32        `json:"lossPpm"`
	Segments []pathSegment `json:"segments,omitempty"` // only if asked for
}

// pathHop is one link of a path.
type pathHop struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Link     string `json:"link"`
	Micros   uint32 `json:"latencyMicros"`
	Cost     uint32 `json:"cost"` // TE metric; with --igp the IGP metric
	LossPPM  uint32 `json:"lossPpm"`
	FreeKbps uint64 `json:"freeKbps"` // for the class, before the demand

	arc uint32 // its number in the network: 2i and 2i+1 are link i there and back
}

// pathUse is bandwidth that the demand takes on an arc.
type pathUse struct {
	Arc  string `json:"arc"`
	Kbps uint64 `json:"kbps"`
}

// pathRefusal says why there is no path, and what there would be.
type pathRefusal struct {
	Cause                string    `json:"cause"`
	Objects              []string  `json:"objects,omitempty"` // of PCEP, that cannot be met (RFC 5440 section 7.5)
	Nodes                []string  `json:"nodes,omitempty"`   // not known, or in maintenance
	Blocking             []string  `json:"blocking,omitempty"`
	MostKbps             uint64    `json:"mostKbps,omitempty"`
	EarliestStart        time.Time `json:"earliestStart,omitzero"`
	StartsTried          int       `json:"startsTried,omitempty"` // in vain, of more changes of what is booked
	LeastRoundTripMicros uint32    `json:"leastRoundTripMicros,omitempty"`

	ofTwo bool // paths, and not of one
}

func newPathRefusal(r *pathcomp.Refusal) *pathRefusal {
	return &pathRefusal{
		Cause: string(r.Cause), Objects: texts(r.Objects), Nodes: texts(r.Nodes), Blocking: texts(r.Blocking),
		MostKbps: r.MostKbps, EarliestStart: r.EarliestStart, StartsTried: r.StartsTried, LeastRoundTripMicros: r.LeastRTTMicros,
	}
}

func texts[T ~string](list []T) []string {
	var out []string
	for _, x := range list {
		out = append(out, string(x))
	}
	return out
}

func pathUses(uses []pathcomp.Use) []pathUse {
	out := make([]pathUse, len(uses))
	for i, u := range uses {
		out[i] = pathUse{Arc: string(u.Arc), Kbps: u.Kbps}
	}
	return out
}
