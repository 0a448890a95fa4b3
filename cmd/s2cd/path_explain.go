// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"github.com/s2cd/s2cd/pathcomp"
)

// pathExplanation says why a path was taken, or none.
type pathExplanation struct {
	Narrowest *pathHop          `json:"narrowest,omitempty"` // the link of the path with the least bandwidth free
	Slack     *pathSlack        `json:"slack,omitempty"`
	Cheapest  *pathAlternative  `json:"cheapest,omitempty"`  // with room everywhere and no bound, if that is another
	RunnersUp []pathAlternative `json:"runnersUp,omitempty"` // the next best
	Alone     *pathAlternative  `json:"alone,omitempty"`     // the best single path, where two were asked for
}

// pathSlack is what is left of bounds.
type pathSlack struct {
	RoundTripMicros uint32 `json:"roundTripMicros,omitempty"`
	LossPPM         uint32 `json:"lossPpm,omitempty"`
	Hops            int    `json:"hops,omitempty"`
}

// pathAlternative is a path that was not taken.
type pathAlternative struct {
	Nodes           []string `json:"nodes"`
	Cost            uint64   `json:"cost"`
	RoundTripMicros uint32   `json:"roundTripMicros"`
	Blocking        []string `json:"blocking,omitempty"`
	TooSlow         bool     `json:"tooSlow,omitempty"`
	TooLossy        bool     `json:"tooLossy,omitempty"`
	TooLong         bool     `json:"tooLong,omitempty"` // it has too many links
}

// explain asks for a path and the reasons for it.
func (a *pathAnswer) explain(core *pathcomp.Core, d pathcomp.Demand) {
	e := core.Explain(d)
	out := &pathExplanation{}
	a.Explanation = out
	if e.Cheapest != nil {
		cheapest := newPathAlternative(e.Cheapest)
		out.Cheapest = &cheapest
	}
	if e.Refusal != nil {
		a.Refusal = newPathRefusal(e.Refusal)
		return
	}
	routes := newPathRoutes(core.Network(), d.Class, false)
	a.Paths = []pathFound{routes.found(&e.Admission)}
	if arc, ok := routes.arcs[e.Totals.Narrowest.Link]; ok {
		narrowest := routes.hop(arc)
		out.Narrowest = &narrowest
	}
	if slack := (pathSlack{e.Slack.RTTMicros, e.Slack.LossPPM, e.Slack.Hops}); slack != (pathSlack{}) {
		out.Slack = &slack
	}
	for i := range e.RunnersUp {
		out.RunnersUp = append(out.RunnersUp, newPathAlternative(&e.RunnersUp[i]))
	}
}

func newPathAlternative(a *pathcomp.Alternative) pathAlternative {
	return pathAlternative{
		Nodes: texts(a.Forward), Cost: a.Cost, RoundTripMicros: a.RTTMicros, Blocking: texts(a.Blocking),
		TooSlow: a.TooSlow, TooLossy: a.TooLossy, TooLong: a.TooLong,
	}
}

func (e *pathExplanation) lines() []string {
	lines := []string{""}
	if h := e.Narrowest; h != nil {
		lines = append(lines, fmt.Sprintf("narrowest: %s from %s to %s, %s Mbit/s free", h.Link, h.From, h.To, mbit(h.FreeKbps)))
	}
	if s := e.Slack; s != nil {
		var parts []string
		if s.RoundTripMicros > 0 {
			parts = append(parts, millis(uint64(s.RoundTripMicros))+" of the round trip")
		}
		if s.LossPPM > 0 {
			parts = append(parts, percent(s.LossPPM)+" of loss")
		}
		if s.Hops > 0 {
			parts = append(parts, fmt.Sprintf("%d of the hops", s.Hops))
		}
		lines = append(lines, "left of the bounds: "+strings.Join(parts, ", "))
	}
	if e.Cheapest != nil {
		lines = append(lines, "cheapest, with room everywhere and no bound: "+e.Cheapest.text())
	}
	for i := range e.RunnersUp {
		lines = append(lines, "next best: "+e.RunnersUp[i].text())
	}
	if e.Alone != nil {
		lines = append(lines, "one path alone: "+e.Alone.text())
	}
	return lines
}

func (a *pathAlternative) text() string {
	text := fmt.Sprintf("%s, cost %d, round trip %s", strings.Join(a.Nodes, " "), a.Cost, millis(uint64(a.RoundTripMicros)))
	for _, broken := range []struct {
		is   bool
		text string
	}{{a.TooSlow, ", too slow"}, {a.TooLossy, ", loses too much"}, {a.TooLong, ", too many links"}} {
		if broken.is {
			text += broken.text
		}
	}
	if len(a.Blocking) > 0 {
		text += ", no room on " + strings.Join(a.Blocking, ", ")
	}
	return text
}
